"""A usage dealt to jobs of a real Slurm cluster: a fault mended, a killed job tried again, the bytes of a local run."""

import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from runs import copy_sources, run
from slurm_cluster import ask, missing, slurm_cluster

PYTHON = Path(sys.prefix) / "cluster/bin/python"  # of the environment that `make cluster` makes
# As a user would call it, but that jobs so short are asked after sooner: after 2 s, 14 s and 36 s.
ON_SLURM = ("--workflow-profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "2")
# The logs of the shipped example, dealt to jobs that do not wait for each other, and what they are gathered to.
RULE, GATHERING = "meter_usage", "gather_usage"
FOLDER = "results/usage/example"
GATHERED = tuple(f"{FOLDER}/{name}.parquet" for name in ("sums", "bills", "files", "kinds"))
LOG = "resources/usage_example/chat/day=2026-03-31/requests.csv"
DEALT = (*GATHERED, "--config", "usage=example", "usage_shards=2")  # what a run is asked for


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """The environment of a run on the cluster; a machine that checks changes must be able to start one."""
    absent = [*missing(), *([] if PYTHON.exists() else [str(PYTHON)])]
    if absent:
        message = f"no {', '.join(absent)} on this machine: `make cluster`, and `make slurm` as root on Debian"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    with slurm_cluster() as environment:
        yield environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of which nothing is built."""
    copy_sources(tmp_path / "project")
    return tmp_path / "project"


def started(folder: Path, rule: str) -> list[str]:
    """Ids of the jobs of a rule in which Snakemake has begun to work, by the logs that Slurm writes of them."""
    logs = sorted((folder / ".snakemake/slurm_logs" / f"rule_{rule}").rglob("*.log"))
    return [log.stem for log in logs if log.stat().st_size]


def first_started(folder: Path, rule: str, before: set[str], running: Future) -> str:
    """The id of the first such job that was not there before the run."""
    while not running.done():
        for job in started(folder, rule):
            if job not in before:
                return job
        time.sleep(0.1)
    pytest.fail(f"the run ended before a job of {rule} began: {running.result().stdout}")


def test_a_fault_is_told_in_one_line_and_the_next_run_does_what_is_left_though_a_job_is_killed(slurm, folder, stated):
    good = (folder / LOG).read_text()
    (folder / LOG).write_text(good.replace(",support,", ",,support,", 1))
    outcome = run(folder, *DEALT, *ON_SLURM, "--retries", "0", environment=slurm, python=PYTHON)
    assert outcome.returncode != 0
    assert outcome.stdout.splitlines()[-1].startswith(f"Error: {LOG} line "), outcome.stdout
    assert outcome.stdout.count("\nError: ") == 1
    done = [path.name for path in sorted((folder / FOLDER / "shards").glob("*"))]
    assert done in (
        [f"0001-of-0002.{name}.parquet" for name in ("files", "kinds", "marks", "sums")],
        [f"0002-of-0002.{name}.parquet" for name in ("files", "kinds", "marks", "sums")],
    ), "a shard was given up for another's fault, or left half written"

    (folder / LOG).write_text(good)
    before = set(started(folder, RULE))
    with ThreadPoolExecutor() as beside:
        running = beside.submit(run, folder, *DEALT, *ON_SLURM, environment=slurm, python=PYTHON)
        killed = first_started(folder, RULE, before, running)
        ask(slurm, "scancel", "--full", "--signal=KILL", killed)
        outcome = running.result()
    assert outcome.returncode == 0, outcome.stdout
    assert outcome.stdout.count(f"SLURM-job '{killed}' failed") == outcome.stdout.count("Trying to restart job") == 1
    # Once for the job that was killed, which Snakemake lists again, and once for the rest.
    assert re.findall(r"^rule (\w+):$", outcome.stdout, flags=re.MULTILINE) == [RULE, RULE, GATHERING]
    # The statement of a local run, by one job.
    assert [file for file in GATHERED if (folder / file).read_bytes() != (stated / file).read_bytes()] == []
