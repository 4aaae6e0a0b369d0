"""Wiring of every rule figure_<name>: draw one figure from inputs and parameters named as the arguments of `draw`."""

from importlib import import_module
from inspect import signature
from pathlib import Path

import polars as pl
from inference_energy.common import escaped, jobs
from inference_energy.figures import render
from inference_energy.studies.study import part

BY_ENDING = {".parquet": pl.read_parquet, ".csv": escaped.read_csv}

with jobs.job(snakemake):
    parameters = dict(snakemake.params.items())
    figure = import_module(f"inference_energy.figures.{parameters.pop('module')}")
    readers = getattr(figure, "READERS", {})  # of inputs that are checked as they are read
    arguments = signature(figure.draw).parameters
    files = {name: Path(path) for name, path in snakemake.input.items() if name in arguments}
    tables = {name: readers.get(name, BY_ENDING[path.suffix])(path) for name, path in files.items()}
    if "study" in parameters:
        parameters["study"] = part(parameters["study"])
    render.save(figure.draw(**tables, **parameters), snakemake.output)
