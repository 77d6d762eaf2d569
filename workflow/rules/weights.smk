# Pretrained weights, each file once for all runs. They are verified and renamed into place by the script, which
# also goes on with an interrupted download.


rule fetch_weights:
    output:
        f"{RUN.weights_dir}/{{file}}",
    log:
        "results/logs/fetch_weights/{file}.log",
    wildcard_constraints:
        # Not the records that the script keeps beside the files.
        file=r"[^/]+(?<!\.sha256)",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=120,
    params:
        folder=subpath(output[0], parent=True),
    shell:
        "python scripts/fetch_weights.py {wildcards.file} --weights-dir {params.folder} 2>&1 | tee {log}"
