"""Numbers as readers see them."""

import pytest
from inference_energy.common.readable import between, two_digits


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.123, "0.12"),
        (1.26, "1.3"),
        (12345, "12,000"),
        (0.00012, "0.00012"),
        (1e-6, "1.0e-06"),
        (9.96, "10"),
    ],
)
def test_numbers_have_two_digits(value, shown):
    assert two_digits(value) == shown


def test_a_range_by_hand():
    assert between(0.00956, 1.243) == "0.0096–1.2"
