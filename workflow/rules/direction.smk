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
        mem_mb=growing(lambda w: GENERATOR.memory_mb + assessor_of(w.study).memory_mb),
        # A job that is cut off here goes on from its checkpoint when it is started again.
        runtime=growing(2880 if GPU else 600),
        gpu=GPU,
    params:
        # Not an output: Snakemake would remove it before it starts the job again after a kill.
        checkpoint=f"{RESULTS}/{{study}}/direction/checkpoints/last.pt",
        models=lambda w: f"{GENERATOR_ARGUMENTS} {assessor_arguments(w.study)} {transformer_arguments(w.study)}",
        seed=RUN.seed,
        compute=COMPUTE,
        training=lambda w: options(RUN.study(w.study).training),
    shell:
        "python scripts/train_direction.py {params.models}"
        " --study {wildcards.study} --seed {params.seed} {params.training} {params.compute}"
        " --checkpoint {params.checkpoint} --loss {output.loss} --output {output.theta} 2>&1 | tee {log}"
