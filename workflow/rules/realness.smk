# How real the images stay along α (paper §3.3.1): FID, Inception Score, KID, precision and recall.

from ganalyze.measures.realness.settings import RealnessMeasurement

REFERENCE_FOLDER = RUN.realness and RUN.realness.reference_folder


if REFERENCE_FOLDER and not Path(REFERENCE_FOLDER).is_dir() and workflow.is_main_process:
    print(
        f"warning: realness: the photographs' folder {REFERENCE_FOLDER} is not there: measure_realness will fail",
        file=sys.stderr,
    )


use rule generate_images as generate_reference with:
    # What the realness of images is measured against where there are no photographs: fresh unmodified samples.
    input:
        code=code("generate_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
    output:
        manifest="<results>/reference.csv",
        images="<results>/reference.zip",
    log:
        "<logs>/generate_reference.log",
    benchmark:
        "<benchmarks>/generate_reference.tsv"
    priority: 0
    params:
        set="--set reference",
        settings=lambda w: command_line(reference_seeds()),
        alphas=0,
        direction="",


rule measure_realness:
    input:
        code=code("measure_realness.py", *(card.module for card in EXTRACTOR)),
        weights=weight_files(*EXTRACTOR),
        images="<results>/{study}/images/test",
        manifest="<results>/{study}/images/test.unscored.csv",
        # Photographs are no input: their folder holds a million files, and a plan needs none of them.
        reference=[] if REFERENCE_FOLDER else ["<results>/reference.csv", "<results>/reference.zip"],
    output:
        "<results>/{study}/realness.csv",
    log:
        "<logs>/measure_realness/{study}.log",
    benchmark:
        "<benchmarks>/measure_realness/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        # Measured: 3,600 MB with the features of the paper's 37,500 photographs; a GPU takes some of its own.
        **networks(6000, minutes=240),
    params:
        reference=lambda w, input: REFERENCE_FOLDER or input.reference[0],
        settings=lambda w: command_line(RUN.realness.only(RealnessMeasurement)),
        seed=RUN.seed,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} --manifest {input.manifest:q} --reference {params.reference:q}"
        " {params.settings} --seed {params.seed} {params.compute} --output {output:q} 2>&1 | tee {log:q}"
