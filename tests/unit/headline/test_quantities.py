"""Headline numbers of the current estimate, and the intervals that all headline numbers carry, by hand."""

import math

import polars as pl
import pytest
from inference_energy.headline import declarations, printed as headline_printed, quantities
from inference_energy.headline.declarations import Cell, Count, Difference, Extreme, Ratio, StudyKey
from inference_energy.headline.tables import HEADLINE
from inference_energy.studies.study import NestedStudy, PublishedStudy

STUDY = NestedStudy.of(
    {
        "classes": {"frontier": {"label": "Frontier (> 200 B)"}, "small": {"label": "Small (< 20 B)"}},
        "fleet": {"subject": "frontier"},
        "interventions": {"workloads": ["traditional", "long"]},
    }
)
# Wh by class, workload and spread; P5 is half of it, P95 twice.
WH = {
    ("frontier", "traditional", "untrimmed"): 0.2,
    ("frontier", "traditional", "per_query"): 0.1,
    ("frontier", "traditional", "shared"): 0.4,
    ("frontier", "long", "untrimmed"): 3.0,
    ("frontier", "long", "per_query"): 2.0,
    ("frontier", "long", "shared"): 8.0,
    ("small", "traditional", "untrimmed"): 0.01,
    ("small", "traditional", "shared"): 0.02,
    ("small", "long", "untrimmed"): 0.3,
    ("small", "long", "shared"): 0.6,
    ("DeepSeek-R1", "traditional", "untrimmed"): 9.0,
    ("DeepSeek-R1", "long", "untrimmed"): 9.0,
}
ENERGY = pl.DataFrame(
    [
        {
            "subject": subject,
            "workload": workload,
            "spread": spread,
            "energy_wh_p05": value / 2,
            "energy_wh_p50": value,
            "energy_wh_p95": value * 2,
            "energy_wh_mean": value * 1.5,
        }
        for (subject, workload, spread), value in WH.items()
    ]
)
SCENARIOS = pl.DataFrame(
    {
        "scenario": ["traditional", "mixed"],
        "label": ["All traditional", "10 % long"],
        "queries_per_day": [1e9, 1e9],
        "energy_gwh_per_day_p05": [0.1, 0.5],
        "energy_gwh_per_day_p50": [0.3, 1.0],
        "energy_gwh_per_day_p95": [0.6, 2.0],
        "energy_gwh_per_day_mean": [0.35, 1.2],
    }
)


def lever(name, level="combined", combination="together", workload="traditional", spread="shared", by=10.0):
    return {
        "lever": name,
        "label": name.title(),
        "level": level,
        "combination": combination,
        "workload": workload,
        "spread": spread,
        "multiplier_p05": by / 2,
        "multiplier_p50": by,
        "multiplier_p95": by * 2,
    }


INTERVENTIONS = pl.DataFrame(
    [
        lever("half", level="model", combination="single", by=2.0),
        lever("all_levers"),
        lever("all_levers", workload="long", by=8.0),
    ]
)


def printed(study, quantity, value):
    return {
        "study": study,
        "quantity": quantity,
        "published": value,
        "published_source": "https://example.org",
        "locator": "abstract",
    }


PUBLISHED = pl.DataFrame(
    [
        printed("arxiv-2025", "traditional frontier energy_wh_p50 as_published", 99.0),
        printed("joule-2026", "traditional frontier energy_wh_p50 as_published", 0.4),
        printed("joule-2026", "long/traditional frontier energy_wh_p50 as_published", 10.0),
        printed("joule-2026", "traditional energy_gwh_per_day_mean", 0.6),
        printed("joule-2026", "traditional independent multiplier_p50", 20.0),
    ]
)


def evaluated(study, *frames, errors=False):
    tables = dict(zip(declarations.KEYS, frames, strict=False))
    results = quantities.Results(tables, errors)
    return quantities.evaluated(declarations.declared(study, tables).values(), results)


@pytest.fixture(scope="module")
def table():
    found = headline_printed.compared(PUBLISHED, "mine", evaluated(STUDY, ENERGY, INTERVENTIONS, SCENARIOS))
    HEADLINE.validate(found.select(list(HEADLINE.columns)))
    return found


@pytest.fixture(scope="module")
def rows(table):
    return {row["quantity"]: row for row in table.iter_rows(named=True)}


