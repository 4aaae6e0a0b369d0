"""Measured power of GPU boards over their TDP, near saturation, and the ranges that the runs of a GPU show."""

import polars as pl

from inference_energy.energy.adopted import differences
from inference_energy.statistics.quantiles import PERCENTILES

# What one series of runs has in common while only the number of concurrent requests changes.
SERIES = ("source", "model", "gpu", "gpus", "precision", "prompts")
# ASSUME: a GPU is saturated from 90 % of the largest throughput of its series on. In ML.ENERGY v3 its board then draws
# within 1 % of what it draws at the largest throughput (median over the series).
NEAR_SATURATION = 0.9


def saturated(energy: pl.DataFrame, share: float) -> pl.DataFrame:
    """Runs whose throughput is at least a share of the largest of their series; MLPerf's runs are saturated by design.

    A series is one model on one GPU count and precision with one kind of prompts, over its batch sizes.
    """
    largest = pl.col("throughput_tok_per_s").max().over(SERIES)
    by_design = pl.col("boundary") == "node_wall"
    return energy.filter(by_design | (pl.col("throughput_tok_per_s") >= share * largest))


def power_w() -> pl.Expr:
    """Metered power per GPU of a run, W: energy per output token x output tokens per second and GPU."""
    return pl.col("energy_j_per_output_token") * pl.col("output_tok_per_s_per_gpu")


def board_power_shares(energy: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Board power over TDP of every run near saturation whose boards were metered, in `BOARD_POWER_SHARES`.

    Runs on GPUs without a published TDP are not in it.
    """
    return (
        saturated(energy.filter(pl.col("boundary") == "gpu_boards"), NEAR_SATURATION)
        .join(hardware.select("gpu", "tdp_w").drop_nulls(), on="gpu")
        .with_columns(board_share_of_tdp=power_w() / pl.col("tdp_w"))
        .select(
            *("source", "row_id", "file", "line", "model", "gpu"),
            *("energy_j_per_output_token", "output_tok_per_s_per_gpu", "tdp_w", "board_share_of_tdp"),
        )
        .sort("source", "row_id")
    )


def ranges(shares: pl.DataFrame) -> pl.DataFrame:
    """Quantiles over models, one row per source and GPU: every model counts once, with the median of its runs.

    The sources stay apart: engines of different years leave GPUs waiting to a different degree.

    Returns:
        `source, gpu, rows, models, board_share_of_tdp_p05, _p50, _p95`.
    """
    share = pl.col("board_share_of_tdp")
    models = shares.group_by("source", "gpu", "model").agg(pl.len().alias("rows"), share.median())
    return (
        models.group_by("source", "gpu")
        .agg(
            pl.col("rows").sum().cast(pl.Int64),
            pl.len().cast(pl.Int64).alias("models"),
            *(share.quantile(of, "linear").alias(f"board_share_of_tdp_{name}") for name, of in PERCENTILES.items()),
        )
        .sort("source", "gpu")
    )


def not_adopted(node_power: pl.DataFrame, shares: pl.DataFrame, file: str) -> list[str]:
    """Saturated board shares of GPUs that name their evidence and are not P5 and P95 of those runs; a line each.

    Raises:
        InputError: no such runs.
    """
    found = ranges(shares).with_columns(evidence=pl.format("{}: {}", "source", "gpu"))
    columns = {f"board_saturated_share_of_tdp_{end}": f"board_share_of_tdp_{end}" for end in ("p05", "p95")}
    return differences(node_power, found, evidence="board_evidence", columns=columns, file=file)
