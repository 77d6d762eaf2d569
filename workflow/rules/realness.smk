# How real the images stay along α (paper §3.3.1): FID, Inception Score, KID, precision and recall.


onstart:
    if REFERENCE_FOLDER and not Path(REFERENCE_FOLDER).is_dir():
        print(
            f"warning: realness: the photographs' folder {REFERENCE_FOLDER} is not there: measure_realness will fail",
            file=sys.stderr,
        )


rule generate_reference:
    """What the realness of images is measured against where there are no photographs: fresh unmodified samples."""
    input:
        code=code("generate_images.py", build_module(GENERATOR)),
        weights=weight_files(GENERATOR),
    output:
        manifest=f"{RESULTS}/reference.csv",
        images=f"{RESULTS}/reference.zip",
    log:
        f"{RESULTS}/logs/generate_reference.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_reference.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(GENERATOR.memory_mb),
        runtime=growing(120),
        gpu=GPU,
    params:
        seeds=lambda w: reference_seeds(),
        generator=GENERATOR_ARGUMENTS,
        seed=RUN.seed,
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python scripts/generate_images.py {params.generator} --set reference --alphas 0"
        " {params.seeds} --seed {params.seed} --batch-size {params.batch_size} {params.compute}"
        " --output {output.manifest} 2>&1 | tee {log}"


rule measure_realness:
    input:
        code=code("measure_realness.py", *map(build_module, EXTRACTOR)),
        weights=weight_files(*EXTRACTOR),
        images=f"{RESULTS}/{{study}}/images/test",
        manifest=f"{RESULTS}/{{study}}/images/test.unscored.csv",
        # Photographs are no input: their folder holds a million files, and a plan needs none of them.
        reference=[] if REFERENCE_FOLDER else [f"{RESULTS}/reference.csv", f"{RESULTS}/reference.zip"],
    output:
        f"{RESULTS}/{{study}}/realness.csv",
    log:
        f"{RESULTS}/logs/measure_realness/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_realness/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        # Measured: 3,600 MB with the features of the paper's 37,500 photographs; a GPU takes some of its own.
        mem_mb=growing(6000),
        runtime=growing(240),
        gpu=GPU,
    params:
        reference=lambda w, input: REFERENCE_FOLDER or input.reference[0],
        extractor=lambda w: RUN.realness.extractor,
        per_class=lambda w: RUN.realness.reference_per_class,
        seed=RUN.seed,
        compute=COMPUTE,
    shell:
        "python scripts/measure_realness.py --manifest {input.manifest} --reference {params.reference:q}"
        " --extractor {params.extractor} --seed {params.seed} --reference-per-class {params.per_class}"
        " {params.compute} --output {output} 2>&1 | tee {log}"
