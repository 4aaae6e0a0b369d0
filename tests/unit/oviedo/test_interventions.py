"""Interventions: by hand, in the limit, and compared with the exact engine."""

import polars as pl
import pytest
from inference_energy.oviedo import interventions

DRAWS = 100_000


def table(study, fit):
    return interventions.intervention_multipliers(study_name="test", study=study, fit=fit, draws=DRAWS, seed=1)


@pytest.fixture(scope="module")
def published(study, fit):
    return table(study, fit)


def test_combined_multiplier_by_hand(study):
    multipliers = interventions.multipliers(study, "traditional")
    # Medians sqrt(1.5 * 10), sqrt(1.5 * 5), sqrt(1.5 * 2.5); the logs' deviations add in squares.
    combined = multipliers[interventions.COMBINED]
    assert combined.percentile(0) == pytest.approx((15 * 7.5 * 3.75) ** 0.5)
    assert combined.percentile(0) == pytest.approx(20.54, abs=0.005)
    assert combined.percentile(-1.2816) == pytest.approx(8.37, abs=0.005)


def test_order_of_independent_interventions_does_not_matter(study):
    levers = dict(reversed(study.interventions.levers.items()))
    turned = study.replaced(interventions=study.interventions.replaced(levers=levers))
    one = interventions.multipliers(study, "long")[interventions.COMBINED]
    other = interventions.multipliers(turned, "long")[interventions.COMBINED]
    assert one.log_mean == pytest.approx(other.log_mean)
    assert one.log_sd == pytest.approx(other.log_sd)


def test_a_multiplier_of_one_changes_nothing(study, fit):
    lever = {"label": "Nothing", "level": "model", "p05": 1 - 1e-9, "p95": 1 + 1e-9, "workloads": ["traditional"]}
    levers = {"nothing": lever, "again": lever | {"workloads": ["traditional", "long"]}}
    idle = study.replaced(interventions=study.interventions.replaced(levers=levers))
    rows = table(idle, fit).filter(pl.col("workload") == "traditional", pl.col("spread") == "as_published")
    assert rows["energy_wh_p50"].to_list() == pytest.approx([0.3088] * 3, rel=0.02)
    assert rows["multiplier_p50"].to_list() == pytest.approx([1.0] * 3)


def test_remaining_energy_of_the_published_interventions(published):
    rows = published.filter(pl.col("workload") == "traditional", pl.col("spread") == "as_published")
    remaining = dict(rows.select("lever", "energy_wh_p50").iter_rows())
    before = 0.3088
    assert remaining["model"] == pytest.approx(before / 15**0.5, rel=0.02)
    assert remaining["serving"] == pytest.approx(before / 7.5**0.5, rel=0.02)
    assert remaining["hardware_and_datacenter"] == pytest.approx(before / 3.75**0.5, rel=0.02)


def test_draws_agree_with_exact_summation(published):
    rows = published.filter(pl.col("spread") == "untrimmed")
    assert len(rows) == 4 + 5  # three interventions and all together; the long workload has one more
    deviation = (rows["energy_wh_p50"] - rows["energy_wh_p50_exact"]) / rows["energy_wh_p50_se"]
    assert deviation.abs().max() < 5
