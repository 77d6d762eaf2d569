# Learning the direction θ of each study (paper §2.1, Eq. 1).


rule train_direction:
    input:
        code=lambda w: code("train_direction.py", build_module(GENERATOR), build_module(assessor_of(w.study))),
        weights=lambda w: weight_files(GENERATOR, assessor_of(w.study)),
    output:
        theta=f"{RESULTS}/{{study}}/direction/theta.safetensors",
        loss=f"{RESULTS}/{{study}}/direction/loss.csv",
    log:
        f"{RESULTS}/logs/train_direction/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_direction/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        mem_mb=growing(5000),
        runtime=growing(600),
        gpu=GPUS,
    params:
        # Not an output: Snakemake would remove it before it starts the job again after a kill.
        checkpoint=f"{RESULTS}/{{study}}/direction/checkpoints/last.pt",
        models=lambda w: f"--generator {RUN.generator} --assessor {RUN.study(w.study).assessor}",
        seed=RUN.seed,
        compute=COMPUTE,
        training=lambda w: options(RUN.study(w.study).training),
    shell:
        "python scripts/train_direction.py {params.models}"
        " --study {wildcards.study} --seed {params.seed} {params.training} {params.compute}"
        " --checkpoint {params.checkpoint} --loss {output.loss} --output {output.theta} 2>&1 | tee {log}"
