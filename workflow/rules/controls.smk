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


rule measure_stability:
    # Is it the same direction after another training? Was training long enough?
    input:
        code=lambda w: code("measure_stability.py", GENERATOR.module, assessor_of(w.study).module),
        weights=lambda w: weight_files(GENERATOR, assessor_of(w.study)),
        theta="<results>/{study}/direction/theta.safetensors",
        course="<results>/{study}/direction/course.safetensors",
        replicates=lambda w: replicates_of(w.study, "theta.safetensors"),
    output:
        slopes="<results>/{study}/replicates.csv",
        cosines="<results>/{study}/replicates.cosines.csv",
        along_training="<results>/{study}/along_training.csv",
    log:
        "<logs>/measure_stability/{study}.log",
    benchmark:
        "<benchmarks>/measure_stability/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(lambda w: GENERATOR.memory_mb + assessor_of(w.study).memory_mb),
    params:
        settings=lambda w: command_line(RUN.study(w.study).image_sets.test),
        alphas=lambda w: RUN.study(w.study).alphas,
        generator=THE_GENERATOR,
        assessor=lambda w: assessor_settings(w.study),
        seed=RUN.seed,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} {params.assessor} --study {wildcards.study} --direction {input.theta:q}"
        " --replicates {input.replicates:q} --course {input.course:q} --set test --alphas {params.alphas} {params.settings}"
        " --seed {params.seed} --batch-size {params.batch_size} {params.compute} --slopes {output.slopes:q}"
        " --cosines {output.cosines:q} --along-training {output.along_training:q} 2>&1 | tee {log:q}"


use rule score_images as ask_judge with:
    # Another assessor's scores of the same images.
    input:
        code=lambda w: code("score_images.py", RUN.study(w.study).judge(w.judge).card.module),
        weights=lambda w: weight_files(RUN.study(w.study).judge(w.judge).card),
        images="<results>/{study}/images/test",
        manifest="<results>/{study}/images/test.unscored.csv",
    output:
        scores="<results>/{study}/images/test.{judge}.csv",
        by_alpha="<results>/{study}/scores.{judge}.by_alpha.csv",
    log:
        "<logs>/ask_judge/{study}-{judge}.log",
    benchmark:
        "<benchmarks>/ask_judge/{study}-{judge}.tsv"
    priority: 0
    resources:
        **networks(lambda w: max(5000, RUN.study(w.study).judge(w.judge).card.memory_mb)),
    params:
        assessor=lambda w: command_line(RUN.study(w.study).judge(w.judge)),


rule compare_judges:
    input:
        code=code("compare_judges.py"),
        manifest="<results>/{study}/images/test.csv",
        judges=lambda w: [
            f"{RESULTS}/{w.study}/images/test.{judge.assessor}.csv" for judge in RUN.study(w.study).judges
        ],
    output:
        "<results>/{study}/judges.csv",
    log:
        "<logs>/compare_judges/{study}.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    params:
        judges=lambda w: [judge.assessor for judge in RUN.study(w.study).judges],
        seed=RUN.seed,
    shell:
        "python {input.code[0]:q} --manifest {input.manifest:q} --judges {params.judges:q} --scores {input.judges:q}"
        " --study {wildcards.study} --seed {params.seed} --output {output:q} 2>&1 | tee {log:q}"


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
