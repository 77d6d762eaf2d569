# The U-Net that finds the subject, where the run trains one: it learns from GrabCuts of the generator's own images.


rule train_segmenter:
    input:
        code=code("train_segmenter.py", build_module(GENERATOR)),
        weights=weight_files(GENERATOR),
    output:
        unet=UNET,
        metrics=f"{RESULTS}/segmenter/metrics.json",
        held_out=f"{RESULTS}/segmenter/held_out.csv",
        images=f"{RESULTS}/segmenter/held_out.zip",
    log:
        f"{RESULTS}/logs/train_segmenter.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_segmenter.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
        gpu=GPU,
    params:
        generator=GENERATOR_ARGUMENTS,
        seed=RUN.seed,
        distillation=options(RUN.distillation),
        compute=COMPUTE,
    shell:
        "python scripts/train_segmenter.py {params.generator} --seed {params.seed} {params.distillation}"
        " {params.compute} --metrics {output.metrics} --held-out {output.held_out} --output {output.unet}"
        " 2>&1 | tee {log}"
