# Provenance, and the report: one HTML file that opens offline.


rule write_provenance:
    input:
        code=code("write_provenance.py"),
        results="<results>/claims.csv",  # made anew with them, so that the commit is the one they were made at
        weights=sorted(
            {
                *weight_files(*JUDGES, *SEGMENTER, *EXTRACTOR, *DETECTOR),
                *(file for study in STUDIES for file in weight_files(*trained_with(study))),
            }
        ),
    output:
        "<results>/provenance.json",
    log:
        "<logs>/write_provenance.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(500, minutes=30),
    params:
        config=RUN.model_dump_json(),
        weights=lambda w, input: [path.removesuffix(".sha256") for path in input.weights],
    shell:
        "python {input.code[0]:q} --config {params.config:q} --weights {params.weights:q} --output {output:q}"
        " 2>&1 | tee {log:q}"


rule write_metrics:
    input:
        code=code("write_metrics.py"),
        models=expand("<results>/{study}/mixed_models.csv", study=STUDIES),
        realness=expand("<results>/{study}/realness.csv", study=STUDIES if RUN.realness else []),
        segmenter="<results>/segmenter/metrics.json" if RUN.distillation else [],
    output:
        "<results>/metrics.json",
    log:
        "<logs>/write_metrics.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(500, minutes=30),
    params:
        studies=STUDIES,
        segmenter=lambda w, input: f"--segmenter {input.segmenter}" if input.segmenter else "",
        realness=lambda w, input: f"--realness {input.realness}" if input.realness else "",
    shell:
        "python {input.code[0]:q} --studies {params.studies} --models {input.models:q} {params.realness}"
        " {params.segmenter} --output {output:q} 2>&1 | tee {log:q}"


rule write_report:
    input:
        code=code("write_report.py"),
        templates=templates(),
        catalogue=here("config/weights.yaml"),
        provenance="<results>/provenance.json",
        manifests=expand("<results>/{study}/images/test.csv", study=STUDIES),
        images=expand("<results>/{study}/images/test", study=STUDIES),
        scores=expand("<results>/{study}/scores.by_alpha.csv", study=STUDIES),
        strips=expand("<results>/{study}/images/strip.csv", study=STUDIES if RUN.strip_seeds else []),
        factors=expand("<results>/{study}/{table}.csv", study=STUDIES, table=["factors", "factors.by_alpha"]),
        factor_models=expand("<results>/{study}/factor_models.csv", study=STUDIES),
        alignment="<results>/alignment.csv" if len(STUDIES) > 1 else [],
        held=scores_held(),
        realness=expand("<results>/{study}/realness.csv", study=STUDIES if RUN.realness else []),
        null_directions=expand("<results>/{study}/null_directions.csv", study=STUDIES if RUN.null_directions else []),
        stability=[f"<results>/{study.name}/along_training.csv" for study in RUN.studies if study.replicates],
        judges=[f"<results>/{study.name}/judges.csv" for study in RUN.studies if study.judges],
        changes=expand(
            "<results>/{study}/{table}.csv", study=STUDIES, table=["steps", "explained", "robust_models", "robustness"]
        ),
        models=expand("<results>/{study}/mixed_models.csv", study=STUDIES),
        claims="<results>/claims.csv",
        tables=TABLES1,
        trials=[
            f"<results>/{study}/trials/{experiment}.{table}.csv"
            for study in STUDIES
            for experiment in EXPERIMENTS_OF[study]
            for table in ("series", "by_alpha")
        ],
        figures=expand("<results>/figures/{figure}.png", figure=FIGURES),
        catalogues=expand("<results>/figures/catalogue_{study}.pdf", study=STUDIES),
    output:
        "<results>/report.html",
    log:
        "<logs>/write_report.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(minutes=30),
    params:
        results=subpath(output[0], parent=True),
    shell:
        "python {input.code[0]:q} --results {params.results:q} --output {output:q} 2>&1 | tee {log:q}"


onsuccess:
    if Path(f"{RESULTS}/report.html").is_file():
        print(f"The report:  {Path(RESULTS).resolve()}/report.html")
        print(f"The figures: {Path(RESULTS).resolve()}/figures/")
