# `make` lists the commands.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: demo
demo: env  ## run the whole chain on config/demo.yaml and say where the report and the figures are
	snakemake

.PHONY: pull
pull: env  ## bring the finished demo instead of computing it; what was edited since is left to run
	@git rev-parse --git-dir > /dev/null 2>&1 || { echo "error: DVC needs the git repository: clone it (git clone ...) in place of a downloaded copy"; exit 1; }
	@dvc pull --remote store || { echo "error: dvc pull stopped, for the reason above. Are results of your own in the way? They are left as they are: set them aside (mv results/demo results/mine), then make pull again"; exit 1; }
	@snakemake --dry-run --quiet all && echo "Brought: $(CURDIR)/results/demo/report.html"

# A photograph for whoever has none at hand: scikit-image's, of an astronaut (NASA).
PHOTO ?= $(shell $(BIN)/python -c 'import skimage; print(skimage.__path__[0] + "/data/astronaut.png")')

.PHONY: photo
photo: env  ## move a photograph along the demo's directions: make photo PHOTO=me.jpg
	snakemake --config 'photographs=["$(PHOTO)"]' -- photographs
	@echo
	@echo "The reports:  $(CURDIR)/results/demo/photographs/*/report.html"

.PHONY: explore
explore: env  ## move faces and photographs by sliders in the browser, on this machine alone (needs the finished demo)
	snakemake --quiet rules reason host -- explore

.PHONY: refresh-store
refresh-store: env  ## finish the demo, store it in dvc-store in place of the old one; then commit it, dvc.lock and the records
	snakemake --quiet rules
	snakemake --cores 1 --quiet all --touch --forcerun fetch_weights -- weights  # weights put there by hand have no record
	dvc repro
	dvc push --remote store
	dvc gc --workspace --cloud --remote store --force

RUN ?= results/demo

.PHONY: crate
crate: env  ## make a finished run an archive to deposit, an RO-Crate: make crate RUN=results/demo
	@python scripts/write_crate.py --results $(RUN) --output $(RUN).crate.zip
	@echo "The archive: $(abspath $(RUN).crate.zip)"

.PHONY: env
env: .venv/made  ## make the environment in .venv, from the hashed lock

.venv/made: envs/requirements.lock envs/bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/bootstrap.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes envs/requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

page/node_modules/.made: page/package-lock.json
	cd page && npm ci --silent
	@touch $@

.PHONY: page
page: page-build  ## build the experiments' page, page/dist (needs npm)

# Scripts of page/package.json: build, test, lint, format.
page-%: page/node_modules/.made
	cd page && npm run $* --silent

# What lint, format and test do for the page as well, where npm is.
page_too = $(if $(shell which npm),page-$(1))

.PHONY: pilot
pilot: env page  ## try both experiments in a browser: the memory game at port 8000, the 2AFC task at 8001
	snakemake --configfile config/pilot.yaml --cores 2 --quiet rules reason host -- serve_memory_game serve_two_afc

# Two files of tests beside each other: nearly all of them wait for processes that they start.
PYTEST = pytest --numprocesses 2 --dist loadfile

.PHONY: test
test: env $(call page_too,test)  ## run the test suite (tests whose system part is absent say so and are skipped)
	$(PYTEST) -m "not slow and not gpu"

.PHONY: test-all
test-all: env $(call page_too,test)  ## run the slow tests as well
	$(PYTEST) -m "not gpu"

.PHONY: test-gpu
test-gpu: env  ## run the tests of what an NVIDIA GPU computes (without one they say so and are skipped)
	pytest tests/test_gpu.py

.PHONY: test-slurm
test-slurm: env  ## install SLURM (Debian, as root), start it on this machine alone, run the tiny run on it, stop it
	@which slurmctld slurmdbd mariadbd > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends slurm-wlm slurmdbd munge mariadb-server > /dev/null; }
	pytest tests/workflow/test_slurm.py

.PHONY: docs
docs: env  ## build the documentation as a site, site/index.html; a warning is an error
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

.PHONY: test-crate
test-crate: env  ## have an archive of a tiny run checked by roc-validator, which is installed apart, for its older rich
	uv run --no-project --with roc-validator==0.13.0 python -m pytest tests/workflow/test_crate.py

.PHONY: notebook
notebook: env  ## make docs/notebook.ipynb, which is not kept, of docs/notebook.py
	jupytext --quiet --to ipynb docs/notebook.py

.PHONY: bench
bench: env  ## measure how fast the slow parts are, against others: make bench AUTHORS=<a clone of LoreGoetschalckx/GANalyze>
	@python benchmarks/all.py $(if $(AUTHORS),--authors $(AUTHORS))

.PHONY: profile
profile: env  ## tell where the time of the demo went, which must have been made here
	python benchmarks/dag.py results/demo --cores $(shell getconf _NPROCESSORS_ONLN) --output results/demo/dag.png

.PHONY: lint
lint: env docs $(call page_too,lint)  ## check format, style, types, spelling and documents; of the page eslint, prettier
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	hadolint envs/Dockerfile
	snakemake --lint
	typos

.PHONY: format
format: env $(call page_too,format)  ## format Python, Snakemake and the page's files
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

.PHONY: schema
schema: env  ## write workflow/schemas/config.schema.yaml from the settings classes
	@python -c 'import yaml; from ganalyze.run import Run; print("# Written by make schema.\n" + yaml.safe_dump(Run.model_json_schema(), sort_keys=False), end="")' > workflow/schemas/config.schema.yaml

.PHONY: lock
lock: env  ## compile pyproject.toml, with all extras, and envs/bootstrap.in into the hashed locks (versions stay)
	$(COMPILE) --generate-hashes pyproject.toml --all-extras --output-file envs/requirements.lock
	$(COMPILE) --generate-hashes envs/bootstrap.in --output-file envs/bootstrap.lock
	@(sed '/^ *- pip:/q' envs/environment.yaml; $(COMPILE) --no-header --no-annotate --constraint envs/requirements.lock \
		--extra experiments pyproject.toml | sed 's/.*/      - "&"/') > envs/environment.made && mv envs/environment.made envs/environment.yaml

.PHONY: outdated
outdated: env  ## list what a lock made anew would have in other versions; changes nothing
	@new=$$(mktemp) && trap "rm -f $$new" EXIT && $(COMPILE) --generate-hashes pyproject.toml --all-extras --output-file $$new || exit 1; \
		diff <(grep -o $(PINNED) envs/requirements.lock) <(grep -o $(PINNED) $$new) | grep '^[<>]' \
		|| echo "Nothing: the lock is the newest that pyproject.toml allows"

PINNED = '^[a-z0-9._-]*==[^ ]*'
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url