def test_rows_are_medians_means_a_ratio_fleets_and_interventions_together(rows):
    assert list(rows) == [
        *(
            f"{workload} {name} energy_wh_{statistic}"
            for name in ("frontier", "small")
            for workload in ("traditional", "long")
            for statistic in ("p50 untrimmed", "mean shared")
        ),
        "long/traditional frontier energy_wh_p50 untrimmed",
        "traditional energy_gwh_per_day_mean",
        "mixed energy_gwh_per_day_mean",
        "traditional all_levers multiplier_p50",
        "long all_levers multiplier_p50",
    ]
    assert {row["study"] for row in rows.values()} == {"mine"}


@pytest.mark.parametrize("subject", ["frontier", "small"])
@pytest.mark.parametrize("workload", ["traditional", "long"])
@pytest.mark.parametrize(
    ("statistic", "spread", "over", "times"),
    [("p50", "untrimmed", "queries", 1.0), ("mean", "shared", "shared uncertainty", 1.5)],
)
def test_energies_come_with_their_interval_and_what_it_is_over(rows, subject, workload, statistic, spread, over, times):
    row, value = rows[f"{workload} {subject} energy_wh_{statistic} {spread}"], WH[subject, workload, spread]
    found = (row["computed"], row["computed_p05"], row["computed_p95"])
    assert found == pytest.approx((times * value, value / 2, value * 2))
    assert (row["spread"], row["unit"]) == (over, "Wh")


def test_labels_are_short(rows):
    assert rows["traditional frontier energy_wh_p50 untrimmed"]["label"] == "Frontier, traditional: median"
    assert rows["long small energy_wh_mean shared"]["label"] == "Small, long: mean over queries"
    assert rows["mixed energy_gwh_per_day_mean"]["label"] == "Fleet of 1 billion queries/day, 10 % long"


@pytest.mark.parametrize(
    ("queries", "shown"), [(1e9, "1 billion"), (2.5e9, "2.5 billion"), (3e8, "300 million"), (500.0, "500")]
)
def test_queries_per_day_are_written_briefly(queries, shown):
    days = SCENARIOS.with_columns(queries_per_day=pl.lit(queries))
    found = evaluated(STUDY, ENERGY, INTERVENTIONS, days)
    row = found.row(by_predicate=pl.col("quantity") == "traditional energy_gwh_per_day_mean", named=True)
    assert row["label"] == f"Fleet of {shown} queries/day, All traditional"


def test_ratio_is_that_of_the_medians_of_queries_and_has_no_interval(rows):
    row = rows["long/traditional frontier energy_wh_p50 untrimmed"]
    assert row["computed"] == pytest.approx(15.0)
    assert (row["computed_p05"], row["computed_p95"], row["spread"], row["unit"]) == (None, None, None, "x")


def test_fleets_and_interventions_come_with_their_interval(rows):
    fleet, levers = rows["mixed energy_gwh_per_day_mean"], rows["long all_levers multiplier_p50"]
    assert (fleet["computed"], fleet["computed_p05"], fleet["computed_p95"]) == (1.2, 0.5, 2.0)
    assert (levers["computed"], levers["computed_p05"], levers["computed_p95"]) == (8.0, 4.0, 16.0)
    assert fleet["spread"] == levers["spread"] == "shared uncertainty"
    assert levers["label"] == "All_Levers, long"


def test_what_the_newest_edition_prints_for_the_same_question_stands_beside_it(rows):
    beside = {name: row["published"] for name, row in rows.items() if row["published"] is not None}
    assert beside == {
        "traditional frontier energy_wh_p50 untrimmed": 0.4,  # not 99, which the first edition prints
        "long/traditional frontier energy_wh_p50 untrimmed": 10.0,
        "traditional energy_gwh_per_day_mean": 0.6,
        "traditional all_levers multiplier_p50": 20.0,
    }
    assert rows["traditional frontier energy_wh_p50 untrimmed"]["relative_difference"] == pytest.approx(-0.5)
    assert rows["traditional all_levers multiplier_p50"]["relative_difference"] == pytest.approx(-0.5)
    for name, row in rows.items():
        assert (row["note"] is not None) is (name in beside)
        assert (row["relative_difference"] is not None) is (name in beside)
        assert (row["locator"] is not None) is (name in beside)


def test_no_verdict_is_given(rows):
    for row in rows.values():
        assert [row[name] for name in ("within", "same_digits", "tolerance", "sampling_se")] == [None] * 4


