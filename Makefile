# Every command a contributor needs; bare `make` lists them.
# Set-up happens by itself: one virtual environment in the checkout, installed from a lock and marked by a stamp,
# so that the second run starts at once. pip's own configuration (environment, pip.conf) decides where wheels come from.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/python
ARGS   ?=

# What CI runs, in CI's order: cheap first. `.ci/run` reads this list and prints the seconds of each.
CHECKS := format-check lint imports types codebook reference-check docs wheel test test-interop test-spark

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test test-spark test-browser test-interop pictures check list-checks format format-check lint imports types codebook codebook-tables \
        reference reference-check generative bench bench-web pictures docs wheel real-data locks clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

# --- set-up --------------------------------------------------------------------------------------

PIP := $(RUN) -m pip --quiet --disable-pip-version-check install --require-hashes --only-binary :all:

# The checkout is put on the path by a .pth file instead of an editable install: an install would have to build the
# package first, and the build backend belongs to development, not to use.
$(VENV)/checkout.stamp:
	@.ci/make_venv "$(PYTHON)" "$(VENV)"
	@pwd > $@

# A checkout that was moved or copied begins again: paths are written into a virtual environment.
ifneq ($(shell cat $(VENV)/checkout.stamp 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/checkout.stamp)
endif

$(VENV)/use.stamp: .locks/use.txt $(VENV)/checkout.stamp
	@echo "Installing what the app needs (once) ..."
	@$(PIP) -r .locks/use.txt
	@touch $@

$(VENV)/development.stamp: .locks/development.txt $(VENV)/checkout.stamp
	@echo "Installing what development needs (once) ..."
	@$(PIP) -r .locks/development.txt
	@touch $@ $(VENV)/use.stamp

setup: $(VENV)/development.stamp ## install everything development needs into .venv

# --- use -----------------------------------------------------------------------------------------

demo: $(VENV)/use.stamp ## start the pretend EHR and the app on this machine; prints the address to open
	@$(RUN) -m plugin.cli demo $(ARGS)

# --- tests and checks ----------------------------------------------------------------------------

test: $(VENV)/development.stamp ## run the tests (ARGS="tests/unit -k push" for some of them)
	@$(RUN) -m pytest $(ARGS)

test-interop: $(VENV)/development.stamp ## the app against servers that others wrote (npm, Maven and a JDK fetch and run them)
	@$(RUN) -m pytest tests/interop $(ARGS)

$(VENV)/spark.stamp: .locks/spark.txt $(VENV)/development.stamp
	@echo "Installing Spark (once) ..."
	@$(PIP) --no-binary pyspark -r .locks/spark.txt  # Spark is published as a source distribution alone
	@touch $@

test-spark: $(VENV)/spark.stamp ## the audit on Apache Spark in local mode (needs Java 17; installs half a gigabyte)
	@PYSPARK_PYTHON=$(abspath $(RUN)) $(RUN) -m pytest tests/spark $(ARGS)

test-browser: $(VENV)/development.stamp ## run the browser tests alone (Chromium; Firefox ESR: ARGS="-k firefox")
	@$(RUN) -m pytest tests/browser $(ARGS)

pictures: $(VENV)/development.stamp ## take the documentation's pictures anew (needs chromium)
	@$(RUN) -m tests.browser.take_pictures $(ARGS)

check: $(CHECKS) ## everything CI runs, in CI's order

list-checks:
	@echo $(CHECKS)

format: $(VENV)/development.stamp ## format the code in place
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --quiet --fix .

format-check: $(VENV)/development.stamp ## is everything formatted?
	@$(RUN) -m ruff format --check .

lint: $(VENV)/development.stamp ## lint
	@$(RUN) -m ruff check .

imports: $(VENV)/development.stamp ## do imports keep to the layers of docs/explanation/architecture.md?
	@$(BIN)/lint-imports --cache-dir .cache/imports

types: $(VENV)/development.stamp ## mypy: strict on the product, lenient on the tests
	@$(RUN) -m mypy -p plugin -p fhir_mappings
	@$(RUN) -m mypy tests .ci

codebook: $(VENV)/development.stamp ## check the dated code tables for gaps, overlaps and missing citations
	@$(RUN) -m plugin.cli codebook check

codebook-tables: $(VENV)/development.stamp ## write the ICD-10-CM table of the fiscal year anew
	@$(RUN) -m tests.repo.make_icd10cm

reference: $(VENV)/development.stamp ## write the generated reference pages anew
	@$(RUN) -m tests.repo.reference_pages

reference-check: $(VENV)/development.stamp ## are the generated reference pages what the product says?
	@$(RUN) -m tests.repo.reference_pages --check

generative: $(VENV)/development.stamp ## random charts against the laws of the rulebook (ARGS="--seconds 600")
	@$(RUN) -m tests.properties.generative $(ARGS)

bench: $(VENV)/development.stamp ## what the engine and an audit cost, beside parsing the same lines (ARGS="--sizes 2000000")
	@$(RUN) -m tests.benchmarks.bench_engine
	@$(RUN) -m tests.benchmarks.bench_bulk $(ARGS)

bench-web: $(VENV)/development.stamp ## 200 reviewers at once against the sandbox EHR (ARGS="--reviewers 20")
	@$(RUN) -m tests.benchmarks.bench_web $(ARGS)

docs: $(VENV)/development.stamp ## build the documentation into .build/docs; broken links fail
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict --config-file .config/mkdocs.yml

wheel: $(VENV)/development.stamp ## build the wheel, install it alone in an empty folder, run `code` and `demo` from it
	@$(RUN) .ci/check_wheel.py

real-data: $(VENV)/development.stamp ## run `code` over the FHIR files below FHIR_DATA (default ../shared/data/fhir)
	@$(RUN) .ci/real_data.py $(or $(FHIR_DATA),../shared/data/fhir)

# --- upkeep --------------------------------------------------------------------------------------

# Headers, annotations and index addresses are left out: a lock must be the same wherever it was made.
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
           --no-emit-index-url --no-emit-find-links --no-header --no-annotate

locks: $(VENV)/development.stamp ## make .locks/ anew from pyproject.toml (newest versions)
	@$(COMPILE) -o .locks/use.txt
	@$(COMPILE) --extra postgres -c .locks/use.txt -o .locks/postgres.txt
	@$(COMPILE) --extra bulk -c .locks/use.txt -o .locks/bulk.txt
	@$(COMPILE) --extra spark -c .locks/use.txt -c .locks/bulk.txt -o .locks/spark.txt
	@$(COMPILE) --extra postgres --extra bulk --group dev -c .locks/use.txt -c .locks/postgres.txt -c .locks/bulk.txt -o .locks/development.txt

clean: ## remove the virtual environment and everything built
	@rm -rf $(VENV) .build .cache dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
