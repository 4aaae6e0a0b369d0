"""Lengths of a workload's queries: prompt, answer and cached prompt, joint where they were measured together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from scipy.special import expit

from inference_energy.common.errors import InputError, like
from inference_energy.statistics.distributions import Distribution, ExponentialTokens, Interpolated, distribution
from inference_energy.statistics.quantiles import QUANTILES

# Strata of a continuous distribution: fewer if both prompts and answers vary, because all pairs are enumerated.
STRATA_ALONE = 4096
STRATA_OF_EACH = 128
LARGEST_COUNTED_MEDIAN = 20_000  # of an exponential answer whose every token count is a point
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """A joint distribution of lengths as weighted points."""

    input_tokens: np.ndarray  # prompt lengths, shape (points,), at least 1
    output_tokens: np.ndarray  # answer lengths, shape (points,), at least 1
    # share of each prompt that is in the cache as measured, shape (points,); 0 where not measured
    cached_share: np.ndarray
    weights: np.ndarray  # share of queries of every point, shape (points,); sums to 1

    def mean(self, values: np.ndarray) -> float:
        """Mean over queries of a value per point."""
        return float(self.weights @ values)

    def below(self, shares: np.ndarray) -> np.ndarray:
        """Points up to which the given shares of queries lie, as positions."""
        return np.minimum(np.searchsorted(self._cumulative, shares), len(self.weights) - 1)

    def evenly(self, count: int) -> np.ndarray:
        """Points of a number of queries that are spread evenly over all of them, as positions."""
        return self.below((np.arange(count) + 0.5) / count)

    def by_answer(self) -> "Lengths":
        """The same points, from the shortest answer to the longest."""
        order = np.lexsort((self.input_tokens, self.output_tokens))
        return Lengths(**{name: getattr(self, name)[order] for name in self.__dataclass_fields__})

    @cached_property
    def _cumulative(self) -> np.ndarray:
        return np.cumsum(self.weights)


def lengths(spec: dict, place: str, traces: pl.DataFrame, answers: pl.DataFrame) -> Lengths:
    """Lengths of one workload of a study.

    Either `trace: <workload>`, joint prompts and answers of a trace of a service; or `input_tokens`
    and `output_tokens`, each a number, a distribution, `{trace: ...}` for that side of a trace alone, or
    `{task: ..., model: ...}` for measured answers, drawn independently of each other. Traces are those of table
    `request_lengths`, answers those of `output_length_quantiles`.

    Raises:
        InputError: a trace, task or model that was not measured.
    """
    if "trace" in spec:
        points = _trace(spec["trace"], f"{place}.trace", traces)
        return Lengths(
            input_tokens=points["input_tokens"].to_numpy(),
            output_tokens=points["output_tokens"].to_numpy(),
            cached_share=np.zeros(len(points))
            if "cached_share" in spec
            else points["cached_input_share"].fill_null(0.0).to_numpy(),
            weights=_normalised(points["requests"].to_numpy()),
        )
    # ASSUME: where prompts and answers were not measured together their lengths are independent.
    both_vary = all(isinstance(spec[f"{side}_tokens"], dict) for side in ("input", "output"))
    count = STRATA_OF_EACH if both_vary else STRATA_ALONE
    (inputs, input_weights), (outputs, output_weights) = (
        _side(spec[f"{side}_tokens"], side, f"{place}.{side}_tokens", count, traces, answers)
        for side in ("input", "output")
    )
    return Lengths(
        input_tokens=np.repeat(inputs, len(outputs)),
        output_tokens=np.tile(outputs, len(inputs)),
        cached_share=np.zeros(len(inputs) * len(outputs)),
        weights=np.outer(input_weights, output_weights).ravel(),
    )


def _side(
    spec: dict | float, side: str, place: str, count: int, traces: pl.DataFrame, answers: pl.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(spec, dict):
        return np.array([float(spec)]), np.ones(1)
    if "trace" in spec:
        points = _trace(spec["trace"], f"{place}.trace", traces)
        return _coarser(points[f"{side}_tokens"].to_numpy(), _normalised(points["requests"].to_numpy()), count)
    if "task" in spec:
        return strata(_measured_answers(spec, place, answers), count)
    if spec["family"] == "exponential" and count == STRATA_ALONE and spec["median"] <= LARGEST_COUNTED_MEDIAN:
        # Every token count, as in the published method.
        weights = ExponentialTokens(median=spec["median"]).probabilities()
        return np.arange(1.0, len(weights) + 1), weights / weights.sum()
    try:
        return strata(distribution(spec), count)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def _edges(count: int) -> np.ndarray:
    return np.concatenate([[0.0], expit(np.linspace(-9, 9, count - 1)), [1.0]])


def strata(of: Distribution, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean length and share of every stratum; strata narrow towards both ends, no length is below 1."""
    edges = _edges(count)
    low, high = edges[:-1], edges[1:]
    shares = (low + high)[:, None] / 2 + (high - low)[:, None] / 2 * _NODES
    means = np.maximum(of.quantile(shares), 1.0) @ (_NODE_WEIGHTS / 2)
    return means, high - low


def _coarser(values: np.ndarray, weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Values merged into at most `count` strata, each at its mean."""
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    middle = np.cumsum(weights) - weights / 2
    group = np.searchsorted(_edges(count)[1:-1], middle)
    shares = np.bincount(group, weights)
    filled = shares > 0
    return np.bincount(group, weights * values)[filled] / shares[filled], shares[filled]


def _normalised(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum()


def _trace(name: str, place: str, traces: pl.DataFrame) -> pl.DataFrame:
    found = traces.filter(pl.col("workload") == name).sort("input_tokens", "output_tokens")
    if found.is_empty():
        known = sorted(traces["workload"].unique())
        raise InputError(f"{place}: found {name!r}; allowed: {like(name, known)}, measured in resources/workloads")
    return found


def _measured_answers(spec: dict, place: str, answers: pl.DataFrame) -> Interpolated:
    rows = answers.filter(pl.col("task") == spec["task"], pl.col("model") == spec["model"])
    if rows.is_empty():
        asked = f"{spec['task']} / {spec['model']}"
        known = [
            f"{task} / {model}" for task, model in answers.select("task", "model").sort("task", "model").iter_rows()
        ]
        raise InputError(f"{place}: found {asked!r}; allowed: {like(asked, known)}, measured in resources/workloads")
    row = rows.row(0, named=True)
    return Interpolated(
        shares=tuple(QUANTILES.values()), values=tuple(row[f"output_tokens_{name}"] for name in QUANTILES)
    )
