"""The serving model: priors, fitted parameters and effects, their covariance, and the runs that it is fitted to."""

from collections.abc import Callable

import numpy as np
import polars as pl

from inference_energy.common.step import Node, listed, number
from inference_energy.corpus.registry_checks import ARCHITECTURE
from inference_energy.explain.asked import Asked, shared
from inference_energy.explain.build import Build
from inference_energy.explain.sources import assumed, constant, place_in
from inference_energy.explain.trace import leaf
from inference_energy.serving import network, parameters, replicas, runs, tables
from inference_energy.serving.fit import level_names, metered

PARAMETERS = {parameter.name: parameter for parameter in (*parameters.TIME, *parameters.POWER)}
EFFECTS = {effect.name: effect for effect in (*parameters.TIME_EFFECTS, *parameters.POWER_EFFECTS)}
TOGETHER = (
    "Overhead, bandwidth and compute are not identified apart from each other: only the time that they add up to is"
    " tested."
)
FITTED = "penalised fit to the logarithms of all runs together, iterated; it has no closed form"
LAPLACE = "inverse of the curvature of the penalised fit at its end; it has no closed form"


def parameter(asked: Asked) -> Node:
    """A number of `serving_parameters`."""
    row, column = asked.row, asked.column
    on_log = row["scale"] == "log"
    if column == "prior":
        middle = declared(row["parameter"], "mean of the prior", symbol="m", unit=row["unit"] or "")
        facts = {"unit": "", "note": f"{asked.node().note}: {row['source']}"}
        if not on_log:
            return asked.node(children=[middle], **facts)
        middle = number("m", "middle of the prior", float(np.exp(row[column])), children=(middle,))
        return asked.node("ln(m)", [middle], **facts)
    if column == "prior_sd":
        return asked.node(children=[declared(row["parameter"], "deviation of the prior")], unit="")
    if column == "value":
        return asked.of_columns("exp(fitted)" if on_log else "fitted")
    if column == "fitted_sd":
        return _deviation(asked, row["part"], row["parameter"])
    note = f"{FITTED}. {TOGETHER}" if row["part"] == "time" else FITTED
    behind = [asked.beside("prior"), asked.beside("prior_sd"), fitted_to(asked, row["part"])]
    return asked.node(children=behind, note=note, unit="")


def declared(name: str, label: str, **facts: str) -> Node:
    """Where the code declares a parameter or an effect."""
    source = PARAMETERS[name].source if name in PARAMETERS else ""
    place = place_in(parameters, name, rf'[^#]*"{name}"', source)
    return Node(label=f"{label}, as declared", place=place, note=source, **facts)


def _deviation(asked: Asked, part: str, name: str) -> Node:
    """The number as the root of the variance of a parameter or level."""
    variance = asked.look_up("serving_covariance", "covariance", "v", part=part, first=name, second=name)
    return asked.node("sqrt(v)", [variance], unit="")


def effect(asked: Asked) -> Node:
    """A number of `serving_effects`."""
    row, column, where = asked.row, asked.column, declared(asked.row["effect"], "levels, least and first deviation")
    if column == "fitted_sd":
        return _deviation(asked, _part(row["effect"]), f"{row['effect']}: {row['level']}")
    if column == "deviation":
        return _between(asked, where)
    level = _of_level(asked, row["effect"], row["level"])
    if column == "rows":
        return asked.stated("runs of the level", len(level.children), level, where)
    between = number("", "deviation between levels, which the effect is drawn towards 0 by", row["deviation"])
    note = FITTED if row["rows"] else "no run has this level: it stays at 0, as uncertain as its deviation"
    return asked.node(children=[between, level, where], note=note, unit="")


def _part(effect: str) -> str:
    return "power" if EFFECTS[effect] in parameters.POWER_EFFECTS else "time"


def _between(asked: Asked, where: Node) -> Node:
    """The deviation between the levels of an effect, from their fitted values."""
    of = EFFECTS[asked.row["effect"]]
    if of.held:
        return asked.node(children=[where], note="held, not estimated: few levels were seen", unit="")
    levels = asked.build.rows("serving_effects", effect=of.name).filter(pl.col("rows") > 0)
    values = [
        number("", f"{name}: fitted, ± {sd:.3g}", fitted, children=(_of_level(asked, of.name, name),))
        for name, fitted, sd in levels.select("level", "fitted", "fitted_sd").iter_rows()
    ]
    squares, behind = (levels["fitted"] ** 2 + levels["fitted_sd"] ** 2).sum(), (listed(values, "levels"), where)
    total = number("S", "sum over levels with runs of fitted² + its variance", squares, children=behind)
    floor = number("least", "least deviation", of.floor)
    return asked.node("max(least, sqrt(S / n))", [total, number("n", "levels with runs", len(levels)), floor], unit="")


