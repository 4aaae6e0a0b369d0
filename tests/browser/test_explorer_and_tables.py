"""The few draws of the page compared with the many of the tables."""

import polars as pl
import pytest
from built_page import RESULTS
from dashboard_engine import Question, answer, operation

# Of classes: what the few draws of the page leave of the sampling error. The page tells its readers the same.
PUBLISHED = {"p05": 0.02, "p50": 0.01, "p95": 0.02, "mean": 0.01}
NESTED = {"p05": 0.20, "p50": 0.08, "p95": 0.14, "mean": 0.06}
FLEET = {"p05": 0.13, "p50": 0.06, "p95": 0.13, "mean": 0.03}
STUDIES = {"arxiv-2025": PUBLISHED, "joule-2026": PUBLISHED, "current": NESTED}
NAMES = {
    "nodes": "nodes",
    "average_power": "average_power_mw",
    "peak_power": "peak_power_mw",
    "emissions": "emissions_t_per_day",
    "water": "water_m3_per_day",
}


def near(found: dict, row: dict, quantity: str, tolerances: dict) -> None:
    for statistic, tolerance in tolerances.items():
        assert found[statistic] == pytest.approx(row[f"{quantity}_{statistic}"], rel=tolerance), (quantity, statistic)


@pytest.mark.parametrize("study", STUDIES)
def test_energy_of_queries(built, study):
    table = pl.read_parquet(RESULTS / study / "energy_per_query.parquet").filter(
        pl.col("subject_kind") == "class", pl.col("spread").is_in(["untrimmed", "shared"])
    )
    for row in table.iter_rows(named=True):
        found = answer(built["studies"][study], Question(subject=row["subject"], workload=row["workload"]))
        tolerances, quantity = STUDIES[study], "mean_query_wh"
        if row["spread"] == "untrimmed":  # the mean of random queries is the mean over queries with a sampling error
            tolerances, quantity = {name: of for name, of in tolerances.items() if name != "mean"}, "query_wh"
        near(found[quantity], row, "energy_wh", tolerances)


@pytest.mark.parametrize("study", STUDIES)
def test_energy_of_fleets(built, study):
    of = built["studies"][study]
    for row in pl.read_parquet(RESULTS / study / "scenario_aggregates.parquet").iter_rows(named=True):
        question = Question(
            subject=of["preset"]["subject"], long_share=row["long_share"], interventions=row["interventions"]
        )
        near(answer(of, question)["energy_gwh_per_day"], row, "energy_gwh_per_day", FLEET)


@pytest.mark.parametrize("scenario", ["mixed", "mixed_optimized"])
def test_what_a_fleet_needs_and_emits(built, scenario):
    plan = pl.read_parquet(RESULTS / "current/fleet_plan.parquet").filter(pl.col("scenario") == scenario)
    question = Question(subject="frontier", long_share=0.1, interventions=scenario == "mixed_optimized")
    found = answer(built["studies"]["current"], question, built["zones"]["USA"])
    for row in plan.filter(pl.col("quantity").is_in(NAMES)).iter_rows(named=True):
        assert found[NAMES[row["quantity"]]]["p50"] == pytest.approx(row["p50"], rel=0.08), row["quantity"]


def test_where_a_service_runs(built):
    table = pl.read_parquet(RESULTS / "current/energy_per_query.parquet").filter(pl.col("spread") == "untrimmed")
    for row in table.iter_rows(named=True):
        found = operation(built["studies"]["current"], Question(subject=row["subject"], workload=row["workload"]))
        assert found["served_share"] == pytest.approx(row["served_share"], rel=1e-6)
        assert found["reached_share"] == pytest.approx(row["reached_share"], abs=0.03)
        assert found["batch"]["p50"] == pytest.approx(row["batch_p50"], rel=0.5)
