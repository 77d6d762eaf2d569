# The U-Net that finds the subject, where the run trains one: it learns from GrabCuts of the generator's own images.


rule train_segmenter:
    input:
        code=code("train_segmenter.py", GENERATOR.module),
        weights=weight_files(GENERATOR),
    output:
        unet=UNET,
        metrics="<results>/segmenter/metrics.json",
        held_out="<results>/segmenter/held_out.csv",
        images="<results>/segmenter/held_out.zip",
    log:
        "<logs>/train_segmenter.log",
    benchmark:
        "<benchmarks>/train_segmenter.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(3000, minutes=60),
    params:
        settings=command_line(*filter(None, [RUN.distillation])),
        generator=THE_GENERATOR,
        seed=RUN.seed,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} --seed {params.seed} {params.settings}"
        " {params.compute} --metrics {output.metrics:q} --held-out {output.held_out:q} --output {output.unet:q}"
        " 2>&1 | tee {log:q}"
