# The paper's figures, drawn from tables and stored images alone: ganalyze.figures.plan says which, of what.


rule draw_figure:
    input:
        # Of the library, the module of its own kind: an edit there redraws these figures alone.
        code=lambda w: code("draw_figure.py", plan_of(w).module),
        files=lambda w: plan_of(w).files(RESULTS),
    output:
        multiext("<results>/figures/{figure}", ".svg", ".png"),
    log:
        "<logs>/draw_figure/{figure}.log",
    priority: 3
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(minutes=30),
    params:
        kind=lambda w: plan_of(w).kind,
        results=subpath(output[0], ancestor=2),
        studies=lambda w: shlex.join(["--studies", *plan_of(w).studies]) if plan_of(w).studies else "",
        scores=lambda w: shlex.join(["--scores", *(assessor_of(s).title for s in plan_of(w).studies)]),
        rows=lambda w: plan_of(w).rows,
        stem=lambda w, output: str(Path(output[0]).with_suffix("")),
    shell:
        "python {input.code[0]:q} {params.kind} --results {params.results:q} {params.studies} {params.scores}"
        " --rows {params.rows} --output {params.stem:q} 2>&1 | tee {log:q}"


use rule draw_figure as draw_catalogue with:
    output:
        "<results>/figures/{figure}.pdf",
    log:
        "<logs>/draw_catalogue/{figure}.log",
    resources:
        **tables(minutes=60),
