# Photographs of one's own (the paper's wish, §5): each is inverted, moved along every direction of the run, and reported.
# `make photo PHOTO=me.jpg`, or photographs in the configuration and `snakemake --cores all -- photographs`.

COMPARED_WITH = EXTRACTORS["efficientnet-lite0"]
PHOTOGRAPHS = RUN.named_photographs

for photograph in PHOTOGRAPHS.values():
    if not Path(photograph).is_file():
        sys.exit(f"error: configuration: photographs: {photograph} not found")


wildcard_constraints:
    photograph=r"[\w-]+",


rule photographs:
    input:
        expand("<results>/photographs/{photograph}/report.html", photograph=PHOTOGRAPHS),


rule invert_photograph:
    input:
        code=code("invert_image.py", GENERATOR.module, *(card.module for card in (*DETECTOR, COMPARED_WITH))),
        weights=weight_files(GENERATOR, *DETECTOR, COMPARED_WITH),
        photograph=lambda w: local(PHOTOGRAPHS[w.photograph]),
    output:
        photograph="<results>/photographs/{photograph}/photograph.png",
        reconstruction="<results>/photographs/{photograph}/reconstruction.png",
        inverted="<results>/photographs/{photograph}/inverted.safetensors",
        quality="<results>/photographs/{photograph}/inverted.csv",
    log:
        "<logs>/invert_photograph/{photograph}.log",
    benchmark:
        "<benchmarks>/invert_photograph/{photograph}.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(GENERATOR.memory_mb),
    params:
        folder=subpath(output.quality, parent=True),
        detector=f"--detector {RUN.detector}" if RUN.detector else "",
        generator=THE_GENERATOR,
        seed=RUN.seed,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} --photograph {input.photograph:q} {params.detector}"
        " --seed {params.seed} {params.compute} --folder {params.folder:q} 2>&1 | tee {log:q}"


rule move_photograph:
    input:
        code=lambda w: code("move_photograph.py", GENERATOR.module, assessor_of(w.study).module),
        weights=lambda w: weight_files(GENERATOR, assessor_of(w.study)),
        photograph="<results>/photographs/{photograph}/photograph.png",
        inverted="<results>/photographs/{photograph}/inverted.safetensors",
        theta="<results>/{study}/direction/theta.safetensors",
    output:
        manifest="<results>/photographs/{photograph}/{study}.csv",
        images="<results>/photographs/{photograph}/{study}.zip",
    log:
        "<logs>/move_photograph/{photograph}-{study}.log",
    conda:
        "../../envs/environment.yaml"
    threads: RUN.threads
    resources:
        **networks(lambda w: GENERATOR.memory_mb + assessor_of(w.study).memory_mb),
    params:
        alphas=lambda w: sorted({*RUN.study(w.study).alphas, *RUN.study(w.study).alphas_between}),
        generator=THE_GENERATOR,
        assessor=lambda w: assessor_settings(w.study),
        stored=f"--image-format {RUN.image_format}",
        batch_size=RUN.batch_size,
        compute=COMPUTE,
    shell:
        "python {input.code[0]:q} {params.generator} {params.assessor} --inverted {input.inverted:q}"
        " --direction {input.theta:q} --alphas {params.alphas} {params.stored} --batch-size {params.batch_size}"
        " {params.compute} --output {output.manifest:q} 2>&1 | tee {log:q}"


rule report_photograph:
    input:
        code=code("report_photograph.py"),
        templates=templates("photograph.html.j2", "style.css"),
        photograph="<results>/photographs/{photograph}/photograph.png",
        reconstruction="<results>/photographs/{photograph}/reconstruction.png",
        quality="<results>/photographs/{photograph}/inverted.csv",
        manifests=expand("<results>/photographs/{{photograph}}/{study}.csv", study=STUDIES),
    output:
        report="<results>/photographs/{photograph}/report.html",
        strips=expand("<results>/photographs/{{photograph}}/{study}.png", study=STUDIES),
        films=expand("<results>/photographs/{{photograph}}/{study}.gif", study=STUDIES),
    log:
        "<logs>/report_photograph/{photograph}.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(minutes=30),
    params:
        folder=subpath(output.report, parent=True),
        studies=STUDIES,
        assessors=[study.assessor for study in RUN.studies],
        generator=RUN.generator,
    shell:
        "python {input.code[0]:q} --folder {params.folder:q} --studies {params.studies} --assessors {params.assessors}"
        " --generator {params.generator} 2>&1 | tee {log:q}"
