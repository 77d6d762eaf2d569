# The run, checked before any job starts, and what several rules ask about it.

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from ganalyze.direction.settings import ImageSetSettings, Objective
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.figures.plan import catalogues_of, figures_of
from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS
from ganalyze.models.choices import AssessorChoice, GeneratorChoice, SegmenterChoice
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.registry import UNET_FILE
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.report.claims import table_of
from ganalyze.run import load_run
from ganalyze.support.errors import in_one_line
from ganalyze.support.files import read_yaml
from ganalyze.support import records, sources
from ganalyze.support.settings import command_line

# config/demo.yaml is the default, not a base that other runs are laid over.
if not workflow.overwrite_configfiles:

    configfile: sources.here("config/demo.yaml")


with in_one_line():
    for file in workflow.configfiles:
        read_yaml(file)  # Snakemake reads it too, and of a key that is given twice takes the last
    RUN = load_run(config)

RESULTS = str(RUN.results)

if workflow.is_main_process:
    records.give_back(RUN.results)  # of what `dvc pull` brought


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


STUDIES = [study.name for study in RUN.studies]
FACTORS = [*IMAGE_FACTORS, *MASK_FACTORS]
UNET = f"{RESULTS}/segmenter/{UNET_FILE}"
# How the configuration names each study's experiments, by their own name, which files bear.
EXPERIMENTS_OF = {
    study.name: {EXPERIMENTS[reference].name: reference for reference in study.experiments} for study in RUN.studies
}
FIGURES = figures_of(
    STUDIES,
    realness=RUN.realness is not None,
    distilled=RUN.distillation is not None,
    power=RUN.power_data_sets is not None,
    null_directions=RUN.null_directions is not None,
    replicates={study.name: study.replicates for study in RUN.studies if study.replicates},
    segmented=RUN.segmenter is not None,
    experiments={study.name: tuple(study.experiments) for study in RUN.studies},
)

CATALOGUES = catalogues_of(STUDIES)


wildcard_constraints:
    study="|".join(STUDIES),
    figure="|".join([*FIGURES, *CATALOGUES]),
    set="[a-z]+",
    replicate=r"\d+",
    judge="|".join(re.escape(judge.assessor) for study in RUN.studies for judge in study.judges) or "(?!)",
    experiment="|".join({name for names in EXPERIMENTS_OF.values() for name in names}) or "(?!)",


# Jobs call `python`: it has to be the one that has everything, unless conda provides one to each job.
if not workflow.deployment_settings.deployment_method and Path(shutil.which("python") or "") != Path(
    sys.executable
).with_name("python"):
    sys.exit("error: activate the environment first: . .venv/bin/activate")


# Built of envs/Dockerfile, for `--software-deployment-method apptainer`.
if Path(sources.here("envs/ganalyze.sif")).exists():

    container: sources.here("envs/ganalyze.sif")


# conda's environments and containers hold all but the library.
LIBRARY = {"PYTHONPATH": os.path.abspath(sources.here("src"))} if workflow.deployment_settings.deployment_method else {}

# What every job inherits.
os.environ |= (
    LIBRARY
    | {
        # A job whose threads wait by spinning slows every other job on its cores down, many times over.
        "OMP_WAIT_POLICY": "passive",
        # glibc gives large blocks back to the system after every layer of a network; to fetch them again costs more than the
        # arithmetic. So it keeps them.
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(2**34),
        "MALLOC_ARENA_MAX": "1",  # in threads of servers and of gradients too
    }
    | os.environ
)


# --- models ------------------------------------------------------------------------------------------------


GENERATOR = GENERATORS[RUN.generator]
SEGMENTER = [SEGMENTERS[RUN.segmenter]] if RUN.segmenter else []
DETECTOR = [DETECTORS[RUN.detector]] if RUN.detector else []
EXTRACTOR = [EXTRACTORS[RUN.realness.extractor]] if RUN.realness else []


