"""Published and computed values: the verdict, by hand."""

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.headline import declarations, printed, quantities
from inference_energy.headline.tables import PublishedValue
from pandera.errors import SchemaError


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


def test_an_unknown_quantity_is_told_with_five_that_are_known():
    known = pl.concat([computed(0.3, quantity=f"q{number}") for number in range(7)])
    with pytest.raises(InputError) as error:
        printed.reproduced(published(), "one", known)
    assert str(error.value).endswith("allowed, among others: q0, q1, q2, q3 or q4")


def test_a_study_without_printed_values_shows_its_numbers_alone():
    mine = printed.reproduced(published(), "mine", computed(0.2)).row(0, named=True)
    assert (mine["study"], mine["label"], mine["computed"]) == ("mine", "Q", 0.2)
    assert [mine[name] for name in ("published", "within", "same_digits", "relative_difference")] == [None] * 4


def test_a_claim_without_a_number_has_a_value_and_no_verdict():
    row = printed.reproduced(published(published=None, resolution=None, note="why"), "one", computed(0.6)).row(
        0, named=True
    )
    assert (row["computed"], row["note"]) == (0.6, "why")
    assert [row[name] for name in ("within", "same_digits", "tolerance", "relative_difference")] == [None] * 4


def test_a_claim_that_two_are_alike_is_a_ratio_of_one():
    claim = published(published=1.0, resolution=1.0)
    verdicts = {
        value: printed.reproduced(claim, "one", computed(value, sampling_se=0.0))["within"][0]
        for value in (0.49, 0.5, 1.5, 1.51)
    }
    assert verdicts == {0.49: False, 0.5: True, 1.5: True, 1.51: False}


@pytest.mark.parametrize("changes", [{"published": None}, {"resolution": None}])
def test_a_value_without_its_resolution_is_refused(changes):
    PublishedValue.validate(published())
    with pytest.raises(SchemaError, match="resolution: a number if a value is printed, else none"):
        PublishedValue.validate(published(**changes).cast({"published": pl.Float64, "resolution": pl.Float64}))


def test_a_study_without_printed_values_leaves_out_what_it_does_not_have():
    both = pl.concat([published(), published(quantity="other")])
    assert printed.reproduced(both, "mine", computed(0.2))["quantity"].to_list() == ["q"]


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
