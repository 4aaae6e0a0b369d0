"""Quantiles of weighted values and their errors: by hand, and as those of draws that are repeated."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.statistics import quantiles

FUZZ = settings(max_examples=50, derandomize=True)
VALUES = st.dictionaries(st.integers(1, 1000), st.floats(1e-3, 1.0), min_size=1, max_size=20)


def test_quantiles_by_hand():
    # Half of each weight lies below its value: shares 1/8, 1/2 and 7/8 at 1, 10 and 100.
    found = quantiles.of_weighted(np.array([100.0, 1.0, 10.0]), np.array([1.0, 1.0, 2.0]))
    assert found["p05"] == pytest.approx(1.0)
    assert found["p25"] == pytest.approx(10 ** (1 / 3))  # a third of the way from 1/8 to 1/2
    assert found["p50"] == pytest.approx(10.0)
    assert found["p75"] == pytest.approx(10 ** (5 / 3))
    assert found["p95"] == pytest.approx(100.0)
    assert found["mean"] == pytest.approx((1 + 20 + 100) / 4)
    assert list(quantiles.of_weighted(np.array([3.0]), np.array([0.2])).values()) == pytest.approx([3.0] * 6)


def test_a_value_that_is_there_twice_counts_once_with_both_weights():
    split = quantiles.of_weighted(np.array([1.0, 10.0, 10.0, 100.0]), np.array([1.0, 0.5, 1.5, 1.0]))
    whole = quantiles.of_weighted(np.array([1.0, 10.0, 100.0]), np.array([1.0, 2.0, 1.0]))
    assert split == pytest.approx(whole)
    # What differs in the last digit alone, because another machine computed it, is the same value.
    nearly = quantiles.of_weighted(np.array([1.0, 10.0, 10.0 * (1 + 1e-15), 100.0]), np.array([1.0, 0.5, 1.5, 1.0]))
    assert nearly == pytest.approx(whole)


@pytest.mark.filterwarnings("error")
def test_values_of_nothing_are_nothing():
    assert set(quantiles.of_weighted(np.zeros(3), np.ones(3)).values()) == {0.0}


@FUZZ
@given(VALUES, st.sampled_from([0.25, 0.5, 3.0, 1000.0]))
def test_quantiles_rise_stay_inside_and_scale(weight_of, factor):
    values, weights = np.array(list(weight_of), float), np.array(list(weight_of.values()))
    found = quantiles.of_weighted(values, weights)
    mean = found.pop("mean")
    rising = np.array(list(found.values()))
    assert (np.diff(rising) >= -1e-9 * rising[:-1]).all()
    assert values.min() * (1 - 1e-9) <= min(rising[0], mean) <= max(rising[-1], mean) <= values.max() * (1 + 1e-9)
    scaled = quantiles.of_weighted(values * factor, weights * 7)
    assert [scaled[name] for name in found] == pytest.approx(list(rising * factor))


def test_many_equal_weights_have_the_quantiles_of_draws():
    draws = np.exp(np.random.default_rng(1).standard_normal(20_000))
    weighted, plain = quantiles.of_weighted(draws, np.full(20_000, 0.3)), quantiles.of_draws(draws)
    assert list(weighted.values()) == pytest.approx(list(plain.values()), rel=2e-3)


# How many draws weighted ones are worth.


def test_effective_by_hand():
    assert quantiles.effective(np.array([2.0, 2.0, 2.0])) == pytest.approx(3)
    assert quantiles.effective(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)
    assert quantiles.effective(np.array([3.0, 1.0])) == pytest.approx(16 / 10)


@FUZZ
@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=50), st.floats(0.1, 10))
def test_effective_is_at_most_their_number_whatever_the_unit(weights, unit):
    found = quantiles.effective(np.array(weights))
    assert 1 - 1e-9 <= found <= len(weights) * (1 + 1e-9)
    assert quantiles.effective(unit * np.array(weights)) == pytest.approx(found)
    assert quantiles.effective(np.array([*weights, 0.0])) == pytest.approx(found)


# Errors.


def test_error_of_a_mean_by_hand():
    # Variance 1/4 x 3/4 x 4^2 of 1 (three times) and 5.
    found = quantiles.with_errors(np.array([1.0, 5.0]), np.array([3.0, 1.0]), draws=12.0)[1]
    assert found["mean"] == pytest.approx(np.sqrt(3 / 16 * 16 / 12))


def test_error_of_a_quantile_is_half_the_distance_over_two_errors_of_rank():
    values, weights = np.exp(np.linspace(0, 1, 10_001)), np.ones(10_001)
    found = quantiles.with_errors(values, weights, draws=100.0, shares={"p50": 0.5, "p95": 0.95})[1]
    assert found["p50"] == pytest.approx((np.exp(0.55) - np.exp(0.45)) / 2, rel=1e-3)
    reach = np.sqrt(0.95 * 0.05 / 100)
    assert found["p95"] == pytest.approx((np.exp(0.95 + reach) - np.exp(0.95 - reach)) / 2, rel=1e-3)


def test_rank_ends_at_the_first_and_the_last_value():
    found = quantiles.with_errors(np.array([1.0, 2.0, 4.0]), np.ones(3), draws=1.0, shares={"p95": 0.95})[1]
    low = quantiles.of_weighted(np.array([1.0, 2.0, 4.0]), np.ones(3), {"p": 0.95 - np.sqrt(0.95 * 0.05)})["p"]
    assert found["p95"] == pytest.approx((4 - low) / 2)


def test_errors_are_the_scatter_over_seeds():
    def drawn(seed):
        generator = np.random.default_rng(seed)
        return np.exp(generator.standard_normal(500)), generator.random(500)

    found = [quantiles.of_weighted(*drawn(seed)) for seed in range(200)]
    errors = [quantiles.with_errors(*drawn(seed), quantiles.effective(drawn(seed)[1]))[1] for seed in range(200)]
    for name in ("p05", "p50", "p95", "mean"):
        scatter = np.std([of[name] for of in found])
        assert np.mean([of[name] for of in errors]) == pytest.approx(scatter, rel=0.2)


def test_what_is_known_has_no_error():
    assert set(quantiles.with_errors(np.full(5, 2.0), np.ones(5), 5.0)[1].values()) == {0.0}


@FUZZ
@given(VALUES, st.integers(1, 4))
def test_rows_of_a_matrix_are_summarised_one_by_one(values, rows):
    each = np.array(list(values), float)
    weights = np.array([*values.values()])
    matrix = np.stack([each * (row + 1) for row in range(rows)])
    found = quantiles.of_weighted_rows(matrix, weights)
    for row in range(rows):
        expected = quantiles.of_weighted(matrix[row], weights)
        assert {name: of[row] for name, of in found.items()} == pytest.approx(expected, rel=1e-8)


def test_values_of_a_matrix_without_weight_may_be_anything():
    found = quantiles.of_weighted_rows(np.array([[1.0, np.nan, 100.0], [0.0, 5.0, 0.0]]), np.array([1.0, 0.0, 1.0]))
    assert found["p50"].tolist() == pytest.approx([10.0, 0.0])
    assert found["mean"].tolist() == pytest.approx([50.5, 0.0])


def test_the_value_at_a_share_by_hand():
    # Shares below and at: 1 up to 1/4, 10 up to 3/4, 100 the rest; without weight nothing counts.
    values, weights = np.array([100.0, 0.1, 1.0, 10.0]), np.array([1.0, 0.0, 1.0, 2.0])
    found = [quantiles.value_of(values, weights, share) for share in (0.2, 0.25, 0.5, 0.75, 0.8, 1.0)]
    assert found == [1.0, 1.0, 10.0, 10.0, 100.0, 100.0]


@FUZZ
@given(VALUES, st.floats(0.01, 1.0))
def test_the_value_at_a_share_is_the_one_in_its_place(weight_of, share):
    values, weights = np.array(list(weight_of), float), np.array(list(weight_of.values()))
    assert quantiles.value_of(values, weights, share) == values[quantiles.place_of(values, weights, share)]
