"""Draws in few bytes."""

import numpy as np
import pytest
from dashboard_engine import decoded
from inference_energy.dashboard.coding import coded


def test_one_and_e_and_nothing():
    plain, raw = coded({"a": [np.array([1.0, np.e, 0.0])], "b": 3, "c": None})
    assert plain == {"a": [{"values": [0, 3]}], "b": 3, "c": None}
    assert raw == bytes([0, 1000 % 256, 0, 0, 1000 // 256, 128])  # low bytes, then high bytes
    found = decoded(plain, raw)
    assert found["a"][0] == pytest.approx([1.0, np.e, 0.0]) and found["b"] == 3 and found["c"] is None


def test_numbers_are_within_half_a_thousandth():
    values = np.exp(np.random.default_rng(1).uniform(-30, 30, 1000))
    assert decoded(*coded(values)) == pytest.approx(values, rel=5.01e-4)
    assert (decoded(*coded(np.array([np.exp(-33.0)]))) == 0).all()


def test_equal_arrays_are_stored_once():
    plain, raw = coded([np.array([1.0, 2.0]), np.array([3.0]), np.array([1.0, 2.0])])
    assert plain == [{"values": [0, 2]}, {"values": [2, 3]}, {"values": [0, 2]}]
    assert len(raw) == 6


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, np.exp(33.0)])
def test_numbers_that_have_no_code_are_refused(value):
    with pytest.raises(ValueError, match=r"numbers of the page: found .*; allowed: 0 to exp\(32\)"):
        coded({"energy": np.array([1.0, value])})
