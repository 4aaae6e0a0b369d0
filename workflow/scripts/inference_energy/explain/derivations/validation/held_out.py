"""Runs predicted without what they belong to, by the serving model and by other methods, and the scores of that."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.step import Node, computed, listed, number
from inference_energy.explain.asked import Asked, shared
from inference_energy.explain.derivations.medians import Situation, over_draws
from inference_energy.explain.derivations.validation.peers import per_token
from inference_energy.explain.derivations.validation.ratios import share, statistic
from inference_energy.validation import protocol, published_fleet as published_fleets, scoreboard
from inference_energy.validation.left_out import COLUMN
from inference_energy.validation.peers.on_runs import PEERS
from inference_energy.validation.peers.peer import Peer
from inference_energy.validation.statements import UNSTATED

BOUNDARY = {"energy_at_wall": "node_wall"}  # of a score; else: GPU boards
OF_SERVICE = " at "  # between the run and the speed that a service gives
WORDS = {
    "energy_at_batch": "at the batch of the run",
    "energy_at_speed": "at the speed that its users saw, whatever the batch",
    "energy_of_service": "of a service at this speed, which chooses batch and GPUs",
    "energy_at_wall": "at the wall of its node",
    "offline_time": "time per output token at the batch that memory holds",
}
REGRESSION, PER_TOKEN = "log-linear regression", "J per output token"


def explained(asked: Asked) -> Node:
    """A number of `held_out`."""
    observed = measured(asked, asked.row)
    unit = {"unit": observed.unit}
    if asked.column == "measured":
        return asked.same(observed, **unit)
    score, _, method = asked.row["score"].partition(", ")
    if asked.column == "reached":
        note = "share of the draws in which a batch of one request, or more, gives the speed; 1 where none is asked for"
        return asked.node(children=[observed], note=note)
    for peer in PEERS:
        if peer.label == method:
            return _by_peer(asked, peer, observed)
    learnt = _learnt(asked)
    if method == REGRESSION:
        note = f"regression of log energy on logarithms, fitted anew without {_what(asked.row)}; not repeated here"
        return asked.node(children=[observed, learnt], note=note, **unit)
    name = (asked.quantile or "").upper()
    note = f"{name} of the draws {WORDS[score]}, by the serving model fitted anew without {_what(asked.row)}"
    draws = asked.protocol("draws", label="draws per run")
    return asked.node(children=[observed, learnt, draws], note=f"{note}; neither is repeated here", **unit)


def _what(row: dict) -> str:
    return f"{row['left_out']} {row['value']}"


def measured(asked: Asked, row: dict, symbol: str = "") -> Node:
    """What was measured of a run: energy per output token, or time per output token of an offline run."""
    score, source = row["score"].partition(", ")[0], row["source"]
    row_id = row["row_id"].rpartition(OF_SERVICE)[0] if score == "energy_of_service" else row["row_id"]
    if score == "offline_time":
        return asked.look_up("serving_runs", "seconds_per_token", symbol, source=source, row_id=row_id)
    return _measured_energy(asked, source, row_id, BOUNDARY.get(score, "gpu_boards"), symbol)


@shared
def _measured_energy(asked: Asked, source: str, row_id: str, boundary: str, symbol: str) -> Node:
    known = asked.build.row("measured_energy", source=source, row_id=row_id, boundary=boundary)
    facts = {"unit": PER_TOKEN, "label": f"measured energy of {row_id}"}
    return asked.benchmark(known, symbol=symbol, value=known["energy_j_per_output_token"], **facts)


def _learnt(asked: Asked) -> Node:
    """How many runs the refit learnt from, of all."""
    row, of = asked.row, asked.build.yaml("config/validation.yaml")
    runs = protocol.with_version(asked.build.used_runs, of)
    column = COLUMN.get(row["left_out"], "version")
    if row["left_out"] == "source" and row["value"] not in of["left_out"]["source"]:
        column = "source"  # of a node metered at the wall
    left = runs.filter(pl.col(column) != row["value"])
    where = asked.protocol("left_out", row["left_out"])
    return number("", f"runs of the fit without {_what(row)}, of {len(runs):,}", len(left), children=(where,))


def _by_peer(asked: Asked, peer: Peer, observed: Node) -> Node:
    run = asked.build.row("serving_runs", **asked.run)
    facts = {name: run[name] for name in ("gpu", "model", "output_tokens")}
    answer = asked.of("serving_runs", run, "output_tokens", "T")
    return asked.follows(per_token(asked, peer, facts, answer), observed, unit=observed.unit)


def score(asked: Asked) -> Node:
    """A number of `held_out_scores`."""
    column = asked.column
    rows, behind = _scored(asked, *(asked.row[name] for name in ("score", "left_out", "group")))
    ratios = rows["predicted_p50"] / rows["measured"]
    if column == "rows":
        return asked.stated("runs", len(rows), behind)
    if column == "factor":
        return statistic(asked, "geometric_error", ratios, behind)
    if column == "coverage_90":
        inside = rows["measured"].is_between(rows["predicted_p05"], rows["predicted_p95"])
        return share(asked, int(inside.sum()), len(rows), behind)
    middle = float(np.exp(np.median(np.log(ratios.to_numpy()))))
    return asked.stated("median of the ratios, on a log scale", middle, behind)


@shared
def _scored(asked: Asked, score: str, left_out: str, group: str) -> tuple[pl.DataFrame, Node]:
    """The rows of `held_out` behind a score, also as a step."""
    rows = _of_group(asked, asked.build.rows("held_out", score=score, left_out=left_out), group)
    found = []
    for run in rows.iter_rows(named=True):
        observed = measured(asked, run, "measured")
        predicted = number("predicted", "predicted, P50", run["predicted_p50"], observed.unit)
        found.append(computed(run["row_id"], "predicted / measured", [predicted, observed]))
    return rows, listed(found, "runs")


def _of_group(asked: Asked, held: pl.DataFrame, group: str) -> pl.DataFrame:
    if group == "all":
        return held
    column, _, value = group.partition(": ")
    if value:
        return held.filter(pl.col(column).fill_null("not stated") == value)
    of = asked.build.yaml("config/validation.yaml")
    runs = protocol.scored(asked.build.table("serving_runs"), of)
    full = scoreboard.saturated(runs, of["saturation"])
    return held.filter(source=column.removeprefix("saturated ")).join(full, on=["source", "row_id"], how="semi")


FLEETS = "published_fleets.csv"
PREDICTED_FROM = (
    "input_tokens_per_day",
    "output_tokens_per_day",
    "cached_share",
    "context_tokens",
    "speed_tok_per_s",
    "replica_gpus",
)
OF_FLEETS = (
    "over draws of the serving model for these tokens, context and GPUs; nothing of the service is in the fit, and"
    " every batch is as probable"
)


def published_fleet(asked: Asked) -> Node:
    """A number of `published_fleets`."""
    return _energy_of_service(asked) if asked.row["unit"] == published_fleets.ENERGY else _nodes_of_service(asked)


def _nodes_of_service(asked: Asked) -> Node:
    key, peak = {"service": asked.row["service"]}, asked.row["quantity"] == published_fleets.NODES_PEAK
    if asked.column == "stated":
        return asked.same(asked.resource(FLEETS, key, "nodes_peak" if peak else "nodes_mean"))
    behind = [asked.resource(FLEETS, key, name) for name in PREDICTED_FROM]
    if peak:
        hours = "requests of the busiest hour of an average day over their mean"
        behind.append(asked.entry("day", "arrivals", study=asked.build.current, label=hours))
    return asked.node(children=behind, note=f"{asked.quantile or asked.column} {OF_FLEETS}")


def _energy_of_service(asked: Asked) -> Node:
    if asked.column == "stated":
        key = {"subject": asked.row["service"], "url": asked.row["source"], "energy_wh": asked.value}
        return asked.same(asked.look_up("published_estimate", "energy_wh", **key))
    study = asked.build.current
    fleet = asked.build.typed_study(study).fleet
    of = Situation.of(asked, study=study, subject=fleet.subject, workload=UNSTATED)
    found = over_draws(asked, of.node())
    random = asked.row["quantity"] == published_fleets.RANDOM_QUERY
    return replace(found, note=f"{found.note}; of random queries") if random else found
