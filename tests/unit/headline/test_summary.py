"""What a run says at its end: rows, findings, and which numbers moved."""

import datetime
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import escaped
from inference_energy.headline.summary import (
    REGISTRIES,
    adopted_lines,
    answer_lines,
    moved_lines,
    registry_lines,
    reproduced_lines,
    show,
    source_lines,
    table_lines,
)
from inference_energy.headline.tables import HEADLINE

TODAY = datetime.date(2026, 6, 30)


def source(name, **changes):
    counts = dict.fromkeys(
        (
            *("rows_accepted", "rows_rejected", "records_left_out", "throughput_rows"),
            *("measured_energies", "published_estimates", "errors", "warnings", "infos"),
        ),
        "0",
    )
    return {"source": name, "read_on": "2026-06-01"} | counts | {key: str(value) for key, value in changes.items()}


def number(study, quantity, computed, **more):
    row = dict.fromkeys(HEADLINE.columns, "") | {"label": quantity, "unit": "Wh"}
    return row | {"study": study, "quantity": quantity, "computed": str(computed)} | more


def summary(rows, before=(), rejected=(), after=365):
    return "\n".join(source_lines(rows, list(before), list(rejected), TODAY, after))


def test_totals_of_all_sources():
    text = summary([source("a", rows_accepted=1200, errors=2), source("b", rows_accepted=34, rows_rejected=5)])
    assert "2 sources, 1,234 rows accepted" in text
    assert "5 rejected" in text
    assert "2 errors" in text


def test_only_changed_sources_are_named():
    before = [source("a", rows_accepted=10), source("b", rows_accepted=20), source("gone")]
    text = summary([source("a", rows_accepted=13), source("b", rows_accepted=20), source("c", rows_accepted=7)], before)
    assert "  a: +3 rows, 13 rows accepted" in text
    assert "  c: new, 7 rows accepted" in text
    assert "  gone: gone" in text
    assert "  b: " not in text


def test_first_run_names_no_changes():
    assert "new" not in summary([source("a", rows_accepted=10)])


def test_rejected_cells_are_shown_up_to_eight():
    text = summary([source("a")], rejected=[f"cell {number}" for number in range(20)])
    assert "20 benchmark cells were rejected" in text
    assert "cell 7" in text
    assert "cell 8" not in text


def test_the_head_of_the_list_of_rejected_cells_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/logs").mkdir(parents=True)
    escaped.write_csv(pl.DataFrame([source("a", rows_accepted=10)]), tmp_path / "results/benchmark_sources.csv")
    (tmp_path / "results/logs/rejected_rows.txt").write_text("The head.\nfirst cell\nsecond cell\n")
    show(10**6, 10**6, {}, {})
    told = capsys.readouterr().out
    assert "2 benchmark cells were rejected" in told
    assert "  first cell\n  second cell\n" in told
    assert "The head." not in told


def test_corpus_that_nobody_read_again_is_told():
    assert "since 2026-06-01" in summary([source("a")], after=28)
    assert "since" not in summary([source("a")], after=29)


def test_numbers_that_moved_largest_first():
    before = [number("s", "small", 100), number("s", "large", 100), number("s", "same", 5)]
    now = [number("s", "small", 101), number("s", "large", 50), number("s", "same", 5)]
    assert moved_lines(now, before, {"s": None}) == [
        "Headline numbers: 2 of 3 changed since the last run, the most:",
        "  s  large [Wh]: 100 -> 50 (-50.0%)",
        "  s  small [Wh]: 100 -> 101 (+1.0%)",
    ]


def test_the_answers_of_the_study_of_today_come_first():
    rows = [
        number("own", "mixed energy_gwh_per_day_mean", 1),
        number(
            *("current", "traditional small energy_wh_p50 untrimmed", 0.1223),
            **{"spread": "queries", "computed_p05": "0.00956", "computed_p95": "1.24"},
        ),
    ]
    assert answer_lines(rows, {"own": "large", "current": "small"}) == [
        "",
        "current, small: A query (traditional)  0.12 Wh (0.0096–1.2)  median over queries, variability and uncertainty",
    ]
    assert answer_lines(rows, {"other": "large"}) == []  # numbers of another configuration


def test_printed_values_that_are_reproduced_are_counted():
    rows = [number("s", "a", 1, within="true"), number("s", "b", 1, within="false"), number("s", "c", 1)]
    assert reproduced_lines(rows) == ["Reproduced: 1 of 2 printed values (`make table`)"]
    assert reproduced_lines(rows[2:]) == []


def test_the_first_run_has_nothing_to_compare_with():
    assert moved_lines([number("s", "q", 1)], [], {}) == [
        "Headline numbers: 1; the next run says which of them changed."
    ]


def test_nothing_moved():
    rows = [number("s", "q", 1)]
    assert moved_lines(rows, rows, {"s": None}) == ["Headline numbers: none of 1 changed since the last run."]


def test_new_study_is_held_against_its_parent():
    before = [number("joule", "q", 0.4)]
    lines = moved_lines([*before, number("own", "q", 0.3)], before, {"joule": None, "own": "joule"})
    assert lines[:2] == ["Study own is new. Compared with joule:", "  own  q [Wh]: 0.4 -> 0.3 (-25.0%)"]


def test_partial_run_says_nothing_of_what_it_did_not_make():
    assert table_lines([]) == answer_lines([], {}) == reproduced_lines([]) == []
    assert source_lines([], [], [], TODAY, 1) == []
    assert moved_lines([], [number("s", "q", 1)], {}) == []


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (["2025-01-01", "2026-03-31"], "2026-03-31"),  # 91 days before 30 June
        (["2026-04-01", "2020"], None),  # 90 days
        (["2026-03"], "2026-03"),  # the month counts as its first day
        (["2026"], "2026"),
        ([], None),
    ],
)
def test_registry_whose_newest_row_is_old_is_named(dates, said):
    lines = registry_lines({Path("models.csv"): dates}, TODAY, 90)
    expected = f"The newest row of models.csv is of {said}: models or GPUs released since may be missing."
    assert lines == ([expected] if said else [])


def test_registries_of_the_summary_have_the_column_of_dates():
    for file, column in REGISTRIES.items():
        head = (Path(__file__).parents[3] / file).read_text(encoding="utf-8").splitlines()[0]
        assert column in head.split(",")


def test_figures_that_their_evidence_no_longer_gives_are_told(tmp_path):
    log = tmp_path / "pairs.log"
    log.write_text("i.csv: mine: p95: 2 is adopted; 9 rows of 'l' give 2.1\nshape: (1, 2)\n")
    assert adopted_lines([log, tmp_path / "not built.log"]) == [
        "i.csv: mine: p95: 2 is adopted; 9 rows of 'l' give 2.1"
    ]
