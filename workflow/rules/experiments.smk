# The experiments with people (paper §3.3.2, §3.4): tracks, trials, exclusions, models. Real trials are put into
# data/<run>/<study>/trials/<experiment>.csv; until they are there, simulated observers answer the same tracks.


rule build_tracks:
    input:
        code=code("build_tracks.py"),
        manifests=manifests_of,
    output:
        f"{RESULTS}/{{study}}/tracks/{{experiment}}.csv",
    log:
        f"{RESULTS}/logs/build_tracks/{{study}}-{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_tracks/{{study}}-{{experiment}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        participants=lambda w: experiment_of(w).participants,
        series=lambda w: experiment_of(w).series,
        design=lambda w: design_arguments(experiment_of(w).design),
        seed=RUN.seed,
    shell:
        "python scripts/build_tracks.py {wildcards.experiment} --manifests {input.manifests}"
        " --participants {params.participants} --series {params.series} {params.design} --seed {params.seed}"
        " --output {output} 2>&1 | tee {log}"


rule simulate_trials:
    input:
        code=code("simulate_trials.py"),
        claims="config/claims.csv",
        tracks=f"{RESULTS}/{{study}}/tracks/{{experiment}}.csv",
        manifest=f"{RESULTS}/{{study}}/images/test.csv",
    output:
        f"{RESULTS}/{{study}}/trials/{{experiment}}.simulated.csv",
    log:
        f"{RESULTS}/logs/simulate_trials/{{study}}-{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate_trials/{{study}}-{{experiment}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        sensitivity=lambda w: (
            "" if experiment_of(w).sensitivity is None else f"--sensitivity {experiment_of(w).sensitivity}"
        ),
        seed=RUN.seed,
    shell:
        "python scripts/simulate_trials.py --tracks {input.tracks} --manifest {input.manifest} --claims {input.claims}"
        " --experiment {wildcards.experiment} --study {wildcards.study} --seed {params.seed} {params.sensitivity}"
        " --output {output} 2>&1 | tee {log}"


rule prepare_trials:
    input:
        code=code("prepare_trials.py"),
        trials=trials_of,
        manifests=manifests_of,
    output:
        trials=f"{RESULTS}/{{study}}/trials/{{experiment}}.csv",
        series=f"{RESULTS}/{{study}}/trials/{{experiment}}.series.csv",
        data_points=f"{RESULTS}/{{study}}/trials/{{experiment}}.data_points.csv",
        by_alpha=f"{RESULTS}/{{study}}/trials/{{experiment}}.by_alpha.csv",
    log:
        f"{RESULTS}/logs/prepare_trials/{{study}}-{{experiment}}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    shell:
        "python scripts/prepare_trials.py --trials {input.trials} --experiment {wildcards.experiment}"
        " --manifests {input.manifests} --output {output.trials} 2>&1 | tee {log}"


rule fit_trial_models:
    input:
        code=code("fit_mixed_models.py"),
        data_points=f"{RESULTS}/{{study}}/trials/{{experiment}}.data_points.csv",
        factors=f"{RESULTS}/{{study}}/factors.csv",
    output:
        f"{RESULTS}/{{study}}/trials/{{experiment}}.models.csv",
    log:
        f"{RESULTS}/logs/fit_trial_models/{{study}}-{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_trial_models/{{study}}-{{experiment}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(240),
    params:
        formulas=trial_formulas,
    shell:
        "python scripts/fit_mixed_models.py --data {input.data_points} --join {input.factors} --normalise"
        " --family binomial --formula {params.formulas:q} --keep-going --output {output} 2>&1 | tee {log}"


rule estimate_power:
    """What a scientist asks first: how many people does it take?"""
    input:
        code=code("estimate_power.py"),
        claims="config/claims.csv",
    output:
        f"{RESULTS}/power.csv",
    log:
        f"{RESULTS}/logs/estimate_power.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimate_power.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        data_sets=RUN.power_data_sets,
        seed=RUN.seed,
    shell:
        "python scripts/estimate_power.py --claims {input.claims} --data-sets {params.data_sets} --seed {params.seed} --output {output}"
        " 2>&1 | tee {log}"
