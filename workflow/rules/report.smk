# Provenance, and the report: one HTML file that opens offline.


rule write_provenance:
    input:
        code=code("write_provenance.py"),
        results=f"{RESULTS}/claims.csv",  # made anew with them, so that the commit is the one they were made at
        weights=sorted(set(weight_files(GENERATOR, *map(assessor_of, STUDIES), *SEGMENTER, *EXTRACTOR))),
    output:
        f"{RESULTS}/provenance.json",
    log:
        f"{RESULTS}/logs/write_provenance.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        config=RUN.model_dump_json(),
        weights=lambda w, input: [path.removesuffix(".sha256") for path in input.weights],
    shell:
        "python scripts/write_provenance.py --config {params.config:q} --weights {params.weights} --output {output}"
        " 2>&1 | tee {log}"


rule write_metrics:
    input:
        code=code("write_metrics.py"),
        models=expand(f"{RESULTS}/{{study}}/mixed_models.csv", study=STUDIES),
        realness=expand(f"{RESULTS}/{{study}}/realness.csv", study=STUDIES if RUN.realness else []),
        segmenter=f"{RESULTS}/segmenter/metrics.json" if RUN.distillation else [],
    output:
        f"{RESULTS}/metrics.json",
    log:
        f"{RESULTS}/logs/write_metrics.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        studies=STUDIES,
        segmenter=lambda w, input: f"--segmenter {input.segmenter}" if input.segmenter else "",
    shell:
        "python scripts/write_metrics.py --studies {params.studies} --models {input.models} --realness {input.realness}"
        " {params.segmenter} --output {output} 2>&1 | tee {log}"


rule write_report:
    input:
        code=code("write_report.py"),
        template="src/ganalyze/report/templates/report.html.j2",
        captions="src/ganalyze/report/templates/captions.yaml",
        explorer="src/ganalyze/report/templates/explorer.js",
        provenance=f"{RESULTS}/provenance.json",
        manifests=expand(f"{RESULTS}/{{study}}/images/test.csv", study=STUDIES),
        images=expand(f"{RESULTS}/{{study}}/images/test", study=STUDIES),
        factors=expand(f"{RESULTS}/{{study}}/factors.csv", study=STUDIES),
        realness=expand(f"{RESULTS}/{{study}}/realness.csv", study=STUDIES if RUN.realness else []),
        models=expand(f"{RESULTS}/{{study}}/mixed_models.csv", study=STUDIES),
        claims=f"{RESULTS}/claims.csv",
        tables=TABLES1,
        trials=[
            f"{RESULTS}/{study}/trials/{experiment}.{table}.csv"
            for study in STUDIES
            for experiment in EXPERIMENTS[study]
            for table in ("series", "by_alpha")
        ],
        figures=expand(f"{RESULTS}/figures/{{figure}}.png", figure=FIGURES),
        catalogues=expand(f"{RESULTS}/figures/catalogue_{{study}}.pdf", study=STUDIES),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/write_report.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        results=subpath(output[0], parent=True),
    shell:
        "python scripts/write_report.py --results {params.results} --template {input.template} --captions {input.captions}"
        " --output {output} 2>&1 | tee {log}"
