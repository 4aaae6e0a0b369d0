"""Published and computed values: the verdict, by hand."""

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.headline import declarations, printed, quantities


def published(**changes):
    row = {
        "study": "one",
        "quantity": "q",
        "label": "Q",
        "unit": "Wh",
        "published": 0.31,
        "resolution": 0.01,
        "published_source": "https://example.org",
        "locator": "abstract",
        "note": None,
    }
    return pl.DataFrame([row | changes], schema_overrides={"note": pl.String})


def computed(value, sampling_se=0.001, quantity="q"):
    row = {"quantity": quantity, "label": "", "unit": "", "computed": value, "sampling_se": sampling_se}
    return pl.DataFrame([row])


@pytest.mark.parametrize(
    ("value", "within", "same_digits"),
    [
        (0.314, True, True),
        (0.305, True, True),  # the edge of rounding counts as inside
        (0.3179, True, False),  # half a digit 0.005 and three standard errors 0.003
        (0.3181, False, False),
        (0.3021, True, False),
        (0.3019, False, False),
    ],
)
def test_verdict_by_hand(value, within, same_digits):
    row = printed.reproduced(published(), "one", computed(value)).row(0, named=True)
    assert (row["within"], row["same_digits"]) == (within, same_digits)
    assert row["tolerance"] == pytest.approx(0.008)
    assert row["relative_difference"] == pytest.approx(value / 0.31 - 1)


def test_a_value_inside_by_sampling_error_alone_says_so():
    row = printed.reproduced(published(), "one", computed(0.3170)).row(0, named=True)
    assert "7.0 standard errors" in row["note"]


def test_own_note_is_kept():
    row = printed.reproduced(published(note="why"), "one", computed(0.5)).row(0, named=True)
    assert (row["within"], row["note"]) == (False, "why")


def test_unknown_quantity_is_named():
    with pytest.raises(InputError, match=r"unknown quantity 'q'"):
        printed.reproduced(published(), "one", computed(0.3, quantity="other"))


def test_a_study_without_printed_values_shows_its_numbers_alone():
    mine = printed.reproduced(published(), "mine", computed(0.2)).row(0, named=True)
    assert (mine["study"], mine["label"], mine["computed"]) == ("mine", "Q", 0.2)
    assert [mine[name] for name in ("published", "within", "same_digits", "relative_difference")] == [None] * 4


ESTIMATES = pl.DataFrame(
    {"source": ["a", "a", "b"], "row_id": ["x", "y", "x"], "energy_wh": [0.5, 2.0, 3.0]},
)


def test_compared_estimates_are_found_by_source_and_row():
    cells = declarations._compared(["b/x", "a/y"], ESTIMATES)
    assert [cell.key for cell in cells] == [("b", "x"), ("a", "y")]
    results = quantities.Results({declarations.ESTIMATES: ESTIMATES})
    assert [results.value(cell) for cell in cells] == [3.0, 2.0]


def test_unknown_estimate_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"compared_estimates: found 'a/z'; allowed: .*a/x or a/y"):
        declarations._compared(["a/z"], ESTIMATES)
