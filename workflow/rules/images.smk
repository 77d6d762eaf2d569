# Image sets (paper §2.2): generated in chunks, joined into shards, then scored by the study's assessor.


rule generate_images:
    input:
        code=code("generate_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
        theta="<results>/{study}/direction/theta.safetensors",
    output:
        manifest=temp("<results>/{study}/images/{set}.chunks/{chunk}-of-{chunks}.csv"),
        images=temp("<results>/{study}/images/{set}.chunks/{chunk}-of-{chunks}.zip"),
    log:
        "<logs>/generate_images/{study}-{set}-{chunk}-of-{chunks}.log",
    benchmark:
        "<benchmarks>/generate_images/{study}-{set}-{chunk}-of-{chunks}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(GENERATOR.memory_mb),
    params:
        set=lambda w: f"--set {w.set} --chunk {w.chunk} {'--z tails' if w.set == 'vigilance' else ''}",
        settings=lambda w: command_line(image_set(w)),
        alphas=alphas,
        direction=lambda w, input: f"--direction {input.theta}",
        generator=THE_GENERATOR,
        seed=RUN.seed,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/generate_images.py {params.generator} {params.direction} {params.set} {params.settings}"
        " --alphas {params.alphas} --seed {params.seed} --batch-size {params.batch_size} {params.compute}"
        " --output {output.manifest} 2>&1 | tee {log}"


rule gather_images:
    input:
        code=code("gather_images.py"),
        manifests=chunk_files(".csv"),
        images=chunk_files(".zip"),
    output:
        folder=directory("<results>/{study}/images/{set}"),
        manifest="<results>/{study}/images/{set}.unscored.csv",
    log:
        "<logs>/gather_images/{study}-{set}.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    shell:
        "python scripts/gather_images.py {input.manifests} --folder {output.folder} --manifest {output.manifest}"
        " 2>&1 | tee {log}"


rule score_images:
    input:
        code=lambda w: code("score_images.py", assessor_of(w.study).module),
        weights=lambda w: weight_files(assessor_of(w.study)),
        images="<results>/{study}/images/test",
        manifest="<results>/{study}/images/test.unscored.csv",
    output:
        scores="<results>/{study}/images/test.csv",
        by_alpha="<results>/{study}/scores.by_alpha.csv",
    log:
        "<logs>/score_images/{study}.log",
    benchmark:
        "<benchmarks>/score_images/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(lambda w: max(5000, assessor_of(w.study).memory_mb)),
    params:
        assessor=lambda w: assessor_settings(w.study),
        more=lambda w, output: f"--by-alpha {output.by_alpha}",
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/score_images.py {params.assessor} --manifest {input.manifest} {params.more}"
        " --batch-size {params.batch_size} {params.compute} --output {output.scores} 2>&1 | tee {log}"


use rule score_images as score_by_another with:
    # What moving along one study's direction does to another study's score, at the ends of the α grid.
    input:
        code=lambda w: code("score_images.py", assessor_of(w.other).module),
        weights=lambda w: weight_files(assessor_of(w.other)),
        images="<results>/{study}/images/test",
        manifest="<results>/{study}/images/test.unscored.csv",
    output:
        scores="<results>/{study}/images/test.by_{other}.csv",
    log:
        "<logs>/score_by_another/{study}-by-{other}.log",
    benchmark:
        "<benchmarks>/score_by_another/{study}-by-{other}.tsv"
    resources:
        **networks(lambda w: max(5000, assessor_of(w.other).memory_mb)),
    params:
        assessor=lambda w: assessor_settings(w.other),
        more=lambda w: "--alphas {0} {1}".format(*(f(RUN.study(w.study).alphas) for f in (min, max))),
