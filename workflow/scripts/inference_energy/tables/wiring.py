"""Wiring of scripts: arguments of functions from what a rule hands over, and the tables that a job writes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from logging import Logger
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from inference_energy.common import jobs
from inference_energy.tables import writing


@contextmanager
def job(snakemake) -> Iterator["Job"]:
    """Run the body of a script, as `jobs.job` does."""
    with jobs.job(snakemake) as logger:
        yield Job(snakemake, logger)


class Job:
    """Inputs, parameters and outputs of a job of Snakemake, by their names in the rule."""

    def __init__(self, snakemake, logger: Logger):
        self._snakemake, self.logger = snakemake, logger

    def path(self, name: str) -> Path:
        """Path of an input."""
        return Path(self._snakemake.input[name])

    def table(self, name: str) -> pl.DataFrame:
        """An input as a table."""
        return pl.read_parquet(self.path(name))

    def call(self, function: Callable, *arguments: Any, **given: Any) -> Any:
        """What a function returns; arguments that are not given are inputs (as tables) or parameters of their names."""
        inputs, parameters = (dict(of.items()) for of in (self._snakemake.input, self._snakemake.params))
        for name in list(signature(function).parameters)[len(arguments) :]:
            if name not in given and name in inputs:
                given[name] = self.table(name)
            elif name not in given and name in parameters:
                given[name] = parameters[name]
        return function(*arguments, **given)

    def write(
        self, *schemas: ModuleType, table: pl.DataFrame | None = None, told: Any = None, **frames: pl.DataFrame
    ) -> None:
        """Write the tables of a job by the names of its outputs, or none if one is not as its schema says.

        `schemas` are the modules that declare them, each named as its file: `FLEET_PLAN` for `fleet_plan.parquet`. An
        output without a name has `table`; those with names have `frames`. The log has `told`, or else the last table.

        Raises:
            InputError: a table that its schema forbids.
        """
        outputs = dict(self._snakemake.output.items()) or {"table": self._snakemake.output[0]}
        frames = frames or {"table": table}
        tables = {}
        for name, frame in frames.items():
            schema = outputs[name].split(".")[-2].rpartition("/")[2].upper()
            tables[name] = frame, next(getattr(module, schema) for module in schemas if hasattr(module, schema))
        writing.write_all(outputs, **tables)
        self.logger.info("%s", list(frames.values())[-1] if told is None else told)
