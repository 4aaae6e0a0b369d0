"""The scoreboard: how far predictions are from measurements, and how often these lie in the 90 % interval."""

import numpy as np
import polars as pl

from inference_energy.statistics.quantiles import Z_P95

GROUPS = ("campaign", "network", "gpu", "vendor", "engine", "prompts")
SATURATED = ("source", "network", "gpu", "precision", "prompts")


def saturated(runs: pl.DataFrame, share: float) -> pl.DataFrame:
    """Keys of runs with at least a share of the largest throughput of their configuration."""
    of_gpu = pl.col("output_tok_per_s_per_gpu")
    return runs.filter(of_gpu >= share * of_gpu.max().over(*SATURATED, "gpus")).select("source", "row_id")


def scores(predictions: pl.DataFrame, saturated_runs: pl.DataFrame) -> pl.DataFrame:
    """Scores of all predictions and of groups of them: a row per score, what was left out, and group.

    `median_ratio` is predicted over measured, `factor` exp of the root mean square of its logarithm, `coverage_90` the
    share of measurements within P5 to P95.
    """
    held = predictions.join(saturated_runs.with_columns(saturated=True), on=["source", "row_id"], how="left")
    parts = [_scored(held, pl.lit("all"))]
    parts += [_scored(held, pl.format("{}: {}", pl.lit(name), pl.col(name).fill_null("not stated"))) for name in GROUPS]
    full = held.filter(pl.col("saturated"))
    if len(full):
        parts.append(_scored(full, pl.format("saturated {}", "source")))
    return pl.concat(parts).unique(maintain_order=True)


def measures(ending: str = "") -> list[pl.Expr]:
    """The three scores of predictions whose columns have some ending, each with that ending; see `scores`."""
    ratio = (pl.col(f"predicted_p50{ending}") / pl.col("measured")).log()
    inside = pl.col("measured").is_between(f"predicted_p05{ending}", f"predicted_p95{ending}")
    return [
        ratio.median().exp().alias(f"median_ratio{ending}"),
        (ratio**2).mean().sqrt().exp().alias(f"factor{ending}"),
        inside.mean().alias(f"coverage_90{ending}"),  # nothing where a method gives no interval
    ]


def _scored(predictions: pl.DataFrame, group: pl.Expr) -> pl.DataFrame:
    return (
        predictions.group_by("score", "left_out", group.alias("group"))
        .agg(pl.len().cast(pl.Int64).alias("rows"), *measures())
        .sort("score", "left_out", "group")
    )


def log_linear(kind: str, runs: pl.DataFrame, fitted_to: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """Predictions of a regression of log energy on the logarithms of everything that the serving model is told.

    The comparison that a statistician would make first: refitted for each that is left out, with the spread of its
    residuals as interval.
    """
    found = []
    for value, column in names.items():
        learnt = fitted_to.filter(pl.col(column).ne_missing(value), pl.col("board_share").is_not_null())
        scored = runs.filter(pl.col(column) == value, pl.col("board_share").is_not_null()).drop_nulls("batch")
        design, target = _design(learnt), np.log(learnt["energy_j_per_output_token"].to_numpy())
        middle, scale = design.mean(axis=0), design.std(axis=0)
        scale[scale == 0] = 1.0
        standard = np.column_stack([np.ones(len(design)), (design - middle) / scale])
        penalty = np.diag([0.0, *np.ones(design.shape[1])])
        weights = np.linalg.solve(standard.T @ standard + penalty, standard.T @ target)
        spread = float(np.std(target - standard @ weights, ddof=standard.shape[1]))
        expected = np.column_stack([np.ones(len(scored)), (_design(scored) - middle) / scale]) @ weights
        found.append(
            scored.select(
                "source", "row_id", *GROUPS, "precision", measured=pl.col("energy_j_per_output_token")
            ).with_columns(
                score=pl.lit("energy_at_batch, log-linear regression"),
                left_out=pl.lit(kind),
                value=pl.lit(value),
                predicted_p05=pl.Series(np.exp(expected - Z_P95 * spread)),
                predicted_p50=pl.Series(np.exp(expected)),
                predicted_p95=pl.Series(np.exp(expected + Z_P95 * spread)),
                reached=pl.lit(1.0),
            )
        )
    return pl.concat(found)


def of_methods(runs: pl.DataFrame, peers: pl.DataFrame) -> pl.DataFrame:
    """Predictions of other methods, of `peers.on_runs`, for runs whose boards were metered; none has an interval."""
    metered = runs.filter(pl.col("board_share").is_not_null()).select(
        *("source", "row_id"), *GROUPS, "precision", measured="energy_j_per_output_token"
    )
    nothing = pl.lit(None, pl.Float64)
    return metered.join(peers, on=["source", "row_id"]).select(
        *metered.columns,
        "predicted_p50",
        predicted_p05=nothing,
        predicted_p95=nothing,
        score=pl.format("energy_at_batch, {}", "label"),
        left_out=pl.lit("none"),
        value=pl.lit(None, pl.String),
        reached=pl.lit(1.0),
    )


def _design(runs: pl.DataFrame) -> np.ndarray:
    logs = ("gpus", "batch", "input_tokens", "output_tokens", "active_parameters", "layers", "tdp_w")
    logs += ("bandwidth_b_per_s", "peak_flop_per_s", "shared_bytes")
    total = pl.col("shared_parameters") + pl.col("expert_parameters") * pl.col("experts") * pl.col("with_experts")
    plain = ("with_experts", "speculative", "attention_data_parallel", "software_years", "attention_stages")
    narrow = (pl.col("expert_bytes") / pl.col("expert_parameters")).fill_nan(1.0).log()
    return runs.select(
        *(pl.col(name).log() for name in logs),
        total.log().alias("total"),
        narrow.alias("narrow"),
        *plain,
    ).to_numpy()
