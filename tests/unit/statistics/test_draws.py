"""Streams depend on seed and names, and on nothing else; draws are repeated in proportion to their weights."""

import numpy as np
import pytest
from inference_energy.statistics.draws import in_place, resampled, stratified, stream


def test_same_names_same_numbers():
    assert np.array_equal(stream(1, "a", "b").random(8), stream(1, "a", "b").random(8))


def test_any_other_seed_or_name_gives_other_numbers():
    first = stream(1, "a", "b").random(8)
    for other in (stream(2, "a", "b"), stream(1, "a", "c"), stream(1, "ab"), stream(1, "b", "a")):
        assert not np.array_equal(first, other.random(8))


def test_stratified_draws_are_one_in_each_part_in_random_order():
    found = stratified(np.random.default_rng(1), 1000)
    assert np.array_equal(np.sort(np.floor(found * 1000)), np.arange(1000))
    assert abs(np.corrcoef(found, np.arange(1000))[0, 1]) < 0.1
    assert abs(np.corrcoef(found, stratified(np.random.default_rng(2), 1000))[0, 1]) < 0.1


def test_a_sum_of_stratified_quantities_has_hardly_any_sampling_error():
    means = {"independent": [], "stratified": []}
    for seed in range(20):
        streams = [np.random.default_rng([seed, which]) for which in range(3)]
        means["independent"].append(sum(np.exp(each.random(200)).mean() for each in streams))
        means["stratified"].append(sum(np.exp(stratified(each, 200)).mean() for each in streams))
    assert np.mean(means["stratified"]) == pytest.approx(3 * (np.e - 1), rel=1e-4)
    assert np.std(means["stratified"]) < 0.02 * np.std(means["independent"])


def test_draws_are_repeated_in_proportion_to_their_weights():
    assert resampled(np.array([0.0, 3, 0, 1])).tolist() == [1, 1, 1, 3]
    assert resampled(np.full(5, 0.2)).tolist() == [0, 1, 2, 3, 4]
    weights = np.random.default_rng(1).lognormal(size=1000)
    counts = np.bincount(resampled(weights), minlength=1000)
    assert np.abs(counts - weights / weights.mean()).max() < 1


def test_repeated_draws_fill_the_places_of_missing_ones():
    assert in_place(np.array([1, 1, 1, 3])).tolist() == [1, 1, 1, 3]
    assert in_place(np.array([0, 2, 2, 3, 3])).tolist() == [0, 2, 2, 3, 3]
    assert in_place(np.array([0, 0, 0, 3])).tolist() == [0, 0, 0, 3]
    assert in_place(np.array([3, 3, 3, 3])).tolist() == [3, 3, 3, 3]
    chosen = resampled(np.random.default_rng(1).lognormal(size=1000))
    found = in_place(chosen)
    assert np.sort(found).tolist() == chosen.tolist()
    assert all(found[place] == place for place in set(chosen.tolist()))
