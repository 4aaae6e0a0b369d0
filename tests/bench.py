"""Speed and memory: a clean rebuild, a Monte Carlo draw, a million benchmark rows. Reports, judges nothing."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from inference_energy.corpus import origins  # noqa: E402
from inference_energy.oviedo import energy  # noqa: E402
from inference_energy.studies import files  # noqa: E402
from inference_energy.studies.study import whole  # noqa: E402

SOURCES = ("Snakefile", "config", "resources", "workflow", "pyproject.toml", "requirements.in", "requirements.lock")
REPEATS = 3
ROWS = 1_000_000
ORIGIN = """\
publisher: synthetic
title: synthetic rows
url: https://example.org
version: "1"
read_on: "2026-01-01"
licence: none
citation: none
files:
  throughput.csv:
    format: throughput_csv
    sha256: {sha256}
    facts:
      phase: prefill_and_decode
      input_length_kind: fixed
      output_length_kind: fixed
      throughput_counts: output
      throughput_scope: instance
      evidence: measured
      confidence: high
"""


def in_a_copy(synthetic_rows: int, *targets: str) -> tuple[float, float]:
    """Wall seconds of `snakemake --cores 2` in a fresh copy, and its largest process in MB.

    Args:
        synthetic_rows: benchmark rows to add first.
        targets: what to build; nothing means all.
    """
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        if synthetic_rows:
            add_synthetic_rows(Path(folder), synthetic_rows)
        return run_in(Path(folder), *targets, "--cores", "2")


def copied(folder: Path, results: tuple[str, ...] = ()) -> None:
    """Everything that a run starts from, and some folders of results."""
    for name in SOURCES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for name in results:
        shutil.copytree(ROOT / "results" / name, folder / "results" / name)


def run_in(folder: Path, *arguments: str) -> tuple[float, float]:
    """Wall seconds of Snakemake in a folder, and its largest process in MB."""
    command = [sys.executable, "-m", "snakemake", *arguments, "--quiet", "all"]
    # A child of our own, so that the largest process of this run alone is counted.
    measure = (
        "import resource, subprocess, sys;"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024); sys.exit(code)"
    )
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", measure, *command], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return time.perf_counter() - start, float(ran.stdout)


def add_synthetic_rows(folder: Path, rows: int) -> None:
    """A source of plausible rows: throughput falls with length and size, weights fit, engines and lengths vary."""
    models = pl.read_csv(folder / "resources/models.csv")
    gpus = ["H100 SXM 80GB", "H200 SXM 141GB", "B200 180GB", "MI300X 192GB"]
    draw = np.random.default_rng(1)
    model = draw.integers(0, len(models), rows)
    needed = models["total_parameters_billions"].to_numpy()[model] * 2 / 64  # GPUs that hold the 16-bit weights
    count = 2 ** np.maximum(draw.integers(0, 5, rows), np.ceil(np.log2(needed)).astype(int))
    tokens = [draw.choice([128, 500, 1000, 1024, 2000, 2048, 4096, 8192, 20_000], rows) for _ in range(2)]
    size = models["active_parameters_billions"].to_numpy()[model]
    speed = 2e5 / size / (1 + tokens[0] / tokens[1])
    table = pl.DataFrame(
        {
            "row_id": [f"synthetic/{row}" for row in range(rows)],
            "model": models["model"].to_numpy()[model],
            "gpu": draw.choice(gpus, rows),
            "gpus": count,
            "nodes": np.maximum(count // 8, 1),
            "engine": draw.choice(["vLLM", "TensorRT-LLM", "SGLang"], rows),
            "engine_version": draw.choice([f"0.{minor}" for minor in range(20)], rows),
            "precision": draw.choice(["FP8", "BF16"], rows),
            "tensor_parallel": count,
            "load": draw.choice(["offline", "closed_loop"], rows),
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "concurrency": draw.choice([256, 512, 1024, 2048], rows),
            "throughput_tok_per_s": (speed * count * np.exp(draw.normal(0, 0.2, rows))).round(2),
            "published_on": draw.choice(["2024-08-28", "2025-03", "2025-11-01"], rows),
        }
    )
    source = folder / "resources/benchmarks/synthetic"
    source.mkdir()
    table.write_csv(source / "throughput.csv")
    (source / "origin.yaml").write_text(ORIGIN.format(sha256=origins.sha256(source / "throughput.csv")))


def nanoseconds_per_draw(draws: int) -> float:
    """Monte Carlo of the traditional workload on one core, per draw: drawing, formula and histogram."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/study_published.schema.yaml").read_text())
    study = whole(files.read_study("joule-2026", ROOT / "config/studies", {"published": schema}))
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
    million = [in_a_copy(ROWS, "results/benchmark_checks.parquet") for _ in range(REPEATS)]
    rebuilds = [in_a_copy(0) for _ in range(REPEATS)]
    print(f"machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}, {REPEATS} repeats, median (min-max)")
    for name, values, unit in (
        ("Monte Carlo", draws, "ns per draw and core"),
        ("a million rows: ingest, validate, check", [wall for wall, _ in million], "s wall, --cores 2"),
        ("  its largest process", [peak for _, peak in million], "MB"),
        ("clean rebuild of all studies", [wall for wall, _ in rebuilds], "s wall, --cores 2"),
        ("  its largest process", [peak for _, peak in rebuilds], "MB"),
    ):
        print(f"{name:<42}{statistics.median(values):8.1f} ({min(values):.1f}-{max(values):.1f}) {unit}")


if __name__ == "__main__":
    main()
