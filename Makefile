# `make` builds everything, `make test` checks everything, `make help` lists what is said behind `##` below. Needs
# Python >= 3.11 and git.
PYTHON ?= python3
# Programs are run as modules: the first line of a script names its Python, which fails in a folder with a quote or a $.
BIN := .venv/bin
# What a run that was ended from outside left unfinished is made anew. The profile of a bare `snakemake` says the same.
RUN := $(BIN)/python -m snakemake --quiet rules host --cores "$${CORES:-all}" --rerun-incomplete --workflow-profile none

# What users give reaches commands through the environment, so that neither make nor a shell reads a part of it as code.
GIVEN := WHAT DETAIL FORMAT USAGE LOGS NAME FILE BASE OUT SOURCE ROWS BENCH_FOLDER CORES \
	CHAPTERS MUTANTS OWN SEED A B SITE_URL
$(foreach name,$(GIVEN),$(if $(filter-out undefined,$(origin $(name))),\
	$(eval override $(name) := $$(value $(name)))$(eval export $(name))))
# A value as a list of one text of YAML, whatever it looks like: a folder may be called 2023. Snakemake takes quotes off
# both ends of a text, but not off a list.
yaml_text = "['$$(printf %s "$$$(1)" | sed "s/'/''/g")']"

# Without bytecode every job would compile the package anew: a quarter of a second, fifty times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: all help environment test test-quick mutation lint table wheel report site statement compare-statements verify \
	compare golden readme pictures api archive grid new-source benchmarks sources validate scoreboard explain study bench \
	bench-usage bench-folder rule-graph browser slurm rsync graphviz cluster embedding crate site-packages lock clean

all: environment ## everything: tables, figures and pages in results/ (also: make)
	@$(RUN)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "More, and what they take: docs/running.md, and the comments of the Makefile."

# Every published value next to the computed one
table: environment ## every published value next to the computed one
	@$(BIN)/python workflow/scripts/headline_table.py

# Derivation of a number: make explain WHAT="current long frontier", WHAT=4.32; DETAIL=full, FORMAT=json
explain: environment ## where a number comes from: WHAT="current frontier mean", WHAT=4.32
	@$(BIN)/python workflow/scripts/explain.py $${DETAIL:+--detail "$$DETAIL"} $${FORMAT:+--format "$$FORMAT"} -- "$$WHAT"

report: all ## all figures, tables and pages in one file, results/report.html
	$(BIN)/python -m snakemake --cores 1 --report results/report.html --report-stylesheet workflow/report/report.css
	@echo "Open results/report.html"

# The site in results/site: documents, a page per model, public tables, feeds; its address is for the feeds:
# make site [SITE_URL=https://example.org/energy/]
site: all site-packages ## documents, a page per model and public tables as a site, results/site
	@.venv/site/bin/python workflow/scripts/build_site.py $${SITE_URL:+-- "$$SITE_URL"}

# One study, configured or not, and its difference to the study that it extends: make study NAME=file in config/studies
study: environment ## your own assumptions: NAME=file in config/studies
	@$(RUN) study $(if $(NAME),--config study=$(call yaml_text,NAME))

# The energy of your own request logs and bills: make statement LOGS=folder of the files [USAGE=name-in-config/usage]
# Without USAGE the files are recognised by their structure, and the usage file that reads them is written.
statement: environment ## energy of your logs and bills: LOGS=folder [USAGE=name-in-config/usage]
	@$(if $(USAGE),,$(if $(LOGS),USAGE="$$($(BIN)/python workflow/scripts/recognise_usage.py -- "$$LOGS")" && ))$(RUN) statement \
		$(if $(USAGE)$(LOGS),--config usage=$(call yaml_text,USAGE)) \
		$(if $(LOGS),usage_folder=$(call yaml_text,LOGS))

# The difference of two statements by cause: make compare-statements A=example@2026-03 B=example@2026-04 [OUT=folder]
compare-statements: environment ## two statements or months by cause: A=ours@2026-03 B=ours@2026-04
	@$(BIN)/python workflow/scripts/compare_statements.py -- "$$A" "$$B" "$${OUT:-results/statement_difference}"

# A folder in resources/benchmarks with its origin.yaml: make new-source NAME=x FILE=path/to/file
new-source: environment ## a new benchmark: NAME=x FILE=path/to/file
	@$(BIN)/python workflow/scripts/new_source.py -- "$$NAME" $${FILE:+"$$FILE"}

