# `make` builds everything, `make test` checks everything. Needs Python >= 3.11 and git.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin

.PHONY: all environment test lint report statement verify compare golden readme archive grid new-source explain bench \
	bench-usage browser slurm cluster lock clean

all: environment
	$(BIN)/snakemake --cores $(CORES) --quiet rules

environment: .venv/lock.sha256

# Rebuilt when the lock changes, so that nobody runs with last month's packages.
.venv/lock.sha256: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, found " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	sha256sum requirements.lock > $@

# What runs on a Slurm cluster need: an environment of its own in .venv/cluster, which sees the packages of .venv.
cluster: .venv/cluster/lock.sha256

.venv/cluster/lock.sha256: requirements-cluster.lock .venv/lock.sha256
	$(BIN)/python -m venv --without-pip .venv/cluster
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$(.venv/cluster/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	$(BIN)/pip --python .venv/cluster/bin/python install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-cluster.lock
	sha256sum requirements-cluster.lock > $@

# Builds first: tests hold the numbers and pages of this tree against the agreed ones. One worker more than there are
# cores: those of the cluster mostly wait.
test: environment cluster browser slurm lint all
	$(BIN)/pytest -n $$(($$(nproc) + 1))

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	PYTHONPATH=workflow/scripts $(BIN)/lint-imports --cache-dir .venv/import_linter
	$(BIN)/snakemake --lint

# Every swept assumption of every model of every study, each a job of its own: results/comparison/model_sweeps.parquet
grid: environment
	$(BIN)/snakemake grid --cores $(CORES) --quiet rules

report: all
	$(BIN)/snakemake --cores 1 --report results/report.html
	@echo "Open results/report.html"

# What your own request logs and bills took: make statement USAGE=name-in-config/usage [LOGS=folder of the files]
statement: environment
	$(BIN)/snakemake statement --cores $(CORES) --quiet rules \
		$(if $(USAGE)$(LOGS),--config $(if $(USAGE),usage="$(USAGE)") $(if $(LOGS),usage_folder="$(LOGS)"))

# Whether the files of this folder are those that results/provenance.json was written of.
verify: environment
	@$(BIN)/python workflow/scripts/verify_results.py

# What moved against another build: make compare BASE=<project folder, folder of results or git revision> [OUT=folder]
OUT ?= results/changes
compare: all
	@$(BIN)/python workflow/scripts/compare_builds.py -- "$(BASE)" "$(OUT)" "$(CORES)"

# Takes the headline numbers of this tree for the agreed ones, and prints the line that CHANGELOG.md then needs.
golden: all
	@$(BIN)/python workflow/scripts/write_golden.py

# The list of tables in results/README.md, from the catalogue.
readme: environment
	@$(BIN)/python workflow/scripts/write_readme.py

# The run as one file in archive/: inputs, configuration, code, results, provenance.
archive: all
	@$(BIN)/python workflow/scripts/archive_run.py

# A folder in resources/benchmarks with its origin.yaml: make new-source NAME=x FILE=path/to/file
new-source: environment
	@$(BIN)/python workflow/scripts/new_source.py "$(NAME)" $(if $(FILE),"$(FILE)")

# Where a number comes from: make explain WHAT="current long frontier", WHAT=4.32; DETAIL=full, FORMAT=json
explain: environment
	@$(BIN)/python workflow/scripts/explain.py "$(WHAT)" $(if $(DETAIL),--detail "$(DETAIL)") $(if $(FORMAT),--format "$(FORMAT)")

bench: all browser
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/bench_dashboard.py

# Statements on synthetic request logs, 12 GB of disk per 1e9 rows: make bench-usage [ROWS=1e9] [BENCH_FOLDER=folder]
ROWS ?= 1e7 1e8
bench-usage: all
	$(BIN)/python tests/bench_usage.py $(ROWS) $(if $(BENCH_FOLDER),--folder "$(BENCH_FOLDER)")

# Debian's Chromium, for the tests of the page; lists of packages are fetched only where those at hand do not do.
browser:
	@command -v chromium chromium-browser google-chrome > /dev/null \
		|| apt-get install --yes --no-install-recommends chromium \
		|| { apt-get update && apt-get install --yes --no-install-recommends chromium; }

SLURM := slurmctld slurmd slurm-client munge
# Debian's Slurm, for the tests of runs on a cluster; where it cannot be installed they are skipped and say so.
slurm:
	@PATH="$$PATH:/usr/sbin" && command -v slurmctld > /dev/null \
		|| apt-get install --yes --no-install-recommends $(SLURM) \
		|| { apt-get update && apt-get install --yes --no-install-recommends $(SLURM); } \
		|| echo "No Slurm here: runs on a cluster are not tested."

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements.in -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements-cluster.in -o requirements-cluster.lock

clean:
	rm -rf results/[!R]* .snakemake .builds