def test_without_any_printed_value_the_numbers_stand_alone(rows):
    computed = evaluated(STUDY, ENERGY, INTERVENTIONS, SCENARIOS)
    found = headline_printed.compared(PUBLISHED.filter(pl.col("study") == "arxiv-2025"), "mine", computed)
    HEADLINE.validate(found.select(list(HEADLINE.columns)))
    assert found["computed"].to_list() == [row["computed"] for row in rows.values()]
    assert found["published"].null_count() == found["note"].null_count() == len(found)


# Intervals and sampling errors of a study of method `published`.
PERCENTILES = ("p05", "p25", "p50", "p75", "p95", "mean")
OWN = PublishedStudy.of(
    {
        "as_published": {"draws_per_model": 10_000},
        "workloads": {
            name: {"output_tokens": {"median": of}} for name, of in {"traditional": 300, "long": 5000}.items()
        },
        "interventions": {"subject": "frontier"},
        "compared_estimates": ["a/x"],
    }
)
QUERY = pl.DataFrame(
    [
        {"workload": workload, "subject": "frontier", "spread": spread}
        | {f"energy_wh_{name}": base * (place + 1) for place, name in enumerate(PERCENTILES)}
        | {f"energy_wh_{name}_published_se": 0.02 for name in PERCENTILES}
        for workload, base in (("traditional", 0.1), ("long", 1.0))
        for spread in ("untrimmed", "as_published")
    ]
)
SETS = pl.DataFrame(
    [
        {"workload": workload, "lever": "half", "spread": "as_published", "combination": "single"}
        | {"energy_wh_p50": 0.1, "energy_wh_p50_published_se": 0.02}
        | {f"multiplier_{name}": 2.0 for name in ("p05", "p10", "p50", "p90", "p95")}
        | {f"multiplier_{name}_published_se": 0.06 for name in ("p05", "p10", "p50", "p90", "p95")}
        for workload in ("traditional", "long")
    ]
)
DAYS = pl.DataFrame(
    [
        {"scenario": name, "long_share": 0.1, "interventions": improved, "energy_gwh_per_day_published_se": 0.001}
        | {"energy_gwh_per_day_mean_long": 2.5 - improved}
        | {
            f"energy_gwh_per_day_{statistic}": value / (1 + improved)
            for value, statistic in enumerate(
                ("p05", "p50", "p95", "mean", "p05_as_published", "p50_as_published", "p95_as_published"), start=1
            )
        }
        for name, improved in (("mixed", False), ("improved", True))
    ]
).cast({pl.Int64: pl.Float64})
SAID = pl.DataFrame(
    {"source": ["a", "b"], "row_id": ["x", "y"], "energy_wh": [3.0, 0.6], "kind": ["top_down", "executive_statement"]}
)
PAIRS = pl.DataFrame({"source": ["a", "a", "c"], "row_id": ["x", "y", "x"], "factor": [7.0, 2.0, 30.0]})
LOADS = pl.DataFrame({"reference": ["web_search"], "energy_gwh_per_day": [0.5]})


def own():
    return evaluated(OWN, QUERY, SETS, DAYS, SAID, PAIRS, LOADS, errors=True)


def test_medians_and_fleets_of_a_published_study_carry_what_they_are_over():
    found = own()
    intervals = {
        row["quantity"]: (row["computed"], row["computed_p05"], row["computed_p95"], row["spread"])
        for row in found.filter(pl.col("spread").is_not_null()).iter_rows(named=True)
    }
    approximately = {
        name: (*map(pytest.approx, values[:3]), values[3])
        for name, values in {
            **{
                f"{workload} frontier energy_wh_p50 {spread}": (3 * base, base, 5 * base, "queries")
                for workload, base in (("traditional", 0.1), ("long", 1.0))
                for spread in ("untrimmed", "as_published")
            },
            "mixed energy_gwh_per_day_p50": (2.0, 1.0, 3.0, "shared uncertainty"),
            "mixed energy_gwh_per_day_mean": (4.0, 1.0, 3.0, "shared uncertainty"),
            "improved energy_gwh_per_day_p50": (1.0, 0.5, 1.5, "shared uncertainty"),
            "improved energy_gwh_per_day_mean": (2.0, 0.5, 1.5, "shared uncertainty"),
        }.items()
    }
    assert intervals == approximately
    without = found.filter(pl.col("spread").is_null())
    assert without["computed_p05"].null_count() == without["computed_p95"].null_count() == len(without)
    assert "traditional frontier energy_wh_p25 untrimmed" in without["quantity"].to_list()


