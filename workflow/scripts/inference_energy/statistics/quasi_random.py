"""Quasi-random draws: a few thousand evenly distributed points are as accurate as a million random draws."""

import numpy as np
from scipy.stats import qmc

from inference_energy.statistics.draws import stream


def shares(names: list[str], draws: int, seed: int, *streams: str) -> dict[str, np.ndarray]:
    """Shares of probability, one column per name, each shape (draws,), jointly evenly distributed.

    A scrambled Sobol' sequence (Owen 1998, doi:10.1006/jcom.1998.0487). The first names are distributed most evenly.

    Args:
        names: what is drawn, the most influential first.
        draws: a power of 2.
        seed: seed of all streams.
        streams: name the stream that scrambles the sequence.
    """
    if draws < 1 or draws & (draws - 1):
        raise ValueError(f"draws: found {draws}; allowed: powers of 2, for which the sequence is balanced")
    sequence = qmc.Sobol(len(names), rng=stream(seed, *streams))
    columns = sequence.random(draws).T
    # Never exactly 0 or 1, where unbounded distributions have no value.
    return {name: np.clip(column, 2**-53, 1 - 2**-53) for name, column in zip(names, columns, strict=True)}
