# GANalyze, reproduced. The rules are in workflow/rules, in the order of the paper; `snakemake --cores all` runs
# config/demo.yaml, `--configfile` another run.

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/segmenter.smk"
include: "workflow/rules/direction.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/factors.smk"
include: "workflow/rules/realness.smk"
include: "workflow/rules/controls.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/report.html",
        f"{RESULTS}/metrics.json",


include: "workflow/rules/serve.smk"
include: "workflow/rules/photographs.smk"
include: "workflow/rules/stages.smk"