# The benchmark files alone: read, validated and checked, without the studies
benchmarks: environment ## read and check the benchmark files alone
	@$(RUN) results/benchmark_checks.parquet results/benchmark_sources.csv

# Every benchmark source: age, rows, findings, how to refresh it
sources: benchmarks ## every benchmark source: age, rows, findings, how to refresh it
	@$(BIN)/python workflow/scripts/list_sources.py

# Predictions against measurements, next to their goals: results/validation/scores.csv
# Those of a source that is not taken in: make validate SOURCE=its folder [OUT=scores.csv]
validate: $(if $(SOURCE),environment,scoreboard) ## predictions against measurements; of a new source: SOURCE=folder
	@$(BIN)/python workflow/scripts/validate.py $(if $(SOURCE),$${OUT:+--out "$$OUT"} -- "$$SOURCE")

scoreboard: environment
	@$(RUN) results/validation/scores.csv results/validation/held_out.parquet

# The package that answers single questions, as a wheel in dist/, of the tables of this build
wheel: all ## the package that answers single questions, in dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

# What changed since another build: make compare BASE=<project folder, folder of results or git revision> [OUT=folder]
# The base is looked for first, because a build takes minutes.
compare: environment ## what changed since BASE=main, or another build
	@$(BIN)/python workflow/scripts/compare_builds.py --check -- "$$BASE" "$${OUT:-results/changes}" "$${CORES:-all}"
	@$(RUN)
	@$(BIN)/python workflow/scripts/compare_builds.py -- "$$BASE" "$${OUT:-results/changes}" "$${CORES:-all}"

# Checks that the files of this folder are the ones that results/provenance.json lists.
verify: environment ## whether the files here are those of results/provenance.json
	@$(BIN)/python workflow/scripts/verify_results.py

# The run as one file in archive/: inputs, configuration, code, results and provenance.
archive: all ## the run as one file in archive/
	@$(BIN)/python workflow/scripts/archive_run.py

# Builds first, because tests compare the results of this tree with the agreed ones. One worker more than there are
# cores, because the tests of the cluster mostly wait. Tests are dealt in the order and the groups of tests/conftest.py.
DEALT = --dist loadgroup --no-loadscope-reorder
test: environment cluster embedding crate browser slurm rsync lint all site ## a build and all checks
	$(BIN)/python -m pytest -n $$(($$(nproc) + 1)) $(DEALT)
	.venv/embedding/bin/python -m pytest tests/embedding & .venv/crate/bin/python -m pytest tests/crate && wait $$!
	.venv/site/bin/python -m pytest -n $$(nproc) tests/site

# Without a build: unit tests, but for those marked as slow.
test-quick: environment ## unit tests without a build
	$(BIN)/python -m pytest -n $$(nproc) $(DEALT) -m "not slow" tests/unit

lint: environment ## style, import order, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m snakefmt --check Snakefile workflow/Snakefile workflow/rules
	PYTHONPATH=workflow/scripts $(BIN)/python $(BIN)/lint-imports --cache-dir .venv/import_linter
	$(BIN)/python -m codespell_lib
	$(BIN)/python -m snakemake --lint

environment: .venv/lock.sha256

# Rebuilt when requirements.lock changes, so that all runs use the locked packages.
.venv/lock.sha256: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, found " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	sha256sum requirements.lock > $@

# Packages for runs on a Slurm cluster: a second environment in .venv/cluster, which also sees the packages of .venv.
cluster: .venv/cluster/lock.sha256

# Packages of the tools that estimates are embedded in, for their tests: likewise in .venv/embedding.
embedding: .venv/embedding/lock.sha256

# The validator of RO-Crates, for the test of the archive: likewise in .venv/crate.
crate: .venv/crate/lock.sha256

# Packages that build the site: likewise in .venv/site.
site-packages: .venv/site/lock.sha256

