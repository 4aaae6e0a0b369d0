"""Fleets: by hand, in the limit, and linear in queries."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.corpus import registries
from inference_energy.energy import tables
from inference_energy.oviedo import energy, scenarios

RESOURCES = Path(__file__).parents[3] / "resources"


@pytest.fixture(scope="module")
def overheads():
    return registries.read_registry(RESOURCES / "overheads.csv", tables.Overhead)


@pytest.fixture(scope="module")
def build(study, fit, overheads):
    summary, _ = energy.energy_per_query(study_name="test", study=study, fit=fit, draws=20_000, seed=1)

    def aggregates(changed=study):
        table = scenarios.scenario_aggregates(
            study_name="test", study=changed, energy=summary, fit=fit, overheads=overheads, seed=1
        )
        return {row["scenario"]: row for row in table.iter_rows(named=True)}, summary

    return aggregates


def test_published_overhead_is_the_product_of_its_terms(overheads):
    names = ["published_term_1", "published_term_2", "published_term_3"]
    assert scenarios.overhead_factor(names, overheads, "here") == pytest.approx(1.10 * 1.076 * 1.12)
    assert scenarios.overhead_factor([], overheads, "here") == 1


def test_unknown_overhead_is_named_with_what_is_allowed(overheads):
    with pytest.raises(InputError, match=r"here: found 'heat'; allowed: published_term_1, .* which have one value"):
        scenarios.overhead_factor(["heat"], overheads, "here")


def test_mean_is_queries_times_mean_energy_times_overhead(build):
    rows, summary = build()
    untrimmed = summary.filter(pl.col("subject") == "frontier", pl.col("spread") == "untrimmed")
    mean = dict(untrimmed.select("workload", "energy_wh_mean").iter_rows())
    overhead = 1.10 * 1.076 * 1.12
    assert rows["traditional"]["energy_gwh_per_day_mean"] == pytest.approx(mean["traditional"] * overhead)
    mixed = 0.9 * mean["traditional"] * overhead + 0.1 * mean["long"] * overhead
    assert rows["mixed"]["energy_gwh_per_day_mean"] == pytest.approx(mixed)
    parts = ("energy_gwh_per_day_mean_traditional", "energy_gwh_per_day_mean_long")
    assert sum(rows["mixed"][part] for part in parts) == pytest.approx(mixed)


def test_twice_the_queries_twice_the_energy_and_the_same_relative_interval(study, build):
    doubled = study.replaced(fleet=study.fleet.replaced(queries_per_day=2 * study.fleet.queries_per_day))
    once, twice = build()[0], build(doubled)[0]
    for name, row in once.items():
        for column in ("p05", "p50", "p95", "mean"):
            key = f"energy_gwh_per_day_{column}"
            assert twice[name][key] == pytest.approx(2 * row[key])


def test_shared_utilisation_and_pue_widen_the_fleet_interval(build):
    row = build()[0]["traditional"]
    # The published interval is the error of a mean, about 1 %; the shared one is that of utilisation and PUE.
    assert row["energy_gwh_per_day_p05"] == pytest.approx(0.45, abs=0.02)
    assert row["energy_gwh_per_day_p95"] == pytest.approx(1.11, abs=0.04)
    published = row["energy_gwh_per_day_p95_as_published"] - row["energy_gwh_per_day_p05_as_published"]
    assert published == pytest.approx(2 * 0.0083, rel=0.1)


def test_serving_intervention_divides_by_the_mean_of_its_inverse(build):
    rows, _ = build()
    saving = rows["long_optimized"]["energy_gwh_per_day_mean"] / rows["long"]["energy_gwh_per_day_mean"]
    # Log-normal 1.5-3.0: log-sd 0.21069, log-mean 0.75205, so E[1/X] = exp(-0.75205 + 0.02219).
    assert saving == pytest.approx(0.48198, abs=2e-4)
