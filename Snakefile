# GANalyze, reproduced. `snakemake` in this folder runs config/demo.yaml, `--configfile` another run.


include: "workflow/Snakefile"


rule default:  # what is included has no default of its own
    default_target: True
    input:
        rules.all.input,
