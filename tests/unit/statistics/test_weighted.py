"""Quantiles of weighted values and their errors: by hand, and as those of draws that are repeated."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.statistics import quantiles
from inference_energy.statistics.draws import replicate_of, stratified, stream

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


# Errors.


def test_error_of_a_mean_by_hand():
    """1 and 5 in turn, mean 3: of 16 replicates eight have all of the one, eight all of the other."""
    values, replicates = np.tile([1.0, 5.0], 8), np.arange(16)
    found = quantiles.with_errors(values, np.ones(16), replicates)[1]
    assert found["mean"] == pytest.approx(np.sqrt(16 * 2**2 / 15 / 16))
    # With both values in each of them nothing scatters.
    same = quantiles.with_errors(np.tile([1.0, 5.0], 16), np.ones(32), np.repeat(np.arange(16), 2))[1]
    assert same["mean"] == pytest.approx(0)


def test_weights_of_replicates_alone_are_no_error():
    """All replicates have the same mean, one of them three times the weight."""
    values, replicates = np.tile([1.0, 5.0], 16), np.repeat(np.arange(16), 2)
    weights = np.where(replicates == 3, 3.0, 1.0)
    assert quantiles.with_errors(values, weights, replicates)[1]["mean"] == pytest.approx(0)


def test_error_of_a_quantile_is_half_the_distance_over_two_errors_of_rank():
    """Of half of the replicates 60 % lie below the median of all, of the others 40 %."""
    values, replicates = np.exp(np.linspace(0, 1, 16_000)), np.empty(16_000, int)
    for start, low in ((0, 0.6), (8000, 0.4)):
        split = start + int(8000 * low)
        replicates[start:split] = np.arange(split - start) % 8
        replicates[split : start + 8000] = 8 + np.arange(start + 8000 - split) % 8
    found = quantiles.with_errors(values, np.ones(16_000), replicates, {"p50": 0.5})[1]
    reach = np.sqrt(16 * 0.1**2 / 15 / 16)
    assert found["p50"] == pytest.approx((np.exp(0.5 + reach) - np.exp(0.5 - reach)) / 2, rel=1e-2)


def test_errors_are_the_scatter_over_seeds():
    def drawn(seed):
        generator = np.random.default_rng(seed)
        return np.exp(generator.standard_normal(500)), generator.random(500)

    found = [quantiles.of_weighted(*drawn(seed)) for seed in range(200)]
    errors = [quantiles.with_errors(*drawn(seed), replicate_of(500))[1] for seed in range(200)]
    for name in ("p05", "p50", "p95", "mean"):
        scatter = np.std([of[name] for of in found])
        assert np.mean([of[name] for of in errors]) == pytest.approx(scatter, rel=0.2)


def test_errors_of_a_latin_hypercube_are_smaller_than_of_independent_draws():
    """Of a sum of two quantities, which it has hardly any error of."""

    def drawn(seed):
        return sum(np.exp(stratified(stream(seed, name), 1600)) for name in ("a", "b"))

    found = np.std([drawn(seed).mean() for seed in range(100)])
    said = [quantiles.with_errors(drawn(seed), np.ones(1600), replicate_of(1600))[1]["mean"] for seed in range(100)]
    assert np.mean(said) == pytest.approx(found, rel=0.2)
    assert found < 0.1 * drawn(1).std() / np.sqrt(1600)


def test_what_is_known_has_no_error():
    assert set(quantiles.with_errors(np.full(5, 2.0), np.ones(5), np.arange(5))[1].values()) == {0.0}


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
