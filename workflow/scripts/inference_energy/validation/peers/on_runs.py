"""Other methods on the runs whose boards were metered."""

from collections.abc import Mapping

import polars as pl

from inference_energy.energy.power import host_middle_w
from inference_energy.throughput.log_linear import ThroughputModel
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from inference_energy.validation.peers.peer import Peer

PEERS = tuple(method.PEER for method in (published, ecologits, jegham, epoch))
BOUNDARY = "gpu_boards"
PARAMETERS = ("active", "total")


def predictions(
    runs: pl.DataFrame,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
    node_power: pl.DataFrame,
    curves: Mapping[str, ThroughputModel],
) -> pl.DataFrame:
    """Energy of the boards of a run per output token by every method that says it, J; nothing measured is used.

    A method that gives the node but not its boards is brought to the boards by their part of a saturated node.

    `curves` are the throughput of a node by the published method, by model.

    Returns:
        `source, row_id, label, predicted_p50`, a row for every run and method.
    """
    parts = dict(node_power.join(hardware, on="gpu").select("gpu", _boards_part()).iter_rows())
    sizes = [pl.col(f"{which}_parameters_billions").alias(f"{which}_b") for which in PARAMETERS]
    metered = runs.filter(pl.col("board_share").is_not_null()).select(
        "source", "row_id", "model", "gpu", "gpus", "output_tokens"
    )
    found = []
    for row in metered.join(models.select("model", *sizes), on="model", maintain_order="left").iter_rows(named=True):
        run = row | {"throughput": curves.get(row["model"])}
        said = {peer.label: _said(peer, run, parts.get(row["gpu"])) for peer in PEERS}
        found += [(row["source"], row["row_id"], *each) for each in said.items() if each[1] is not None]
    schema = {"source": pl.String, "row_id": pl.String, "label": pl.String, "predicted_p50": pl.Float64}
    return pl.DataFrame(found, schema=schema, orient="row")


def _said(peer: Peer, run: dict, boards_part: float | None) -> float | None:
    """What a method says of the boards, as it is or by their part of the node."""
    if BOUNDARY in peer.boundaries or boards_part is None:
        return peer.j_per_output_token(run, BOUNDARY)
    node = peer.j_per_output_token(run, "node")
    return None if node is None else node * boards_part


def _boards_part() -> pl.Expr:
    """Part of the boards in the power of a saturated node, at the middle of both ranges."""
    shares = pl.col("board_saturated_share_of_tdp_p05") * pl.col("board_saturated_share_of_tdp_p95")
    boards_w = pl.col("tdp_w") * shares.sqrt()
    return boards_w / (boards_w + host_middle_w())
