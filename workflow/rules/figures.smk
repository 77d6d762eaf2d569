# The paper's figures, drawn from tables and stored images alone.


rule plot_scores:
    input:
        code=code("plot_figures.py"),
        manifests=per_study("images/test.csv"),
        models=per_study("mixed_models.csv"),
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_scores/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("scores"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/{w.figure}",
        labels=lambda w: score_labels(FIGURES[w.figure].studies),
    shell:
        "python scripts/plot_figures.py scores --manifests {input.manifests} --models {input.models}"
        " --labels {params.labels:q} --output {params.stem} 2>&1 | tee {log}"


rule plot_sequences:
    input:
        code=code("plot_figures.py"),
        manifests=per_study("images/test.csv"),
        images=per_study("images/test"),
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_sequences/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("sequences"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/{w.figure}",
        labels=lambda w: study_labels(FIGURES[w.figure].studies),
        # The teaser is an overview of several studies, the others show one or two at length.
        rows=lambda w: 4 if w.figure == "fig1" else 6,
    shell:
        "python scripts/plot_figures.py sequences --manifests {input.manifests} --labels {params.labels:q}"
        " --rows {params.rows} --output {params.stem} 2>&1 | tee {log}"


rule plot_catalogue:
    input:
        code=code("plot_figures.py"),
        manifest=f"{RESULTS}/{{study}}/images/test.csv",
        images=f"{RESULTS}/{{study}}/images/test",
    output:
        f"{RESULTS}/figures/catalogue_{{study}}.pdf",
    log:
        f"{RESULTS}/logs/plot_catalogue/{{study}}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        stem=lambda w: f"{RESULTS}/figures/catalogue_{w.study}",
        label=lambda w: w.study.replace("_", " "),
    shell:
        "python scripts/plot_figures.py catalogue --manifests {input.manifest} --labels {params.label:q}"
        " --output {params.stem} 2>&1 | tee {log}"


rule plot_factors:
    input:
        code=code("plot_figures.py"),
        manifest=per_study("images/test.csv"),
        factors=per_study("factors.csv"),
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_factors/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("factors"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/{w.figure}",
    shell:
        "python scripts/plot_figures.py factors --manifest {input.manifest} --factors {input.factors}"
        " --output {params.stem} 2>&1 | tee {log}"


rule plot_realness:
    input:
        code=code("plot_figures.py"),
        realness=per_study("realness.csv"),
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_realness/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("realness"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/{w.figure}",
    shell:
        "python scripts/plot_figures.py realness --realness {input.realness} --output {params.stem} 2>&1 | tee {log}"


rule plot_comparison:
    input:
        code=code("plot_figures.py"),
        manifests=per_study("images/test.csv"),
        images=per_study("images/test"),
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_comparison/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("comparison"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/{w.figure}",
        labels=lambda w: study_labels(FIGURES[w.figure].studies),
    shell:
        "python scripts/plot_figures.py comparison --manifests {input.manifests} --labels {params.labels:q}"
        " --output {params.stem} 2>&1 | tee {log}"


rule plot_alignment:
    input:
        code=code("plot_figures.py"),
        alignment=f"{RESULTS}/alignment.csv",
    output:
        multiext(f"{RESULTS}/figures/alignment", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_alignment.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/alignment",
    shell:
        "python scripts/plot_figures.py alignment --alignment {input.alignment} --output {params.stem} 2>&1 | tee {log}"


rule plot_masks:
    input:
        code=code("plot_figures.py"),
        manifest=f"{RESULTS}/segmenter/held_out.csv",
        images=f"{RESULTS}/segmenter/held_out.zip",
    output:
        multiext(f"{RESULTS}/figures/masks", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_masks.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/masks",
    shell:
        "python scripts/plot_figures.py masks --manifest {input.manifest} --output {params.stem} 2>&1 | tee {log}"


rule plot_rates:
    input:
        code=code("plot_figures.py"),
        rates=lambda w: per_study(f"trials/{FIGURES[w.figure].kind}.by_alpha.csv")(w),
        models=lambda w: per_study(f"trials/{FIGURES[w.figure].kind}.models.csv")(w),
    output:
        multiext(f"{RESULTS}/figures/{{figure}}", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_rates/{{figure}}.log",
    wildcard_constraints:
        figure=f"{figures_of_kind('memory_game')}|{figures_of_kind('two_afc')}",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=lambda w: f"{RESULTS}/figures/{w.figure}",
        experiment=lambda w: FIGURES[w.figure].kind,
    shell:
        "python scripts/plot_figures.py rates --experiment {params.experiment} --rates {input.rates}"
        " --model {input.models} --output {params.stem} 2>&1 | tee {log}"


rule plot_power:
    input:
        code=code("plot_figures.py"),
        power=f"{RESULTS}/power.csv",
    output:
        multiext(f"{RESULTS}/figures/power", ".svg", ".png"),
    log:
        f"{RESULTS}/logs/plot_power.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "python scripts/plot_figures.py power --power {input.power} --output {params.stem} 2>&1 | tee {log}"