JUDGES = [judge.card for study in RUN.studies for judge in study.judges]


def assessor_of(study):
    return RUN.study(study).card


def held_of(study):
    """The assessors of scores that a direction leaves as they are."""
    return [one.card for one in RUN.study(study).held]


def trained_with(study):
    return [GENERATOR, assessor_of(study), *held_of(study)]


def weight_files(*cards):
    """What a network's weights are waited for by: the record of a download (see weights.smk), the run's own U-Net; and
    files of the user's own."""
    published = [
        UNET if file == UNET_FILE else local(f"{RUN.weights_dir}/{file}.sha256")
        for card in cards
        for file in card.files
    ]
    return [*published, *(local(file) for card in cards for file in card.own_files)]


# --- settings ----------------------------------------------------------------------------------------------
# Every setting that a result depends on reaches a command through `params`: Snakemake reruns a job whose params have
# changed.

COMPUTE = command_line(RUN.only(Compute), RUN.weights)
THE_GENERATOR = command_line(RUN.only(GeneratorChoice))


def assessor_settings(study):
    return command_line(RUN.study(study).only(AssessorChoice))


def held_at(wildcards):
    """A score that a study holds, by its place in the configuration."""
    return RUN.study(wildcards.study).held[int(wildcards.place)]


# --- resources ---------------------------------------------------------------------------------------------

GPU = int(RUN.device.startswith("cuda"))


def growing(amount):
    """A resource (a number, or a function of the wildcards) of which a job that is tried again gets more: twice the
    first amount, then three times."""
    return lambda wildcards, attempt: attempt * (amount(wildcards) if callable(amount) else amount)


def tables(mem_mb=1000, minutes=60):
    """The resources of a job that reads and writes tables and images."""
    return {"mem_mb": growing(mem_mb), "runtime": growing(minutes)}


def networks(mem_mb, minutes=120):
    """The resources of a job that runs networks: where the configuration says so, a GPU, from SLURM, or with
    `--resources gpu=1` one at a time on one's own machine."""
    return {**tables(mem_mb, minutes), "gpu": GPU}


# --- files -------------------------------------------------------------------------------------------------
# Where another workflow uses this one as a module, its `prefix` is for results alone: what is `local` has none.


def here(path):
    """A file of the project's own."""
    return local(sources.here(path))


def templates(*names):
    """The report's, else some of them."""
    folder = Path(sources.in_library("report/templates"))
    return [local(str(folder / name)) for name in names or sorted(os.listdir(folder))]


def code(script, *modules):
    """The files of code that a script runs, the script first, and models' modules."""
    return [local(file) for file in sources.code_files(script, *modules)]


def image_set(wildcards):
    return RUN.study(wildcards.study).image_sets.present[wildcards.set]


def alphas(wildcards):
    return RUN.study(wildcards.study).alphas_of(wildcards.set)


def replicates_of(study, file):
    """A file of each of a study's further trainings."""
    return [f"{RESULTS}/{study}/replicates/{number + 1}/{file}" for number in range(RUN.study(study).replicates)]


def others_of(study):
    """The studies with another assessor."""
    assessor = RUN.study(study).only(AssessorChoice)
    return [one.name for one in RUN.studies if one.only(AssessorChoice) != assessor]


def scores_of_others(study):
    """What the assessor of a study says of the others' images, if there are others; studies with one assessor share it."""
    assessor = RUN.study(study).only(AssessorChoice)
    first = next(one.name for one in RUN.studies if one.only(AssessorChoice) == assessor)
    return [f"{RESULTS}/{first}/scores_of_others.csv"] if others_of(study) else []


def with_plain(study):
    """A study that holds scores, and the one that differs in that it holds none, where there is one."""
    plain = RUN.plain(RUN.study(study))
    return [study, *([plain.name] if plain else [])]


