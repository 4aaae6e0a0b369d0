"""What people wait for: a rebuild, a run with nothing to do, a study and edits of it; next to an empty workflow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from measured import Cost, copied, run_in

REPEATS = 5
TWO_CORES = ("--cores", "2")
PUBLISHED, STUDY = ("arxiv-2025", "joule-2026"), "what-if"
EXTENDED = "extends: current\ntitle: What if\n"
EDITS = {
    "PUE": "pue: {family: shifted_lognormal, above: 1, p05: 1.1, p95: 1.3}\n",
    "speed": "serving: {speed_tok_per_s: {family: lognormal, p05: 30, p95: 90}}\n",
    "released share": "day: {released_share: {family: beta, p05: 0.2, p95: 0.8}}\n",
    "answer length": "workloads: {traditional: {output_tokens: 400}}\n",
}
EMPTY, BOTH = "an empty workflow", "the published studies, one after the other"
CLEAN, NOTHING = "clean rebuild", "nothing to do"
GOALS = {CLEAN: "45 s, 80 CPU-s", NOTHING: "an empty workflow + 1 s", BOTH: "20 s"}
GOAL_OF_STUDY = "10 s"


def table() -> list[str]:
    """Lines of the table, in Markdown: medians of wall time, with its range, of CPU seconds and of memory."""
    runs = [dict(_repeat()) for _ in range(REPEATS)]
    return [
        f"| {REPEATS} runs, medians | wall, s | range | CPU-s | peak, MB | CPU-s / empty workflow | goal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_line(what, [run[what] for run in runs], [run[EMPTY].cpu_s for run in runs]) for what in runs[0]),
    ]


def _repeat() -> Iterator[tuple[str, Cost]]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text("rule all:\n")
        yield EMPTY, run_in(Path(folder), *TWO_CORES)
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        run_in(Path(folder), "results/benchmark_checks.parquet", *TWO_CORES)
        walls, cpu_s, peaks_mb = zip(*(run_in(Path(folder), *_study(name)) for name in PUBLISHED), strict=True)
        yield BOTH, Cost(sum(walls), sum(cpu_s), max(peaks_mb))
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        yield CLEAN, run_in(Path(folder), *TWO_CORES)
        yield NOTHING, run_in(Path(folder), *TWO_CORES)
        file = Path(folder) / f"config/studies/{STUDY}.yaml"
        file.write_text(EXTENDED)
        yield "a new study", run_in(Path(folder), *_study(STUDY))
        for key, text in EDITS.items():
            file.write_text(EXTENDED + text)
            yield f"its {key} edited", run_in(Path(folder), *_study(STUDY))


def _study(name: str) -> tuple[str, ...]:
    return "study", *TWO_CORES, "--config", f"study=[{name}]"


def _line(what: str, costs: list[Cost], least_cpu_s: list[float]) -> str:
    wall = [cost.wall_s for cost in costs]
    cpu_s, peak_mb = median(cost.cpu_s for cost in costs), median(cost.peak_mb for cost in costs)
    goal = "" if what == EMPTY else GOALS.get(what, GOAL_OF_STUDY)
    numbers = [f"{median(wall):.3g}", f"{min(wall):.3g}–{max(wall):.3g}", f"{cpu_s:.3g}", f"{peak_mb:,.0f}"]
    return f"| {' | '.join([what, *numbers, f'{cpu_s / median(least_cpu_s):.3g}', goal])} |"