@shared
def _of_level(asked: Asked, effect: str, level: str) -> Node:
    used = _runs(asked.build, _part(effect))
    return _listed(asked, used.filter(pl.Series(level_names(used, EFFECTS[effect])) == level), "runs of the level")


def covariance(asked: Asked) -> Node:
    """A number of `serving_covariance`."""
    return asked.node(children=[fitted_to(asked, asked.row["part"])], note=LAPLACE, unit="")


def error(asked: Asked) -> Node:
    """A number of `serving_errors`."""
    used, behind = _runs(asked.build, asked.row["part"]), fitted_to(asked, asked.row["part"])
    if asked.column == "rows":
        return asked.stated("runs", len(used), behind)
    if asked.column == "cells":
        return asked.stated("configurations of the runs", used["cell"].n_unique(), behind)
    note = f"{asked.node().note}: of what the fit leaves unexplained, extremes cut off"
    return asked.node(children=[behind], note=note, unit="")


def _runs(build: Build, part: str) -> pl.DataFrame:
    return metered(build.used_runs) if part == "power" else build.used_runs


@shared
def fitted_to(asked: Asked, part: str) -> Node:
    """The runs that a part of the model is fitted to."""
    words = "runs whose boards were metered" if part == "power" else "runs with a known batch"
    return _listed(asked, _runs(asked.build, part), words)


def _listed(asked: Asked, used: pl.DataFrame, words: str) -> Node:
    return listed((_row(asked, *key) for key in used.select("source", "row_id").iter_rows()), words)


@shared
def _row(asked: Asked, source: str, row_id: str) -> Node:
    """The benchmark row of a run."""
    return asked.corpus_row({"source": source, "row_id": row_id})


# Runs


def run(asked: Asked) -> Node:
    """A number of `serving_runs`."""
    column = asked.column
    if column in RUNS:
        return RUNS[column](asked)
    known = asked.build.row("model", model=asked.row["model"])
    if column in network.network(known) or column in ("expert_bytes", "shared_bytes"):
        return _of_model(asked)
    if column in GPU_CELLS:
        return _of_gpu(asked)
    behind = [_row(asked, *asked.run.values())]
    if column == "youth":
        behind += [asked.beside("software_years"), _model_cell(asked, "released_on")]
    if column == "software_years":
        behind += _release(asked)
    if column == "kv_bytes":
        behind += assumed(replicas.Registries.described)
    return asked.node(children=behind, note=f"{tables.FIELDS[column][0]}{NOTES.get(column, '')}")


NOTES = {
    "gpus": ": as stated; where a result is of many replicas, the fewest that hold the weights",
    "software_years": ": of the version, of the source, or the middle of the time that a median covers",
    "youth": ": exp(-age/0.5), age in years of the model at the date of the software",
    "cached_share": ": no run states any",
}


def _cell(asked: Asked, symbol: str, column: str) -> Node:
    """A cell of the benchmark row of the run."""
    value = asked.build.row("throughput", **asked.run)[column]
    facts = {"value": value, "label": column.replace("_", " "), "unit": asked.build.unit("throughput", column, {})}
    return asked.corpus_row(asked.run, columns=("row_id", column), symbol=symbol, **facts)


def _measured(asked: Asked) -> Node:
    return asked.same(asked.look_up("measured_energy", asked.column, **asked.run, boundary=asked.row["boundary"]))


def _prompts(asked: Asked, column: str, **facts: str) -> Node:
    """A cell of the row of the run's prompts in the table of their lengths: of its model, else of all."""
    file, prompts = "prompt_lengths.csv", {"prompts": asked.row["prompts"]}
    of_model = prompts | {"model": asked.row["model"]}
    key = of_model if asked.build.found_row(file, **of_model) else prompts | {"model": ""}
    return asked.resource(file, key, column, source="url", note="note", **facts)


def _tokens(asked: Asked) -> Node:
    row = asked.build.row("throughput", **asked.run)
    if row[asked.column] is None:
        return asked.same(_prompts(asked, f"{asked.column}_mean", unit="tokens"))
    stated = _cell(asked, "L", asked.column)
    nominal = (row["prompts"] or "").startswith(runs.NOMINAL) and row["input_length_kind"] == "unknown"
    if not nominal:
        return asked.same(stated)
    factor = constant(runs, "COUNTED_OF_NOMINAL", "counted over nominal tokens of such prompts", symbol="part")
    return asked.node("part * L", [factor, stated])


