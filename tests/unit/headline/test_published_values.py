"""The two published editions at the default size: every printed value comes back, or is known not to."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.corpus import registries
from inference_energy.energy import tables as energy_tables
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.headline import (
    declarations,
    overstatement,
    printed as headline_printed,
    quantities,
    tables as headline_tables,
)
from inference_energy.oviedo import energy, interventions, scenarios
from inference_energy.throughput import log_linear

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CONFIG = yaml_files.read_yaml(ROOT / "config/config.yaml")
NOT_COMING_BACK = {
    "long/traditional output_tokens_p50",
    "traditional single multiplier_p50 lowest",
    "traditional single multiplier_p50 highest",
    "published_estimate/frontier energy_wh_p50 lowest",
    "published_estimate/frontier energy_wh_p50 highest",
    "overstatement_pairs factor lowest",
    "overstatement_pairs factor highest",
    "mixed_optimized energy_gwh_per_day_mean/web_search",
}


@pytest.fixture(scope="module", params=["arxiv-2025", "joule-2026"])
def edition(request, corpus, read_configured):
    overheads = registries.read_registry(ROOT / "resources/overheads.csv", energy_tables.Overhead)
    published = registries.read_registry(ROOT / "resources/published_values.csv", headline_tables.PublishedValue)
    name = request.param
    study = read_configured(name)
    draws, seed = CONFIG["draws"], CONFIG["seed"]
    fit, _ = log_linear.throughput_fit(name, study.throughput, corpus["throughput"], corpus["throughput"].clear())
    summary, _ = energy.energy_per_query(study_name=name, study=study, fit=fit, draws=draws, seed=seed)
    levers = interventions.intervention_multipliers(study_name=name, study=study, fit=fit, draws=draws, seed=seed)
    fleet = scenarios.scenario_aggregates(
        study_name=name, study=study, energy=summary, fit=fit, overheads=overheads, seed=seed
    )
    loads = registries.read_registry(ROOT / "resources/reference_loads.csv", ReferenceLoad)
    estimates = corpus["published_estimate"]
    pairs = overstatement.overstatement_pairs(study_name=name, study=study, fit=fit, estimates=estimates)
    frames = (summary, levers, fleet, estimates, pairs, loads)
    tables = dict(zip(declarations.KEYS, frames, strict=True))
    results = quantities.Results(tables, errors=True)
    computed = quantities.evaluated(declarations.declared(study, tables).values(), results)
    return summary, levers, pairs, headline_printed.reproduced(published, name, computed)


def test_only_the_known_values_do_not_come_back(edition):
    headline = edition[-1]
    missed = headline.filter(~pl.col("within"))
    judged = headline.filter(pl.col("published").is_not_null())
    assert set(missed["quantity"]) == NOT_COMING_BACK & set(judged["quantity"])
    assert missed["note"].null_count() == judged["within"].null_count() == 0


def test_claims_that_no_number_is_printed_for_have_no_verdict_but_a_note(edition):
    headline = edition[-1]
    words = headline.filter(pl.col("published").is_null())
    assert len(words) == {"arxiv-2025": 2, "joule-2026": 5}[headline["study"][0]]
    assert words["within"].null_count() == words["tolerance"].null_count() == len(words)
    assert words["note"].null_count() == 0
    by_name = dict(words.select("quantity", "computed").iter_rows())
    assert by_name["overstatement_pairs"] == 9
    assert 0.5 < by_name["mixed_optimized saving_long_share"] < 0.62  # more than half, as the claim says


def test_notes_on_overstatement_say_what_the_pairs_are(edition):
    *_, pairs, headline = edition
    notes = dict(headline.filter(pl.col("note").is_not_null()).select("quantity", "note").iter_rows())
    lowest, highest = (pairs.sort("factor").row(place, named=True) for place in (0, -1))
    assert (lowest["row_id"], highest["row_id"]) == ("deepseek_r1_10000_1500", "deepseek_r1_100_300")
    assert set(pairs["source"]) == {"jegham"} and pairs["model"].n_unique() == 3
    measured = pairs.filter(~pl.col("extrapolated"))["factor"]
    assert len(measured) == 3
    assert f"have {measured.min():.1f} to {measured.max():.1f}." in notes["overstatement_pairs factor lowest"]
    assert pairs["factor"].is_between(4, 20).sum() == 5
    assert "Five of the nine pairs" in notes["overstatement_pairs factor highest"]


def test_notes_on_production_say_whether_a_statement_lies_inside_the_iqr(edition):
    summary, _, _, headline = edition
    row = summary.filter(workload="traditional", subject="frontier", spread="as_published").row(0, named=True)
    stated = headline.filter(pl.col("quantity").str.starts_with("published_statements/"))
    assert len(stated) == 2
    for ratio, note in stated.select("computed", "note").iter_rows():
        assert row["energy_wh_p25"] < ratio * row["energy_wh_p50"] < row["energy_wh_p75"]
        assert "lies inside the printed IQR" in note


def test_printed_medians_and_fleets_to_the_printed_digits(edition):
    headline = edition[-1]
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
    summary = edition[0]
    classes = summary.filter(pl.col("subject_kind") == "class")
    assert len(classes) == 4
    assert classes["energy_wh_p50_relative_se"].max() <= 0.001


def test_monte_carlo_agrees_with_exact_summation(edition):
    summary, levers, *_ = edition
    # 144 statistics at once, with errors from 16 replicates (Student's t): 6 would be exceeded once in 300 runs.
    assert summary["largest_deviation_from_exact_se"].abs().max() < 6
    untrimmed = levers.filter(pl.col("spread") == "untrimmed")
    deviation = (untrimmed["energy_wh_p50"] - untrimmed["energy_wh_p50_exact"]) / untrimmed["energy_wh_p50_se"]
    assert deviation.abs().max() < 6


@pytest.mark.parametrize("name", ["arxiv-2025", "joule-2026"])
def test_published_editions_use_the_rows_of_the_publication_as_published(name, read_configured):
    chosen = read_configured(name).throughput
    assert (chosen.sources, chosen.corrected, chosen.gpus) == (("oviedo",), False, None)
