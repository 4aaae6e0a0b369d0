"""Cost of a latency target: runs of batch sweeps, the best that meets a target, quantiles over models."""

import polars as pl

from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import QUOTED, assumed, constant
from inference_energy.explain.step import Node, listed, number
from inference_energy.throughput import latency
from inference_energy.throughput.latency import CASE, ENERGY, LATENCY, PER_GPU, SHARE

RUN_COLUMNS = (*QUOTED, "inter_token_latency_mean_ms", "inter_token_latency_p50_ms")


def _leaf(asked: Asked, run: dict, column: str, symbol: str, label: str) -> Node:
    row = asked.build.row("measured_energy", source=run["source"], row_id=run["row_id"])
    return asked.benchmark(row, value=run[column], symbol=symbol, label=label, columns=RUN_COLUMNS)


def run(asked: Asked) -> Node:
    """A number of `latency_runs`."""
    row, column = asked.row, asked.column
    if column == "time_per_output_token_ms":
        measured = asked.build.row("measured_energy", source=row["source"], row_id=row["row_id"])
        speed = measured["throughput_tok_per_s"]
        leaf = asked.benchmark(measured, value=speed, symbol="TPS", label="throughput", columns=RUN_COLUMNS)
        return asked.node("1000 * n / TPS", [asked.beside("concurrency", "n"), leaf], note="Little's law")
    if column == "energy_over_best":
        case = _case(asked)
        best = case.sort(ENERGY).row(0, named=True)
        own = _leaf(asked, row, ENERGY, "own", "energy per token of the run")
        least = _leaf(asked, best, ENERGY, "best", "least of its model, GPU and prompts")
        return asked.node("own / best", [own, least])
    plain = asked.build.row("measured_energy", source=row["source"], row_id=row["row_id"])
    if column in plain:
        return asked.same(asked.of("measured_energy", plain, column))
    return asked.same(_leaf(asked, row, column, "x", "latency between tokens, as its source states it"))


def _case(asked: Asked) -> pl.DataFrame:
    return asked.build.rows("latency_runs", **{name: asked.row[name] for name in CASE})


def _runs(asked: Asked, runs: pl.DataFrame) -> Node:
    found = (
        _leaf(asked, each, ENERGY, "", f"{each['row_id']}: {each[LATENCY]:.4g} ms between tokens")
        for each in runs.sort(LATENCY).iter_rows(named=True)
    )
    return listed(found, "runs")


def cost(asked: Asked) -> Node:
    """A number of `latency_costs`."""
    column, runs = asked.column, _case(asked)
    if column == "target_ms":
        return asked.same(_target(asked))
    meets = runs.filter(pl.col(LATENCY) <= asked.row["target_ms"], ~pl.col("stalled"))
    if column in ("runs", "runs_that_meet"):
        counted = runs if column == "runs" else meets
        listed = _runs(asked, counted if len(counted) else runs)
        return asked.same(number("", "runs", len(counted), children=(listed,)), _target(asked, ""))
    if column == "cost":
        top, bottom, name, label = meets.sort(ENERGY), runs.sort(ENERGY), ENERGY, "least energy per token"
    else:
        top, bottom = meets.sort(PER_GPU, descending=True), runs.sort(PER_GPU, descending=True)
        name, label = PER_GPU, "largest throughput per GPU"
    children = [
        _leaf(asked, top.row(0, named=True), name, "met", f"{label} of the runs that meet the target"),
        _leaf(asked, bottom.row(0, named=True), name, "all", f"{label} of all"),
        _target(asked, ""),
        _runs(asked, runs),
        *assumed(latency.energy_cost_of_latency),
    ]
    return asked.node("met / all", children)


def _target(asked: Asked, symbol: str = "x") -> Node:
    value = asked.row["target_ms"]
    return constant(latency, "TARGETS_MS", "a target examined", value=value, unit="ms", symbol=symbol)


def summary(asked: Asked) -> Node:
    """A number of `latency_summary`."""
    row, column = asked.row, asked.column
    if column == "target_ms":
        return asked.same(_target(asked))
    keys = {name: row[name] for name in ("source", "gpu", "target_ms")}
    rows = asked.build.rows("latency_costs", **keys)
    name = SHARE if column.startswith(SHARE) else "cost"
    found = (
        asked.of("latency_costs", each, name, label=f"{each['model']}, {each['prompts']}")
        if each[name] is not None
        else Node(label=f"{each['model']}, {each['prompts']}: does not meet it", children=(_target(asked, ""),))
        for each in rows.sort(name, "model", nulls_last=True).iter_rows(named=True)
    )
    every = listed(found, "models and prompts")
    met = rows.group_by("model").agg(pl.col("cost").is_not_null().all())["cost"]
    if column in ("models", "models_that_meet"):
        counted = len(met) if column == "models" else int(met.sum())
        return asked.stated("models", counted, every)
    note = "every model counts once, with the median over its prompts; one that does not meet the target ranks last"
    return asked.node(children=[every, _target(asked, ""), *assumed(latency.summary)], note=note)
