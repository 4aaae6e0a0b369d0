"""From a study and the tables it draws on to a service: curves, laws and lengths, ready to compute with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from inference_energy import corrections, lengths, throughput
from inference_energy.distributions import LogNormal
from inference_energy.errors import InputError
from inference_energy.fleet_factors import Assumptions, assumptions
from inference_energy.input_tables import Overhead
from inference_energy.laws import percentiles
from inference_energy.nested import Member, Service
from inference_energy.node_power import NodePower
from inference_energy.registries import read_registry
from inference_energy.serving import (
    CURVE_COLUMNS,
    OWN,
    RANGE_COLUMNS,
    NodeCurve,
    fit_members,
    members,
    model_weights,
    seconds_curve,
)
from inference_energy.studies import check_members_fitted

CORRECTIONS = Path("resources/corrections.csv")


@dataclass(frozen=True, kw_only=True)
class ServedTables:
    """What the energies of a study draw on once its curves are fitted, by name of the table."""

    hardware: pl.DataFrame
    pairs: pl.DataFrame
    latency: pl.DataFrame
    lengths: pl.DataFrame
    answers: pl.DataFrame
    node_power: pl.DataFrame
    overheads: pl.DataFrame


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

    Args:
        paths: file of every table, by its name.
        kind: which tables.

    Raises:
        InputError: the first fault of a registry.
    """
    names = [field.name for field in fields(kind)]
    return kind(
        **{
            name: read_registry(Path(paths[name]), REGISTRIES[name])
            if name in REGISTRIES
            else pl.read_parquet(paths[name])
            for name in names
        }
    )


def fitted(name: str, study: dict, tables: Tables) -> pl.DataFrame:
    """The curve of every member of a study, one row each: model, GPU, precision, form, coefficients, error, lengths.

    Raises:
        InputError: a class whose models are not of it, or a member without a curve.
    """
    check_classes(name, study, tables.models)
    if study["throughput"]["form"] == "log_linear":
        return _log_linear(name, study, tables)
    table = fit_members(
        name,
        study,
        coefficients=tables.coefficients,
        left_out=tables.left_out,
        forms=tables.forms,
        models=tables.models,
        hardware=tables.hardware,
    )
    nothing = pl.lit(None, pl.Float64)
    return table.with_columns(form=pl.lit("gpu_seconds"), **dict.fromkeys(_LOG_LINEAR, nothing))


_LOG_LINEAR = ("intercept", "slope_input", "slope_output", "cap_tok_per_s")


def check_classes(name: str, study: dict, models: pl.DataFrame) -> None:
    """Hold a study's classes against the registry: a class is what the registry says it is.

    Raises:
        InputError: an unknown model, or one of another class.
    """
    known = dict(models.select("model", "model_class").iter_rows())
    for model_class, spec in study["classes"].items():
        place = f"config/studies/{name}.yaml: classes.{model_class}.weights"
        for model in spec["weights"]:
            if known.get(model) != spec["model_class"]:
                of_class = sorted(found for found, its in known.items() if its == spec["model_class"])
                raise InputError(
                    f"{place}: found {model!r}, {known.get(model, 'which is not in resources/models.csv')};"
                    f" allowed: models of class {spec['model_class']}: {', '.join(of_class)}"
                )


def _log_linear(name: str, study: dict, tables: Tables) -> pl.DataFrame:
    spec = study["throughput"]
    rows = tables.throughput
    if spec["corrected"]:
        rows = corrections.corrected(rows, tables.corrections, CORRECTIONS)
    by_model, _ = throughput.throughput_fit(
        throughput=rows,
        study=name,
        sources=spec["sources"],
        precision=spec["precision"],
        minimum_rows=spec["minimum_rows"],
        gpus=spec.get("gpus"),
    )
    known = {row["model"]: row for row in by_model.iter_rows(named=True)}
    served = {model_class: model_weights(study, model_class) for model_class in study["classes"]}
    check_members_fitted(served, f"config/studies/{name}.yaml", known)
    found = []
    for model, gpu, precision in members(study):
        row = known[model]
        found.append(
            {"study": name, "model": model, "gpu": gpu, "precision": precision, "kinship": OWN}
            | {"configuration": None, "rows": row["rows"], "form": row["form"]}
            | {key: row[key] for key in (*_LOG_LINEAR, *RANGE_COLUMNS)}
            | dict.fromkeys(CURVE_COLUMNS)
            | {
                "fit_error_log_sd": float(np.log(row["leave_one_out_ratio_geometric_sd"])),
                "leave_one_out_ratio_min": row["leave_one_out_ratio_min"],
                "leave_one_out_ratio_max": row["leave_one_out_ratio_max"],
            }
        )
    return pl.DataFrame(found, schema_overrides=dict.fromkeys(CURVE_COLUMNS, pl.Float64) | {"configuration": pl.String})


