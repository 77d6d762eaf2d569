# `make` lists the commands.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: env  ## run the whole chain on config/demo.yaml and say where the report and the figures are
	snakemake --cores all
	@echo
	@echo "The report:   $(CURDIR)/results/demo/report.html"
	@echo "The figures:  $(CURDIR)/results/demo/figures/"

.PHONY: env
env: .venv/made  ## make the environment in .venv, from the hashed lock

.venv/made: envs/requirements.lock envs/bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/bootstrap.lock
	$(BIN)/uv pip sync --quiet --require-hashes envs/requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: test
test: env  ## run the test suite (tests whose system part is absent say so and are skipped)
	pytest -m "not slow"

.PHONY: test-all
test-all: env  ## run the slow tests as well
	pytest

.PHONY: bench
bench: env  ## measure a training step of the paper's networks against a plain loop
	python scripts/bench.py training

.PHONY: lint
lint: env  ## check format and style: ruff, snakefmt, snakemake --lint
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint

.PHONY: format
format: env  ## format Python and Snakemake files
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

.PHONY: lock
lock: env  ## compile envs/*.in into the hashed locks
	cd envs && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header requirements.in --output-file requirements.lock
	cd envs && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header bootstrap.in --output-file bootstrap.lock
