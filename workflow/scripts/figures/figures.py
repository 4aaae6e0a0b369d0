"""Wiring of every rule figures_<job>: draw figures from files and arguments named as those of their `draw`."""

from functools import cache
from importlib import import_module
from pathlib import Path

import polars as pl
from inference_energy.common import escaped, jobs
from inference_energy.figures import render
from inference_energy.studies.study import part

BY_ENDING = {".parquet": pl.read_parquet, ".csv": escaped.read_csv}


@cache
def table(file: str) -> pl.DataFrame:
    """A file as a table."""
    return BY_ENDING[Path(file).suffix](file)


def drawn(module: str, files: dict, arguments: dict, study: dict | None, usage: dict | None) -> dict[str, bytes]:
    """One figure in every format."""
    figure = import_module(f"inference_energy.figures.{module}")
    readers = getattr(figure, "READERS", {})  # of files that are checked as they are read
    given = {name: readers.get(name, table)(Path(file)) for name, file in files.items()} | arguments
    given |= {"study": part(study)} if study else {}
    return render.formats(figure.draw(**given, **({"usage": usage} if usage else {})))


with jobs.job(snakemake):
    # All are drawn before the first is written, so that a fault leaves those of before.
    of_figures = [drawn(**figure) for figure in snakemake.params.figures]
    for ending, paths in snakemake.output.items():
        for path, figure in zip([paths] if isinstance(paths, str) else paths, of_figures, strict=True):
            Path(path).write_bytes(figure[ending])
