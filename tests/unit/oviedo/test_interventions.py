"""Interventions: by hand, in the limit, and compared with the exact engine."""

import numpy as np
import polars as pl
import pytest
from inference_energy.oviedo import interventions

DRAWS = 32_768


def table(study, fit):
    return interventions.intervention_multipliers(study_name="test", study=study, fit=fit, draws=DRAWS, seed=1)


@pytest.fixture(scope="module")
def published(study, fit):
    return table(study, fit)


def test_rows_say_whether_they_are_of_one_intervention_or_of_all(study, published):
    named = published.filter(workload="traditional").select("lever", "combination", "level").unique()
    of_one = {
        (name, "single", spec.level) for name, spec in interventions.interventions_of(study, "traditional").items()
    }
    assert set(named.iter_rows()) == {*of_one, (interventions.COMBINED, "independent", "combined")}


def test_combined_multiplier_by_hand(study):
    multipliers = interventions.multipliers(study, "traditional")
    # Medians sqrt(1.5 * 10), sqrt(1.5 * 5), sqrt(1.5 * 2.5); the logs' deviations add in squares.
    combined = multipliers[interventions.COMBINED]
    assert combined.percentile(0) == pytest.approx((15 * 7.5 * 3.75) ** 0.5)
    assert combined.percentile(0) == pytest.approx(20.54, abs=0.005)
    assert combined.percentile(-1.2816) == pytest.approx(8.37, abs=0.005)


def test_sampling_error_of_a_multiplier_by_hand():
    # Median 20, log deviation 0.5, 10,000 draws: 0.5 / 100 over the density 1 / (0.5 * 20 * sqrt(2 pi)) of the median.
    error = interventions.multiplier_se(
        quantile=20.0, log_sd=0.5, standard_score=0.0, below=0.5, above=0.5, draws=10_000
    )
    assert error == pytest.approx(0.005 * 0.5 * 20 * 2.5066283)
    # At P10 sqrt(0.1 * 0.9) / 100 over the normal density 0.17550 at -1.2816.
    tenth = interventions.multiplier_se(
        quantile=8.0, log_sd=0.5, standard_score=-1.2816, below=0.1, above=0.9, draws=10_000
    )
    assert tenth == pytest.approx(0.003 * 0.5 * 8 / 0.17550, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "share"), [("p10", 0.1), ("p50", 0.5)])
def test_sampling_errors_agree_with_repeated_runs(study, published, name, share):
    combined = interventions.multipliers(study, "traditional")[interventions.COMBINED]
    values = combined.quantile(np.random.default_rng(1).random((1_000, 3_000)))
    spread = np.quantile(values, share, axis=1).std()
    row = published.filter(workload="traditional", lever=interventions.COMBINED, spread="untrimmed").row(0, named=True)
    # The table is of 10,000 draws for each of three models.
    assert row[f"multiplier_{name}_published_se"] * (30_000 / 3_000) ** 0.5 == pytest.approx(spread, rel=0.1)


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
    assert deviation.abs().max() < 6
