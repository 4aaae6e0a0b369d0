"""Summaries of one model or of a weighted class of models, with or without the published trimming."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import brentq

from inference_energy.statistics.quantiles import QUANTILES

UNTRIMMED = (0.0, 1.0)


class PoolMember(Protocol):
    """Distribution of positive values as a `Pool` needs it; one of draws has no density."""

    def cdf(self, value: float) -> float: ...  # noqa: D102
    def pdf(self, value: float) -> float: ...  # noqa: D102
    def quantile(self, share: float) -> float: ...  # noqa: D102
    def moment(self, order: int, low: float = ..., high: float = ...) -> float: ...  # noqa: D102


def trimmed_range(stages: list[list[float]]) -> tuple[float, float]:
    """Lowest and highest quantile of a model's draws that the published summary keeps after all its trimmings.

    Trimming to P5–P95 and the rest to its own P10–P90 leaves the draws from P14 to P86: 72 %.
    """
    low, high = UNTRIMMED
    for stage_low, stage_high in stages:
        low, high = low + (high - low) * stage_low, low + (high - low) * stage_high
    return low, high


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Mixture of the draws of several models, each first trimmed to its own range of quantiles."""

    members: list[PoolMember]  # one distribution per model
    weights: np.ndarray  # share of each model in the pool; sums to 1
    kept: tuple[float, float] = UNTRIMMED  # range of quantiles kept of each model, `UNTRIMMED` or `trimmed_range(...)`

    def cdf(self, value: float) -> float:
        """Share of the pool up to a value: sum of w_i clip((F_i - low) / (high - low), 0, 1)."""
        low, high = self.kept
        shares = np.array([member.cdf(value) for member in self.members])
        return float(self.weights @ np.clip((shares - low) / (high - low), 0.0, 1.0))

    def quantile(self, share: float) -> float:
        """Value below which a share of the pool lies."""
        low, high = self.kept
        each = [member.quantile(low + (high - low) * share) for member in self.members]
        if min(each) == max(each):
            return each[0]
        # The pool's quantile lies between the smallest and the largest of its members' own.
        root = brentq(
            lambda log: self.cdf(np.exp(log)) - share,
            np.log(min(each)),
            np.log(max(each)),
            xtol=1e-11,
            rtol=1e-11,
        )
        return float(np.exp(root))

    def pdf(self, value: float) -> float:
        """Density of the pool at a value, per unit of it."""
        low, high = self.kept
        densities = [member.pdf(value) * (low < member.cdf(value) < high) for member in self.members]
        return float(self.weights @ densities) / (high - low)

    def quantile_se(self, value: float, draws: int) -> float:
        """Standard error of the pool's quantile at `value`, `draws` per model of the largest weight.

        sqrt(sum w_i^2 F_i (1 - F_i) / n_i) / sum w_i f_i over the models whose kept range holds the value: the
        error of an empirical distribution function divided by the density. Trimming is relative to the draws and
        adds no error.
        """
        low, high = self.kept
        variance, density = 0.0, 0.0
        for member, weight, n in zip(self.members, self.weights, self.draws_per_member(draws), strict=True):
            share = member.cdf(value)
            if low < share < high:
                variance += weight**2 * share * (1 - share) / n
                density += weight * member.pdf(value)
        return float(np.sqrt(variance) / density)

    def mean(self) -> float:
        """Mean of the pool."""
        low, high = self.kept
        means = [
            member.moment(1, member.quantile(low), member.quantile(high)) / (high - low) for member in self.members
        ]
        return float(self.weights @ means)

    def mean_se(self, draws: int) -> float:
        """Standard error of the pool's mean: of trimmed means, from their winsorized variances.

        Source: Tukey and McLaughlin (1963), doi:10.2307/25049278.
        """
        low, high = self.kept
        variance = 0.0
        for member, weight, n in zip(self.members, self.weights, self.draws_per_member(draws), strict=True):
            start, end = member.quantile(low), member.quantile(high)
            first = member.moment(1, start, end)
            second = member.moment(2, start, end)
            if low > 0:
                first, second = first + low * start, second + low * start**2
            if high < 1:
                first, second = first + (1 - high) * end, second + (1 - high) * end**2
            variance += weight**2 * (second - first**2) / (high - low) ** 2 / n
        return float(np.sqrt(variance))

    def draws_per_member(self, draws: int) -> np.ndarray:
        """Draws of each model if the model of the largest weight has `draws`."""
        return np.maximum(1, np.rint(draws * self.weights / self.weights.max()))

    def quantiles(self) -> dict[str, float]:
        """P5, P25, P50, P75 and P95."""
        return {name: self.quantile(share) for name, share in QUANTILES.items()}
