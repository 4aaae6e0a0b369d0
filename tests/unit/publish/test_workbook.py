"""The workbook: numbers as numbers, text as text, units under names, the same bytes every time."""

from dataclasses import replace

import openpyxl
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.headline.answers import MEDIAN, Answer
from inference_energy.publish import workbook
from inference_energy.publish.sources import Source
from inference_energy.tables.dictionary import Entry

ENTRIES = {
    "numbers": [
        Entry(table="numbers", column="name", type="string", unit="", meaning="what it is", required=True),
        Entry(table="numbers", column="energy_wh", type="number", unit="Wh", meaning="energy", required=False),
        Entry(table="numbers", column="rows", type="integer", unit="count", meaning="rows", required=True),
        Entry(table="numbers", column="within", type="boolean", unit="", meaning="whether", required=False),
    ]
}
FRAME = pl.DataFrame(
    {
        "name": ["=1+1", "http://example.org", "007"],
        "energy_wh": [0.0123, None, 12.5],
        "rows": [1, 2, 10_000_000],
        "within": [True, None, False],
    }
)
SOURCES = [Source(used_in="resources/a.csv", rows="x", url="https://example.org", citation="=cited")]


def write(path, frame=FRAME, sources=SOURCES, **more):
    workbook.write(
        path,
        about={"What this is": "a test"},
        frames={"numbers": frame},
        meanings={"numbers": "One number"},
        entries=ENTRIES,
        sources=sources,
        title="Test",
        **more,
    )
    return path


@pytest.fixture
def book(tmp_path):
    return openpyxl.load_workbook(write(tmp_path / "test.xlsx"))


def test_sheets_and_what_the_first_says_of_them(book):
    assert book.sheetnames == ["About", "numbers", "Data dictionary", "Sources"]
    about = book["About"]
    listed = [[cell.value for cell in row] for row in about.iter_rows(min_row=6, max_col=3)]
    assert listed == [
        ["numbers", "One number", 3],
        ["Data dictionary", "One column of one table: its type, unit and meaning", 4],
        ["Sources", "One source of benchmarks, traces or assumptions", 1],
    ]
    links = [about.cell(row, 1).hyperlink.location for row in (6, 7, 8)]
    assert links == ["'numbers'!A1", "'Data dictionary'!A1", "'Sources'!A1"]


def test_the_answers_come_first_under_plain_heads(tmp_path):
    answer = Answer(
        **{"question": "A query", "study": "s", "statistic": MEDIAN, "value": 0.1223, "p05": 0.01, "p95": 1.2},
        **{"unit": "Wh", "covered": "variability and uncertainty", "published": None},
    )
    row = {"label": "Small: median", "quantity": "small energy_wh_p50", "spread": "queries", "unit": "Wh"}
    row |= {"computed": 0.02, "computed_p05": 0.01, "computed_p95": 0.3, "published": 0.31}
    book = openpyxl.load_workbook(write(tmp_path / "a.xlsx", answers=[answer], headline=[row]))
    assert book.sheetnames[:2] == ["Answers", "About"]
    sheet = book["Answers"]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=3, max_col=8)]
    assert rows == [
        ["Question", "Statistic", "Answer", "Unit", "P5", "P95", "P5 to P95 covers", "The paper prints"],
        ["A query", MEDIAN, 0.1223, "Wh", 0.01, 1.2, "variability and uncertainty", None],
        [None] * 8,
        ["Headline number", "Statistic", "Answer", "Unit", "P5", "P95", "P5 to P95 covers", "The paper prints"],
        ["Small: median", MEDIAN, 0.02, "Wh", 0.01, 0.3, "variability and uncertainty", 0.31],
    ]
    (chart,) = sheet._charts
    assert chart.series[0].val.numRef.f == "(Answers!$C$7)"


def test_names_units_and_values(book):
    rows = [[cell.value for cell in row] for row in book["numbers"].iter_rows()]
    assert rows == [
        ["name", "energy_wh", "rows", "within"],
        ["", "Wh", "count", ""],
        ["=1+1", 0.0123, 1, True],
        ["http://example.org", None, 2, None],
        ["007", 12.5, 10_000_000, False],
    ]


def test_text_that_looks_like_a_formula_is_none(book):
    assert book["numbers"]["A3"].data_type == "s"
    assert book["Sources"]["I2"].value == "=cited"
    assert book["Sources"]["I2"].data_type == "s"


def test_heads_stay_and_the_filter_leaves_the_units_alone(book):
    sheet = book["numbers"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B3", "A2:D5")


def test_same_content_same_bytes(tmp_path):
    assert write(tmp_path / "one.xlsx").read_bytes() == write(tmp_path / "two.xlsx").read_bytes()


def test_table_without_rows_has_its_heads(tmp_path):
    book = openpyxl.load_workbook(write(tmp_path / "empty.xlsx", FRAME.clear()))
    assert [cell.value for cell in book["numbers"][1]] == FRAME.columns
    assert book["numbers"].max_row == 2


def test_what_does_not_fit_is_told_and_leaves_the_previous_file(tmp_path):
    path = write(tmp_path / "test.xlsx")
    before = path.read_bytes()
    with pytest.raises(InputError, match="table numbers: column name, row 2: does not fit into a workbook"):
        write(path, FRAME.with_columns(name=pl.Series(["a", "b" * 40_000, "c"])))
    with pytest.raises(InputError, match="sheet Sources: citation, row 1: does not fit into a workbook"):
        write(path, sources=[replace(SOURCES[0], citation="b" * 40_000)])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([0.0123, 12.5], "0.0000"),  # 0.0123 with three digits
        ([1.5, 999.25], "0.00"),
        ([123.4, 567.8], "0"),
        ([2.0, None, 300.0], "0"),
        ([-0.5, 0.0], "0.000"),
        ([1e-6, 10.0], "General"),
        ([None, None], "General"),
    ],
)
def test_number_pattern_shows_the_least_value(values, pattern):
    assert workbook.number_pattern(pl.Series(values, dtype=pl.Float64)) == pattern
