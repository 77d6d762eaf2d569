# What changed in the images (paper §3.2): seven factors, three of them from masks of the subject.


rule segment_images:
    input:
        code=code("segment_images.py", *map(build_module, SEGMENTER)),
        weights=weight_files(*SEGMENTER),
        images=f"{RESULTS}/{{study}}/images/{{set}}",
        manifest=f"{RESULTS}/{{study}}/images/{{set}}.unscored.csv",
    output:
        masks=f"{RESULTS}/{{study}}/masks/{{set}}.csv",
        images=f"{RESULTS}/{{study}}/masks/{{set}}.zip",
    log:
        f"{RESULTS}/logs/segment_images/{{study}}-{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/segment_images/{{study}}-{{set}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(max([3000, *(card.memory_mb for card in SEGMENTER)])),
        runtime=growing(120),
        gpu=GPU,
    params:
        segmenter=RUN.segmenter,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/segment_images.py --segmenter {params.segmenter} --manifest {input.manifest}"
        " --batch-size {params.batch_size} {params.compute} --output {output.masks} 2>&1 | tee {log}"


rule measure_factors:
    input:
        code=code("measure_factors.py"),
        images=f"{RESULTS}/{{study}}/images/test",
        manifest=f"{RESULTS}/{{study}}/images/test.unscored.csv",
        masks=f"{RESULTS}/{{study}}/masks/test.csv" if RUN.segmenter else [],
        mask_images=f"{RESULTS}/{{study}}/masks/test.zip" if RUN.segmenter else [],
    output:
        f"{RESULTS}/{{study}}/factors.csv",
    log:
        f"{RESULTS}/logs/measure_factors/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_factors/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        masks=lambda w, input: f"--masks {input.masks}" if input.masks else "",
    shell:
        "python scripts/measure_factors.py --images {input.manifest} {params.masks} --threads {threads}"
        " --output {output} 2>&1 | tee {log}"


rule compare_directions:
    input:
        code=code("compare_directions.py"),
        directions=expand(f"{RESULTS}/{{study}}/direction/theta.safetensors", study=STUDIES),
        manifests=[
            f"{RESULTS}/{study}/images/test.csv" if study == other else f"{RESULTS}/{study}/images/test.by_{other}.csv"
            for study in STUDIES
            for other in STUDIES
        ],
    output:
        f"{RESULTS}/alignment.csv",
    log:
        f"{RESULTS}/logs/compare_directions.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        studies=STUDIES,
    shell:
        "python scripts/compare_directions.py --studies {params.studies} --directions {input.directions}"
        " --manifests {input.manifests} --output {output} 2>&1 | tee {log}"