def _batch(asked: Asked) -> Node:
    most = asked.beside("largest_batch", "most")
    if asked.row["batch_from"] == "stated":
        return asked.node("max(1, min(n, most))", [_cell(asked, "n", "concurrency"), most])
    if asked.row["batch_from"] == "memory":
        limit = constant(replicas, "LARGEST_BATCH", "running requests that offline benchmarks allow", symbol="n")
        note = "not stated: an offline run fills its memory"
        return asked.node("max(1, min(n, most))", [limit, most, _row(asked, *asked.run.values())], note=note)
    own, note = _cell(asked, "ms", "time_per_output_token_mean_ms"), "tokens per second × time per token"
    formula = "max(1, min(output_tok_per_s_per_gpu * gpus * ms / 1000, most))"
    return asked.of_columns(formula, own, most, note=f"not stated: by Little's law, {note}")


def _largest_batch(asked: Asked) -> Node:
    """Traced by the code that computes it; what is 0 is left out."""
    known = {name: asked.row[name] and leaf(asked.beside(name, name)) for name in tables.FIELDS}
    context = known["input_tokens"] + known["output_tokens"] / 2
    of = replicas.Replicas(**known, context_tokens=context)
    usable = constant(replicas, "USABLE_MEMORY", "share of the memory for weights and keys")
    bookkeeping = constant(replicas, "BYTES_PER_REQUEST", "bookkeeping of a request", unit="B")
    return asked.follows(of.largest_batch(), usable, bookkeeping)


def _model_cell(asked: Asked, column: str, **facts: str) -> Node:
    return asked.resource("models.csv", {"model": asked.row["model"]}, column, source="architecture_source", **facts)


def _of_model(asked: Asked) -> Node:
    """A number that follows from the model's parameters and architecture."""
    row, column = asked.row, asked.column
    if column == "active_parameters":
        return asked.node("P * 1000000000", [_model_cell(asked, "active_parameters_billions", symbol="P")])
    if column.endswith("_bytes"):
        of = f"{column.removesuffix('_bytes')}_parameters"
        width = row[column] / row[of] if row[of] else 1.0
        note = "by the format of the run, and of the model's release where that is narrower"
        behind = (_row(asked, *asked.run.values()),)
        per_weight = number("width", "bytes per weight", width, "B", note=note, children=behind)
        return asked.of_columns(f"{of} * width", per_weight)
    known = asked.build.row("model", model=row["model"])
    cells = ["total_parameters_billions", "active_parameters_billions"]
    cells += [name for name in ARCHITECTURE if known.get(name) is not None]
    behind = [_model_cell(asked, name) for name in cells]
    note = f"{asked.node().note}: from the model's parameters and architecture, where stated (serving/network.py)"
    return asked.node(children=[*behind, *assumed(network)], note=note)


# Cells of the registry of GPUs that a column may be, and what one of its units is.
PEAKS = {f"peak_{bits}_tflop_per_s": 10**12 for bits in ("fp16", "fp8", "fp4")}
GPU_CELLS = {
    "memory_b": {"memory_gb": 10**9},
    "bandwidth_b_per_s": {"memory_bandwidth_gb_per_s": 10**9},
    "tdp_w": {"tdp_w": 1},
    "peak_flop_per_s": PEAKS,
    "peak_16_bit_flop_per_s": PEAKS,
}


def _of_gpu(asked: Asked) -> Node:
    """A number that follows from a cell of the registry of GPUs."""
    key = {"gpu": asked.row["gpu"]}
    known = asked.build.row("hardware", **key)
    for name, unit in GPU_CELLS[asked.column].items():
        for parts in (1, 4):  # a peak at 16 bits that is not stated is a quarter of that at 4
            if known[name] is not None and abs(known[name] * unit / parts / asked.value - 1) < 1e-6:
                found = asked.resource("hardware.csv", key, name, symbol="x")
                return asked.node(f"x * {unit}" if parts == 1 else f"x * {unit} / {parts}", [found])
    return asked.node(children=[asked.resource("hardware.csv", key, "gpu")])


def _release(asked: Asked) -> list[Node]:
    """The row of the software's date, where the source or the version has one."""
    file, of_version = "engine_releases.csv", {name: asked.row[name] or "none" for name in ("engine", "engine_version")}
    for key in (of_version, {"source": asked.row["source"]}):
        if found := asked.build.found_row(file, **key):
            column = "released_on" if found[1]["released_on"] else "since"
            return [asked.resource(file, key, column, source="url", note="note")]
    return []


RUNS: dict[str, Callable[[Asked], Node]] = {
    "output_tok_per_s_per_gpu": lambda asked: asked.same(asked.look_up("throughput", asked.column, **asked.run)),
    "energy_j_per_output_token": _measured,
    "power_cap_w_per_gpu": _measured,
    "time_per_token_limit_ms": lambda asked: asked.same(
        _prompts(asked, f"{asked.row['load']}_time_per_token_limit_ms")
    ),
    "batch": _batch,
    "largest_batch": _largest_batch,
    "input_tokens": _tokens,
    "output_tokens": _tokens,
}
