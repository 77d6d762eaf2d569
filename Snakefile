# GANalyze, reproduced. The rules are in workflow/rules, in the order of the paper; `snakemake --cores all` runs
# config/demo.yaml, `--configfile` another run.

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/direction.smk"
include: "workflow/rules/images.smk"


rule all:
    input:
        expand(f"{RESULTS}/{{study}}/images/test.csv", study=STUDIES),
    default_target: True
