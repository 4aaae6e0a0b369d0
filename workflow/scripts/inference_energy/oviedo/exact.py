"""The second engine: the distribution of a query's energy by summation over every token count.

Given the token count, a query's energy is a constant times independent log-normal factors, hence log-normal.
Summing those log-normals over all token counts, each with its probability, gives the distribution function
itself: no draws, no sampling error. Token counts whose energies agree to a hundredth of a deviation are one log-normal
with the mean and variance of them all: the same to 1e-11, in a fiftieth of the time.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from inference_energy.statistics.distributions import LogNormal

MERGED = 0.01  # standard deviations within which energies are one log-normal
CERTAIN = 8.3  # standard deviations beyond which a normal distribution function is 0 or 1 in double precision


@dataclass(frozen=True, kw_only=True)
class ExactDistribution:
    """Energy of one query as a mixture of log-normals, one per token count."""

    unit_energy_wh: np.ndarray  # energy per token count with all random factors at 1, Wh, shape (token counts,)
    probabilities: np.ndarray  # probability of each token count, shape (token counts,)
    factor: LogNormal  # product of the log-normal factors (utilisation, PUE, and 1 / multiplier of an intervention)
    _found: dict[float, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _merged(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log means, ascending, deviations and probabilities of token counts with nearly the same energy."""
        order = np.argsort(self.unit_energy_wh, kind="stable")
        logs, each = np.log(self.unit_energy_wh[order]), self.probabilities[order]
        places = np.floor((logs - logs[0]) / (MERGED * self.factor.log_sd))
        starts = np.flatnonzero(np.diff(places, prepend=-1.0))
        probabilities = np.add.reduceat(each, starts)
        means = np.add.reduceat(each * logs, starts) / probabilities
        away = logs - np.repeat(means, np.diff(starts, append=len(logs)))
        variances = np.add.reduceat(each * away**2, starts) / probabilities
        return means + self.factor.log_mean, np.sqrt(variances + self.factor.log_sd**2), probabilities

    @cached_property
    def _below(self) -> np.ndarray:
        """Probability of all token counts with less energy."""
        return np.concatenate([[0.0], np.cumsum(self._merged[-1])])

    def _around(self, value: float) -> tuple[slice, np.ndarray]:
        """Those whose energy may be either side of a value, and the standard scores of the value there."""
        means, deviations, _ = self._merged
        log, reach = np.log(value), CERTAIN * deviations.max()
        around = slice(*np.searchsorted(means, [log - reach, log + reach]))
        return around, (log - means[around]) / deviations[around]

    def cdf(self, value: float) -> float:
        """P(energy <= value) = sum over k of P(k) Phi((ln value - m_k) / sd)."""
        around, scores = self._around(value)
        return float(self._below[around.start] + self._merged[-1][around] @ ndtr(scores))

    def pdf(self, value: float) -> float:
        """Density at a value, per Wh."""
        (around, scores), (_, deviations, probabilities) = self._around(value), self._merged
        densities = np.exp(-0.5 * scores**2) / (np.sqrt(2 * np.pi) * deviations[around])
        return float(probabilities[around] @ densities) / value

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
        means, deviations, _ = self._merged
        margin = 9 * deviations.max()
        return float(means[0] - margin), float(means[-1] + margin)

    def moment(self, order: int, low: float = 0.0, high: float = np.inf) -> float:
        """E[X^order; low < X < high], from the partial moments of a log-normal."""
        means, sd, probabilities = self._merged
        whole = np.exp(order * means + (order * sd) ** 2 / 2)
        above = ndtr((np.log(high) - means) / sd - order * sd) if np.isfinite(high) else 1.0
        below = ndtr((np.log(low) - means) / sd - order * sd) if low > 0 else 0.0
        return float(probabilities @ (whole * (above - below)))
