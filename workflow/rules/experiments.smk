# The experiments with people (paper §3.3.2, §3.4): tracks, trials, exclusions, models. Real trials are put into
# data/<run>/<study>/trials/<experiment>.csv; until they are there, simulated observers answer the same tracks.


rule build_tracks:
    input:
        code=code_of("build_tracks.py"),
        manifests=manifests_of,
        foils=lambda w: foils_of(settings_of(w)),
    output:
        "<results>/{study}/tracks/{experiment}.csv",
    log:
        "<logs>/build_tracks/{study}-{experiment}.log",
    benchmark:
        "<benchmarks>/build_tracks/{study}-{experiment}.tsv"
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        experiment=reference_of,
        settings=lambda w: command_line(settings_of(w)),
        seed=RUN.seed,
    shell:
        "python {input.code[0]:q} {params.experiment} --manifests {input.manifests:q} {params.settings}"
        " --seed {params.seed} --output {output:q} 2>&1 | tee {log:q}"


rule simulate_trials:
    input:
        code=code_of("simulate_trials.py"),
        claims=here("config/claims.csv"),
        tracks="<results>/{study}/tracks/{experiment}.csv",
        manifest="<results>/{study}/images/test.csv",
    output:
        "<results>/{study}/trials/{experiment}.simulated.csv",
    log:
        "<logs>/simulate_trials/{study}-{experiment}.log",
    benchmark:
        "<benchmarks>/simulate_trials/{study}-{experiment}.tsv"
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        experiment=reference_of,
        sensitivity=lambda w: (
            "" if settings_of(w).sensitivity is None else f"--sensitivity {settings_of(w).sensitivity}"
        ),
        seed=RUN.seed,
    shell:
        "python {input.code[0]:q} --tracks {input.tracks:q} --manifest {input.manifest:q} --claims {input.claims:q}"
        " --experiment {params.experiment} --study {wildcards.study} --seed {params.seed} {params.sensitivity}"
        " --output {output:q} 2>&1 | tee {log:q}"


rule prepare_trials:
    input:
        code=code_of("prepare_trials.py"),
        trials=trials_of,
        manifests=manifests_of,
    output:
        trials="<results>/{study}/trials/{experiment}.csv",
        series="<results>/{study}/trials/{experiment}.series.csv",
        data_points="<results>/{study}/trials/{experiment}.data_points.csv",
        by_alpha="<results>/{study}/trials/{experiment}.by_alpha.csv",
    log:
        "<logs>/prepare_trials/{study}-{experiment}.log",
    benchmark:
        "<benchmarks>/prepare_trials/{study}-{experiment}.tsv"
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        experiment=reference_of,
        exclusions=command_line(RUN.exclusions),
    shell:
        "python {input.code[0]:q} --trials {input.trials:q} --experiment {params.experiment} {params.exclusions}"
        " --manifests {input.manifests:q} --output {output.trials:q} 2>&1 | tee {log:q}"


use rule fit_mixed_models as fit_trial_models with:
    input:
        code=code("fit_mixed_models.py"),
        data="<results>/{study}/trials/{experiment}.data_points.csv",
        factors="<results>/{study}/factors.csv",
    output:
        "<results>/{study}/trials/{experiment}.models.csv",
    log:
        "<logs>/fit_trial_models/{study}-{experiment}.log",
    benchmark:
        "<benchmarks>/fit_trial_models/{study}-{experiment}.tsv"
    resources:
        **tables(minutes=240),
    params:
        formulas=lambda w: EXPERIMENTS[w.experiment].formulas(FACTORS, classes_of(w.study)),
        more=lambda w, input: f"--family binomial --join {input.factors} --normalise --keep-going --correct "
        + shlex.join(FACTORS),


rule estimate_power:
    """What a scientist asks first: how many people does it take?"""
    input:
        code=code("estimate_power.py"),
        claims=here("config/claims.csv"),
    output:
        "<results>/power.csv",
    log:
        "<logs>/estimate_power.log",
    benchmark:
        "<benchmarks>/estimate_power.tsv"
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        data_sets=RUN.power_data_sets,
        equivalence=command_line(RUN.equivalence),
        seed=RUN.seed,
    shell:
        "python {input.code[0]:q} --claims {input.claims:q} --data-sets {params.data_sets} --seed {params.seed}"
        " {params.equivalence} --output {output:q} 2>&1 | tee {log:q}"
