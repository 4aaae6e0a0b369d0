"""The few thousand evenly spread draws of the page against the million random ones of the tables."""

import polars as pl
import pytest
from built_page import RESULTS
from inference_energy.dashboard.engine import Question, answer
from inference_energy.dashboard.engines import FLEET_SERVING

STUDIES = ["arxiv-2025", "joule-2026", "current"]
# What 2,048 draws leave of the sampling error; the page tells its readers the same.
TOLERANCES = {"p05": 0.09, "p50": 0.02, "p95": 0.09, "mean": 0.05}


def near(found: dict, row: dict, quantity: str) -> None:
    for statistic, tolerance in TOLERANCES.items():
        assert found[statistic] == pytest.approx(row[f"{quantity}_{statistic}"], rel=tolerance), (quantity, statistic)


@pytest.mark.parametrize("workload", ["traditional", "long"])
@pytest.mark.parametrize("study", STUDIES)
def test_energy_of_queries(built, study, workload):
    table = pl.read_parquet(RESULTS / study / "energy_per_query.parquet").filter(
        pl.col("workload") == workload, pl.col("subject_kind") == "class"
    )
    for row in table.filter(pl.col("spread").is_in(["untrimmed", "shared"])).iter_rows(named=True):
        found = answer(built[study], Question(subject=row["subject"], workload=workload))
        near(found["query_wh" if row["spread"] == "untrimmed" else "mean_query_wh"], row, "energy_wh")


@pytest.mark.parametrize("study", STUDIES)
def test_energy_of_fleets(built, study):
    fleet = built[study].service.study.fleet
    for row in pl.read_parquet(RESULTS / study / "scenario_aggregates.parquet").iter_rows(named=True):
        levers = (fleet.levers or (FLEET_SERVING,)) if row["interventions"] else ()
        question = Question(subject=fleet.subject, long_share=row["long_share"], levers=levers)
        near(answer(built[study], question)["energy_gwh_per_day"], row, "energy_gwh_per_day")


def test_what_a_fleet_needs_and_emits(built):
    plan = pl.read_parquet(RESULTS / "current/fleet_plan.parquet").filter(pl.col("scenario") == "mixed")
    found = answer(built["current"], Question(subject="frontier", long_share=0.1, zone="USA"))
    names = {
        "nodes": "nodes",
        "average_power": "average_power_mw",
        "peak_power": "peak_power_mw",
        "emissions": "emissions_t_per_day",
        "water": "water_m3_per_day",
    }
    for row in plan.filter(pl.col("quantity").is_in(names)).iter_rows(named=True):
        assert found[names[row["quantity"]]]["p50"] == pytest.approx(row["p50"], rel=0.03), row["quantity"]
