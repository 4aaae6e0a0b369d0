"""A study with the tables it draws on, resolved into the service that energies are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.energy.assumptions import ServedTables, assumptions
from inference_energy.energy.service import Service
from inference_energy.energy.tables import NodePower, Overhead
from inference_energy.requests import lengths
from inference_energy.studies.study import NestedStudy
from inference_energy.throughput import log_linear
from inference_energy.throughput.borrowing import seconds_curve
from inference_energy.throughput.gpu_time import NodeCurve


@dataclass(frozen=True, kw_only=True)
class Tables(ServedTables):
    """What studies of method `nested` draw on, by name of the table."""

    throughput: pl.DataFrame
    corrections: pl.DataFrame
    models: pl.DataFrame
    coefficients: pl.DataFrame
    left_out: pl.DataFrame
    forms: pl.DataFrame


REGISTRIES = {"node_power": NodePower, "overheads": Overhead}


Kind = TypeVar("Kind", bound=ServedTables)


def read_tables(paths: Mapping[str, str], kind: type[Kind] = Tables) -> Kind:
    """All tables from their files: Parquet of earlier rules, CSV of `resources`.

    Raises:
        InputError: the first fault of a registry.
    """
    readers = {name: partial(read_registry, table=schema) for name, schema in REGISTRIES.items()}
    names = [field.name for field in fields(kind)]
    return kind(**{name: readers.get(name, pl.read_parquet)(Path(paths[name])) for name in names})


def read_service(name: str, entries: Mapping[str, Any], paths: Mapping[str, str], kind: type[Kind] = Tables) -> Service:
    """The service of a study from the entries and files that a rule hands over: those of `read_tables`, and `fit`."""
    return resolved(name, NestedStudy.of(entries), pl.read_parquet(paths["fit"]), read_tables(paths, kind))


def resolved(name: str, study: NestedStudy, fit: pl.DataFrame, tables: ServedTables) -> Service:
    """A study with everything that its energies are computed from; curves of other members are left out.

    Raises:
        InputError: whatever the study names that is not there.
    """
    found = {(row["model"], row["gpu"], row["precision"]): row for row in fit.iter_rows(named=True)}
    served = set(study.members())
    by_member = {member: row for member, row in found.items() if member in served}
    return Service(
        name=name,
        study=study,
        given=assumptions(name, study, tables),
        curves={
            member: (
                seconds_curve(row) if row["form"] == "gpu_seconds" else NodeCurve(form=log_linear.from_fit_row(row)),
                row["fit_error_log_sd"],
            )
            for member, row in by_member.items()
        },
        lengths={
            workload: lengths.lengths(
                spec.plain(), f"config/studies/{name}.yaml: workloads.{workload}", tables.lengths, tables.answers
            )
            for workload, spec in study.workloads.items()
        },
        ranges={
            member: (
                (row["input_tokens_min"], row["input_tokens_max"]),
                (row["output_tokens_min"], row["output_tokens_max"]),
            )
            for member, row in by_member.items()
        },
    )
