# The linear mixed-effects models of each study: does the score rise with α (paper §3.1), and what else does (§3.2)?


rule fit_mixed_models:
    input:
        code=code("fit_mixed_models.py"),
        manifest=f"{RESULTS}/{{study}}/images/test.csv",
    output:
        f"{RESULTS}/{{study}}/mixed_models.csv",
    log:
        f"{RESULTS}/logs/fit_mixed_models/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_mixed_models/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        formula=lambda w: f"score ~ alpha + {random_effects(w.study)}",
    shell:
        "python scripts/fit_mixed_models.py --data {input.manifest} --formula '{params.formula}' --family gaussian"
        " --name score --output {output} 2>&1 | tee {log}"


rule fit_factor_models:
    """A table of its own: what changed in the images is no matter of Fig. 3A or 8."""
    input:
        code=code("fit_mixed_models.py"),
        manifest=f"{RESULTS}/{{study}}/images/test.csv",
        factors=f"{RESULTS}/{{study}}/factors.csv",
    output:
        f"{RESULTS}/{{study}}/factor_models.csv",
    log:
        f"{RESULTS}/logs/fit_factor_models/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_factor_models/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        formulas=lambda w: [f"{factor} ~ alpha + {random_effects(w.study)}" for factor in FACTORS],
    shell:
        "python scripts/fit_mixed_models.py --data {input.manifest} --join {input.factors} --family gaussian"
        " --formula {params.formulas:q} --keep-going --output {output} 2>&1 | tee {log}"
