"""What counts as a moved headline number, and as its explanation."""

import polars as pl
import pytest
from inference_energy import golden

SHA256 = "0123456789abcdef" * 4


def numbers(**changes):
    row = {"study": "s", "quantity": "q", "unit": "Wh", "computed": 2.0, "computed_p05": 1.0, "computed_p95": None}
    schema = {"study": pl.String, "quantity": pl.String, "unit": pl.String} | dict.fromkeys(golden.NUMBERS, pl.Float64)
    return pl.DataFrame([row | changes], schema=schema)


def test_same_numbers_have_not_moved():
    assert golden.moved(numbers(), numbers()) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"computed": 2.000001}, "s q: computed: 2 -> 2.000001 Wh"),
        ({"computed_p05": 0.5}, "s q: computed_p05: 1 -> 0.5 Wh"),
        ({"computed_p95": 3.0}, "s q: computed_p95: none -> 3 Wh"),
        ({"computed_p05": None}, "s q: computed_p05: 1 -> none Wh"),
        ({"computed": float("nan")}, "s q: computed: 2 -> nan Wh"),
        ({"unit": "kWh"}, "s q: unit: Wh -> kWh"),
    ],
)
def test_a_moved_number_is_named_with_both_values(changes, line):
    assert golden.moved(numbers(), numbers(**changes)) == [line]


def test_last_digits_of_another_processor_are_let_through():
    assert golden.moved(numbers(), numbers(computed=2.00000001)) == []
    assert golden.moved(numbers(), numbers(computed=2.000001)) != []


def test_rows_that_are_new_or_gone_are_named():
    both = pl.concat([numbers(), numbers(quantity="other")])
    assert golden.moved(numbers(), both) == ["s other: new, 2 Wh"]
    assert golden.moved(both, numbers()) == ["s other: gone, was 2"]


def test_an_update_needs_its_own_line_in_the_changelog():
    assert golden.changelog_line(SHA256) in golden.changelog_fault("# Changelog\n- something else\n", SHA256)
    assert "<why>" in golden.changelog_fault(golden.changelog_line(SHA256), SHA256)
    assert golden.changelog_fault("- The node draws less (golden `0123456789ab`).", SHA256) is None
    assert golden.changelog_fault("- The node draws less (golden `0123456789ab`).", "f" * 64) is not None


def test_only_the_agreed_columns_are_kept():
    assert golden.golden_table(numbers().with_columns(note=pl.lit("n"))).columns == golden.COLUMNS