def scores_held():
    """How what studies hold changes."""
    return [f"{RESULTS}/{study}/held/{place}.csv" for study in STUDIES for place in range(len(held_of(study)))]


def seed_files(study, name, suffix):
    """The chunks of an image set's unmodified seeds, which all studies with as many of them share: their manifests (.csv)
    or images (.zip)."""
    images = study.image_sets.present[name]
    chunks = min(images.chunks, -(-images.seeds // RUN.batch_size))
    which = "photographs" if images.photographs else f"{images.classes}x{images.seeds_per_class}"
    folder = f"{RESULTS}/seeds/{name}-{which}"
    return [f"{folder}/{chunk}-of-{chunks}{suffix}" for chunk in range(chunks)]


def chunk_files(name, suffix):
    """The chunks of an image set, the study's own after those of the seeds: their manifests (.csv) or images (.zip)."""

    def files(wildcards):
        study = RUN.study(wildcards.study)
        chunks = study.image_sets.present[name].chunks if study.moved_alphas_of(name) else 0
        folder = f"{RESULTS}/{study.name}/images/{name}.chunks"
        own = [f"{folder}/{chunk}-of-{chunks}{suffix}" for chunk in range(chunks)]
        return seed_files(study, name, suffix) + own

    return files


def inverted_photographs():
    """The run's photographs, inverted, in their order."""
    return [f"{RESULTS}/photographs/{name}/inverted.safetensors" for name in RUN.named_photographs]


def inverted_of(wildcards):
    """What stands for the z of an image set, else the test set, whose seeds are photographs."""
    images = RUN.study(wildcards.study).image_sets.present[wildcards.get("set", "test")]
    return inverted_photographs() if images.photographs else []


def inverted_option(input):
    """The same for the script, where there is any."""
    return f"--inverted {input.inverted}" if input.inverted else ""


def reference_seeds():
    """As many classes as the test sets have (a run's sets share their classes), and enough seeds of each."""
    classes = max(study.image_sets.test.classes for study in RUN.studies)
    return ImageSetSettings(classes=classes, seeds_per_class=-(-RUN.realness.reference_samples // classes))


def classes_of(study):
    """How many classes the images are of that are analysed."""
    return RUN.study(study).image_sets.test.classes


def reference_of(wildcards):
    return EXPERIMENTS_OF[wildcards.study][wildcards.experiment]


def settings_of(wildcards):
    return RUN.study(wildcards.study).experiments[reference_of(wildcards)]


def code_of(script):
    """The code of a script, and of an experiment of the user's own."""
    return lambda w: code(script, type(EXPERIMENTS[w.experiment]).__module__)


def manifests_of(wildcards):
    """Of the image sets that an experiment shows."""
    return [f"{RESULTS}/{wildcards.study}/images/{name}.unscored.csv" for name in settings_of(wildcards).seeds]


def foils_of(settings):
    """The manifest of the photographs that an experiment shows, where it shows any and they are at hand."""
    return [local(foils)] if (foils := getattr(settings, "foils", None)) else []


def trials_of(wildcards):
    """People's answers where there are any, else simulated ones."""
    real = f"data/{RUN.run}/{wildcards.study}/trials/{wildcards.experiment}.csv"
    simulated = f"{RESULTS}/{wildcards.study}/trials/{wildcards.experiment}.simulated.csv"
    return local(real) if Path(real).exists() else simulated


def tables_for_claims():
    """What claims are about, as far as this run has it."""
    kinds = ["score", "factors", *(["realness"] if RUN.realness else [])]
    asked = {
        study: [name for name in names if EXPERIMENTS[name].paper_quantity] for study, names in EXPERIMENTS_OF.items()
    }
    return [f"{RESULTS}/{study}/{table_of(kind)}" for study in STUDIES for kind in (*kinds, *asked[study])]


def plan_of(wildcards):
    return FIGURES.get(wildcards.figure) or CATALOGUES[wildcards.figure]
