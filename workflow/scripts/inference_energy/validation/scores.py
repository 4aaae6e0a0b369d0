"""Errors of predictions of measured runs: by this work and by other methods, on the same runs."""

from collections.abc import Mapping

import polars as pl

from inference_energy.energy.power import host_middle_w
from inference_energy.throughput.log_linear import ThroughputModel
from inference_energy.validation.peers import ecologits, epoch, inferencemax, jegham, published
from inference_energy.validation.peers.peer import Peer

PEERS = tuple(method.PEER for method in (published, ecologits, jegham, epoch, inferencemax))
OURS, OURS_LABEL = "current", "This work"
UNSEEN, UNSEEN_LABEL = "current_unseen", "This work, unseen"
BOUNDARY = {"gpu_boards": "gpu_boards", "node_wall": "node"}
GROUPS = {"all": None, "gpu": "gpu", "model_class": "model_class", "source": "source"}


def peer_predictions(
    runs: pl.DataFrame,
    node_power: pl.DataFrame,
    curves: Mapping[str, ThroughputModel],
    *,
    output_tokens: Mapping[str, float],
) -> pl.DataFrame:
    """Prediction of every other method for a run's energy per output token, J: one row per run and method.

    A method that gives the node but not its boards is brought to the boards by the boards' part of a saturated node
    (`aligned`); nothing measured of the run is used.

    Args:
        runs: of `backtest.with_offline`.
        node_power: table of `node_power.NodePower`, with the `tdp_w` of its GPUs.
        curves: throughput of a node by the published method, by model.
        output_tokens: mean answer length by `prompts`, where runs do not state it.
    """
    part = dict(node_power.select("gpu", _boards_part()).iter_rows())
    found = []
    for row in runs.iter_rows(named=True):
        run = {
            "gpu": row["gpu"],
            "gpus": row["gpus"],
            "active_b": row["active_parameters_billions"],
            "total_b": row["total_parameters_billions"],
            "model_class": row["model_class"],
            "model": row["model"],
            "input_tokens": None,
            "output_tokens": row["output_tokens"] or output_tokens.get(row["prompts"]),
            "throughput": curves.get(row["model"]),
        }
        boundary = BOUNDARY[row["boundary"]]
        for peer in PEERS:
            value, reason, aligned = _said(peer, run, boundary, part.get(row["gpu"]))
            place = {name: row[name] for name in ("source", "row_id", "model", "model_class", "gpu")}
            said = {"predicted": value, "aligned": aligned, "reason": reason}
            found.append(
                place
                | {"target": row["boundary"], "method": peer.name, "label": peer.label}
                | {"measured": row["energy_j_per_output_token"]}
                | said
            )
    return pl.DataFrame(found, infer_schema_length=None)


def _said(peer: Peer, run: dict, boundary: str, boards_part: float | None) -> tuple[float | None, str | None, bool]:
    reason = peer.cannot_say(run, boundary)
    if reason is None:
        return peer.j_per_output_token(run, boundary), None, False
    if boundary == "gpu_boards" and boards_part is not None and peer.cannot_say(run, "node") is None:
        return peer.j_per_output_token(run, "node") * boards_part, None, True
    return None, reason, False


def _boards_part() -> pl.Expr:
    """Part of the boards in the power of a saturated node, at the middle of both ranges."""
    shares = pl.col("board_saturated_share_of_tdp_p05") * pl.col("board_saturated_share_of_tdp_p95")
    boards_w = pl.col("tdp_w") * shares.sqrt()
    return boards_w / (boards_w + host_middle_w())


def ratios(backtest: pl.DataFrame, peers: pl.DataFrame) -> pl.DataFrame:
    """Every run by every method that predicts it: `ratio`, `ours`, that of this work, and whether it is inside."""
    columns = ("source", "row_id", "target", "model_class", "gpu", "ratio", "inside_50", "inside_90", "method", "label")
    measured, keys = pl.col("measured"), ["source", "row_id", "target"]
    ours = backtest.filter(pl.col("ratio").is_not_null()).with_columns(method=pl.lit(OURS), label=pl.lit(OURS_LABEL))
    unseen = backtest.filter(pl.col("predicted_p50_unseen").is_not_null()).with_columns(
        ratio=pl.col("predicted_p50_unseen") / measured,
        inside_50=measured.is_between("predicted_p25_unseen", "predicted_p75_unseen"),
        inside_90=measured.is_between("predicted_p05_unseen", "predicted_p95_unseen"),
        method=pl.lit(UNSEEN),
        label=pl.lit(UNSEEN_LABEL),
    )
    theirs = peers.filter(pl.col("predicted").is_not_null()).with_columns(
        ratio=pl.col("predicted") / measured,
        inside_50=pl.lit(None, pl.Boolean),
        inside_90=pl.lit(None, pl.Boolean),
    )
    known = ours.select(*keys, ours="ratio")
    return pl.concat(of.select(columns) for of in (ours, unseen, theirs)).join(
        known, on=keys, how="left", maintain_order="left"
    )


def scores(backtest: pl.DataFrame, peers: pl.DataFrame) -> pl.DataFrame:
    """Errors of every method by target and group, over the runs that it predicts.

    `ratio` is predicted over measured; `geometric_error` is exp(rms ln ratio), `ratio_geometric_sd` the exp of the
    standard deviation of ln ratio. On the runs that a method and this work both predict, `shared_runs`, both geometric
    errors are given: `geometric_error_on_shared_runs` of the method, `ours_on_the_same_runs` of this work.
    """
    together = ratios(backtest, peers)
    logs, own = pl.col("ratio").log(), pl.col("ours").log()
    frames = [
        together.group_by(
            "method", "label", "target", (pl.lit("all") if column is None else pl.col(column)).alias("group")
        )
        .agg(
            pl.len().cast(pl.Int64).alias("runs"),
            pl.col("ratio").median().alias("ratio_p50"),
            logs.std().exp().alias("ratio_geometric_sd"),
            (logs**2).mean().sqrt().exp().alias("geometric_error"),
            pl.col("inside_50").mean().alias("share_inside_50"),
            pl.col("inside_90").mean().alias("share_inside_90"),
            own.count().cast(pl.Int64).alias("shared_runs"),
            (logs.filter(own.is_not_null()) ** 2).mean().sqrt().exp().alias("geometric_error_on_shared_runs"),
            (own**2).mean().sqrt().exp().alias("ours_on_the_same_runs"),
        )
        .with_columns(grouped_by=pl.lit(name))
        for name, column in GROUPS.items()
    ]
    return pl.concat(frames).sort("grouped_by", "target", "group", "method")
