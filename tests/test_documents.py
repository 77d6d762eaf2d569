"""Every command that a document shows in a block is run by a test, planned by one here, or listed with the reason why
not; and the options and targets that it names are there."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.workflow.conftest import Checkout

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/*.md", "config/README.md", "data/README.md", "benchmarks/README.md"]

# Run as it stands, or with names of the test's own in place of the reader's.
RUN = {
    "make pull": "tests/workflow/test_store.py::test_make_pull_says_what_was_brought",
    "dvc pull": "tests/workflow/test_store.py::test_a_fresh_clone_pulls_the_finished_demo_and_has_nothing_to_do",
    "dvc pull study@valence": "tests/workflow/test_store.py::test_one_study_alone_is_brought_and_known",
    **dict.fromkeys(
        [
            "dvc exp run --name longer -S config/demo.yaml:studies.4.training.samples=224",
            "dvc exp show --only-changed",
            "dvc exp apply longer",
        ],
        "tests/workflow/test_store.py::test_dvc_exp_run_tries_one_setting_and_shows_what_became_of_it",
    ),
    "python scripts/keep_records.py results/my_run": (
        "tests/workflow/test_store.py::test_dvc_repro_runs_the_stages_concerned_and_makes_what_snakemake_makes"
    ),
    "make refresh-store": "tests/workflow/test_store.py::test_the_store_keeps_nothing_that_is_no_longer_referred_to",
    "pre-commit install": "tests/test_hooks.py::test_a_commit_is_formatted_and_its_faults_are_refused",
    "python scripts/train_direction.py --help": "tests/test_scripts.py::test_every_command_tells_how_it_is_used",
    "ganalyze train --help": "tests/test_command.py::test_train_is_train_direction",
    "snakemake --cores all --configfile config/warmth.yaml": (
        "tests/models/test_add_your_own.py::test_the_documented_run_makes_a_report"
    ),
    **dict.fromkeys(
        ["python make_networks.py", "snakemake --cores all --configfile config/from_files.yaml"],
        "tests/models/test_add_your_own.py::"
        "test_the_documented_networks_of_files_are_raised_held_and_asked_and_a_newer_file_reruns_what_it_made",
    ),
    "snakemake --configfile config/trust.yaml": (
        "tests/workflow/test_paper_run.py::"
        "test_the_run_that_holds_scores_plans_them_in_training_and_scores_them_along_both_studies"
    ),
    "snakemake -n --configfile config/paper.yaml": (
        "tests/workflow/test_paper_run.py::test_at_full_size_it_plans_every_job"
    ),
    "make test-crate": "tests/workflow/test_crate.py::test_roc_validator_asks_and_recommends_nothing_more",
    "snakemake --dry-run": (
        "tests/workflow/test_store.py::test_a_fresh_clone_pulls_the_finished_demo_and_has_nothing_to_do"
    ),
    **dict.fromkeys(
        ["dvc params diff", "dvc metrics diff", "dvc plots show"],
        "tests/workflow/test_store.py::test_dvc_repro_runs_the_stages_concerned_and_makes_what_snakemake_makes",
    ),
    **dict.fromkeys(
        [
            "dvc status",
            "dvc push",
            "dvc remote add --default lab ssh://you@server.example.org/data/ganalyze",
            "dvc remote modify --local lab keyfile ~/.ssh/id_ed25519",
        ],
        "tests/workflow/test_remotes.py::test_results_go_through_a_real_sshd_and_come_back",
    ),
    **dict.fromkeys(
        [
            "dvc remote add --default lab s3://bucket/ganalyze",
            "dvc remote modify lab endpointurl https://objects.example.org",
            "dvc remote modify --local lab access_key_id …",
            "dvc remote modify --local lab secret_access_key …",
        ],
        "tests/workflow/test_remotes.py::test_results_go_through_an_s3_server_and_come_back",
    ),
    "snakemake --profile profiles/slurm --configfile config/paper.yaml": (
        "tests/workflow/test_slurm.py::test_a_run_gives_the_same_bytes_as_on_the_plain_machine_and_gpu_rules_get_a_gpu"
    ),
    "python scripts/serve_experiment.py --settings page/settings/memory_game.yaml"
    " --tracks results/demo/memorability/tracks/memory_game.csv"
    " --manifests $images/test.unscored.csv $images/filler.unscored.csv --database data/pilot.sqlite": (
        "tests/experiments/hosting/test_page.py::test_two_series_of_the_memory_game_are_stored_as_they_were_pressed"
    ),
    "python scripts/serve_experiment.py --settings page/settings/two_afc.yaml --tracks two_afc.csv"
    " --manifests $images/test.unscored.csv $images/vigilance.unscored.csv real.csv"
    " --database data/pilot_2afc.sqlite": (
        "tests/experiments/hosting/test_page.py::test_two_series_of_the_2afc_task_with_practice_before_the_first_alone"
    ),
    **dict.fromkeys(
        [
            "python scripts/serve_experiment.py … --database data/rehearsal.sqlite --simulated &",
            "python scripts/rehearse_experiment.py --url http://127.0.0.1:8000 --experiment memory_game"
            " --trials results/demo/memorability/trials/memory_game.simulated.csv --pictures data/rehearsal",
        ],
        "tests/experiments/hosting/test_page.py::test_a_rehearsal_gives_the_simulated_table_from_a_real_browser",
    ),
    **dict.fromkeys(
        [
            'token=$(python -c \'import json; print(json.load(open("data/pilot.secrets.json"))["exports"])\')',
            'curl -f -H "Authorization: Bearer $token" http://127.0.0.1:8000/export/trials.csv'
            " -o data/demo/memorability/trials/memory_game.csv",
            "snakemake --cores all",
        ],
        "tests/workflow/test_experiments.py::test_what_the_server_exports_takes_their_place_as_it_is",
    ),
    "python scripts/prepare_trials.py --trials data/demo/memorability/trials/memory_game.csv"
    " --experiment memory_game --manifests results/demo/memorability/images/{test,filler}.unscored.csv"
    " --output checked/memory_game.csv": (
        "tests/experiments/test_commands.py::test_trials_are_checked_series_judged_and_data_points_counted"
    ),
}

# Hours of work, of which the plan is made here.
PLANNED = [
    "snakemake",
    "snakemake --config run=seed7 seed=7",
    "snakemake --configfile config/my-run.yaml",
    "snakemake -s <this folder>/Snakefile --configfile mine.yaml",
    "snakemake --profile profiles/slurm --configfile config/paper.yaml --dry-run",
    "snakemake --cores all --resources gpu=1 --configfile config/paper.yaml",
    "snakemake --cores all results/demo/memorability/tracks/memory_game.csv $images/test $images/filler",
    "snakemake --cores all $images/test $images/vigilance",
    "snakemake --cores all results/demo/memorability/trials/memory_game.simulated.csv",
    "snakemake --cores all --configfile my-run.yaml"
    ' --config \'photographs=["data/a.jpg", "data/b.jpg"]\' -- photographs',
]

NOT_RUN = {
    "git clone <this repository> && cd <its folder>": "is how this repository came here",
    ". .venv/bin/activate": "is the environment that the tests run in",
    "make env": "makes the environment that the tests run in",
    "make demo": "half an hour; `snakemake`, which it calls, is planned here, and runs small in tests/workflow",
    "make photo PHOTO=me.jpg": "an hour of training first; tests/workflow/test_photographs.py runs its rules small",
    "uv tool run --from roc-validator rocrate-validator validate --profile-identifier provenance-run-crate"
    " --requirement-severity RECOMMENDED results/demo.crate.zip": (
        "reaches into the network; tests/workflow/test_crate.py asks the same validator offline"
    ),
    "make explore": "serves until it is stopped; tests/explore runs the server and its page",
    "make page": "fetches packages; the tests of the page build it where npm is",
    "make lint": "runs before the tests, on every change (.ci/run)",
    "make format": "writes into the working tree; make lint tells whether it would",
    "make test": "runs this",
    "make test-all": "runs this",
    "make test-gpu": "needs a GPU",
    "pytest tests/measures -k colorfulness": "is a part of this",
    "git add dvc.lock dvc-store results/demo/records.json && git commit": "is git's own",
    **dict.fromkeys(
        [
            "snakemake --profile profiles/slurm --software-deployment-method conda",
            "snakemake --profile profiles/slurm --software-deployment-method apptainer",
        ],
        "needs conda's registry or a container; tests/workflow/test_module.py holds what they install against the lock",
    ),
    "images=results/demo/memorability/images": "is the shell's own",
    "mkdir -p data/demo/memorability/trials": "is the shell's own",
    "snakemake --profile profiles/slurm --configfile config/paper.yaml --unlock": (
        "needs a run that was killed on a cluster; tests/workflow/test_restart.py unlocks one here"
    ),
    "python scripts/build_tracks.py two_afc --manifests $images/test.unscored.csv $images/vigilance.unscored.csv"
    " --foils real.csv --participants 20 --series 1 --seed 1 --output two_afc.csv": (
        "needs photographs of one's own; tests/experiments/test_tracks.py builds such tracks, and runs the command"
    ),
    "python scripts/invert_image.py --photograph painting.jpg --eyes 210 190 305 188"
    " --generator mobilestylegan-ffhq --folder results/painting": (
        "minutes; tests/workflow/test_photographs.py runs the script, tests/direction/test_faces.py says where eyes are"
    ),
    "git clone https://github.com/LoreGoetschalckx/GANalyze ../GANalyze": "reaches into the network, for others' code",
    "python benchmarks/training.py": "minutes, on a machine without other work; tests/test_benchmarks.py asks for help",
    "python benchmarks/training.py --authors ../GANalyze --cosine-steps 20": "needs the authors' code, see above",
    "make bench AUTHORS=../GANalyze": "needs the authors' code, see above",
    "make profile": "needs a demo made here; tests/test_benchmarks.py tells the time of a small run",
    "python benchmarks/operations.py config/demo.yaml": "needs all weights; tests/test_benchmarks.py asks for help",
    "python benchmarks/growth.py": "minutes, on a machine without other work; tests/test_benchmarks.py runs it small",
    "python benchmarks/gpu.py --authors ../GANalyze": (
        "needs a GPU and the authors' code; tests/test_benchmarks.py runs it small on the CPU"
    ),
}


def shown() -> dict[str, str]:
    """Commands in the documents' blocks, without comments, on one line each, and the document where each stands."""
    found = {}
    for path in (path for pattern in DOCUMENTS for path in sorted(REPOSITORY.glob(pattern))):
        for block in re.findall(r"^```(?:console|bash|sh)\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                command = " ".join(re.sub(r"(^|\s)#.*", "", line).split())
                found |= {command: path.name} if command else {}
    return found


SHOWN = shown()


def test_every_command_of_a_document_is_run_or_planned_or_says_why_not_and_nothing_else_is_listed():
    listed = [*RUN, *PLANNED, *NOT_RUN]
    assert len(listed) == len(set(listed))
    unknown = [f"{document}: {command}" for command, document in SHOWN.items() if command not in listed]
    assert not unknown, "a new command: name the test that runs it, or the reason why none does"
    assert not set(listed) - set(SHOWN), "in no document any more"


@pytest.mark.parametrize("test", sorted(set(RUN.values())))
def test_the_test_that_runs_a_command_is_there(test):
    file, name = test.split("::")
    tree = ast.parse((REPOSITORY / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.fixture(scope="module")
def reader(tmp_path_factory, weights_dir) -> Checkout:
    """A clone with what a reader has made meanwhile, and a folder of the reader's own in it."""
    checkout = Checkout(tmp_path_factory.mktemp("clone"), Path(weights_dir).resolve())
    demo = (checkout.folder / "config/demo.yaml").read_text()
    (checkout.folder / "mine").mkdir()
    for name in ("config/my-run.yaml", "my-run.yaml", "mine/mine.yaml"):
        (checkout.folder / name).write_text(demo.replace("run: demo", "run: my_run"))
    (checkout.folder / "data").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (checkout.folder / "data" / name).write_bytes((REPOSITORY / "docs/own-photograph.jpg").read_bytes())
    return checkout


@pytest.mark.parametrize("command", PLANNED)
def test_a_run_that_a_document_names_is_planned(reader, command):
    cwd = reader.folder / "mine" if "<this folder>" in command else reader.folder
    words = command.replace("<this folder>", "..").replace("snakemake", "snakemake --dry-run --quiet rules", 1)
    script = f"images=results/demo/memorability/images; {words}"
    done = subprocess.run(["bash", "-c", script], cwd=cwd, env=reader.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Job stats:" in done.stdout + done.stderr


def test_make_knows_every_target_that_a_document_names():
    commands = [command for command in SHOWN if command.startswith("make ")]
    words = ["--dry-run", "--old-file=.venv/made", *(word for command in commands for word in command.split()[1:])]
    done = subprocess.run(["make", *words], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def scripts() -> dict[str, set[str]]:
    """Scripts that the documents call, and the options that they give."""
    given: dict[str, set[str]] = {}
    for command in SHOWN:
        if called := re.match(r"python (scripts/\w+\.py( two_afc)?)(.*)", command):
            given.setdefault(called[1], set()).update(re.findall(r" (--[\w-]+)", called[3]))
    return given


@pytest.mark.parametrize(("script", "options"), scripts().items(), ids=list(scripts()))
def test_a_script_has_the_options_that_a_document_gives_it(script, options):
    done = subprocess.run(
        [sys.executable, *script.split(), "--help"],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert options <= set(re.findall(r"--[\w-]+", done.stdout))
