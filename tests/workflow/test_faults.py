"""After a fault the next run makes all results as if nothing had happened; before it, `make verify` says no.

Runs that are killed are in `test_elsewhere.py`.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from runs import ENVIRONMENT, planned, replace, run, started

CONFIGURATION, STUDY = "config/config.yaml", "config/studies/arxiv-2025.yaml"
AGAIN = ("--cores", "2", "--rerun-incomplete")  # as `make` runs it


def verified(folder):
    line = [sys.executable, "workflow/scripts/verify_results.py"]
    return subprocess.run(line, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


SCENARIOS = "workflow/scripts/inference_energy/oviedo/scenarios.py"
EDITS = {
    STUDY: ("pue: {family: lognormal, p05: 1.05, p95: 1.6}", "pue: {family: lognormal, p05: 1.05, p95: 1.5}"),
    CONFIGURATION: ("seed: 20250924", "seed: 7"),
}


def test_without_hidden_folders_edits_rerun_no_less(plans, tmp_path):
    bare = Path(shutil.copytree(plans, tmp_path / "bare", symlinks=True, ignore=shutil.ignore_patterns(".snakemake")))
    assert planned(bare) == set()
    # One after the other, each with the ones before it. The first keeps the time of its file.
    times = (bare / SCENARIOS).stat()
    (bare / SCENARIOS).write_text((bare / SCENARIOS).read_text() + "# edited\n")
    os.utime(bare / SCENARIOS, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert verified(bare).returncode == 1
    rerun = planned(bare)
    assert {f"scenario_aggregates {study}" for study in ("arxiv-2025", "joule-2026")} <= rerun
    for file, edit in EDITS.items():
        for folder in (plans, bare):
            replace(folder / file, *edit)
        last, rerun = rerun, planned(bare)
        assert last < rerun
        assert rerun >= planned(plans) != set()


def test_results_of_an_edit_without_hidden_folders_are_those_of_the_edit(copy):
    table = "results/arxiv-2025/scenario_aggregates.parquet"
    before = (copy / table).read_bytes()
    shutil.rmtree(copy / ".snakemake")
    for old, new, same in (("_per_day: 1_", "_per_day: 2_", False), ("_per_day: 2_", "_per_day: 1_", True)):
        replace(copy / STUDY, old, new)
        outcome = run(copy, *AGAIN, "--", table)
        assert outcome.returncode == 0, outcome.stdout
        assert ((copy / table).read_bytes() == before) is same


def test_what_lost_results_and_records_is_made_again(copy, contents):
    whole = contents(copy)
    expected = {name: of for name, of in whole.items() if name.startswith(("arxiv-2025/", "validated/"))}
    targets = [f"results/{name}" for name in expected]
    shutil.rmtree(copy / ".snakemake")
    for lost in ("results/made_of", "results/arxiv-2025", "results/figures/arxiv-2025"):
        shutil.rmtree(copy / lost)
    assert verified(copy).returncode == 1
    assert "figures_published arxiv-2025" in planned(copy)
    assert run(copy, *AGAIN, "--", *targets).returncode == 0
    found = contents(copy)
    assert [name for name in expected if found.get(name) != expected[name]] == []
    assert planned(copy, *targets) == set()


def test_a_run_that_lives_is_named_to_the_next_one(copy, tmp_path):
    replace(copy / CONFIGURATION, "seed: 20250924", "seed: 7")
    process = started(copy, *AGAIN, printed=tmp_path / "printed.txt")
    try:
        while process.poll() is None and not list((copy / ".snakemake/locks").glob("*")):
            time.sleep(0.2)
        outcome = run(copy, *AGAIN)
        assert outcome.returncode != 0
        assert f"Another run goes on in this folder: process {process.pid} on " in outcome.stdout
    finally:
        process.kill()
        process.wait()


def test_a_setting_given_to_a_run_alone_is_no_result_of_this_folder(copy):
    assert run(copy, *AGAIN, "--config", "sweep_draws=201", "--", "results/provenance.json").returncode == 0
    told = verified(copy)
    assert told.returncode == 1
    assert f"{CONFIGURATION}: sweep_draws: found 200; recorded 201" in told.stdout.splitlines()
