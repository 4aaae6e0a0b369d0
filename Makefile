# `make` builds everything, `make test` checks everything. Needs Python >= 3.11 and git.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin

.PHONY: all environment test lint report new-source explain bench lock clean

all: environment
	$(BIN)/snakemake --cores $(CORES) --quiet rules

environment: .venv/lock.sha256

# Rebuilt when the lock changes, so that nobody runs with last month's packages.
.venv/lock.sha256: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, found " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	sha256sum requirements.lock > $@

test: environment lint
	$(BIN)/pytest -n auto

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

report: all
	$(BIN)/snakemake --cores 1 --report results/report.html
	@echo "Open results/report.html"

# A folder in resources/benchmarks with its origin.yaml: make new-source NAME=x FILE=path/to/file
new-source: environment
	@$(BIN)/python workflow/scripts/new_source.py "$(NAME)" $(if $(FILE),"$(FILE)")

# Where a number comes from: make explain WHAT="current long frontier", WHAT=4.32; DETAIL=full, FORMAT=json
explain: environment
	@$(BIN)/python workflow/scripts/explain.py "$(WHAT)" $(if $(DETAIL),--detail "$(DETAIL)") $(if $(FORMAT),--format "$(FORMAT)")

bench: environment
	$(BIN)/python tests/bench.py

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements.in -o requirements.lock

clean:
	rm -rf results/[!R]* .snakemake
