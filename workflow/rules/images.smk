# Image sets (paper §2.2): generated in chunks, joined into shards, then scored by the study's assessor.


rule generate_images:
    input:
        code=code("generate_images.py", build_module(GENERATOR)),
        weights=weight_files(GENERATOR),
        theta=f"{RESULTS}/{{study}}/direction/theta.safetensors",
    output:
        manifest=temp(f"{RESULTS}/{{study}}/images/{{set}}.chunks/{{chunk}}-of-{{chunks}}.csv"),
        images=temp(f"{RESULTS}/{{study}}/images/{{set}}.chunks/{{chunk}}-of-{{chunks}}.zip"),
    log:
        f"{RESULTS}/logs/generate_images/{{study}}-{{set}}-{{chunk}}-of-{{chunks}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_images/{{study}}-{{set}}-{{chunk}}-of-{{chunks}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(GENERATOR.memory_mb),
        runtime=growing(120),
        gpu=GPU,
    params:
        image_set=lambda w: image_set_arguments(w),
        generator=GENERATOR_ARGUMENTS,
        seed=RUN.seed,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/generate_images.py {params.generator} --direction {input.theta}"
        " --set {wildcards.set} {params.image_set} --seed {params.seed}"
        " --batch-size {params.batch_size} {params.compute} --chunk {wildcards.chunk} --chunks {wildcards.chunks}"
        " --output {output.manifest} 2>&1 | tee {log}"


rule gather_images:
    input:
        code=code("gather_images.py"),
        manifests=lambda w: chunk_manifests(w),
        images=lambda w: [name.replace(".csv", ".zip") for name in chunk_manifests(w)],
    output:
        folder=directory(f"{RESULTS}/{{study}}/images/{{set}}"),
        manifest=f"{RESULTS}/{{study}}/images/{{set}}.unscored.csv",
    log:
        f"{RESULTS}/logs/gather_images/{{study}}-{{set}}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    shell:
        "python scripts/gather_images.py {input.manifests} --folder {output.folder} --manifest {output.manifest}"
        " 2>&1 | tee {log}"


rule score_images:
    input:
        code=lambda w: code("score_images.py", build_module(assessor_of(w.study))),
        weights=lambda w: weight_files(assessor_of(w.study)),
        images=f"{RESULTS}/{{study}}/images/{{set}}",
        manifest=f"{RESULTS}/{{study}}/images/{{set}}.unscored.csv",
    output:
        f"{RESULTS}/{{study}}/images/{{set}}.csv",
    log:
        f"{RESULTS}/logs/score_images/{{study}}-{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_images/{{study}}-{{set}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(lambda w: max(5000, assessor_of(w.study).memory_mb)),
        runtime=growing(120),
        gpu=GPU,
    params:
        assessor=lambda w: assessor_arguments(w.study),
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/score_images.py {params.assessor} --manifest {input.manifest}"
        " --batch-size {params.batch_size} {params.compute} --output {output} 2>&1 | tee {log}"


rule score_by_another:
    """What moving along one study's direction does to another study's score, at the ends of the α grid."""
    input:
        code=lambda w: code("score_images.py", build_module(assessor_of(w.other))),
        weights=lambda w: weight_files(assessor_of(w.other)),
        images=f"{RESULTS}/{{study}}/images/{{set}}",
        manifest=f"{RESULTS}/{{study}}/images/{{set}}.unscored.csv",
    output:
        f"{RESULTS}/{{study}}/images/{{set}}.by_{{other}}.csv",
    log:
        f"{RESULTS}/logs/score_by_another/{{study}}-{{set}}-by-{{other}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_by_another/{{study}}-{{set}}-by-{{other}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(lambda w: max(5000, assessor_of(w.other).memory_mb)),
        runtime=growing(120),
        gpu=GPU,
    params:
        assessor=lambda w: assessor_arguments(w.other),
        ends=lambda w: (min(RUN.study(w.study).alphas), max(RUN.study(w.study).alphas)),
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/score_images.py {params.assessor} --manifest {input.manifest} --alphas {params.ends}"
        " --batch-size {params.batch_size} {params.compute} --output {output} 2>&1 | tee {log}"
