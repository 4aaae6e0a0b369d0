"""Runs on a real Slurm cluster: the bytes of a local run, a killed job tried again, a failed one told and mended."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from runs import BENCHMARKS, copy_sources, replace, run, sign
from slurm_cluster import ask, missing, slurm_cluster

# As a user would call it, but that jobs so short are asked after sooner: after 2 s, 14 s and 36 s.
ON_SLURM = ("--workflow-profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "2")
# Jobs of one rule that do not wait for each other, and one beside them that reads what a user may get wrong.
RULE = "token_lengths"
PARTS = {study: f"results/{study}/token_length_quantiles.parquet" for study in ("arxiv-2025", "joule-2026")}
FAULTY_RULE, FAULTY = "ingest_benchmarks", "results/benchmarks.duckdb"


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """The environment of a run on the cluster; a machine that checks changes must be able to start one."""
    if missing():
        message = f"no {', '.join(missing())} on this machine: `make slurm` as root installs them on Debian"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    with slurm_cluster() as environment:
        yield environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of which nothing is built."""
    copy_sources(tmp_path / "project")
    return tmp_path / "project"


def first_started(folder: Path, rule: str, running: Future) -> str:
    """The id of the first job of a rule in which Snakemake has begun to work, by the log that Slurm writes of it."""
    while not running.done():
        for log in sorted((folder / ".snakemake/slurm_logs" / f"rule_{rule}").rglob("*.log")):
            if log.stat().st_size:
                return log.stem
        time.sleep(0.1)
    pytest.fail(f"the run ended before a job of {rule} began: {running.result().stdout}")


def test_killed_job_is_tried_again_and_bytes_are_those_of_a_local_run(slurm, folder):
    local = run(folder, "--cores", "2", *PARTS.values())
    assert local.returncode == 0, local.stdout
    expected = {part: (folder / part).read_bytes() for part in PARTS.values()}
    shutil.rmtree(folder / "results")
    with ThreadPoolExecutor() as beside:
        running = beside.submit(run, folder, *ON_SLURM, *PARTS.values(), environment=slurm)
        killed = first_started(folder, RULE, running)
        ask(slurm, "scancel", "--full", "--signal=KILL", killed)
        outcome = running.result()
    assert outcome.returncode == 0, outcome.stdout
    assert outcome.stdout.count(f"SLURM-job '{killed}' failed") == outcome.stdout.count("Trying to restart job") == 1
    assert {part: (folder / part).read_bytes() for part in PARTS.values()} == expected


def test_failed_job_is_told_in_one_line_and_the_next_run_does_only_what_is_left(slurm, folder):
    part = next(iter(PARTS.values()))
    number = (folder / BENCHMARKS, ",3732.4,")
    replace(*number, ",fast,")
    sign(folder)
    outcome = run(folder, *ON_SLURM, "--retries", "0", FAULTY, part, environment=slurm)
    assert outcome.returncode != 0
    assert outcome.stdout.splitlines()[-1].startswith(f"Error: {BENCHMARKS} line 5 column throughput_tok_per_s: found ")
    assert outcome.stdout.count("\nError: ") == 1
    assert (folder / part).is_file(), "a job was given up for another's fault"
    assert not (folder / FAULTY).exists()
    replace(number[0], ",fast,", number[1])
    sign(folder)
    outcome = run(folder, *ON_SLURM, FAULTY, part, environment=slurm)
    assert outcome.returncode == 0, outcome.stdout
    assert re.findall(r"^rule (\w+):$", outcome.stdout, flags=re.MULTILINE) == [FAULTY_RULE]
    assert (folder / FAULTY).is_file()
