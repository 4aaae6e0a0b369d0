"""Streams depend on seed and names, and on nothing else."""

import numpy as np
from inference_energy.statistics.draws import stream


def test_same_names_same_numbers():
    assert np.array_equal(stream(1, "a", "b").random(8), stream(1, "a", "b").random(8))


def test_any_other_seed_or_name_gives_other_numbers():
    first = stream(1, "a", "b").random(8)
    for other in (stream(2, "a", "b"), stream(1, "a", "c"), stream(1, "ab"), stream(1, "b", "a")):
        assert not np.array_equal(first, other.random(8))
