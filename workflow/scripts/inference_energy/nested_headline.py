"""Headline numbers of a study of method `nested`, beside what the publication prints for the same question."""

import polars as pl

from inference_energy.comparison import REFERENCE_EDITION
from inference_energy.studies import WORKLOADS


def nested_headline(
    *,
    study_name: str,
    study: dict,
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


def _energies(study: dict, energy: pl.DataFrame) -> list[dict]:
    found = []
    for model_class, spec in study["classes"].items():
        for workload in WORKLOADS:
            of = {row["spread"]: row for row in _rows(energy, workload, model_class)}
            asked = f"{workload} {model_class} energy_wh_p50 as_published"
            name = f"{spec['label'].split(' (')[0]}, {workload}"
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


def _ratio(study: dict, energy: pl.DataFrame) -> list[dict]:
    subject = study["fleet"]["subject"]
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


def _levers(study: dict, interventions: pl.DataFrame) -> list[dict]:
    workload = study["interventions"]["workloads"][0]
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
