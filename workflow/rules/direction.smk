# Learning the direction θ of each study (paper §2.1, Eq. 1).


rule train_direction:
    input:
        code=lambda w: code("train_direction.py", *(card.module for card in trained_with(w.study))),
        weights=lambda w: weight_files(*trained_with(w.study)),
    output:
        theta="<results>/{study}/direction/theta.safetensors",
        loss="<results>/{study}/direction/loss.csv",
    log:
        "<logs>/train_direction/{study}.log",
    benchmark:
        "<benchmarks>/train_direction/{study}.tsv"
    priority: 1  # nothing can be looked at before
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        # A job that is cut off goes on from its checkpoint when it is started again.
        **networks(lambda w: sum(card.memory_mb for card in trained_with(w.study)), minutes=2880 if GPU else 600),
    params:
        # Not an output: Snakemake would remove it before it starts the job again after a kill.
        checkpoint=f"{RESULTS}/{{study}}/direction/checkpoints/last.pt",
        settings=lambda w: command_line(RUN.study(w.study).training, RUN.study(w.study).transformer),
        generator=THE_GENERATOR,
        objective=lambda w: command_line(RUN.study(w.study).only(Objective)),
        seed=RUN.seed,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} {params.objective} --study {wildcards.study}"
        " --seed {params.seed} {params.settings} {params.compute} --checkpoint {params.checkpoint}"
        " --loss {output.loss:q} --output {output.theta:q} 2>&1 | tee {log:q}"
