"""Streams depend on seed and names, and on nothing else; draws are repeated in proportion to their weights."""

import numpy as np
import pytest
from inference_energy.statistics.draws import (
    REPLICATES,
    by_replicate,
    in_place,
    points_per_replicate,
    quasi_random,
    replicate_of,
    resampled,
    standard_error,
    stratified,
    stream,
)


def test_same_names_same_numbers():
    assert np.array_equal(stream(1, "a", "b").random(8), stream(1, "a", "b").random(8))


def test_any_other_seed_or_name_gives_other_numbers():
    first = stream(1, "a", "b").random(8)
    for other in (stream(2, "a", "b"), stream(1, "a", "c"), stream(1, "ab"), stream(1, "b", "a")):
        assert not np.array_equal(first, other.random(8))


@pytest.mark.parametrize("draws", [1600, 1601, 40])
def test_every_replicate_has_one_stratified_draw_in_each_part_in_random_order(draws):
    found, replicates = stratified(np.random.default_rng(1), draws), replicate_of(draws)
    assert np.bincount(replicates).max() - np.bincount(replicates).min() <= 1
    for each in range(REPLICATES):
        own = found[replicates == each]
        assert np.array_equal(np.sort(np.floor(own * len(own))), np.arange(len(own)))
    assert draws < 100 or abs(np.corrcoef(found, np.arange(draws))[0, 1]) < 0.1
    assert draws < 100 or abs(np.corrcoef(found, stratified(np.random.default_rng(2), draws))[0, 1]) < 0.1


def test_a_sum_of_stratified_quantities_has_hardly_any_sampling_error():
    means = {"independent": [], "stratified": []}
    for seed in range(20):
        streams = [np.random.default_rng([seed, which]) for which in range(3)]
        means["independent"].append(sum(np.exp(each.random(1600)).mean() for each in streams))
        means["stratified"].append(sum(np.exp(stratified(each, 1600)).mean() for each in streams))
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


@pytest.mark.parametrize(("draws", "points"), [(16, 1), (17, 2), (10_000, 1024), (65_536, 4096), (65_537, 8192)])
def test_replicates_have_a_power_of_two_of_points(draws, points):
    assert points_per_replicate(draws) == points


def test_standard_error_of_replicates_by_hand():
    assert standard_error([1.0, 2.0, 3.0, 6.0]) == pytest.approx(np.sqrt((4 + 1 + 0 + 9) / 3 / 4))


def test_every_replicate_has_one_point_in_each_part_of_every_dimension():
    found = quasi_random(1, "a", dimensions=5, draws=REPLICATES * 64)
    assert found.shape == (5, REPLICATES, 64)
    parts = np.sort(np.floor(found * 64), axis=2)
    assert (parts == np.arange(64)).all()
    assert (found > 0).all() and (found < 1).all()
    # The second dimension of two replicates is not in the same order.
    assert not np.array_equal(found[1, 0], found[1, 1])


def test_quasi_random_points_depend_on_seed_and_names_alone():
    size = {"dimensions": 2, "draws": 256}
    first = quasi_random(1, "a", "b", **size)
    assert np.array_equal(first, quasi_random(1, "a", "b", **size))
    for other in (quasi_random(2, "a", "b", **size), quasi_random(1, "a", "c", **size)):
        assert not np.array_equal(first, other)


def test_errors_from_replicates_are_those_of_the_mean_and_far_below_those_of_independent_draws():
    """The mean of x y z over the unit cube is an eighth; its deviation is 0.1465 per draw."""
    deviations, errors = [], []
    for seed in range(40):
        of_replicates = quasi_random(seed, "cube", dimensions=3, draws=4096).prod(axis=0).mean(axis=1)
        deviations.append(of_replicates.mean() - 1 / 8)
        errors.append(standard_error(of_replicates))
    root_mean_square = np.sqrt(np.mean(np.square(deviations)))
    assert root_mean_square == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.35)
    assert root_mean_square < 0.1 * 0.1465 / np.sqrt(4096)


def test_error_of_a_mean_from_its_replicates_by_hand():
    values, replicates = np.repeat(np.arange(16.0), 5), np.repeat(np.arange(16), 5)
    off = by_replicate(values, np.ones(80), replicates)
    assert off == pytest.approx(np.arange(16) - 7.5)
    assert standard_error(off) == pytest.approx(np.arange(16.0).std(ddof=1) / 4)
