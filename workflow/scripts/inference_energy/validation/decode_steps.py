"""GPU time of a served token at a known batch size: the offline work, reading the weights, and the step itself."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import least_squares, nnls

from inference_energy.corpus.number_formats import BYTES_PER_PARAMETER

NETWORK_SERIES = ["source", "network", "gpu", "gpus", "precision", "prompts"]
PARTS = ["offline_s", "weights_s", "step_s"]
FEWEST_NETWORKS = 3
_SMALLEST = 1e-6
SMALLEST_SD = 0.05  # of logarithms; lower limit even where a few networks agree better


def with_parts(runs: pl.DataFrame) -> pl.DataFrame:
    """Runs with the parts of their GPU time per output token, and that time, in seconds.

    - `offline_s`: by the offline curve of the model or its relatives, without a limit on the batch;
    - `weights_s`: bytes of all weights / (memory bandwidth x batch), as each step reads them once for its whole batch;
    - `step_s`: GPUs × 1 ms / batch, for the fixed part of a step: launches, communication, scheduling;
    - `observed_s`: GPU time of the run, 1 / (output tokens per second and GPU).

    Args:
        runs: with `offline_tok_per_s_per_gpu`, `total_parameters_billions`, `memory_bandwidth_gb_per_s`, `precision`,
            `gpus`, and `batch_limit`, requests that may be in flight on all of its GPUs together: a setting of the
                run, not a measurement.
    """
    weight_bytes = pl.col("precision").replace_strict(BYTES_PER_PARAMETER, return_dtype=pl.Float64, default=None)
    return runs.with_columns(
        offline_s=1 / pl.col("offline_tok_per_s_per_gpu"),
        weights_s=pl.col("total_parameters_billions")
        * weight_bytes
        / pl.col("memory_bandwidth_gb_per_s")
        / pl.col("batch_limit"),
        step_s=1e-3 * pl.col("gpus") / pl.col("batch_limit"),
        observed_s=1 / pl.col("output_tok_per_s_per_gpu"),
    )


def fit(parts: np.ndarray, observed_s: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Non-negative factors of the parts: minimises the weighted sum of (ln sum_i k_i part_i - ln observed)^2.

    Args:
        parts: shape (runs, parts).
        observed_s: shape (runs,).
        weights: shape (runs,).
    """
    # ASSUME: a decode step takes a fixed time, the time to read the weights, and the time for its batch, one after the
    # other. Source: Pope et al., arXiv:2211.05102, section 2.
    start, _ = nnls(parts / observed_s[:, None], np.ones(len(observed_s)))
    found = least_squares(
        lambda logs: np.sqrt(weights) * (np.log(parts @ np.exp(logs)) - np.log(observed_s)),
        np.log(np.maximum(start, _SMALLEST)),
    )
    return np.exp(found.x)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """GPU time per output token that is expected of a run, s, as a log-normal.

    Attributes:
        seconds: its median.
        log_sd: its log deviation.
        basis: evidence that it is based on.
    """

    seconds: float
    log_sd: float
    basis: str


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """Factors and deviations from the runs of all networks of a source but one.

    Attributes:
        factors: of the parts.
        between: log deviation between networks.
        within: log deviation between configurations of one network.
        networks: how many there are.
    """

    factors: np.ndarray
    between: float
    within: float
    networks: int


def learnt_without(network: str, runs: pl.DataFrame) -> Learnt | None:
    """Factors of the parts by the runs of other networks, each network weighing the same; none if these are too few."""
    others = _usable(runs).filter(pl.col("network") != network)
    networks = others["network"].n_unique()
    if networks < FEWEST_NETWORKS:
        return None
    factors = fit(
        others.select(PARTS).to_numpy(),
        others["observed_s"].to_numpy(),
        1 / others.select(pl.len().over("network")).to_series().to_numpy(),
    )
    between, within = _spreads(_residuals(others, factors))
    return Learnt(factors=factors, between=between, within=within, networks=networks)


def expected(row: dict, runs: pl.DataFrame, learnt: Learnt) -> Expected | None:
    """GPU time of a run from runs of the same source, its own configuration left out; none if its parts are not known.

    The factors of the parts are those of the other networks. The deviation of other configurations of the same network
    from them shifts the expectation, in so far as the variability between networks exceeds that within one (the best
    linear unbiased predictor of a network's own factor).

    Args:
        row: a run with parts.
        runs: runs of its source with parts, the row among them.
        learnt: `learnt_without` the row's network.
    """
    if any(row[part] is None for part in PARTS):
        return None
    same = _usable(runs).filter(pl.col("network") == row["network"], ~_same_configuration(row))
    own = _residuals(same, learnt.factors)["residual"].to_numpy()
    trust = learnt.between**2 / (learnt.between**2 + learnt.within**2 / len(own)) if len(own) else 0.0
    shift = trust * float(own.mean()) if len(own) else 0.0
    log_sd = float(np.sqrt(learnt.between**2 * (1 - trust) + learnt.within**2))
    known = f", {len(own)} other configurations of its own" if len(own) else ""
    return Expected(
        seconds=float(np.array([row[part] for part in PARTS]) @ learnt.factors * np.exp(shift)),
        log_sd=max(log_sd, SMALLEST_SD),
        basis=f"runs of {learnt.networks} other networks{known}; offline curve: {row['curve'].replace('_', ' ')}",
    )


def _usable(runs: pl.DataFrame) -> pl.DataFrame:
    return runs.filter(pl.all_horizontal(pl.col(part).is_not_null() for part in PARTS))


def _same_configuration(row: dict) -> pl.Expr:
    return pl.all_horizontal(*(pl.col(name).eq_missing(pl.lit(row[name])) for name in NETWORK_SERIES))


def _residuals(runs: pl.DataFrame, factors: np.ndarray) -> pl.DataFrame:
    """Mean of ln observed / fitted of every configuration: `network, residual`."""
    if runs.is_empty():
        return pl.DataFrame(schema={"network": pl.String, "residual": pl.Float64})
    logs = np.log(runs["observed_s"].to_numpy() / (runs.select(PARTS).to_numpy() @ factors))
    return (
        runs.select(NETWORK_SERIES)
        .with_columns(residual=pl.Series(logs))
        .group_by(NETWORK_SERIES, maintain_order=True)
        .agg(pl.col("residual").mean())
        .select("network", "residual")
    )


def _spreads(residuals: pl.DataFrame) -> tuple[float, float]:
    """Log deviations between networks, and between configurations of one network."""
    each = residuals.group_by("network", maintain_order=True).agg(
        pl.col("residual").mean().alias("mean"), pl.col("residual").var().alias("variance"), pl.len().alias("count")
    )
    several = each.filter(pl.col("count") > 1)
    degrees = several["count"] - 1
    within = float((several["variance"] * degrees).sum() / degrees.sum()) if len(several) else SMALLEST_SD**2
    between = float(each["mean"].var() or 0.0) - within * float((1 / each["count"]).mean())
    return max(np.sqrt(max(between, 0.0)), SMALLEST_SD), max(np.sqrt(within), SMALLEST_SD)
