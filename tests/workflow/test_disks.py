"""Disks that are full or read-only, files dated in the future: one line says so, and no good result is lost."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from runs import planned, replace, run

CONFIGURATION = "config/config.yaml"
AGAIN = ("--cores", "2", "--rerun-incomplete")  # as `make` runs it
CHECKS = "results/benchmark_checks.parquet"
MUCH = 2**30
FUTURE = time.time() + 3 * 365 * 86400


def mounted(*options, at):
    """Whether this user may mount, and has."""
    return subprocess.run(["mount", *options, at], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path):
    """An empty folder that is a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mounted("-t", "tmpfs", "-o", f"size={MUCH}", "tmpfs", at=folder):
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def resize(disk, size):
    assert mounted("-o", f"remount,size={size}", at=disk)


def edit(folder):
    replace(folder / CONFIGURATION, "seed: 20250924", "seed: 7")


def test_a_full_disk_is_named_and_loses_nothing(copy, disk, contents):
    folder = Path(shutil.copytree(copy, disk / "project", symlinks=True))
    before = contents(copy)
    for each in (copy, folder):
        replace(each / CONFIGURATION, "board_share_high: 1.05", "board_share_high: 1.0")
    assert run(copy, *AGAIN, "--", CHECKS).returncode == 0
    after = contents(copy)
    for free in (0, 2**16):
        used = shutil.disk_usage(disk).used
        resize(disk, used + free)
        outcome = run(folder, *AGAIN, "--", CHECKS)
        assert outcome.returncode != 0, outcome.stdout
        assert "no space left on device" in outcome.stdout.lower()
        assert "Traceback" not in outcome.stdout
        found = contents(folder)
        assert [name for name in before if found.get(name) not in (before[name], after[name])] == []
        resize(disk, MUCH)
    assert run(folder, *AGAIN, "--", CHECKS).returncode == 0
    found = contents(folder)
    assert [name for name in after if found.get(name) != after[name] and not name.endswith(".duckdb")] == []


def test_results_that_are_read_only_are_named_and_stay(copy, contents):
    before, results = contents(copy), copy / "results"
    edit(copy)
    if not (mounted("--bind", results, at=results) and mounted("-o", "remount,ro,bind", at=results)):
        pytest.skip("this user may not mount a disk")
    try:
        outcome = run(copy, *AGAIN)
        assert contents(copy) == before
    finally:
        subprocess.run(["umount", results], check=True)
    assert outcome.returncode != 0
    last = outcome.stdout.splitlines()[-1]
    assert last.startswith("Error: results/") and "read-only file system" in last
    assert "let this user write there and run again" in last
    assert "energy_per_query arxiv-2025" in planned(copy)


def test_a_source_dated_in_the_future_is_named_before_any_work(copy):
    models = copy / "resources/models.csv"
    times = models.stat().st_atime, models.stat().st_mtime
    os.utime(models, (FUTURE, FUTURE))
    outcome = run(copy, *AGAIN)
    assert outcome.returncode != 0
    last = outcome.stdout.splitlines()[-1]
    assert last.startswith("Error: resources/models.csv: found dated 20") and "allowed: before now" in last
    os.utime(models, times)
    assert planned(copy) == set()


def test_results_dated_in_the_future_are_not_newer_than_an_edit(copy):
    shutil.rmtree(copy / ".snakemake")
    for path in (copy / "results").rglob("*"):
        os.utime(path, (FUTURE, FUTURE))
    assert planned(copy) == set()
    edit(copy)
    assert "energy_per_query arxiv-2025" in planned(copy)


def test_a_run_that_would_only_date_results_anew_is_refused(copy):
    edit(copy)
    outcome = run(copy, "--cores", "1", "--touch")
    assert outcome.returncode != 0
    assert outcome.stdout.splitlines()[-1].startswith("Error: --touch: ")
    assert "energy_per_query arxiv-2025" in planned(copy)
