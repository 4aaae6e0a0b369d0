"""Speed and memory of a clean rebuild, and nanoseconds per Monte Carlo draw. Reports, judges nothing."""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from inference_energy import energy, studies  # noqa: E402

REPEATS = 3


def clean_rebuild() -> tuple[float, float]:
    """Wall seconds of `snakemake --cores 2` in a fresh copy, and the largest process in MB."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("Snakefile", "config", "resources", "workflow"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(folder) / name)
        start = time.perf_counter()
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        wall = time.perf_counter() - start
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def nanoseconds_per_draw(draws: int) -> float:
    """Monte Carlo of the traditional workload on one core, per draw: drawing, formula and histogram."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/study.schema.yaml").read_text())
    study = studies.read_study("joule-2026", ROOT / "config/studies", schema)
    fit = ROOT / "results/joule-2026/throughput_fit.parquet"
    if not fit.is_file():
        raise SystemExit("run `make` first: the benchmark uses results/joule-2026/throughput_fit.parquet")
    curves = energy.fitted_models(pl.read_parquet(fit))
    start = time.perf_counter()
    energy.simulate(
        study_name="joule-2026", study=study, workload="traditional", throughput=curves, draws=draws, seed=1
    )
    return (time.perf_counter() - start) / (draws * len(curves)) * 1e9


def main() -> None:
    """Print the median and range of every figure."""
    draws = [nanoseconds_per_draw(1_000_000) for _ in range(REPEATS)]
    rebuilds = [clean_rebuild() for _ in range(REPEATS)]
    walls, peaks = zip(*rebuilds, strict=True)
    print(f"machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}, {REPEATS} repeats, median (min-max)")
    for name, values, unit in (
        ("Monte Carlo", draws, "ns per draw and core"),
        ("clean rebuild of all studies", walls, "s wall, --cores 2"),
        ("largest process", peaks, "MB"),
    ):
        print(f"{name:<30}{statistics.median(values):8.1f} ({min(values):.1f}-{max(values):.1f}) {unit}")


if __name__ == "__main__":
    main()
