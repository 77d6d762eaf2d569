# The linear mixed-effects model of each study (paper §3.1): does the score rise with α?


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
        # Each seed has its own level, and each class where there is more than one.
        formula=lambda w: "score ~ alpha + (1|seed_id)"
        + (" + (1|class_id)" if RUN.study(w.study).image_sets.test.classes > 1 else ""),
    shell:
        "python scripts/fit_mixed_models.py --data {input.manifest} --formula '{params.formula}' --family gaussian"
        " --name score --output {output} 2>&1 | tee {log}"
