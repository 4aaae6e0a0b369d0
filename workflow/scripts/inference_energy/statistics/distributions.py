"""Probability distributions, each limited to the physically possible range of its quantity."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Protocol, Self

import numpy as np
from scipy.special import betainc, betaincinv, expit, ndtri

from inference_energy.statistics.draws import stratified
from inference_energy.statistics.quantiles import QUANTILES, Z_P95


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

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Whole token counts that the given shares of the answers do not exceed, elementwise."""
        # ASSUME: an answer has at least one token; the 0.1 % (traditional) that round to none are counted as
        # one. The publication does not say; its printed figures do not depend on it.
        return np.maximum(np.rint(-np.log1p(-shares) * self.scale), 1.0).astype(np.int64)

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


# Shares at which a quantile function is tabulated: dense towards both ends, which it reaches.
_GRID = np.concatenate([[0.0], expit(np.linspace(-16, 16, 8193)), [1.0]])


class Distribution(Protocol):
    """Distribution of a quantity that is not known exactly."""

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Values below which the given shares of probability lie, elementwise."""
        ...


@dataclass(frozen=True)
class Constant:
    """A quantity that is known."""

    value: float

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """The value itself."""
        return np.full(np.shape(shares), float(self.value))


_SCORES = ndtri(np.array([0.05, 0.95]))


def _newton(function: Callable[[np.ndarray], np.ndarray], start: np.ndarray) -> tuple[np.ndarray, float]:
    """Root of as many equations as unknowns by damped Newton steps, and the largest error that is left.

    `scipy.optimize` finds it, too, but takes longer to load than an estimate takes to make.
    """
    at, value = start, function(start)
    for _ in range(100):
        step = 1e-6
        slopes = np.stack([(function(at + e) - function(at - e)) / (2 * step) for e in step * np.eye(len(at))], axis=1)
        try:
            move = np.linalg.solve(slopes, -value)
        except np.linalg.LinAlgError:  # flat there: no root can be found from here
            break
        part = min(1.0, 2 / max(np.abs(move).max(), 1e-300))
        while part > 1e-6 and not np.abs(function(at + part * move)).max() < np.abs(value).max():
            part /= 2
        if part <= 1e-6:
            break
        at = at + part * move
        value = function(at)
    return at, float(np.abs(value).max())


@dataclass(frozen=True, kw_only=True)
class Beta:
    """A share between `low` and `high`, beta-distributed with shape parameters `a` and `b`."""

    a: float
    b: float
    low: float = 0.0
    high: float = 1.0

    @classmethod
    @lru_cache
    def from_percentiles(cls, *, p05: float, p95: float, low: float = 0.0, high: float = 1.0) -> "Beta":
        """Beta distribution with given P5 and P95.

        Raises:
            ValueError: the percentiles do not lie in order within the range, or no beta distribution has them.
        """
        if not low < p05 < p95 < high:
            raise ValueError(f"found p05 {p05:g}, p95 {p95:g}; allowed: {low:g} < p05 < p95 < {high:g}")
        scaled = (np.array([p05, p95]) - low) / (high - low)
        middle, spread = scaled.mean(), (scaled[1] - scaled[0]) / 3.29
        total = max(middle * (1 - middle) / spread**2 - 1, 0.5)
        logs, error = _newton(
            # In standard scores, which are closer to linear than the shares.
            lambda logs: ndtri(np.clip(betainc(*np.exp(logs)[:, None], scaled), 1e-300, 1 - 1e-16)) - _SCORES,
            np.log([middle * total, (1 - middle) * total]),
        )
        if not error <= 1e-6:
            raise ValueError(f"found p05 {p05:g}, p95 {p95:g}; allowed: percentiles that a beta distribution can have")
        a, b = np.exp(logs)
        return cls(a=float(a), b=float(b), low=low, high=high)

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Values at the given shares, interpolated between 8,195 exact ones."""
        return np.interp(shares, _GRID, self.low + (self.high - self.low) * _beta_quantiles(self.a, self.b))


@lru_cache
def _beta_quantiles(a: float, b: float) -> np.ndarray:
    return betaincinv(a, b, _GRID)


@dataclass(frozen=True, kw_only=True)
class ShiftedLogNormal:
    """A log-normal distribution shifted to start at `above`."""

    above: float
    excess: LogNormal

    @classmethod
    def from_percentiles(cls, *, above: float, p05: float, p95: float) -> "ShiftedLogNormal":
        """Distribution with given P5 and P95.

        Raises:
            ValueError: the percentiles do not lie in order above the bound.
        """
        if not above < p05 < p95:
            raise ValueError(f"found p05 {p05:g}, p95 {p95:g}; allowed: {above:g} < p05 < p95")
        return cls(above=above, excess=LogNormal.from_percentiles(p05=p05 - above, p95=p95 - above))

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Bound plus the quantile of the excess."""
        return self.above + self.excess.quantile(shares)


@dataclass(frozen=True, kw_only=True)
class Interpolated:
    """A length with measured quantiles. Between them, its logarithm is linear in the standard score.

    Beyond the outermost quantiles the outermost slope continues, as in a log-normal. No length is below one token.
    """

    shares: tuple[float, ...]
    values: tuple[float, ...]

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Values at the given shares."""
        return self.at_score(ndtri(shares))

    def at_score(self, score: np.ndarray) -> np.ndarray:
        """Values at standard-normal scores: 0 the median, 1.645 P95."""
        known, logs = ndtri(np.array(self.shares)), np.log(self.values)
        inside = np.interp(score, known, logs)
        for end, neighbour, beyond in ((0, 1, score < known[0]), (-1, -2, score > known[-1])):
            slope = (logs[end] - logs[neighbour]) / (known[end] - known[neighbour])
            inside = np.where(beyond, logs[end] + slope * (score - known[end]), inside)
        return np.maximum(np.exp(inside), 1.0)


@dataclass(frozen=True, kw_only=True)
class Exponential:
    """An exponential length with the given median."""

    median: float

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Values at the given shares, at least one token."""
        return np.maximum(-np.log1p(-shares) * ExponentialTokens(median=self.median).scale, 1.0)


def distribution(spec: dict | float) -> Distribution:
    """Distribution from its study entry: a number, or a mapping with `family` and its percentiles.

    Raises:
        ValueError: percentiles that the family cannot have. The message follows the name of the key.
    """
    if not isinstance(spec, dict):
        return Constant(float(spec))
    match spec["family"]:
        case "beta":
            return Beta.from_percentiles(p05=spec["p05"], p95=spec["p95"])
        case "shifted_lognormal":
            return ShiftedLogNormal.from_percentiles(above=spec["above"], p05=spec["p05"], p95=spec["p95"])
        case "lognormal":
            return lognormal(spec)
        case "exponential":
            return Exponential(median=spec["median"])
        case family:
            raise ValueError(f"found family {family!r}; allowed: beta, shifted_lognormal, lognormal, exponential")


def draw(of: Distribution, generator: np.random.Generator, draws: int) -> np.ndarray:
    """Stratified draws, shape (draws,)."""
    return of.quantile(stratified(generator, draws))


def median(of: Distribution) -> float:
    """Median of a distribution."""
    return float(of.quantile(np.array(0.5)))


def percentiles(of: Distribution) -> dict[str, float]:
    """P5, P25, P50, P75 and P95 of a distribution."""
    return {name: float(of.quantile(np.array(share))) for name, share in QUANTILES.items()}
