"""Headline quantities of both methods, computed from the result tables."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, like
from inference_energy.headline.printed import REFERENCE_EDITION
from inference_energy.studies.study import WORKLOADS, NestedStudy, PublishedStudy


def computed_quantities(
    *,
    study: PublishedStudy,
    draws: int,
    energy: pl.DataFrame,
    interventions: pl.DataFrame,
    scenarios: pl.DataFrame,
    estimates: pl.DataFrame,
) -> pl.DataFrame:
    """Every number of one study that a publication could print, by name.

    Returns:
        `quantity`, `computed`, `sampling_se`: standard error of that number in a run of the size that the
        publication used (`as_published.draws_per_model`); and for medians of energies and for fleets the P5 and P95 and
        what they are over: `computed_p05`, `computed_p95`, `spread`.

    Raises:
        InputError: `compared_estimates` names an estimate that is not there.
    """
    to_published = np.sqrt(draws / study.as_published.draws_per_model)
    found: dict[str, tuple[float, float]] = {}
    intervals: dict[str, tuple[float, float, str]] = {}
    for row in energy.iter_rows(named=True):
        median = f"{row['workload']} {row['subject']} energy_wh_p50 {row['spread']}"
        intervals[median] = (row["energy_wh_p05"], row["energy_wh_p95"], "queries")
        for name in ("p05", "p25", "p50", "p75", "p95", "mean"):
            quantity = f"{row['workload']} {row['subject']} energy_wh_{name} {row['spread']}"
            found[quantity] = (row[f"energy_wh_{name}"], row[f"energy_wh_{name}_se"] * to_published)
    for row in interventions.iter_rows(named=True):
        named = f"{row['workload']} {row['lever']} energy_wh_p50 {row['spread']}"
        found[named] = (row["energy_wh_p50"], row["energy_wh_p50_se"] * to_published)
        group = "independent" if row["combination"] == "independent" else row["lever"]
        for name in ("p05", "p10", "p50", "p90", "p95"):
            found[f"{row['workload']} {group} multiplier_{name}"] = (row[f"multiplier_{name}"], 0.0)
    for workload in study.workloads:
        medians = interventions.filter(pl.col("workload") == workload, pl.col("combination") == "single")
        medians = medians["multiplier_p50"]
        found[f"{workload} single multiplier_p50 lowest"] = (medians.min(), 0.0)
        found[f"{workload} single multiplier_p50 highest"] = (medians.max(), 0.0)
    for row in scenarios.iter_rows(named=True):
        for name in ("p05", "p50", "p95", "mean", "p05_as_published", "p50_as_published", "p95_as_published"):
            quantity = f"{row['scenario']} energy_gwh_per_day_{name}"
            found[quantity] = (row[f"energy_gwh_per_day_{name}"], row["energy_gwh_per_day_published_se"])
        ends = (row["energy_gwh_per_day_p05"], row["energy_gwh_per_day_p95"], "what the fleet shares")
        intervals |= {f"{row['scenario']} energy_gwh_per_day_{name}": ends for name in ("p50", "mean")}
    subject = study.interventions.subject
    for spread in ("untrimmed", "as_published"):
        long, long_se = found[f"long {subject} energy_wh_p50 {spread}"]
        short, short_se = found[f"traditional {subject} energy_wh_p50 {spread}"]
        relative_se = np.hypot(long_se / long, short_se / short)
        found[f"long/traditional {subject} energy_wh_p50 {spread}"] = (
            long / short,
            long / short * relative_se,
        )
    medians = [study.workloads[name].output_tokens["median"] for name in ("long", "traditional")]
    found["long/traditional output_tokens_p50"] = (medians[0] / medians[1], 0.0)
    ours, ours_se = found[f"traditional {subject} energy_wh_p50 as_published"]
    ratios = _energies_wh(estimates, study.compared_estimates) / ours
    for name, ratio in (("lowest", ratios.min()), ("highest", ratios.max())):
        found[f"published_estimate/{subject} energy_wh_p50 {name}"] = (ratio, ratio * ours_se / ours)
    return pl.DataFrame(
        [(name, *values, *intervals.get(name, (None, None, None))) for name, values in found.items()],
        schema={
            "quantity": pl.String,
            "computed": pl.Float64,
            "sampling_se": pl.Float64,
            "computed_p05": pl.Float64,
            "computed_p95": pl.Float64,
            "spread": pl.String,
        },
        orient="row",
    )


def _energies_wh(estimates: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    known = dict(estimates.select(pl.format("{}/{}", "source", "row_id"), "energy_wh").iter_rows())
    for name in names:
        if name not in known:
            raise InputError(
                f"compared_estimates: found {name!r}; allowed: <source>/<row_id> of an estimate: {like(name, known)}"
            )
    return pl.Series([known[name] for name in names])


def nested_headline(
    *,
    study_name: str,
    study: NestedStudy,
    energy: pl.DataFrame,
    interventions: pl.DataFrame,
    scenarios: pl.DataFrame,
    published: pl.DataFrame,
) -> pl.DataFrame:
    """One row per headline number with its P5 and P95, and what they are over.

    `published` is what the newest edition prints for the question nearest to it, and `relative_difference` the
    distance to that; whether it is `within` a tolerance is not asked, as it is not meant to reproduce it.

    Args:
        study_name: its name.
        study: its entries.
        energy: table `energy_per_query`.
        interventions: table `intervention_multipliers`.
        scenarios: table `scenario_aggregates`.
        published: table of `input_tables.PublishedValue`.
    """
    rows = [*_energies(study, energy), *_ratio(study, energy), *_scenarios(scenarios), *_levers(study, interventions)]
    printed = published.filter(pl.col("study") == REFERENCE_EDITION).select(
        pl.col("quantity").alias("asked"), "published", "published_source", "locator"
    )
    table = pl.DataFrame(rows, infer_schema_length=None).with_columns(study=pl.lit(study_name))
    return (
        table.join(printed, on="asked", how="left", maintain_order="left")
        .with_columns(
            relative_difference=pl.col("computed") / pl.col("published") - 1,
            tolerance=pl.lit(None, pl.Float64),
            within=pl.lit(None, pl.Boolean),
            same_digits=pl.lit(None, pl.Boolean),
            sampling_se=pl.lit(None, pl.Float64),
            note=pl.when(pl.col("published").is_not_null()).then(
                pl.lit("Not a reproduction; results/comparison/method_bridge.parquet says what makes the difference.")
            ),
        )
        .drop("asked")
    )


def _energies(study: NestedStudy, energy: pl.DataFrame) -> list[dict]:
    found = []
    for model_class, spec in study.classes.items():
        for workload in WORKLOADS:
            of = {row["spread"]: row for row in _rows(energy, workload, model_class)}
            asked = f"{workload} {model_class} energy_wh_p50 as_published"
            name = f"{spec.label.split(' (')[0]}, {workload}"
            query, mean = of["untrimmed"], of["shared"]
            found += [
                {
                    "quantity": f"{workload} {model_class} energy_wh_p50 untrimmed",
                    "label": f"{name}: median",
                    "unit": "Wh",
                    "computed": query["energy_wh_p50"],
                    "computed_p05": query["energy_wh_p05"],
                    "computed_p95": query["energy_wh_p95"],
                    "spread": "queries",
                    "asked": asked,
                },
                {
                    "quantity": f"{workload} {model_class} energy_wh_p50 shared",
                    "label": f"{name}: mean over queries",
                    "unit": "Wh",
                    "computed": mean["energy_wh_p50"],
                    "computed_p05": mean["energy_wh_p05"],
                    "computed_p95": mean["energy_wh_p95"],
                    "spread": "what the fleet shares",
                    "asked": None,
                },
            ]
    return found


def _rows(energy: pl.DataFrame, workload: str, subject: str) -> list[dict]:
    here = (pl.col("workload") == workload) & (pl.col("subject") == subject)
    return energy.filter(here).to_dicts()


def _ratio(study: NestedStudy, energy: pl.DataFrame) -> list[dict]:
    subject = study.fleet.subject
    medians = {
        workload: next(row["energy_wh_p50"] for row in _rows(energy, workload, subject) if row["spread"] == "untrimmed")
        for workload in WORKLOADS
    }
    return [
        {
            "quantity": f"long/traditional {subject} energy_wh_p50 untrimmed",
            "label": "Long / traditional: median energy",
            "unit": "x",
            "computed": medians["long"] / medians["traditional"],
            "computed_p05": None,
            "computed_p95": None,
            "spread": None,
            "asked": f"long/traditional {subject} energy_wh_p50 as_published",
        }
    ]


def _scenarios(scenarios: pl.DataFrame) -> list[dict]:
    return [
        {
            "quantity": f"{row['scenario']} energy_gwh_per_day_p50",
            "label": f"Fleet of {_many(row['queries_per_day'])} queries/day, {row['label']}",
            "unit": "GWh/day",
            "computed": row["energy_gwh_per_day_p50"],
            "computed_p05": row["energy_gwh_per_day_p05"],
            "computed_p95": row["energy_gwh_per_day_p95"],
            "spread": "what the fleet shares",
            "asked": f"{row['scenario']} energy_gwh_per_day_mean",
        }
        for row in scenarios.iter_rows(named=True)
    ]


def _many(count: float) -> str:
    for unit, word in ((1e9, " billion"), (1e6, " million")):
        if count >= unit:
            return f"{count / unit:g}{word}"
    return f"{count:,.0f}"


def _levers(study: NestedStudy, interventions: pl.DataFrame) -> list[dict]:
    workload = study.interventions.workloads[0]
    combined = interventions.filter(
        pl.col("workload") == workload, pl.col("level") == "combined", pl.col("spread") == "shared"
    )
    return [
        {
            "quantity": f"{workload} {row['lever']} {row['combination']} multiplier_p50",
            "label": f"{row['label']}, {row['combination']}",
            "unit": "x",
            "computed": row["multiplier_p50"],
            "computed_p05": row["multiplier_p05"],
            "computed_p95": row["multiplier_p95"],
            "spread": "what the fleet shares",
            "asked": "traditional independent multiplier_p50"
            if (row["lever"], row["combination"]) == ("all_levers", "independent")
            else None,
        }
        for row in combined.iter_rows(named=True)
    ]
