# What changed in the images (paper §3.2): seven factors, three of them from masks of the subject.


rule segment_images:
    input:
        code=code("segment_images.py", *(card.module for card in SEGMENTER)),
        weights=weight_files(*SEGMENTER),
        images="<results>/{study}/images/test",
        manifest="<results>/{study}/images/test.unscored.csv",
    output:
        masks="<results>/{study}/masks/test.csv",
        images="<results>/{study}/masks/test.zip",
    log:
        "<logs>/segment_images/{study}.log",
    benchmark:
        "<benchmarks>/segment_images/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(max([3000, *(card.memory_mb for card in SEGMENTER)])),
    params:
        segmenter=command_line(SegmenterChoice(segmenter=RUN.segmenter)) if RUN.segmenter else "",
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.segmenter} --manifest {input.manifest:q}"
        " --batch-size {params.batch_size} {params.compute} --output {output.masks:q} 2>&1 | tee {log:q}"


rule measure_factors:
    input:
        code=code("measure_factors.py"),
        images="<results>/{study}/images/test",
        manifest="<results>/{study}/images/test.unscored.csv",
        masks="<results>/{study}/masks/test.csv" if RUN.segmenter else [],
        mask_images="<results>/{study}/masks/test.zip" if RUN.segmenter else [],
    output:
        factors="<results>/{study}/factors.csv",
        by_alpha="<results>/{study}/factors.by_alpha.csv",
    log:
        "<logs>/measure_factors/{study}.log",
    benchmark:
        "<benchmarks>/measure_factors/{study}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **tables(),
    params:
        masks=lambda w, input: f"--masks {input.masks}" if input.masks else "",
    shell:
        "python {input.code[0]:q} --images {input.manifest:q} {params.masks} --threads {threads}"
        " --by-alpha {output.by_alpha:q} --output {output.factors:q} 2>&1 | tee {log:q}"


rule compare_directions:
    input:
        code=code("compare_directions.py"),
        directions=expand("<results>/{study}/direction/theta.safetensors", study=STUDIES),
        manifests=expand("<results>/{study}/images/test.csv", study=STUDIES),
        others=[path for study in STUDIES for path in scores_of_others(study)],
    output:
        "<results>/alignment.csv",
    log:
        "<logs>/compare_directions.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(minutes=30),
    params:
        studies=STUDIES,
        others=lambda w, input: f"--others {input.others}" if input.others else "",
    shell:
        "python {input.code[0]:q} --studies {params.studies} --directions {input.directions:q}"
        " --manifests {input.manifests:q} {params.others} --output {output:q} 2>&1 | tee {log:q}"


rule measure_structure:
    input:
        code=code("measure_structure.py", *(card.module for card in DETECTOR)),
        weights=weight_files(*DETECTOR),
        tests=expand("<results>/{study}/images/test", study=STUDIES),
        manifests=expand("<results>/{study}/images/test.unscored.csv", study=STUDIES),
        masks=expand("<results>/{study}/masks/test.csv", study=STUDIES if RUN.segmenter else []),
        images=expand("<results>/{study}/masks/test.zip", study=STUDIES if RUN.segmenter else []),
    output:
        "<results>/structure.csv",
    log:
        "<logs>/measure_structure.log",
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(2000),
    params:
        studies=STUDIES,
        detector=f"--detector {RUN.detector}" if RUN.detector else "",
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} --studies {params.studies} --manifests {input.manifests:q}"
        " --masks {input.masks:q} {params.detector} {params.compute} --output {output:q} 2>&1 | tee {log:q}"
