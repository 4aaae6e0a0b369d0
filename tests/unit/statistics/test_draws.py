"""Streams depend on seed and names, and on nothing else; draws are repeated in proportion to their weights."""

import numpy as np
from inference_energy.statistics.draws import in_place, resampled, stream


def test_same_names_same_numbers():
    assert np.array_equal(stream(1, "a", "b").random(8), stream(1, "a", "b").random(8))


def test_any_other_seed_or_name_gives_other_numbers():
    first = stream(1, "a", "b").random(8)
    for other in (stream(2, "a", "b"), stream(1, "a", "c"), stream(1, "ab"), stream(1, "b", "a")):
        assert not np.array_equal(first, other.random(8))


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
