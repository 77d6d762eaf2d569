# Image sets (paper §2.2): generated in chunks, joined into shards, then scored by the study's assessor. Unmodified seeds
# (α = 0) are the same for all studies, and made once. Only test sets are made: what else an experiment shows is listed,
# which is all that tracks need, and made when someone asks for it (docs/experiments.md).


rule generate_images:
    input:
        code=code("generate_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
        theta="<results>/{study}/direction/theta.safetensors",
        inverted=inverted_of,
    output:
        manifest=temp("<results>/{study}/images/{set}.chunks/{chunk}-of-{chunks}.csv"),
        images=temp("<results>/{study}/images/{set}.chunks/{chunk}-of-{chunks}.zip"),
    log:
        "<logs>/generate_images/{study}-{set}-{chunk}-of-{chunks}.log",
    benchmark:
        "<benchmarks>/generate_images/{study}-{set}-{chunk}-of-{chunks}.tsv"
    priority: 2
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(GENERATOR.memory_mb),
    params:
        set=lambda w: f"--set {w.set} --chunk {w.chunk}",
        settings=lambda w: command_line(image_set(w)),
        alphas=lambda w: RUN.study(w.study).moved_alphas_of(w.set),
        direction=lambda w, input: f"--direction {input.theta} {inverted_option(input)}".strip(),
        generator=THE_GENERATOR,
        stored=f"--image-format {RUN.image_format}",
        seed=RUN.seed,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} {params.direction} {params.set} {params.settings}"
        " --alphas {params.alphas} --seed {params.seed} {params.stored} --batch-size {params.batch_size}"
        " {params.compute} --output {output.manifest:q} 2>&1 | tee {log:q}"


