"""Named random streams, so that no result depends on the order or number of jobs; draws of different weight."""

import hashlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """An independent generator for one named purpose, e.g. `stream(seed, "fleet", "pue")`.

    The same seed and names always give the same numbers; any other names give unrelated ones.
    """
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    words = np.frombuffer(digest, dtype=np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words.tolist()])))


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
