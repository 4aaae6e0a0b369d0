"""Measured power of GPU boards over their TDP, near saturation, and the ranges that the runs of a GPU show."""

import polars as pl

from inference_energy.common.errors import InputError, like
from inference_energy.statistics.quantiles import PERCENTILES

# What one series of runs has in common while only the number of concurrent requests changes.
SERIES = ("source", "model", "gpu", "gpus", "precision", "prompts")
# ASSUME: a GPU is saturated from 90 % of the largest throughput of its series on. In ML.ENERGY v3 its board then draws
# within 1 % of what it draws at the largest throughput (median over the series).
NEAR_SATURATION = 0.9
DECIMALS = 2  # of adopted shares
ADOPTED = " is adopted; "  # in every line of `not_adopted`


def saturated(energy: pl.DataFrame, share: float) -> pl.DataFrame:
    """Runs whose throughput is at least a share of the largest of their series.

    A series is one model on one GPU count and precision with one kind of prompts, over its batch sizes.
    """
    throughput = pl.col("throughput_tok_per_s")
    return energy.filter(throughput >= share * throughput.max().over(SERIES))


def board_power_shares(energy: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Board power over TDP of every run near saturation whose boards were metered, in `BOARD_POWER_SHARES`.

    Runs on GPUs without a published TDP are not in it.
    """
    power_w = pl.col("energy_j_per_output_token") * pl.col("output_tok_per_s_per_gpu")  # of a GPU
    return (
        saturated(energy.filter(pl.col("boundary") == "gpu_boards"), NEAR_SATURATION)
        .join(hardware.select("gpu", "tdp_w").drop_nulls(), on="gpu")
        .with_columns(board_share_of_tdp=power_w / pl.col("tdp_w"))
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

    A new benchmark may move the evidence: that is told and stops nothing, as adopting another figure is for people. The
    lines name the `file` of the nodes.

    Raises:
        InputError: no such runs.
    """
    known = {f"{row['source']}: {row['gpu']}": row for row in ranges(shares).iter_rows(named=True)}
    lines = []
    for row in node_power.drop_nulls("board_evidence").iter_rows(named=True):
        place, name = f"{file}: {row['gpu']}", row["board_evidence"]
        if name not in known:
            raise InputError(f"{place}: board_evidence: found {name!r}; allowed: {like(name, known)}")
        for end in ("p05", "p95"):
            column = f"board_saturated_share_of_tdp_{end}"
            given = round(known[name][f"board_share_of_tdp_{end}"], DECIMALS)
            if row[column] != given:
                evidence = f"{known[name]['rows']} rows of {name!r} give {given:g}"
                lines.append(f"{place}: {column}: {row[column]:g}{ADOPTED}{evidence}")
    return lines
