# What is looked at in a browser, on this machine, until it is interrupted: the run with sliders (`make explore`), and the
# experiments of its first study, for the experimenter to try (`make pilot`), `snakemake --cores 2 -- serve_memory_game
# serve_two_afc`, each at a port of its own.


use rule generate_reference as generate_stand_ins with:
    # What stands in for photographs where none are at hand: generated images that no direction has changed.
    output:
        manifest="<results>/stand_ins.csv",
        images="<results>/stand_ins.zip",
    log:
        "<logs>/generate_stand_ins.log",
    benchmark:
        "<benchmarks>/generate_stand_ins.tsv"
    params:
        set="--set real",
        settings="--seeds-per-class 160",


for port, (experiment, reference) in enumerate(EXPERIMENTS_OF[STUDIES[0]].items(), start=8000):
    folder, settings = f"{RESULTS}/{STUDIES[0]}", RUN.studies[0].experiments[reference]

    rule:
        name:
            f"serve_{experiment}"
        input:
            page=here("page/dist/index.html"),
            settings=here(f"page/settings/{experiment}.yaml"),
            tracks=f"{folder}/tracks/{experiment}.csv",
            manifests=[f"{folder}/images/{name}.unscored.csv" for name in settings.seeds] + foils_of(settings),
            images=[f"{folder}/images/{name}" for name in settings.seeds],
        log:
            f"<logs>/serve_{experiment}.log",
        conda:
            "../../envs/environment.yaml"
        resources:
            **tables(minutes=600),
        params:
            script=here("scripts/serve_experiment.py"),
            port=port,
            database=lambda w, input: f"{Path(input.tracks).parents[2]}/{Path(input.tracks).stem}.sqlite",
        shell:
            "python {params.script:q} --settings {input.settings:q} --tracks {input.tracks:q} --port {params.port}"
            " --manifests {input.manifests:q} --database {params.database:q} 2>&1 | tee {log:q}"


rule explore:
    # The run in the browser, with sliders (`make explore`). It has no inputs: the script says what of the run is missing.
    log:
        "<logs>/explore.log",
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(6000, minutes=600),
    params:
        script=here("scripts/explore.py"),
        results=RESULTS,
    shell:
        "python {params.script:q} --results {params.results} 2>&1 | tee {log:q}"