def test_intervals_stand_in_the_headline_beside_the_printed_value():
    row = printed("one", "q", 0.31) | {"label": "Q", "unit": "Wh", "resolution": 0.01, "note": None}
    quantity = pl.DataFrame(
        {
            "quantity": ["q"],
            "label": [""],
            "unit": [""],
            "computed": [0.31],
            "sampling_se": [0.001],
            "computed_p05": [0.1],
            "computed_p95": [0.9],
            "spread": ["queries"],
        }
    )
    published = pl.DataFrame([row], schema_overrides={"note": pl.String})
    found = pl.concat(headline_printed.reproduced(published, study, quantity) for study in ("one", "mine"))
    HEADLINE.validate(found.select(list(HEADLINE.columns)))
    assert found.select("study", "computed_p05", "computed_p95", "spread", "within").rows() == [
        ("one", 0.1, 0.9, "queries", True),
        ("mine", 0.1, 0.9, "queries", None),
    ]


def test_sampling_errors_by_hand():
    # Of a ratio the relative errors as a root sum of squares.
    table = own()
    found = dict(table.select("quantity", "sampling_se").iter_rows())
    assert found["long frontier energy_wh_p50 as_published"] == pytest.approx(0.02)
    assert found["mixed energy_gwh_per_day_mean"] == 0.001
    assert found["long half multiplier_p50"] == found["long single multiplier_p50 lowest"] == pytest.approx(0.06)
    ratio = 10 * math.hypot(0.02 / 3.0, 0.02 / 0.3)
    assert found["long/traditional frontier energy_wh_p50 as_published"] == pytest.approx(ratio)
    assert found["long/traditional output_tokens_p50"] == 0.0
    assert found["published_estimate/frontier energy_wh_p50 lowest"] == pytest.approx(10 * 0.02 / 0.3)


def test_claims_in_words_by_hand():
    table = own()
    found = {name: numbers for name, *numbers in table.select("quantity", "computed", "sampling_se").iter_rows()}
    assert found["overstatement_pairs"] == [3.0, 0.0]
    assert found["overstatement_pairs factor lowest"] == [2.0, 0.0]
    assert found["overstatement_pairs factor highest"] == [30.0, 0.0]
    # 0.6 Wh stated, 0.3 Wh computed with an error of 0.02; only those who run a service count.
    assert found["b/y/frontier energy_wh_p50"] == pytest.approx([2.0, 2 * 0.02 / 0.3])
    assert "a/x/frontier energy_wh_p50" not in found
    assert found["improved energy_gwh_per_day_mean/web_search"] == pytest.approx([2 / 0.5, 0.001 / 0.5])
    # Of the 4 - 2 GWh that are saved, 2.5 - 1.5 are of long queries; each difference has an error of sqrt(2) * 0.001.
    share, error = found["improved saving_long_share"]
    assert share == pytest.approx(0.5)
    assert error == pytest.approx(0.5 * math.sqrt(2) * math.hypot(0.001 / 1, 0.001 / 2))
    assert "mixed saving_long_share" not in found


def test_a_study_without_pairs_has_no_range():
    found = evaluated(OWN, QUERY, SETS, DAYS, SAID, PAIRS.clear(), LOADS)
    assert found.filter(pl.col("quantity").str.starts_with("overstatement_pairs")).select(
        "quantity", "computed"
    ).rows() == [("overstatement_pairs", 0.0)]


def test_every_kind_of_source_by_hand():
    one, two = (Cell("scenario_aggregates", (name,), "x", error="se") for name in ("one", "two"))
    days = pl.DataFrame({"scenario": ["one", "two"], "x": [2.0, 8.0], "se": [0.1, 0.4]})
    results = quantities.Results({"scenario_aggregates": days}, errors=True)
    key, highest = StudyKey(("a", "b"), 4.0, "tokens"), Extreme((one, two), max)
    assert [results.value(source) for source in (one, key, highest, Ratio(highest, key, ("x", "y")))] == [2, 4, 8, 2]
    assert [results.error(source) for source in (one, key, highest)] == [0.1, 0.0, 0.4]
    assert results.error(Ratio(highest, key, ("x", "y"))) == pytest.approx(0.1)
    count, difference = Count((one, two)), Difference(two, one, "d")
    assert [(results.value(source), results.error(source)) for source in (count, difference)] == [
        (2.0, 0.0),
        (6.0, pytest.approx(math.hypot(0.1, 0.4))),
    ]
