# The stages of dvc.yaml as targets: `snakemake -- study_valence` makes all of results/<run>/valence.

FINISHED = [
    file
    for rule in (rules.all, rules.write_report, rules.judge_claims, rules.compare_directions)
    for file in rule.input
]


rule weights:
    input:
        sorted({file for file in rules.write_provenance.input.weights if file != UNET}),


if (absent := [Path(record).stem for record in rules.weights.input if not Path(record).exists()]) and (
    workflow.is_main_process
):
    print(f"Weights to be fetched into {RUN.weights_dir}: {', '.join(absent)}", file=sys.stderr)


rule shared:
    input:
        [UNET] if RUN.distillation else [],
        [file for study in RUN.studies for file in seed_files(study, "test", ".csv")],
        [f"{RESULTS}/reference.csv"] if RUN.realness and not RUN.realness.reference_folder else [],


for study in STUDIES:

    rule:
        name:
            f"study_{study}"
        input:
            sorted({file for file in FINISHED if f"{RESULTS}/{study}/" in file}),
