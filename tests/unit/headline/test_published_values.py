"""The two published editions at the default size: every printed value comes back, or is known not to."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.corpus import registries
from inference_energy.energy import tables as energy_tables
from inference_energy.headline import declarations, printed as headline_printed, quantities, tables as headline_tables
from inference_energy.oviedo import energy, interventions, scenarios
from inference_energy.throughput import log_linear

ROOT = Path(__file__).parents[3]
CONFIG = yaml_files.read_yaml(ROOT / "config/config.yaml")
NOT_COMING_BACK = {
    "long/traditional output_tokens_p50",
    "traditional single multiplier_p50 lowest",
    "traditional single multiplier_p50 highest",
    "traditional independent multiplier_p50",
    "published_estimate/frontier energy_wh_p50 lowest",
    "published_estimate/frontier energy_wh_p50 highest",
}


@pytest.fixture(scope="module", params=["arxiv-2025", "joule-2026"])
def edition(request, corpus, read_configured):
    overheads = registries.read_registry(ROOT / "resources/overheads.csv", energy_tables.Overhead)
    published = registries.read_registry(ROOT / "resources/published_values.csv", headline_tables.PublishedValue)
    name = request.param
    study = read_configured(name)
    draws, seed = CONFIG["draws"], CONFIG["seed"]
    fit, _ = log_linear.study_fit(name, study.throughput, corpus["throughput"], corpus["throughput"].clear())
    summary, _ = energy.energy_per_query(study_name=name, study=study, fit=fit, draws=draws, seed=seed)
    levers = interventions.intervention_multipliers(study_name=name, study=study, fit=fit, draws=draws, seed=seed)
    fleet = scenarios.scenario_aggregates(
        study_name=name, study=study, energy=summary, fit=fit, overheads=overheads, seed=seed
    )
    tables = dict(zip(declarations.KEYS, (summary, levers, fleet, corpus["published_estimate"]), strict=True))
    results = quantities.Results(tables, np.sqrt(draws / study.as_published.draws_per_model))
    computed = quantities.evaluated(declarations.declared(study, tables).values(), results)
    return summary, levers, headline_printed.reproduced(published, name, computed)


def test_only_the_known_values_do_not_come_back(edition):
    _, _, headline = edition
    missed = headline.filter(~pl.col("within"))
    assert set(missed["quantity"]) <= NOT_COMING_BACK
    assert {"long/traditional output_tokens_p50", "traditional independent multiplier_p50"} <= set(missed["quantity"])
    assert missed["note"].null_count() == 0


def test_printed_medians_and_fleets_to_the_printed_digits(edition):
    _, _, headline = edition
    printed = headline.filter(pl.col("locator") == "abstract", pl.col("unit").is_in(["Wh", "GWh/day"]))
    assert len(printed) >= 7
    rounded_otherwise = printed.filter(~pl.col("same_digits"))
    # Printed from 10,000 draws: 0.60 / 3.91 / 2.15 / 7.05 differ in the last digit, each by at most 1.2 of its
    # own standard errors.
    assert (
        (rounded_otherwise["computed"] - rounded_otherwise["published"])
        .abs()
        .le(1.5 * rounded_otherwise["sampling_se"])
        .all()
    )


def test_class_medians_have_a_small_monte_carlo_error(edition):
    summary, _, _ = edition
    classes = summary.filter(pl.col("subject_kind") == "class")
    assert len(classes) == 4
    assert classes["energy_wh_p50_relative_se"].max() <= 0.002


def test_monte_carlo_agrees_with_exact_summation(edition):
    summary, levers, _ = edition
    # 144 statistics at once: 4.5 standard errors would be exceeded by chance once in a thousand runs.
    assert summary["largest_deviation_from_exact_se"].abs().max() < 4.5
    untrimmed = levers.filter(pl.col("spread") == "untrimmed")
    deviation = (untrimmed["energy_wh_p50"] - untrimmed["energy_wh_p50_exact"]) / untrimmed["energy_wh_p50_se"]
    assert deviation.abs().max() < 4.5


@pytest.mark.parametrize("name", ["arxiv-2025", "joule-2026"])
def test_published_editions_use_the_rows_of_the_publication_as_published(name, read_configured):
    chosen = read_configured(name).throughput
    assert (chosen.sources, chosen.corrected, chosen.gpus) == (("oviedo",), False, None)
