# Is it the direction? What the paper leaves open.


rule measure_null_directions:
    input:
        code=lambda w: code("measure_null_directions.py", GENERATOR.module, assessor_of(w.study).module),
        weights=lambda w: weight_files(GENERATOR, assessor_of(w.study)),
        theta="<results>/{study}/direction/theta.safetensors",
    output:
        "<results>/{study}/null_directions.csv",
    log:
        "<logs>/measure_null_directions/{study}.log",
    benchmark:
        "<benchmarks>/measure_null_directions/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(lambda w: GENERATOR.memory_mb + assessor_of(w.study).memory_mb),
    params:
        settings=lambda w: command_line(RUN.null_directions, RUN.study(w.study).image_sets.test),
        ends=lambda w: [RUN.study(w.study).alphas[0], RUN.study(w.study).alphas[-1]],
        generator=THE_GENERATOR,
        assessor=lambda w: assessor_settings(w.study),
        seed=RUN.seed,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} {params.assessor} --study {wildcards.study} --direction {input.theta:q}"
        " --ends {params.ends} {params.settings} --seed {params.seed} --batch-size {params.batch_size} {params.compute}"
        " --output {output:q} 2>&1 | tee {log:q}"


rule analyse_changes:
    input:
        code=code("analyse_changes.py"),
        manifest="<results>/{study}/images/test.csv",
        factors="<results>/{study}/factors.csv",
        model="<results>/{study}/mixed_models.csv",
        robust="<results>/{study}/robust_models.csv",
    output:
        steps="<results>/{study}/steps.csv",
        explained="<results>/{study}/explained.csv",
        robustness="<results>/{study}/robustness.csv",
    log:
        "<logs>/analyse_changes/{study}.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        seed=RUN.seed,
    shell:
        "python {input.code[0]:q} --study {wildcards.study} --seed {params.seed} --manifest {input.manifest:q}"
        " --factors {input.factors:q} --model {input.model:q} --robust {input.robust:q} --steps {output.steps:q}"
        " --explained {output.explained:q} --robustness {output.robustness:q} 2>&1 | tee {log:q}"