def resolved(name: str, study: dict, fit: pl.DataFrame, tables: ServedTables) -> Service:
    """A study with everything that its energies are computed from.

    Args:
        name: its name.
        study: its entries.
        fit: table of `fitted`; members that the study does not have are left out.
        tables: what it draws on.

    Raises:
        InputError: whatever the study names that is not there.
    """
    found = {(row["model"], row["gpu"], row["precision"]): row for row in fit.iter_rows(named=True)}
    served = set(members(study))
    by_member = {member: row for member, row in found.items() if member in served}
    return Service(
        name=name,
        study=study,
        given=assumptions(
            name,
            study,
            node_power=tables.node_power,
            hardware=tables.hardware,
            overheads=tables.overheads,
            pairs=tables.pairs,
            latency=tables.latency,
        ),
        curves={
            member: (
                seconds_curve(row) if row["form"] == "gpu_seconds" else NodeCurve(form=throughput.from_fit_row(row)),
                row["fit_error_log_sd"],
            )
            for member, row in by_member.items()
        },
        lengths={
            workload: lengths.lengths(
                spec, f"config/studies/{name}.yaml: workloads.{workload}", tables.lengths, tables.answers
            )
            for workload, spec in study["workloads"].items()
        },
        ranges={
            member: (
                (row["input_tokens_min"], row["input_tokens_max"]),
                (row["output_tokens_min"], row["output_tokens_max"]),
            )
            for member, row in by_member.items()
        },
    )


def borrowed_members(fit: pl.DataFrame) -> set[Member]:
    """Members without rows of their own."""
    return set(fit.filter(pl.col("kinship") != OWN).select("model", "gpu", "precision").iter_rows())


def assumed(name: str, given: Assumptions, fit: pl.DataFrame) -> pl.DataFrame:
    """What a study assumes of what its fleet shares: a row per ingredient with P5, P25, P50, P75 and P95."""
    rows = []
    for ingredient, of in given.laws.items():
        if ingredient in ("boards", "host") or ingredient.startswith("fit error"):
            continue  # probabilities that say where in a range; the ranges follow
        unit = "factor" if ingredient == "pue" or ingredient.startswith("latency cost") else "share"
        rows.append({"ingredient": ingredient, "unit": unit} | percentiles(of))
    for gpu, power in given.power.items():
        boards = {q: power.tdp_w * share for q, share in percentiles(power.board_saturated).items()}
        rows.append({"ingredient": f"saturated boards, {gpu}", "unit": "W per GPU"} | boards)
        rows.append({"ingredient": f"saturated host, {gpu}", "unit": "W per GPU"} | percentiles(power.host_saturated))
        idle = power.tdp_w * power.board_idle + power.host_idle_w
        rows.append({"ingredient": f"idle node, {gpu}", "unit": "W per GPU"} | dict.fromkeys(boards, idle))
    for row in fit.iter_rows(named=True):
        factor = LogNormal(log_mean=0.0, log_sd=row["fit_error_log_sd"])
        label = f"throughput fit, {row['model']} on {row['gpu']} ({row['kinship'].replace('_', ' ')})"
        rows.append({"ingredient": label, "unit": "factor on GPU time"} | percentiles(factor))
    return pl.DataFrame(rows).select(pl.lit(name).alias("study"), pl.all())
