"""Probability distributions of the published method, each with draws and exact probabilities."""

from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np
from scipy.special import ndtri

# The method's own rounding of the normal P95 (1.6449): kept, because it decides the printed digits.
Z_P95 = 1.645
# The quantiles that every summary gives, by the end of their column's name.
SHARES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True, kw_only=True)
class LogNormal:
    """A positive quantity whose logarithm is normal with mean `log_mean` and deviation `log_sd`."""

    log_mean: float
    log_sd: float

    @classmethod
    def from_percentiles(cls, *, p05: float, p95: float) -> Self:
        """Log-normal with given P5 and P95: sd = (ln P95 - ln P5) / 3.29, mean = ln P5 + 1.645 sd.

        Source: arXiv 2509.20241, Methods.
        """
        log_sd = (np.log(p95) - np.log(p05)) / (2 * Z_P95)
        return cls(log_mean=float(np.log(p05) + Z_P95 * log_sd), log_sd=float(log_sd))

    def draw(self, generator: np.random.Generator, draws: int) -> np.ndarray:
        """Independent draws, shape (draws,)."""
        values = generator.standard_normal(draws)
        values *= self.log_sd
        values += self.log_mean
        return np.exp(values, out=values)

    def moment(self, order: float) -> float:
        """E[X^order] = exp(order mean + order^2 sd^2 / 2); `order=-1` gives the mean of 1/X."""
        return float(np.exp(order * self.log_mean + (order * self.log_sd) ** 2 / 2))

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Values below which the given shares of probability lie, elementwise."""
        return np.exp(self.log_mean + self.log_sd * ndtri(shares))

    def percentile(self, standard_score: float) -> float:
        """Value at a standard-normal score: 0 the median, -1.645 P5, 1.645 P95, -1.2816 P10."""
        return float(np.exp(self.log_mean + standard_score * self.log_sd))

    def inverse(self) -> "LogNormal":
        """Distribution of 1/X."""
        return LogNormal(log_mean=-self.log_mean, log_sd=self.log_sd)


def product(factors: list[LogNormal]) -> LogNormal:
    """Distribution of the product of independent log-normals: means add, variances add."""
    return reduce(
        lambda a, b: LogNormal(log_mean=a.log_mean + b.log_mean, log_sd=float(np.hypot(a.log_sd, b.log_sd))),
        factors,
        LogNormal(log_mean=0.0, log_sd=0.0),
    )


@dataclass(frozen=True, kw_only=True)
class ExponentialTokens:
    """Output tokens of one query: exponential with the given median, rounded to whole tokens, at least 1.

    Source of family and median: arXiv 2509.20241, Methods.
    """

    median: float

    @property
    def scale(self) -> float:
        """Mean of the exponential before rounding: median / ln 2."""
        return self.median / np.log(2)

    def draw(self, generator: np.random.Generator, draws: int) -> np.ndarray:
        """Whole token counts, shape (draws,)."""
        values = generator.standard_exponential(draws)
        values *= self.scale
        tokens = np.rint(values, out=values).astype(np.int32)
        # ASSUME: an answer has at least one token; the 0.1 % (traditional) that round to none are counted as
        # one. The publication does not say; its printed figures do not depend on it.
        return np.maximum(tokens, 1, out=tokens)

    def probabilities(self, tail: float = 1e-11) -> np.ndarray:
        """P(tokens = 1), P(tokens = 2), ... until less than `tail` is left; the last entry holds that rest.

        P(tokens = k) = exp(-(k - 1/2) / scale) - exp(-(k + 1/2) / scale), and P(1) also holds what rounds to 0.
        """
        longest = int(np.ceil(-np.log(tail) * self.scale)) + 1
        edges = np.arange(longest) + 0.5
        edges[0] = 0.0
        beyond = np.exp(-edges / self.scale)
        return beyond - np.append(beyond[1:], 0.0)

    def share_outside(self, low: float, high: float) -> float:
        """Share of queries with fewer than `low` or more than `high` output tokens."""
        probabilities = self.probabilities()
        tokens = np.arange(1, len(probabilities) + 1)
        return float(probabilities[(tokens < low) | (tokens > high)].sum())


def lognormal(spec: dict) -> LogNormal:
    """Distribution from its study entry, `{family: lognormal, p05: ..., p95: ...}`."""
    return LogNormal.from_percentiles(p05=spec["p05"], p95=spec["p95"])


def output_tokens(spec: dict) -> ExponentialTokens:
    """Distribution from its study entry, `{family: exponential, median: ...}`."""
    return ExponentialTokens(median=spec["median"])
