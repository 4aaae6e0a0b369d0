"""Named random streams, so that no result depends on the order or number of jobs; draws of different weight."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """An independent generator for one named purpose, e.g. `stream(seed, "fleet", "pue")`.

    The same seed and names always give the same numbers; any other names give unrelated ones.
    """
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    words = np.frombuffer(digest, dtype=np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words.tolist()])))


REPLICATES = 16  # independent parts of a sample, from whose scatter standard errors follow


def replicate_of(draws: int) -> np.ndarray:
    """Replicate that each of so many draws belongs to: the first ones to the first."""
    return np.arange(draws) * REPLICATES // draws


def stratified(generator: np.random.Generator, draws: int) -> np.ndarray:
    """Shares of probability between 0 and 1: in every replicate one in each of its equal parts, in random order.

    Quantities that are drawn like this, each from its own stream, are a Latin hypercube sample in every replicate.
    Whatever is a sum of functions of one quantity each has hardly any sampling error; nothing has more than with
    independent draws, but for a factor n / (n - 1) of its variance, with n the draws of a replicate. Sources: McKay et
    al. (1979), doi:10.2307/1268522; Owen (1997), doi:10.1137/S0036142994277468.
    """
    within = (generator.random(draws) * (2**53 - 2) + 1) / 2**53  # never exactly 0 or 1
    replicates = replicate_of(draws)
    sizes = np.bincount(replicates)
    # Sorted by random numbers within each replicate, places are in random order there.
    order = np.argsort(replicates + generator.random(draws))
    part = order - (np.cumsum(sizes) - sizes)[replicates]
    return np.minimum((part + within) / sizes[replicates], 1 - 2**-53)


def points_per_replicate(draws: int) -> int:
    """Points of each replicate where at least so many are asked for in all: a power of two, as Sobol points need."""
    return 2 ** math.ceil(math.log2(draws / REPLICATES))


def quasi_random(seed: int, *names: str, dimensions: int, draws: int) -> np.ndarray:
    """Scrambled Sobol points, shares of probability between 0 and 1, shape (dimensions, REPLICATES, points).

    Every replicate is scrambled from its own named stream, so that each has the expected value, and all are independent
    of each other. Sources: Sobol (1967), doi:10.1016/0041-5553(67)90144-9; Owen (1997), doi:10.1214/aos/1031594731.
    """
    from scipy.stats import qmc  # here, because it takes as long to load as half a job

    points = points_per_replicate(draws)
    replicates = [
        qmc.Sobol(dimensions, rng=stream(seed, *names, f"replicate {each}"), bits=32).random(points)
        for each in range(REPLICATES)
    ]
    return np.stack(replicates).transpose(2, 0, 1) + 2.0**-33  # the middle of what 32 bits leave open: never 0 or 1


def standard_error(of_replicates: Sequence[float]) -> float:
    """Standard error of the mean of independent replicates, from their scatter."""
    return float(np.std(of_replicates, ddof=1) / np.sqrt(len(of_replicates)))


def by_replicate(values: np.ndarray, weights: np.ndarray, replicates: np.ndarray) -> np.ndarray:
    """How far the weighted mean of draws would be off, if all replicates were like each: 0 on average.

    Weights of replicates scatter, too: it is what a ratio of sums is off. A replicate without draws has the mean. The
    standard error of a weighted mean, and of a sum of several, is that of these numbers or their sum.
    """
    away = values - weights @ values / weights.sum()
    sums = np.bincount(replicates, weights * away, minlength=REPLICATES)
    return REPLICATES * sums / weights.sum()


def resampled(weights: np.ndarray) -> np.ndarray:
    """Places of as many draws that count equally: each repeated in proportion to its weight, evenly, in its order."""
    marks = (np.arange(len(weights)) + 0.5) / len(weights)
    below = np.cumsum(weights)
    return np.searchsorted(below, marks * below[-1])


def in_place(chosen: np.ndarray) -> np.ndarray:
    """The draws of `resampled`, each of them in its own place; further copies are in the places of missing ones."""
    counts = np.bincount(chosen, minlength=len(chosen))
    found = np.arange(len(chosen))
    found[counts == 0] = np.repeat(found, np.maximum(counts - 1, 0))
    return found
