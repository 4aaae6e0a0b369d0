"""Power of a serving node per GPU: boards of the GPUs and everything around them, from idle to saturated."""

import numpy as np
import pandera.polars as pa
import polars as pl

from inference_energy.distributions import SHARES
from inference_energy.input_tables import URL, InputTable

W_PER_KW = 1000.0
BASES = ["measured", "from a like node"]
# What one series of runs has in common while only the number of concurrent requests changes.
SERIES = ("source", "model", "gpu", "gpus", "precision", "prompts")
# ASSUME: a GPU is saturated from 90 % of the largest throughput of its series on. In ML.ENERGY v3 its board then draws
# within 1 % of what it draws at the largest throughput (median over the series).
NEAR_SATURATION = 0.9
EVIDENCE_SHARES = ("p05", "p50", "p95")


class NodePower(InputTable):
    """Power of one GPU's board and of its part of the host, idle and saturated with LLM inference."""

    gpu: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name in resources/hardware.csv")
    board_idle_share_of_tdp: float = pa.Field(gt=0, lt=1, description="board power without work over TDP")
    board_saturated_share_of_tdp_p05: float = pa.Field(gt=0, lt=1, description="saturated board power over TDP, P5")
    board_saturated_share_of_tdp_p95: float = pa.Field(gt=0, lt=1, description="saturated board power over TDP, P95")
    host_idle_kw_per_gpu: float = pa.Field(
        gt=0, le=10, description="idle CPUs, memory, fans, network cards and power supplies, kW per GPU"
    )
    host_saturated_kw_per_gpu_p05: float = pa.Field(gt=0, le=10, description="the same, saturated, P5, kW per GPU")
    host_saturated_kw_per_gpu_p95: float = pa.Field(gt=0, le=10, description="the same, saturated, P95, kW per GPU")
    basis: str = pa.Field(isin=BASES, description="whether this node was measured at the wall")
    derivation: str = pa.Field(str_length={"min_value": 1}, description="how each number follows")
    source: str = pa.Field(str_matches=URL, description="where the evidence stands, an address first")

    @pa.dataframe_check(
        name="board_rises", error="board_saturated_share_of_tdp_p95: shares that rise from idle over P5 to P95"
    )
    def board_rises(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A board draws more saturated than idle, and P95 lies above P5."""
        return _rises(
            data, "board_idle_share_of_tdp", "board_saturated_share_of_tdp_p05", "board_saturated_share_of_tdp_p95"
        )

    @pa.dataframe_check(
        name="host_rises", error="host_saturated_kw_per_gpu_p95: powers that rise from idle over P5 to P95"
    )
    def host_rises(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A host draws more saturated than idle, and P95 lies above P5."""
        return _rises(data, "host_idle_kw_per_gpu", "host_saturated_kw_per_gpu_p05", "host_saturated_kw_per_gpu_p95")


def _rises(data: pa.PolarsData, idle: str, p05: str, p95: str) -> pl.LazyFrame:
    return data.lazyframe.select((pl.col(idle) < pl.col(p05)) & (pl.col(p05) < pl.col(p95)))


def host_middle_w() -> pl.Expr:
    """Saturated power of the rest of a node per GPU, W: the middle of its range, sqrt(P5 x P95)."""
    return (pl.col("host_saturated_kw_per_gpu_p05") * pl.col("host_saturated_kw_per_gpu_p95")).sqrt() * W_PER_KW


def saturated_board_shares(energy: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Board power over TDP of runs near saturation, one row per source and GPU.

    share = energy per output token x output tokens per second / (GPUs x TDP); a run counts from 90 % of the largest
    throughput of its source, model, GPU, number of GPUs, precision and prompts on. Every model counts once, with
    the median of its runs. The sources stay apart: engines of different years leave GPUs waiting to a different
    degree.

    Args:
        energy: accepted rows of measured energy with their runs.
        hardware: hardware registry.

    Returns:
        `source, gpu, runs, models, board_share_of_tdp_p05, _p50, _p95`.
    """
    power_w = pl.col("energy_j_per_output_token") * pl.col("throughput_tok_per_s")
    largest = pl.col("throughput_tok_per_s").max().over(SERIES)
    runs = (
        energy.filter(pl.col("boundary") == "gpu_boards")
        .join(hardware.select("gpu", "tdp_w"), on="gpu")
        .with_columns(share=power_w / (pl.col("gpus") * pl.col("tdp_w")))
        .filter(pl.col("throughput_tok_per_s") >= NEAR_SATURATION * largest)
    )
    models = runs.group_by("source", "gpu", "model").agg(pl.len().alias("runs"), pl.col("share").median())
    return (
        models.group_by("source", "gpu")
        .agg(
            pl.col("runs").sum().cast(pl.Int64),
            pl.len().cast(pl.Int64).alias("models"),
            *(
                pl.col("share").quantile(SHARES[name], "linear").alias(f"board_share_of_tdp_{name}")
                for name in EVIDENCE_SHARES
            ),
        )
        .sort("source", "gpu")
    )


def board_power_w(
    *, tdp_w: np.ndarray, idle_share: np.ndarray, saturated_share: np.ndarray, load: np.ndarray
) -> np.ndarray:
    """Power of a GPU's board: TDP x (idle + (saturated - idle) x load), W.

    Args:
        tdp_w: thermal design power, W.
        idle_share: idle power over TDP.
        saturated_share: saturated power over TDP.
        load: share of time saturated, 0 to 1; idle else.
    """
    # ASSUME: load is the share of time in which the node is saturated, and the rest of the time it is idle; then power
    # is linear in it. It is not linear in throughput: in ML.ENERGY v3 a board at 30 % of the largest throughput is
    # already about four fifths of the way from idle to saturated (H100 0.78, B200 0.86).
    return tdp_w * (idle_share + (saturated_share - idle_share) * load)


def host_power_w(*, idle_w: np.ndarray, saturated_w: np.ndarray, load: np.ndarray) -> np.ndarray:
    """Power of the host: idle + (saturated - idle) x load, W.

    Args:
        idle_w: power with idle GPUs, W.
        saturated_w: power with saturated GPUs, W.
        load: share of time saturated, 0 to 1; idle else.
    """
    # ASSUME: fans, CPUs and conversion losses follow the load of the GPUs, linearly as their boards do.
    return idle_w + (saturated_w - idle_w) * load
