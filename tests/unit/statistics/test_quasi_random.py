"""Evenly spread draws."""

import numpy as np
import pytest
from inference_energy.statistics import quasi_random


def test_every_column_is_balanced():
    of = quasi_random.shares(["a", "b", "c"], 256, 1, "test")
    for column in of.values():
        assert np.bincount((column * 256).astype(int), minlength=256).tolist() == [1] * 256


def test_names_and_stream_decide_the_numbers():
    one, same = (quasi_random.shares(["a", "b"], 16, 1, "x")["a"] for _ in range(2))
    other = quasi_random.shares(["a", "b"], 16, 1, "y")["a"]
    assert (one == same).all() and (one != other).any()


def test_a_mean_is_nearer_than_that_of_random_draws():
    of = quasi_random.shares(["a", "b"], 1024, 5, "z")
    assert (of["a"] * of["b"]).mean() == pytest.approx(0.25, abs=1e-4)  # random draws: 7e-3


@pytest.mark.parametrize("draws", [0, -4, 3, 1000])
def test_only_powers_of_two_are_balanced(draws):
    with pytest.raises(ValueError, match=f"found {draws}; allowed: powers of 2"):
        quasi_random.shares(["a"], draws, 1)
