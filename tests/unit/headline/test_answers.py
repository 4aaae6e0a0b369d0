"""The answers that are told first are the headline numbers, by one statistic for each question."""

import pytest
from inference_energy.headline import answers, page
from inference_energy.headline.answers import EXPECTED, MEDIAN

QUERY = "traditional frontier energy_wh_p50 untrimmed"


def row(quantity, value, over, study="s", **more):
    names = {"study": study, "quantity": quantity, "unit": "Wh", "published": "", "spread": over}
    return names | {"computed": str(value), "computed_p05": "0.01", "computed_p95": "1.5"} | more


def test_a_query_by_its_median_and_a_fleet_by_its_mean():
    rows = [
        row("mixed energy_gwh_per_day_mean", 0.943, "shared uncertainty", unit="GWh/day", published="1.7"),
        row("traditional frontier energy_wh_mean shared", 0.3, "shared uncertainty"),
        row(QUERY, 0.1223, "queries"),
        row(QUERY, 7, "queries", study="other"),
    ]
    query, fleet = answers.answers(rows, "s", "frontier")
    assert (query.statistic, query.covered, str(query)) == (
        MEDIAN,
        "variability and uncertainty",
        "0.12 Wh (0.010–1.5)",
    )
    assert (fleet.statistic, fleet.covered, str(fleet)) == (EXPECTED, "uncertainty", "0.94 GWh/day (0.010–1.5)")
    assert (query.published, fleet.published) == (None, 1.7)


def test_answers_as_text_for_the_report():
    rows = [row(QUERY, 0.1223, "queries", study="current"), row(QUERY, 7, "queries", study="other")]
    found = answers.of_today(rows, {"current": "frontier", "other": "frontier"})
    assert page.answer_rows(found).row(0) == (
        "A query (traditional)",
        "0.12 Wh",
        "0.010–1.5",
        "median over queries; variability and uncertainty",
    )
    assert answers.of_today(rows, {"none": "frontier"}) == [] and page.answer_rows([]).height == 0


@pytest.mark.parametrize("rows", [[], [row(QUERY, 1, "queries", study="other")], [row(QUERY, 1, "", computed_p05="")]])
def test_what_a_study_does_not_have_is_left_out(rows):
    assert answers.answers(rows, "s", "frontier") == []


def test_studies_of_the_published_method_answer_by_the_median_that_is_printed():
    rows = [row("traditional frontier energy_wh_p50 as_published", 0.309, "queries", published="0.31")]
    assert [of.value for of in answers.answers(rows, "s", "frontier")] == [0.309]


def test_the_current_study_is_told_first_or_else_the_last():
    assert answers.told_first(["a", "current", "b"]) == "current"
    assert answers.told_first(["a", "b"]) == "b"


@pytest.mark.parametrize(
    ("quantity", "spread", "statistic"),
    [
        (QUERY, "queries", MEDIAN),
        ("traditional frontier energy_wh_mean shared", "shared uncertainty", EXPECTED),
        ("traditional all_levers multiplier_p50", "shared uncertainty", "median"),
        ("long/traditional frontier energy_wh_p50 untrimmed", None, None),
    ],
)
def test_every_headline_number_with_an_interval_has_a_statistic(quantity, spread, statistic):
    assert answers.told_by({"quantity": quantity, "spread": spread}) == statistic
