"""Quantiles of draws and of weighted values, with their standard errors, and the shares that summaries give."""

from collections.abc import Mapping

import numpy as np

from inference_energy.statistics.draws import by_replicate, standard_error

# The published method rounds the normal P95 (1.6449) like this. Kept, because the printed digits depend on it.
Z_P95 = 1.645
# The quantiles that every summary gives, by the end of their column's name.
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}

# P5, P50 and P95: the quantiles of results for fleets.
PERCENTILES = {name: QUANTILES[name] for name in ("p05", "p50", "p95")}


def of_draws(values: np.ndarray, shares: Mapping[str, float] = QUANTILES) -> dict[str, float]:
    """Quantiles of draws, and their mean."""
    found = np.quantile(values, list(shares.values()))
    return dict(zip(shares, map(float, found), strict=True)) | {"mean": float(np.mean(values))}


def of_weighted(values: np.ndarray, weights: np.ndarray, shares: Mapping[str, float] = QUANTILES) -> dict[str, float]:
    """Quantiles of weighted values, and their mean; half of a value's weight lies below it, logarithms in between.

    Values that agree to nine digits count as one value: rounding errors of the computation differ. Values without
    weight may be anything.
    """
    values, weights = values[weights > 0], weights[weights > 0]
    logs, below, _ = _distribution(values, weights)
    found = np.exp(np.interp(list(shares.values()), below, logs))
    return dict(zip(shares, map(float, found), strict=True)) | {"mean": float(weights @ values / weights.sum())}


def _distribution(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logarithms of different values, ascending, the share below the middle of each, and the place of every value."""
    with np.errstate(divide="ignore"):  # of values that are 0
        logs, place = np.unique(np.round(np.log(values), 9), return_inverse=True)
    each = np.bincount(place, weights)
    return logs, (np.cumsum(each) - each / 2) / each.sum(), place


def of_weighted_rows(
    values: np.ndarray, weights: np.ndarray, shares: Mapping[str, float] = QUANTILES
) -> dict[str, np.ndarray]:
    """The same of every row of a matrix whose columns have the weights; values that agree count one by one."""
    if not weights.all():
        values, weights = values[:, weights > 0], weights[weights > 0]
    order = np.argsort(values, axis=1)
    each = weights[order]
    below = np.cumsum(each, axis=1) - each / 2
    # The last place up to which a share lies, and the next one: the same at both ends.
    share, last = weights.sum() * np.array(list(shares.values()))[:, None], values.shape[1] - 1
    after = np.stack([np.count_nonzero(below <= of, axis=1) for of in share])
    low, high, rows = np.maximum(after - 1, 0), np.minimum(after, last), np.arange(len(values))
    width = below[rows, high] - below[rows, low]
    part = (share - below[rows, low]) / np.where(width > 0, width, np.inf)
    # Powers, in place of the exponential of logarithms: values may be 0.
    found = values[rows, order[rows, low]] ** (1 - part) * values[rows, order[rows, high]] ** part
    return dict(zip(shares, found, strict=True)) | {"mean": values @ weights / weights.sum()}


def place_of(values: np.ndarray, weights: np.ndarray, share: float) -> int:
    """Position of the smallest value up to which a share of the weight lies; values may be 0."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    return int(order[np.searchsorted(below, share * below[-1])])


def value_of(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value up to which a share of the weight lies: that of `place_of`, in a tenth of the time."""
    order = np.argsort(values)  # of values that are equal, any order
    below = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(below, share * below[-1])]])


def with_errors(
    values: np.ndarray, weights: np.ndarray, replicates: np.ndarray, shares: Mapping[str, float] = QUANTILES
) -> tuple[dict[str, float], dict[str, float]]:
    """Quantiles and mean as of `of_weighted`, and their standard errors from the scatter of independent replicates.

    That of a quantile is half the distance between the quantiles one standard error of rank below and above it.
    `replicates` has the one of every value, from 0.
    """
    counts = weights > 0
    values, weights, replicates = values[counts], weights[counts], replicates[counts]
    logs, below, place = _distribution(values, weights)
    at = np.interp(list(shares.values()), below, logs)
    last = np.searchsorted(logs, at, side="right")  # places from here on are above a quantile
    reach = [standard_error(by_replicate((place < each).astype(float), weights, replicates)) for each in last]
    ends = [np.clip([share - of, share + of], 0, 1) for share, of in zip(shares.values(), reach, strict=True)]
    errors = (np.diff(np.exp(np.interp(of, below, logs))) / 2 for of in ends)
    found = dict(zip(shares, map(float, np.exp(at)), strict=True)) | {"mean": float(weights @ values / weights.sum())}
    mean_se = standard_error(by_replicate(values, weights, replicates))
    return found, {name: float(each[0]) for name, each in zip(shares, errors, strict=True)} | {"mean": mean_se}


def columns(prefix: str, values: Mapping[str, float], suffix: str = "") -> dict[str, float]:
    """The values under the names of their columns: `prefix_p05_suffix`."""
    return {f"{prefix}_{name}{suffix}": value for name, value in values.items()}
