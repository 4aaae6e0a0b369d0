"""After a fault the next run makes all results as if nothing had happened; before it, `make verify` says no."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import ENVIRONMENT, copy_sources, planned, replace, run

CONFIGURATION, STUDY = "config/config.yaml", "config/studies/arxiv-2025.yaml"
AGAIN = ("--cores", "2", "--rerun-incomplete")  # as `make` runs it
KILLS = 10


def verified(folder):
    line = [sys.executable, "workflow/scripts/verify_results.py"]
    return subprocess.run(line, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def started(folder, *targets):
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *AGAIN, "--", *targets],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def jobs_of(folder):
    """Processes in a folder that run a script of a rule."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            within = process.name.isdigit() and (process / "cwd").readlink() == folder
            if within and b".snakemake/scripts/" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it ended
    return found


def test_a_build_that_is_killed_ten_times_ends_like_one_that_is_not(built, tmp_path, contents):
    folder, chance = (tmp_path / "killed").resolve(), random.Random(18)
    copy_sources(folder)
    expected = {name: of for name, of in contents(built).items() if name.startswith(("arxiv-2025/", "validated/"))}
    targets = [f"results/{name}" for name in expected]
    for kill in range(KILLS):
        process = started(folder, *targets)
        time.sleep(chance.uniform(3, 12))
        if kill % 2:
            for job in jobs_of(folder):
                os.kill(job, signal.SIGKILL)
            process.wait()  # ends with an error, when what goes on beside it is done
        else:
            process.kill()
            process.wait()
    outcome = run(folder, *AGAIN, "--", *targets)
    assert outcome.returncode == 0, outcome.stdout
    found = contents(folder)
    assert [name for name in expected if found.get(name) != expected[name]] == []
    assert planned(folder, *targets) == set()


EDITS = {
    "seed": (CONFIGURATION, "seed: 20250924", "seed: 7"),
    "PUE": (STUDY, "pue: {family: lognormal, p05: 1.05, p95: 1.6}", "pue: {family: lognormal, p05: 1.05, p95: 1.5}"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_without_hidden_folders_an_edit_reruns_no_less(copy, tmp_path, edit):
    bare = Path(shutil.copytree(copy, tmp_path / "bare", symlinks=True))
    shutil.rmtree(bare / ".snakemake")
    assert planned(bare) == set()
    for folder in (copy, bare):
        replace(folder / edit[0], *edit[1:])
    assert verified(bare).returncode == 1
    assert planned(bare) >= planned(copy) != set()


def test_an_edit_that_keeps_the_time_of_its_file_is_noticed_without_hidden_folders(copy):
    shutil.rmtree(copy / ".snakemake")
    module = copy / "workflow/scripts/inference_energy/oviedo/scenarios.py"
    times = module.stat()
    module.write_text(module.read_text() + "# edited\n")
    os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert verified(copy).returncode == 1
    assert {f"scenario_aggregates {study}" for study in ("arxiv-2025", "joule-2026")} <= planned(copy)


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
    expected = contents(copy)
    shutil.rmtree(copy / ".snakemake")
    for lost in ("results/made_of", "results/joule-2026", "results/figures/arxiv-2025"):
        shutil.rmtree(copy / lost)
    assert verified(copy).returncode == 1
    assert run(copy, *AGAIN).returncode == 0
    assert verified(copy).returncode == 0
    found = contents(copy)
    # A DuckDB file differs from build to build; provenance knows it by its contents.
    assert [name for name in expected if found.get(name) != expected[name] and not name.endswith(".duckdb")] == []


def test_a_run_that_lives_is_named_to_the_next_one(copy):
    replace(copy / CONFIGURATION, "seed: 20250924", "seed: 7")
    process = started(copy)
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
