"""Histograms on a logarithmic scale: counts of any number of draws in constant memory, and their densities."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

MANTISSA_BITS = 10
BINS_PER_OCTAVE = 2**MANTISSA_BITS
_SHIFT = 52 - MANTISSA_BITS
# Doubles of 2^-32 to 2^32, far beyond any energy of a query in Wh, counted by exponent and leading bits.
_FIRST = np.array([2.0**-32]).view(np.int64)[0] >> _SHIFT
_BINS = 64 * BINS_PER_OCTAVE
_EDGES = ((np.arange(_BINS + 1) + _FIRST) << _SHIFT).view(np.float64)


@dataclass
class LogHistogram:
    """Counts in 1,024 equal bins per octave: no bin is wider than 0.1 % of its value.

    The bin of a double is its exponent and first ten mantissa bits, so counting needs no logarithm. Within a
    bin draws are assumed evenly distributed, so a quantile is off by less than a bin; in practice by 1e-5 to 1e-4 of
    its value, far below the sampling error of the draws themselves.
    """

    counts: np.ndarray = field(default_factory=lambda: np.zeros(_BINS, dtype=np.int64))

    def add(self, values: np.ndarray) -> None:
        """Count positive values, shape (n,), dtype float64.

        Raises:
            ValueError: a value is not finite or lies outside 2^-32 to 2^32.
        """
        bins = (values.view(np.int64) >> _SHIFT) - _FIRST
        counts = np.bincount(bins, minlength=_BINS)  # refuses negative bins itself
        if len(counts) > _BINS:
            raise ValueError("a value is not finite or above 2^32")
        self.counts += counts

    @property
    def draws(self) -> int:
        """Number of values counted."""
        return int(self.counts.sum())

    def used(self) -> slice:
        """Bins from the first to the last one that holds a value."""
        (filled,) = np.nonzero(self.counts)
        return slice(int(filled[0]), int(filled[-1]) + 1)

    def distribution(self) -> "HistogramDistribution":
        """The counts as a cumulative distribution function."""
        used = self.used()
        return HistogramDistribution(
            edges=_EDGES[used.start : used.stop + 1],
            cumulative=np.concatenate([[0.0], np.cumsum(self.counts[used]) / self.draws]),
        )

    def density(self, bins_per_octave: int) -> tuple[np.ndarray, np.ndarray]:
        """Middle of coarser bins, and the share of draws per factor of e there."""
        group = BINS_PER_OCTAVE // bins_per_octave
        counts = self.counts.reshape(-1, group).sum(axis=1)
        edges = _EDGES[::group]
        (filled,) = np.nonzero(counts)
        kept = slice(filled[0], filled[-1] + 1)
        low, high = edges[:-1][kept], edges[1:][kept]
        return np.sqrt(low * high), counts[kept] / self.draws / np.log(high / low)


@dataclass(frozen=True)
class HistogramDistribution:
    """Cumulative distribution of a histogram: `cumulative` at `edges`, linear in between."""

    edges: np.ndarray
    cumulative: np.ndarray

    @cached_property
    def _shares(self) -> np.ndarray:
        return np.diff(self.cumulative)

    @cached_property
    def _middles(self) -> np.ndarray:
        return (self.edges[1:] + self.edges[:-1]) / 2

    def cdf(self, value: float) -> float:
        """Share of draws up to a value."""
        return float(np.interp(value, self.edges, self.cumulative))

    def pdf(self, value: float) -> float:
        """Density at a value, from the share within 5 % of it."""
        # Wide enough for a sampling error of about 1 %, narrow enough to neglect the curvature.
        low, high = value / 1.05, value * 1.05
        return (self.cdf(high) - self.cdf(low)) / (high - low)

    def quantile(self, share: float) -> float:
        """Value below which a share of the draws lies."""
        return float(np.interp(share, self.cumulative, self.edges))

    def moment(self, order: int, low: float = 0.0, high: float = np.inf) -> float:
        """E[X^order; low < X < high], draws outside count as 0."""
        if low <= self.edges[0] and high >= self.edges[-1]:
            return float(self._shares @ self._middles**order)
        inside = np.clip(self.edges, low, high)
        shares = np.diff(np.interp(inside, self.edges, self.cumulative))
        return float(shares @ ((inside[1:] + inside[:-1]) / 2) ** order)


CHUNK_DRAWS = 2**16  # small enough for the processor's cache, whatever the number of draws
DENSITY_BINS_PER_OCTAVE = 16


def pooled_density(histograms: dict[str, LogHistogram], weights: dict[str, float]) -> pl.DataFrame:
    """Share of queries per factor of e in energy, over energy, of a weighted pool."""
    frames = []
    for model, weight in weights.items():
        middle, density = histograms[model].density(DENSITY_BINS_PER_OCTAVE)
        frames.append(pl.DataFrame({"energy_wh": middle, "density_per_e_fold": density * weight}))
    stacked = pl.concat(frames).sort("energy_wh", maintain_order=True)
    return stacked.group_by("energy_wh", maintain_order=True).agg(pl.col("density_per_e_fold").sum())
