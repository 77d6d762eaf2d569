# Learning the direction θ of each study (paper §2.1, Eq. 1).


LONGEST = 1 + max(study.training.samples for study in RUN.studies)
SHORTEST = min(RUN.studies, key=lambda study: study.training.steps).name


rule train_direction:
    input:
        code=lambda w: code("train_direction.py", *(card.module for card in trained_with(w.study))),
        weights=lambda w: weight_files(*trained_with(w.study)),
    output:
        theta="<results>/{study}/direction/theta.safetensors",
        loss="<results>/{study}/direction/loss.csv",
        course="<results>/{study}/direction/course.safetensors",
    log:
        "<logs>/train_direction/{study}.log",
    benchmark:
        "<benchmarks>/train_direction/{study}.tsv"
    # Nothing can be looked at before: one study as soon as can be, then what takes longest.
    priority: lambda w: 2 if w.study == SHORTEST else 1 + RUN.study(w.study).training.samples / LONGEST
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        # A job that is cut off goes on from its checkpoint when it is started again.
        **networks(lambda w: sum(card.memory_mb for card in trained_with(w.study)), minutes=2880 if GPU else 600),
    params:
        study="{study}",
        # For the checkpoint, which is no output: Snakemake would remove it before it starts the job again after a kill.
        folder=subpath(output.theta, parent=True),
        settings=lambda w: command_line(RUN.study(w.study).training, RUN.study(w.study).transformer),
        generator=THE_GENERATOR,
        objective=lambda w: command_line(RUN.study(w.study).only(Objective)),
        seed=RUN.seed,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} {params.objective} --study {params.study}"
        " --seed {params.seed} {params.settings} {params.compute} --checkpoint {params.folder:q}/checkpoints/last.pt"
        " --loss {output.loss:q} --course {output.course:q} --output {output.theta:q} 2>&1 | tee {log:q}"


use rule train_direction as train_replicate with:
    # The same training on other random batches.
    output:
        theta="<results>/{study}/replicates/{replicate}/theta.safetensors",
        loss="<results>/{study}/replicates/{replicate}/loss.csv",
        course="<results>/{study}/replicates/{replicate}/course.safetensors",
    log:
        "<logs>/train_replicate/{study}-{replicate}.log",
    benchmark:
        "<benchmarks>/train_replicate/{study}-{replicate}.tsv"
    priority: 0
    params:
        study="{study}/replicates/{replicate}",  # names the random streams
