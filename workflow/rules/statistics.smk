# The linear mixed-effects models of each study: does the score rise with α (paper §3.1), and what else does (§3.2)?

from ganalyze.statistics import formulas


rule fit_mixed_models:
    input:
        code=code("fit_mixed_models.py"),
        data="<results>/{study}/images/test.csv",
    output:
        "<results>/{study}/mixed_models.csv",
    log:
        "<logs>/fit_mixed_models/{study}.log",
    benchmark:
        "<benchmarks>/fit_mixed_models/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        formulas=lambda w: [formulas.score_formula(classes_of(w.study))],
        more="--family gaussian --name score",
    shell:
        "python {input.code[0]:q} --data {input.data:q} --formula {params.formulas:q} {params.more}"
        " --output {output:q} 2>&1 | tee {log:q}"


use rule fit_mixed_models as fit_factor_models with:
    # A table of its own: what changed in the images is no matter of Fig. 3A or 8.
    input:
        code=code("fit_mixed_models.py"),
        data="<results>/{study}/images/test.csv",
        factors="<results>/{study}/factors.csv",
    output:
        "<results>/{study}/factor_models.csv",
    log:
        "<logs>/fit_factor_models/{study}.log",
    benchmark:
        "<benchmarks>/fit_factor_models/{study}.tsv"
    params:
        formulas=lambda w: formulas.factor_formulas(FACTORS, classes_of(w.study)),
        more=lambda w, input: f"--family gaussian --join {input.factors} --keep-going --correct alpha",


use rule fit_mixed_models as fit_robust_models with:
    # The slope of the score, asked otherwise.
    output:
        "<results>/{study}/robust_models.csv",
    log:
        "<logs>/fit_robust_models/{study}.log",
    benchmark:
        "<benchmarks>/fit_robust_models/{study}.tsv"
    params:
        formulas=lambda w: list(formulas.robust_score_formulas(classes_of(w.study)).values()),
        more=lambda w: "--family gaussian --keep-going --name "
        + shlex.join(formulas.robust_score_formulas(classes_of(w.study))),
