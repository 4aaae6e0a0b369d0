"""Power of a serving node per GPU: boards of the GPUs and everything around them, from idle to saturated."""

from collections.abc import Mapping

import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.formulas import Quantity, formula


def host_middle_w() -> pl.Expr:
    """Saturated power of the rest of a node per GPU, W: the middle of its range, sqrt(P5 x P95)."""
    return (pl.col("host_saturated_kw_per_gpu_p05") * pl.col("host_saturated_kw_per_gpu_p95")).sqrt() * W_PER_KW


@formula(unit="W", source="arithmetic")
def board_power_w(*, tdp_w: Quantity, share_of_tdp: Quantity, board_factor: Quantity = 1.0) -> Quantity:
    """Power of a GPU's board.

    Args:
        tdp_w: thermal design power, W.
        share_of_tdp: power over it, as the serving model says, mean over the day.
        board_factor: what lower clocks leave of it.
    """
    return tdp_w * share_of_tdp * board_factor


@formula(unit="W", source="arithmetic")
def host_power_w(*, idle_w: Quantity, saturated_w: Quantity, load: Quantity) -> Quantity:
    """Power of everything in a node but its boards, per GPU.

    Args:
        idle_w: power with idle GPUs, W.
        saturated_w: power with saturated GPUs, W.
        load: where the boards are between idle and saturated, 0 to 1.
    """
    # ASSUME: fans, CPUs and conversion losses follow the power of the boards, linearly.
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


def by_boundary_w(boards: Quantity, node: Quantity, pue: Quantity, overheads: Quantity) -> dict[str, Quantity]:
    """Power within each boundary, W, from that of the boards and of the node."""
    datacenter = datacenter_power_w(node_w=node, pue=pue)
    fleet = fleet_power_w(datacenter_w=datacenter, overhead_share=overheads)
    return {"gpu_boards": boards, "node": node, "datacenter": datacenter, "fleet": fleet}


def node_of(gpu: str, table: pl.DataFrame) -> Mapping[str, float]:
    """Row of a GPU's node; of a GPU without one, the middle of the measured nodes."""
    gpus = table["gpu"].to_list()
    if gpu in gpus:
        return table.row(gpus.index(gpu), named=True)
    # ASSUME: a node of unknown power is like those that were measured at the wall.
    return table.filter(pl.col("basis") == "measured").select(pl.selectors.numeric().mean()).row(0, named=True)