use rule generate_images as generate_seeds with:
    input:
        code=code("generate_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
    output:
        # Not temporary: a change of one study would make them, and so all studies, again.
        manifest="<results>/seeds/{set}-{classes}x{each}/{chunk}-of-{chunks}.csv",
        images="<results>/seeds/{set}-{classes}x{each}/{chunk}-of-{chunks}.zip",
    log:
        "<logs>/generate_seeds/{set}-{classes}x{each}-{chunk}-of-{chunks}.log",
    benchmark:
        "<benchmarks>/generate_seeds/{set}-{classes}x{each}-{chunk}-of-{chunks}.tsv"
    params:
        set=lambda w: f"--set {w.set} --chunk {w.chunk} {'--z tails' if w.set == 'vigilance' else ''}",
        settings=lambda w: command_line(
            ImageSetSettings(classes=int(w.classes), seeds_per_class=int(w.each), chunks=int(w.chunks))
        ),
        alphas=0,
        direction="",


use rule generate_seeds as generate_photographed_seeds with:
    # Seeds that are photographs (docs/own-photograph.md).
    input:
        code=code("generate_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
        inverted=inverted_photographs(),
    output:
        manifest="<results>/seeds/{set}-photographs/{chunk}-of-{chunks}.csv",
        images="<results>/seeds/{set}-photographs/{chunk}-of-{chunks}.zip",
    log:
        "<logs>/generate_seeds/{set}-photographs-{chunk}-of-{chunks}.log",
    benchmark:
        "<benchmarks>/generate_seeds/{set}-photographs-{chunk}-of-{chunks}.tsv"
    params:
        set=lambda w: f"--set {w.set} --chunk {w.chunk}",
        settings=lambda w: command_line(
            ImageSetSettings(seeds_per_class=len(RUN.photographs), chunks=int(w.chunks), photographs=True)
        ),
        direction=lambda w, input: inverted_option(input),


use rule generate_images as generate_strip with:
    # Some seeds of the test set between the alphas of the grid, so that the report can move them smoothly.
    output:
        manifest="<results>/{study}/images/strip.csv",
        images="<results>/{study}/images/strip.zip",
    log:
        "<logs>/generate_strip/{study}.log",
    benchmark:
        "<benchmarks>/generate_strip/{study}.tsv"
    priority: 0
    params:
        set=f"--set test --spaced {RUN.strip_seeds}",
        settings=lambda w: command_line(RUN.study(w.study).image_sets.test.model_copy(update={"chunks": 1})),
        alphas=lambda w: RUN.study(w.study).alphas_between,


use rule generate_strip as generate_replicate with:
    # One seed of the test set along the direction of a further training.
    input:
        code=code("generate_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
        theta="<results>/{study}/replicates/{replicate}/theta.safetensors",
        inverted=inverted_of,
    output:
        manifest="<results>/{study}/replicates/{replicate}/images.csv",
        images="<results>/{study}/replicates/{replicate}/images.zip",
    log:
        "<logs>/generate_replicate/{study}-{replicate}.log",
    benchmark:
        "<benchmarks>/generate_replicate/{study}-{replicate}.tsv"
    params:
        set="--set test --spaced 1",
        alphas=lambda w: RUN.study(w.study).alphas,


rule gather_images:
    input:
        code=code("gather_images.py"),
        manifests=chunk_files("test", ".csv"),
        images=chunk_files("test", ".zip"),
    output:
        folder=directory("<results>/{study}/images/test"),
        manifest="<results>/{study}/images/test.unscored.csv",
    log:
        "<logs>/gather_images/{study}-test.log",
    priority: 2
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(),
    shell:
        "python {input.code[0]:q} {input.manifests:q} --folder {output.folder:q} --manifest {output.manifest:q}"
        " 2>&1 | tee {log:q}"


rule list_images:
    input:
        code=code("list_images.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
    output:
        "<results>/{study}/images/{set}.unscored.csv",
    log:
        "<logs>/list_images/{study}-{set}.log",
    wildcard_constraints:
        set="filler|vigilance",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(2000, minutes=30),
    params:
        set=lambda w: f"--set {w.set}",
        settings=lambda w: command_line(image_set(w)),
        alphas=alphas,
        generator=THE_GENERATOR,
        stored=f"--image-format {RUN.image_format}",
        seed=RUN.seed,
        compute=command_line(RUN.weights),
    shell:
        "python {input.code[0]:q} {params.generator} {params.set} {params.settings} --alphas {params.alphas}"
        " --seed {params.seed} {params.stored} {params.compute} --output {output:q} 2>&1 | tee {log:q}"


use rule gather_images as make_listed_images with:
    input:
        code=code("gather_images.py"),
        manifests=lambda w: chunk_files(w.set, ".csv")(w),
        images=lambda w: chunk_files(w.set, ".zip")(w),
    output:
        folder=directory("<results>/{study}/images/{set}"),
        manifest=temp("<results>/{study}/images/{set}.made.csv"),
    log:
        "<logs>/gather_images/{study}-{set}.log",
    wildcard_constraints:
        set="filler|vigilance",


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
    priority: 2
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(lambda w: max(5000, assessor_of(w.study).memory_mb)),
    params:
        assessor=lambda w: assessor_settings(w.study),
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.assessor} --manifest {input.manifest:q} --by-alpha {output.by_alpha:q}"
        " --batch-size {params.batch_size} {params.compute} --output {output.scores:q} 2>&1 | tee {log:q}"


rule score_others:
    # What moving along the others' directions does to this study's score, at the ends of their α grids.
    input:
        code=lambda w: code("score_others.py", assessor_of(w.study).module),
        weights=lambda w: weight_files(assessor_of(w.study)),
        images=lambda w: [f"{RESULTS}/{other}/images/test" for other in others_of(w.study)],
        manifests=lambda w: [f"{RESULTS}/{other}/images/test.unscored.csv" for other in others_of(w.study)],
    output:
        "<results>/{study}/scores_of_others.csv",
    log:
        "<logs>/score_others/{study}.log",
    benchmark:
        "<benchmarks>/score_others/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(lambda w: max(5000, assessor_of(w.study).memory_mb)),
    params:
        assessor=lambda w: assessor_settings(w.study),
        others=lambda w: others_of(w.study),
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.assessor} --studies {params.others} --manifests {input.manifests:q}"
        " --batch-size {params.batch_size} {params.compute} --output {output:q} 2>&1 | tee {log:q}"


use rule score_others as score_held with:
    # What moving along a direction does to a score that it holds, and moving along that of the study that holds none.
    input:
        code=lambda w: code("score_others.py", held_at(w).card.module),
        weights=lambda w: weight_files(held_at(w).card),
        images=lambda w: [f"{RESULTS}/{one}/images/test" for one in with_plain(w.study)],
        manifests=lambda w: [f"{RESULTS}/{one}/images/test.unscored.csv" for one in with_plain(w.study)],
    output:
        "<results>/{study}/held/{place}.csv",
    log:
        "<logs>/score_held/{study}-{place}.log",
    benchmark:
        "<benchmarks>/score_held/{study}-{place}.tsv"
    resources:
        **networks(lambda w: max(5000, held_at(w).card.memory_mb)),
    params:
        assessor=lambda w: command_line(held_at(w).only(AssessorChoice)),
        others=lambda w: with_plain(w.study),
        batch_size=RUN.batch_size,
        compute=COMPUTE,
