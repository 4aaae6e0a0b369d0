"""The distribution of draws that count alike, and the density of draws over a logarithmic axis."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Empirical:
    """Cumulative distribution of positive draws, linear in between: half of a draw's share lies below it."""

    values: np.ndarray  # ascending

    @classmethod
    def of(cls, draws: np.ndarray) -> "Empirical":
        """Of draws in any order and shape."""
        return cls(np.sort(draws, axis=None))

    @cached_property
    def _below(self) -> np.ndarray:
        return (np.arange(len(self.values)) + 0.5) / len(self.values)

    def cdf(self, value: float) -> float:
        """Share of the draws up to a value."""
        return float(np.interp(value, self.values, self._below, left=0.0, right=1.0))

    def quantile(self, share: float) -> float:
        """Value below which a share of the draws lies; 0 and infinity have none and all of them below."""
        if share <= 0:
            return 0.0
        if share >= 1:
            return np.inf
        return float(np.interp(share, self._below, self.values))

    def moment(self, order: int, low: float = 0.0, high: float = np.inf) -> float:
        """E[X^order; low < X < high]; of a draw at an end, the part that lies inside."""
        size = len(self.values)
        sums = np.concatenate([[0.0], np.cumsum(self.values**order)]) / size
        below, above = np.interp([self.cdf(low), self.cdf(high)], np.arange(size + 1) / size, sums)
        return float(above - below)


def log_density(values: np.ndarray, weights: np.ndarray, bins_per_octave: int) -> pl.DataFrame:
    """Share of weighted draws per factor of e in energy, over the middle of bins: `energy_wh, density_per_e_fold`."""
    width = np.log(2) / bins_per_octave
    bins = np.floor(np.log(values) / width).astype(int)
    first = bins.min()
    shares = np.bincount(bins - first, weights) / weights.sum()
    middles = np.exp((first + np.arange(len(shares)) + 0.5) * width)
    return pl.DataFrame({"energy_wh": middles, "density_per_e_fold": shares / width})
