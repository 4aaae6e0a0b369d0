"""A run whose files are all in another place, as in an object store: each job gets copies of what it reads."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from runs import copy_sources, run

PYTHON = Path(sys.prefix) / "cluster/bin/python"  # with Snakemake's plugins, made by `make cluster`
FIT = "results/joule-2026/throughput_fit.parquet"
SHARED = (
    "persistence",
    "software-deployment",
    "sources",
    "source-cache",
    "storage-local-copies",
)  # but no files of jobs


@pytest.fixture
def python():
    """Of an environment with the file-system plugin."""
    plugin = "import snakemake_storage_plugin_fs"
    there = shutil.which("rsync") and PYTHON.exists()
    if not there or subprocess.run([PYTHON, "-c", plugin], check=False).returncode != 0:
        pytest.skip("no rsync, or no environment of `make cluster` with the file-system plugin")
    return PYTHON


def test_jobs_read_and_write_in_the_store_alone(tmp_path, python):
    project, store = tmp_path / "project", tmp_path / "store"
    copy_sources(project)
    shutil.copytree(project, store)
    # The run plans with the names of files here, and reads studies and settings before any job.
    for path in (project / "resources").rglob("*.csv"):
        path.write_text("not read\n")
    place = ("--default-storage-provider", "fs", "--default-storage-prefix", str(store), "--shared-fs-usage", *SHARED)
    outcome = run(project, "--cores", "2", *place, "--", FIT, python=python)
    assert outcome.returncode == 0, outcome.stdout
    assert set(pl.read_parquet(store / FIT)["study"]) == {"joule-2026"}
    assert (store / "results/benchmarks.duckdb").is_file()
    assert not [path for ending in ("parquet", "duckdb") for path in project.rglob(f"*.{ending}")]
