"""Cost against size: benchmark rows, random draws, studies; each next to what this machine needs at least for it.

The least is measured in the same run: a scan of the same file, the same number of random numbers, an empty workflow.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import synthetic_rows
import yaml
from inference_energy.oviedo import energy
from inference_energy.studies import files
from inference_energy.studies.study import whole
from measured import ROOT, Cost, alone, copied, run_in

REPEATS = 5
CHUNK_DRAWS = 2**16  # random numbers that stay in the processor's cache
ROWS = (10_000, 100_000, 1_000_000)
DRAWS = (10_000, 100_000, 1_000_000, 10_000_000)
STUDIES = (1, 5, 20, 50)
STUDY, WORKLOAD = "joule-2026", "traditional"
FIT = ROOT / f"results/{STUDY}/throughput_fit.parquet"


def table() -> list[str]:
    """Lines of the table, in Markdown."""
    head = ["", "size", "wall, s", "CPU-s", "peak, MB", "CPU-s / limit", "limit"]
    lines = [
        *(_line("benchmark rows", rows, *benchmark_rows(rows), "a scan of the same columns") for rows in ROWS),
        *(_line("draws per model", draws, *monte_carlo(draws), "random numbers and exp") for draws in DRAWS),
        *(_line("studies", number, *studies(number), "an empty workflow") for number in STUDIES),
    ]
    return [_row(head), _row(["---"] * len(head)), *lines]


def benchmark_rows(rows: int) -> tuple[Cost, Cost]:
    """Cost to ingest, validate and check rows on two cores, next to those of the corpus; and to scan their file."""
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        # In a process of its own: those that this one starts would report its memory as theirs.
        alone(synthetic_rows.add_to, Path(folder), rows)
        run = _median(lambda: run_in(Path(folder), "results/benchmark_checks.parquet", "--cores", "2", "--forceall"))
        return run, _median(lambda: alone(_scan, Path(folder) / synthetic_rows.PLACE))


def monte_carlo(draws: int) -> tuple[Cost, Cost]:
    """Cost of the draws of one workload of a published study; and of as many random numbers and exponentials."""
    return _median(lambda: alone(_simulate, draws)), _median(lambda: alone(_random_numbers, draws))


def studies(number: int) -> tuple[Cost, Cost]:
    """Cost to build the energy per query of published studies on two cores, once; and of a workflow without rules."""
    names = [f"scale-{each:02}" for each in range(number)]
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        for name in names:
            (Path(folder) / f"config/studies/{name}.yaml").write_text(f"extends: {STUDY}\ntitle: {name}\n")
        targets = [f"results/{name}/energy_per_query.parquet" for name in names]
        run = run_in(Path(folder), *targets, "--cores", "2", "--config", f"studies=[{','.join(names)}]")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text("rule all:\n")
        return run, _median(lambda: run_in(Path(folder), "--cores", "2"))


def _scan(path: Path) -> None:
    pl.read_csv(path, infer_schema=False).select(pl.all().max())


def _simulate(draws: int) -> None:
    schema = yaml.safe_load((ROOT / "workflow/schemas/study_published.schema.yaml").read_text())
    study = whole(files.read_study(STUDY, ROOT / "config/studies", {"published": schema}))
    energy.simulate(STUDY, study, WORKLOAD, _curves(), draws, seed=1)


def _random_numbers(draws: int) -> None:
    generator = np.random.default_rng(1)
    for _ in _curves():
        for start in range(0, draws, CHUNK_DRAWS):
            number = min(CHUNK_DRAWS, draws - start)
            generator.standard_exponential(number)  # length of an answer
            for _factor in ("utilisation", "PUE"):
                np.exp(generator.standard_normal(number))


def _curves() -> dict:
    if not FIT.is_file():
        raise SystemExit(f"run `make` first: the benchmark uses {FIT.relative_to(ROOT)}")
    return energy.fitted_models(pl.read_parquet(FIT))


def _median(measure: Callable[[], Cost]) -> Cost:
    """The cost of the repeat that is in the middle by CPU seconds, which others on the machine change least."""
    return sorted((measure() for _ in range(REPEATS)), key=lambda cost: cost.cpu_s)[REPEATS // 2]


def _line(what: str, size: int, cost: Cost, least: Cost, limit: str) -> str:
    ratio = cost.cpu_s / least.cpu_s
    numbers = [f"{size:,}", f"{cost.wall_s:.3g}", f"{cost.cpu_s:.3g}", f"{cost.peak_mb:,.0f}", f"{ratio:.3g}"]
    return _row([what, *numbers, f"{limit}: {least.cpu_s:.2g} CPU-s"])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
