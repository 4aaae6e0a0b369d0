"""Cost of a latency target: runs of batch sweeps, the best that meets a target, quantiles over models."""

import polars as pl

from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import QUOTED, assumed, constant
from inference_energy.explain.step import Node, listed
from inference_energy.throughput import latency
from inference_energy.throughput.latency import CASE, ENERGY, LATENCY, PER_GPU, SHARE

RUN_COLUMNS = (*QUOTED, "inter_token_latency_mean_ms", "inter_token_latency_p50_ms")


def _measured(asked: Asked, run: dict) -> dict:
    return asked.build.row("measured_energy", source=run["source"], row_id=run["row_id"])


def _leaf(asked: Asked, run: dict, column: str, symbol: str, label: str) -> Node:
    return asked.benchmark(_measured(asked, run), RUN_COLUMNS, value=run[column], symbol=symbol, label=label)


def run(asked: Asked) -> Node:
    """A number of `latency_runs`."""
    row, column = asked.row, asked.column
    measured = _measured(asked, row)
    if column == "time_per_output_token_ms":
        speed = _leaf(asked, measured, "throughput_tok_per_s", "TPS", "throughput")
        return asked.of_columns("1000 * n / TPS", {"n": "concurrency"}, speed, note="Little's law")
    if column == "energy_over_best":
        best = _case(asked).sort(ENERGY).row(0, named=True)
        own = _leaf(asked, row, ENERGY, "own", "energy per token of the run")
        least = _leaf(asked, best, ENERGY, "best", "least of its model, GPU and prompts")
        return asked.node("own / best", [own, least])
    if column in measured:
        return asked.same(asked.of("measured_energy", measured, column))
    return asked.same(_leaf(asked, row, column, "x", "latency between tokens, as its source states it"))


def _case(asked: Asked) -> pl.DataFrame:
    return asked.build.rows("latency_runs", **{name: asked.row[name] for name in CASE})


def cost(asked: Asked) -> Node:
    """A number of `latency_costs`."""
    column, runs, target = asked.column, _case(asked), _target(asked)
    if column == "target_ms":
        return asked.same(target)
    meets = runs.filter(pl.col(LATENCY) <= asked.row["target_ms"], ~pl.col("stalled"))
    every = listed(
        (
            _leaf(asked, each, ENERGY, "", f"{each['row_id']}: {each[LATENCY]:.4g} ms between tokens")
            for each in runs.sort(LATENCY).iter_rows(named=True)
        ),
        "runs",
    )
    if column in ("runs", "runs_that_meet"):
        return asked.stated("runs", len(runs if column == "runs" else meets), every, target)
    name, label = (ENERGY, "least energy per token") if column == "cost" else (PER_GPU, "largest throughput per GPU")
    of = {"met": (meets, "of the runs that meet the target"), "all": (runs, "of all")}
    children = [
        _leaf(asked, found.sort(name, descending=name == PER_GPU).row(0, named=True), name, symbol, f"{label} {words}")
        for symbol, (found, words) in of.items()
    ]
    return asked.node("met / all", [*children, target, every, *assumed(latency.energy_cost_of_latency)])


def _target(asked: Asked) -> Node:
    return constant(latency, "TARGETS_MS", "a target examined", value=asked.row["target_ms"], unit="ms")


def summary(asked: Asked) -> Node:
    """A number of `latency_summary`."""
    row, column, target = asked.row, asked.column, _target(asked)
    if column == "target_ms":
        return asked.same(target)
    rows = asked.build.rows("latency_costs", **{name: row[name] for name in ("source", "gpu", "target_ms")})
    name = SHARE if column.startswith(SHARE) else "cost"
    found = (
        asked.of("latency_costs", each, name, label=f"{each['model']}, {each['prompts']}")
        if each[name] is not None
        else Node(label=f"{each['model']}, {each['prompts']}: does not meet it", children=(target,))
        for each in rows.sort(name, "model", nulls_last=True).iter_rows(named=True)
    )
    every = listed(found, "models and prompts")
    met = rows.group_by("model").agg(pl.col("cost").is_not_null().all())["cost"]
    if column in ("models", "models_that_meet"):
        return asked.stated("models", len(met) if column == "models" else int(met.sum()), every)
    note = "every model counts once, with the median over its prompts; one that does not meet the target ranks last"
    return asked.node(children=[every, target, *assumed(latency.summary)], note=note)
