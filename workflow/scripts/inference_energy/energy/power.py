"""Power of a serving node per GPU: boards of the GPUs and everything around them, from idle to saturated."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.errors import InputError, like
from inference_energy.common.formulas import Quantity, formula
from inference_energy.statistics.distributions import Beta, Distribution, ShiftedLogNormal


def host_middle_w() -> pl.Expr:
    """Saturated power of the rest of a node per GPU, W: the middle of its range, sqrt(P5 x P95)."""
    return (pl.col("host_saturated_kw_per_gpu_p05") * pl.col("host_saturated_kw_per_gpu_p95")).sqrt() * W_PER_KW


@formula(unit="W", source="arithmetic")
def board_power_w(*, tdp_w: Quantity, idle_share: Quantity, saturated_share: Quantity, load: Quantity) -> Quantity:
    """Power of a GPU's board.

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


@formula(unit="W", source="arithmetic")
def host_power_w(*, idle_w: Quantity, saturated_w: Quantity, load: Quantity) -> Quantity:
    """Power of everything in a node but its boards, per GPU.

    Args:
        idle_w: power with idle GPUs, W.
        saturated_w: power with saturated GPUs, W.
        load: share of time saturated, 0 to 1; idle else.
    """
    # ASSUME: fans, CPUs and conversion losses follow the load of the GPUs, linearly as their boards do.
    return idle_w + (saturated_w - idle_w) * load


@formula(unit="W", source="arithmetic")
def used_power_w(*, rated_w: Quantity, utilisation: Quantity) -> Quantity:
    """Power that a rated node draws, per GPU; its utilisation is drawn over rated power."""
    return rated_w * utilisation


@formula(unit="W", source="arithmetic")
def node_power_w(*, boards_w: Quantity, host_w: Quantity) -> Quantity:
    """Power of a node, per GPU: boards and everything else in it."""
    return boards_w + host_w


@formula(unit="W", source="definition of PUE, ISO/IEC 30134-2")
def datacenter_power_w(*, node_w: Quantity, pue: Quantity) -> Quantity:
    """Power that a datacenter draws for its serving nodes, per GPU."""
    return node_w * pue


@formula(unit="W", source="arithmetic")
def fleet_power_w(*, datacenter_w: Quantity, overhead_share: Quantity) -> Quantity:
    """Power of a datacenter with everything that a fleet needs in addition to its serving nodes, per GPU."""
    return datacenter_w * (1 + overhead_share)


@formula(unit="kW", source="arithmetic")
def node_power_kw(*, w_per_gpu: Quantity, gpus_per_node: Quantity) -> Quantity:
    """Power of a whole node from its power per GPU."""
    return w_per_gpu * gpus_per_node / W_PER_KW


@dataclass(frozen=True, kw_only=True)
class GpuPower:
    """Distributions of the power of one GPU and its part of the node, W.

    Attributes:
        tdp_w: thermal design power of the board.
        board_idle: idle board power over TDP.
        board_saturated: distribution of saturated board power over TDP, from idle to 1.
        host_idle_w: idle power of the rest of the node, per GPU.
        host_saturated: distribution of that power, saturated.
    """

    tdp_w: float
    board_idle: float
    board_saturated: Distribution
    host_idle_w: float
    host_saturated: Distribution

    def boards_at(self, load: Quantity, saturated_share: np.ndarray) -> np.ndarray:
        """Board power at a load, with the given saturated power over TDP."""
        return board_power_w(tdp_w=self.tdp_w, idle_share=self.board_idle, saturated_share=saturated_share, load=load)

    def host_at(self, load: Quantity, saturated_w: np.ndarray) -> np.ndarray:
        """Power of the rest of the node at a load, with the given saturated power."""
        return host_power_w(idle_w=self.host_idle_w, saturated_w=saturated_w, load=load)


def gpu_power(gpu: str, place: str, node_power: pl.DataFrame, hardware: pl.DataFrame) -> GpuPower:
    """Distributions of a GPU's power, from its row of `resources/node_power.csv`.

    Raises:
        InputError: a GPU without a row, or without a TDP in the hardware registry.
    """
    rows = node_power.filter(pl.col("gpu") == gpu)
    if rows.is_empty():
        raise InputError(
            f"{place}: found {gpu!r}; allowed: {like(gpu, node_power['gpu'])}, which have a row in"
            " resources/node_power.csv"
        )
    tdp_w = hardware.filter(pl.col("gpu") == gpu)["tdp_w"][0]
    if tdp_w is None:
        raise InputError(f"{place}: found {gpu!r}, whose tdp_w is empty in resources/hardware.csv; allowed: a number")
    row = rows.row(0, named=True)
    idle = row["board_idle_share_of_tdp"]
    host_idle_w = row["host_idle_kw_per_gpu"] * W_PER_KW
    return GpuPower(
        tdp_w=float(tdp_w),
        board_idle=idle,
        board_saturated=Beta.from_percentiles(
            p05=row["board_saturated_share_of_tdp_p05"], p95=row["board_saturated_share_of_tdp_p95"], low=idle
        ),
        host_idle_w=host_idle_w,
        host_saturated=ShiftedLogNormal.from_percentiles(
            above=host_idle_w,
            p05=row["host_saturated_kw_per_gpu_p05"] * W_PER_KW,
            p95=row["host_saturated_kw_per_gpu_p95"] * W_PER_KW,
        ),
    )
