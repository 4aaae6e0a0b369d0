"""From the published estimate to the current one, one change of method or data at a time."""

from itertools import pairwise

import polars as pl

from inference_energy.energy import per_query
from inference_energy.energy.service import Service
from inference_energy.fleet.scenarios import fleets, scenario_aggregates
from inference_energy.studies.study import WORKLOADS

SCENARIOS = ("traditional", "mixed", "mixed_optimized")
# What is followed from step to step: name, unit.
QUANTITIES = {
    **{f"{workload}: median of queries": "Wh" for workload in WORKLOADS},
    **{f"{workload}: mean over queries": "Wh" for workload in WORKLOADS},
    **{f"{scenario} fleet: mean": "GWh/day" for scenario in SCENARIOS},
}


def of_published(energy: pl.DataFrame, scenarios: pl.DataFrame, subject: str) -> dict[str, float]:
    """The quantities of a study of method `published`, from its result tables, over all draws.

    The published trimming is symmetric, so it moves none of them: medians stay, and fleets use all draws anyway.
    """
    found = {}
    for workload in WORKLOADS:
        row = energy.row(
            by_predicate=(pl.col("workload") == workload)
            & (pl.col("subject") == subject)
            & (pl.col("spread") == "untrimmed"),
            named=True,
        )
        found[f"{workload}: median of queries"] = row["energy_wh_p50"]
        found[f"{workload}: mean over queries"] = row["energy_wh_mean"]
    means = dict(scenarios.select("scenario", "energy_gwh_per_day_mean").iter_rows())
    return found | {f"{scenario} fleet: mean": means[scenario] for scenario in SCENARIOS}


def of_nested(service: Service, levers: pl.DataFrame, *, draws: int, seed: int) -> dict[str, float]:
    """The quantities of a study of method `nested`.

    Args:
        service: the resolved study.
        levers: table of `lever_evidence.Intervention`.
        draws: draws of what the fleet shares, and as many queries.
        seed: seed of all streams.
    """
    study = service.study
    subject, boundary = study.fleet.subject, study.boundary
    narrow = service.narrowed(subject, WORKLOADS, [boundary.query])
    energy, _ = per_query.energy_per_query(narrow, borrowed=set(), draws=draws, fleet_draws=draws, seed=seed)
    found = {}
    for workload in WORKLOADS:
        rows = energy.filter(
            pl.col("workload") == workload, pl.col("subject") == subject, pl.col("boundary") == boundary.query
        )
        by_spread = {row["spread"]: row for row in rows.iter_rows(named=True)}
        found[f"{workload}: median of queries"] = by_spread["untrimmed"]["energy_wh_p50"]
        found[f"{workload}: mean over queries"] = by_spread["shared"]["energy_wh_mean"]
    days = scenario_aggregates(service, fleets(service, levers, draws=draws, seed=seed))
    means = dict(days.select("scenario", "energy_gwh_per_day_mean").iter_rows())
    return found | {f"{scenario} fleet: mean": means[scenario] for scenario in SCENARIOS}


def method_bridge(steps: list[tuple[str, str, dict[str, float]]]) -> pl.DataFrame:
    """One row per step and quantity with its value before and after.

    Args:
        steps: study, what it changes, and its quantities, in order; the first is where the bridge begins.
    """
    rows = []
    for number, ((_, _, before), (study, change, after)) in enumerate(pairwise(steps), start=1):
        for quantity, unit in QUANTITIES.items():
            rows.append(
                {
                    "step": number,
                    "study": study,
                    "change": change,
                    "quantity": quantity,
                    "unit": unit,
                    "before": before[quantity],
                    "after": after[quantity],
                    "factor": after[quantity] / before[quantity],
                }
            )
    return pl.DataFrame(rows)
