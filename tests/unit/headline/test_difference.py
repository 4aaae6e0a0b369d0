"""Numbers of a study next to those of its parent, as a table and in the terminal."""

import polars as pl
import pytest
from inference_energy.common import escaped
from inference_energy.headline import difference
from inference_energy.studies.keys import StudyKey

COLUMNS = ("quantity", "label", "unit", "spread", "computed", "computed_p05", "computed_p95")


def numbers(*rows):
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


BEFORE = numbers(
    ("a", "Old name", "Wh", "queries", 2.0, 1.0, 4.0),
    ("gone", "Gone", "Wh", "queries", 1.0, 1.0, 1.0),
    ("ratio", "Ratio", "x", None, 3.0, None, None),
    ("unit", "Other unit", "Wh", None, 1.0, None, None),
)
AFTER = numbers(
    ("ratio", "Ratio", "x", None, 6.0, None, None),
    ("new", "New", "Wh", "queries", 1.0, 1.0, 1.0),
    ("a", "A", "Wh", "queries", 1.5, 0.5, 3.0),
    ("unit", "Other unit", "GWh/day", None, 1.0, None, None),
)


def key(name, before, value, *, changed=True):
    said = {"meaning": "", "comment": "", "set_in": "mine"}
    return StudyKey(keys=tuple(name.split(".")), value=value, before=before, changed=changed, **said)


def test_numbers_that_both_have_in_the_order_of_the_study():
    found = difference.difference(BEFORE, AFTER)
    assert found["quantity"].to_list() == ["ratio", "a"]
    assert found["label"].to_list() == ["Ratio", "A"]
    assert found["factor"].to_list() == pytest.approx([2.0, 0.75])
    assert found.select("before", "before_p05", "after", "after_p95").row(1) == (2.0, 1.0, 1.5, 3.0)


def test_the_terminal_shows_changed_keys_and_both_numbers(tmp_path):
    file = tmp_path / "difference.csv"
    escaped.write_csv(difference.difference(BEFORE, AFTER), file)
    keys = [key("pue", 1.2, 1.1), key("day.headroom", 2, 2, changed=False)]
    lines = difference.lines("mine", "current", keys, file)
    assert lines[:3] == ["Study mine extends current, with", "  pue: 1.2 -> 1.1", ""]
    assert [line.rstrip() for line in lines[3:]] == [
        "                  current          mine   factor  P5 to P95",
        "  Ratio [x]             3             6        2",
        "  A [Wh]                2           1.5     0.75  0.5 to 3",
    ]


def test_a_run_of_a_study_ends_with_what_it_changes_if_it_extends_one(tmp_path, monkeypatch):
    (tmp_path / "results/mine").mkdir(parents=True)
    escaped.write_csv(difference.difference(BEFORE, AFTER), tmp_path / "results/mine/difference.csv")
    studies = tmp_path / "studies"
    studies.mkdir()
    (studies / "base.yaml").write_text("pue: 1.2\n")
    (studies / "mine.yaml").write_text("extends: base\npue: 1.1\n")
    monkeypatch.chdir(tmp_path)
    schema = {"properties": {"pue": {"description": "PUE"}}}
    end = ["", "Tables in results/mine/, figures in results/figures/mine/", ""]
    assert difference.run_end("mine", None, studies, schema) == end
    told = difference.run_end("mine", "base", studies, schema)
    assert told[1:3] == ["Study mine extends base, with", "  pue: 1.2 -> 1.1"]
    assert told[-3:] == end
