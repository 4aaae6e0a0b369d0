"""The second engine: the distribution of a query's energy by summation over every token count.

Given the token count, a query's energy is a constant times independent log-normal factors, hence log-normal.
Summing those log-normals over all token counts, each with its probability, gives the distribution function
itself: no draws, no sampling error.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from inference_energy.statistics.distributions import LogNormal

CERTAIN = 8.3  # standard deviations beyond which a normal distribution function is 0 or 1 in double precision


@dataclass(frozen=True, kw_only=True)
class ExactDistribution:
    """Energy of one query as a mixture of log-normals, one per token count."""

    unit_energy_wh: np.ndarray  # energy per token count with all random factors at 1, Wh, shape (token counts,)
    probabilities: np.ndarray  # probability of each token count, shape (token counts,)
    factor: LogNormal  # product of the log-normal factors (utilisation, PUE, and 1 / multiplier of an intervention)
    _found: dict[float, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self.unit_energy_wh, kind="stable")

    @cached_property
    def _log_means(self) -> np.ndarray:
        """Ascending."""
        return np.log(self.unit_energy_wh[self._order]) + self.factor.log_mean

    @cached_property
    def _probabilities(self) -> np.ndarray:
        return self.probabilities[self._order]

    @cached_property
    def _below(self) -> np.ndarray:
        """Probability of all token counts before one, in the order of their energies."""
        return np.concatenate([[0.0], np.cumsum(self._probabilities)])

    def _around(self, value: float) -> tuple[slice, np.ndarray]:
        """Token counts whose energy may be either side of a value, and the standard scores of the value there."""
        log, reach = np.log(value), CERTAIN * self.factor.log_sd
        around = slice(*np.searchsorted(self._log_means, [log - reach, log + reach]))
        return around, (log - self._log_means[around]) / self.factor.log_sd

    def cdf(self, value: float) -> float:
        """P(energy <= value) = sum over k of P(k) Phi((ln value - m_k) / sd)."""
        around, scores = self._around(value)
        return float(self._below[around.start] + self._probabilities[around] @ ndtr(scores))

    def pdf(self, value: float) -> float:
        """Density at a value, per Wh."""
        around, scores = self._around(value)
        normal_density = np.exp(-0.5 * scores**2) / np.sqrt(2 * np.pi)
        return float(self._probabilities[around] @ normal_density) / (self.factor.log_sd * value)

    def quantile(self, share: float) -> float:
        """Value below which a share of queries lies, by root finding on the logarithm."""
        if share <= 0:
            return 0.0
        if share >= 1:
            return np.inf
        if share not in self._found:  # a class asks its members for the same quantiles again
            low, high = self._log_bracket
            log = brentq(lambda log: self.cdf(np.exp(log)) - share, low, high, xtol=1e-11, rtol=1e-11)
            self._found[share] = float(np.exp(log))
        return self._found[share]

    @cached_property
    def _log_bracket(self) -> tuple[float, float]:
        margin = 9 * self.factor.log_sd
        return float(self._log_means[0] - margin), float(self._log_means[-1] + margin)

    def moment(self, order: int, low: float = 0.0, high: float = np.inf) -> float:
        """E[X^order; low < X < high], from the partial moments of a log-normal."""
        sd = self.factor.log_sd
        whole = np.exp(order * self._log_means + (order * sd) ** 2 / 2)
        above = ndtr((np.log(high) - self._log_means) / sd - order * sd) if np.isfinite(high) else 1.0
        below = ndtr((np.log(low) - self._log_means) / sd - order * sd) if low > 0 else 0.0
        return float(self._probabilities @ (whole * (above - below)))