.venv/%/lock.sha256: requirements-%.lock .venv/lock.sha256
	$(BIN)/python -m venv --without-pip .venv/$*
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$(.venv/$*/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	$(BIN)/python -m pip --python .venv/$*/bin/python install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-$*.lock
	sha256sum requirements-$*.lock > $@

# Packages for mutants of the code, in the same way.
.venv/mutation/lock.sha256: requirements-mutation.lock .venv/lock.sha256
	$(BIN)/python -m venv --without-pip .venv/mutation
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$(.venv/mutation/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	$(BIN)/python -m pip --python .venv/mutation/bin/python install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-mutation.lock
	sha256sum requirements-mutation.lock > $@

# Do the unit tests notice wrong numbers? make mutation [CHAPTERS="energy corpus/checks"] [MUTANTS=12] [OWN=1] [SEED=1]
mutation: .venv/mutation/lock.sha256
	@.venv/mutation/bin/python tests/mutation.py $${MUTANTS:+--mutants "$$MUTANTS"} $${OWN:+--own} $${SEED:+--seed "$$SEED"} \
		-- $$CHAPTERS

# One job for every assumption that is swept, model and study: results/comparison/model_sweeps.parquet
grid: environment
	@$(RUN) grid

# Makes the headline numbers of this tree the agreed ones, and prints the line that CHANGELOG.md then needs.
golden: all
	@$(BIN)/python workflow/scripts/write_golden.py

# Numbers in README.md and docs/, from the tables, and the list of tables in results/README.md
readme: all
	@$(BIN)/python workflow/scripts/write_readme.py

# The figures that documents show, and the page, from this build: docs/hero.png and others.
pictures: all browser
	@$(BIN)/python workflow/scripts/write_pictures.py
	@$(BIN)/python tests/picture_page.py

# Reference and examples of the installed package: docs/api.md, docs/estimates.md
api: all
	@$(BIN)/python workflow/scripts/write_api.py

# The page, a clean rebuild, and a table of cost against size
bench: all browser
	$(BIN)/python tests/bench_dashboard.py
	$(BIN)/python tests/bench_answers.py
	$(BIN)/python tests/bench.py

# Statements on synthetic request logs, 12 GB of disk per 1e9 rows: make bench-usage [ROWS=1e9] [BENCH_FOLDER=folder]
bench-usage: bench-folder all
	$(BIN)/python tests/bench_usage.py $${ROWS:-1e7 1e8} $${BENCH_FOLDER:+--folder "$$BENCH_FOLDER"}

bench-folder:
	@test -z "$$BENCH_FOLDER" || test -d "$$BENCH_FOLDER" || { printf 'Error: BENCH_FOLDER: found %s; allowed: a folder that is there\n' "$$BENCH_FOLDER" >&2; exit 1; }

# The rule graph of the whole workflow, by chapters: docs/rule_graph.svg
rule-graph: environment graphviz
	$(BIN)/python -m snakemake all grid statement study --config usage=example study=joule-2026 --rulegraph dot > .snakemake/rule_graph.dot
	$(BIN)/python workflow/scripts/rule_graph.py < .snakemake/rule_graph.dot > .snakemake/chapters.dot
	tred .snakemake/chapters.dot | dot -Tsvg -o docs/rule_graph.svg

# Debian packages; package lists are downloaded only if the first attempt fails.
INSTALL = apt-get install --yes --no-install-recommends
install = { $(INSTALL) $(1) || { apt-get update && $(INSTALL) $(1); }; }

# Chromium, for the tests of the dashboard.
browser:
	@command -v chromium chromium-browser google-chrome > /dev/null || $(call install,chromium)

# Slurm, for the tests of runs on a cluster. If it cannot be installed, these tests are skipped.
slurm:
	@PATH="$$PATH:/usr/sbin" && command -v slurmctld > /dev/null || $(call install,slurmctld slurmd slurm-client munge) \
		|| echo "Slurm cannot be installed: the tests of runs on a cluster are skipped."

# rsync, for the test of files in another place, which is skipped without it.
rsync:
	@command -v rsync > /dev/null || $(call install,rsync) || echo "rsync cannot be installed: a test is skipped."

# Graphviz, for the rule graph.
graphviz:
	@command -v dot > /dev/null || $(call install,graphviz)

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements.in -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements-cluster.in -o requirements-cluster.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements-mutation.in -o requirements-mutation.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements-embedding.in -o requirements-embedding.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements-site.in -o requirements-site.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements-crate.in -o requirements-crate.lock

clean: ## remove all results
	rm -rf results/[!R]* .snakemake .builds
