# The run, checked before any job starts, and what the rules ask about it.

import ast
import functools
import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from ganalyze.models.assessors import ASSESSORS
from ganalyze.report.claims import TABLES
from ganalyze.run import load_run
from ganalyze.support.errors import GanalyzeError
from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS
from ganalyze.figures.plan import figures_of
from ganalyze.models.generators import GENERATORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.registry import UNET_FILE
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.models.weights.catalogue import CATALOGUE, load_catalogue

# config/demo.yaml is the default, not a base that other runs are laid over.
if not workflow.overwrite_configfiles:

    configfile: "config/demo.yaml"


try:
    RUN = load_run(config, GENERATORS, ASSESSORS, SEGMENTERS, EXTRACTORS)
except GanalyzeError as error:
    sys.exit(f"error: {error}")

RESULTS = f"results/{RUN.run}"
UNET = f"{RESULTS}/segmenter/{UNET_FILE}"
FACTORS = [*IMAGE_FACTORS, *MASK_FACTORS]
STUDIES = [study.name for study in RUN.studies]
EXPERIMENTS = {study.name: tuple(study.experiments.present) for study in RUN.studies}
FIGURES = figures_of(
    STUDIES,
    realness=RUN.realness is not None,
    distilled=RUN.distillation is not None,
    power=RUN.power_data_sets is not None,
    experiments=EXPERIMENTS,
)

# Jobs call `python`: it has to be the one that has everything, unless conda provides one to each job.
if not workflow.deployment_settings.deployment_method and Path(shutil.which("python") or "") != Path(
    sys.executable
).with_name("python"):
    sys.exit("error: activate the environment first: . .venv/bin/activate")


# A job whose threads wait by spinning slows every other job on its cores down, many times over.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


wildcard_constraints:
    study="|".join(STUDIES),
    other="|".join(STUDIES),
    figure="|".join(FIGURES),
    set="[a-z]+",
    experiment="memory_game|two_afc",


@functools.cache  # asked by every rule and many jobs
def code(script, *models):
    """A script and every file of the library that it, or a model's module, imports: an edit of any of them reruns
    the rules that name it, which Snakemake would not see by itself (design §10)."""
    waiting = [Path("scripts", script), *(_module_path(model) for model in models)]
    found = []
    while waiting:
        path = waiting.pop()
        if path is None or str(path) in found:
            continue
        found.append(str(path))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [_module_path(node.module), *(_module_path(f"{node.module}.{a.name}") for a in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [_module_path(alias.name) for alias in node.names]
    return sorted(found)


def _module_path(module):
    # Besides the library's, models of the user's own, in the folder where Snakemake runs.
    base = Path("src" if module.startswith("ganalyze") else "", *module.split("."))
    candidates = [base.with_suffix(".py"), base / "__init__.py"]
    return next((path for path in candidates if path.is_file()), None)


def build_module(card):
    return card.build.partition(":")[0]


def weight_files(*cards):
    """What a network's weights are waited for by: the record of a download (see weights.smk), the run's own U-Net."""
    return [UNET if name == UNET_FILE else f"{RUN.weights_dir}/{name}.sha256" for card in cards for name in card.files]


def assessor_of(study):
    return ASSESSORS[RUN.study(study).assessor]


GENERATOR = GENERATORS[RUN.generator]
SEGMENTER = [SEGMENTERS[RUN.segmenter]] if RUN.segmenter else []
EXTRACTOR = [EXTRACTORS[RUN.realness.extractor]] if RUN.realness else []
# What every script that runs networks takes. Like every setting that a result depends on, it reaches a shell command
# through `params`: Snakemake reruns a job whose params have changed.
WEIGHTS = f"{RUN.weights_dir}:{RESULTS}/segmenter" if RUN.distillation else RUN.weights_dir
COMPUTE = (
    f"--weights-dir {WEIGHTS} --device {RUN.device} --threads {RUN.threads} --precision {RUN.precision}"
    f" --memory-format {RUN.memory_format}{' --compile' * RUN.compile}"
)
# A job that runs networks takes a GPU where the configuration says so: from SLURM, or with `--resources gpu=1` one at a
# time on one's own machine.
GPU = int(RUN.device.startswith("cuda"))


def growing(amount):
    """A resource (a number, or a function of the wildcards) of which a job that is tried again gets more: twice the
    first amount, then three times."""
    return lambda wildcards, attempt: attempt * (amount(wildcards) if callable(amount) else amount)


def options(section):
    """A section of the configuration as the options of a script."""
    return " ".join(f"--{key.replace('_', '-')} {value}" for key, value in (section or {}) if value is not None)


def chosen(model, name, options):
    """The arguments that name a generator or an assessor and set its options."""
    arguments = [f"--{model}", name]
    if options:
        arguments += [f"--{model}-options", *(f"{key}={json.dumps(value)}" for key, value in options.items())]
    return shlex.join(arguments)


GENERATOR_ARGUMENTS = chosen("generator", RUN.generator, RUN.generator_options)


def assessor_arguments(name):
    study = RUN.study(name)
    return chosen("assessor", study.assessor, study.assessor_options)


def transformer_arguments(name):
    transformer = RUN.study(name).transformer
    return f"--transformer {transformer.kind} --rescaling {transformer.rescaling} --start {transformer.start}"


def image_set(wildcards):
    return getattr(RUN.study(wildcards.study).image_sets, wildcards.set)


def image_set_arguments(wildcards):
    images = image_set(wildcards)
    z = " --z tails" if wildcards.set == "vigilance" else ""
    alphas = " ".join(map(str, RUN.study(wildcards.study).alphas_of(wildcards.set)))
    return f"--classes {images.classes} --seeds-per-class {images.seeds_per_class} --alphas {alphas}{z}"


def chunk_manifests(wildcards):
    chunks = image_set(wildcards).chunks
    folder = f"{RESULTS}/{wildcards.study}/images/{wildcards.set}.chunks"
    return [f"{folder}/{chunk}-of-{chunks}.csv" for chunk in range(chunks)]


def all_image_sets():
    """The manifests of every image set of the run. Only the test set's scores serve for anything."""
    return [
        f"{RESULTS}/{study.name}/images/{name}{'' if name == 'test' else '.unscored'}.csv"
        for study in RUN.studies
        for name in study.image_sets.present
    ]


def per_study(path):
    return lambda w: [f"{RESULTS}/{study}/{path}" for study in FIGURES[w.figure].studies]


def score_labels(studies):
    return [assessor_of(study).title for study in studies]


def study_labels(studies):
    return [study.replace("_", " ") for study in studies]


def figures_of_kind(kind):
    names = [name for name, figure in FIGURES.items() if figure.kind == kind]
    return "|".join(names) or "(?!)"  # no constraint would let the rule make any figure


def random_effects(study):
    """Each seed has its own level, and each class where there is more than one."""
    return "(1|seed_id)" + (" + (1|class_id)" if RUN.study(study).image_sets.test.classes > 1 else "")


def manifests_of(wildcards):
    """Of the image sets that an experiment shows."""
    other = {"memory_game": "filler", "two_afc": "vigilance"}[wildcards.experiment]
    return [f"{RESULTS}/{wildcards.study}/images/{name}.unscored.csv" for name in ("test", other)]


def experiment_of(wildcards):
    return RUN.study(wildcards.study).experiments.present[wildcards.experiment]


def design_arguments(design):
    values = {key: " ".join(map(str, value)) if isinstance(value, tuple) else value for key, value in design.items()}
    return options(values.items())


def trials_of(wildcards):
    """People's answers where there are any, else simulated ones."""
    real = f"data/{RUN.run}/{wildcards.study}/trials/{wildcards.experiment}.csv"
    simulated = f"{RESULTS}/{wildcards.study}/trials/{wildcards.experiment}.simulated.csv"
    return real if Path(real).exists() else simulated


def trial_formulas(wildcards):
    """Memory game: α, and each factor on its own (Table 1); 2AFC: α."""
    effects = f"(1|participant) + {random_effects(wildcards.study)}"
    if wildcards.experiment == "two_afc":
        return [f"correct ~ alpha + {effects}"]
    return [f"hit ~ {predictor} + {effects}" for predictor in ("alpha", *FACTORS)]


def tables_for_claims():
    """What claims are about, as far as this run has it (ganalyze.report.claims.TABLES)."""
    kinds = {study: ["score", "factors", *EXPERIMENTS[study]] for study in STUDIES}
    if RUN.realness:
        kinds = {study: [*kinds[study], "realness"] for study in STUDIES}
    return [f"{RESULTS}/{study}/{TABLES[kind]}" for study in STUDIES for kind in kinds[study]]


TABLES1 = [f"{RESULTS}/tables/table1.csv"] if "memory_game" in EXPERIMENTS.get("memorability", ()) else []


REFERENCE_FOLDER = RUN.realness and RUN.realness.reference_folder


def reference_seeds():
    """As many classes as the test sets have (a run's sets share their classes), and enough seeds of each."""
    classes = max(study.image_sets.test.classes for study in RUN.studies)
    return f"--classes {classes} --seeds-per-class {-(-RUN.realness.reference_samples // classes)}"
