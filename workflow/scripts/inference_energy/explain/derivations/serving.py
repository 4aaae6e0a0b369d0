"""The serving model: priors, fitted parameters and effects, their covariance, and the runs that it is fitted to."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from inference_energy.common.files import ROOT, lines
from inference_energy.common.links import first_url
from inference_energy.corpus.registry_checks import ARCHITECTURE
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import Build
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node, Place, listed, number
from inference_energy.serving import network, parameters, replicas, runs, tables
from inference_energy.serving.fit import level_names, metered

KEY = ("source", "row_id")
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
        if on_log:
            return asked.node(
                "ln(m)", [number("m", "middle of the prior", _exp(row[column]), children=(middle,))], **facts
            )
        return asked.node(children=[middle], **facts)
    if column == "prior_sd":
        return asked.node(children=[declared(row["parameter"], "deviation of the prior")], unit="")
    if column == "value":
        return asked.of_columns("exp(x)" if on_log else "x", {"x": "fitted"})
    if column == "fitted_sd":
        return _deviation(asked, row["part"], row["parameter"])
    note = f"{FITTED}. {TOGETHER}" if row["part"] == "time" else FITTED
    behind = [asked.beside("prior"), asked.beside("prior_sd"), fitted_to(asked, row["part"])]
    return asked.node(children=behind, note=note, unit="")


def _exp(value: float) -> float:
    return float(pl.Series([value]).exp()[0])


def declared(name: str, label: str, **facts: str) -> Node:
    """Where the code declares a parameter or an effect."""
    file = Path(parameters.__file__).resolve()
    line, text = next(
        (place, text) for place, text in enumerate(lines(file), start=1) if f'"{name}"' in text.partition("#")[0]
    )
    of = next((each for each in (*parameters.TIME, *parameters.POWER) if each.name == name), None)
    source = of.source if of else ""
    path = file.relative_to(ROOT).as_posix()
    place = Place(kind="constant", file=path, line=line, key=name, quote=text.strip(), url=first_url(source))
    return Node(label=f"{label}, as declared", place=place, note=source, **facts)


def _deviation(asked: Asked, part: str, name: str) -> Node:
    """The number as the root of the variance of a parameter or level."""
    variance = asked.look_up("serving_covariance", "covariance", "v", part=part, first=name, second=name)
    return asked.node("sqrt(v)", [variance], unit="")


def effect(asked: Asked) -> Node:
    """A number of `serving_effects`."""
    row, column = asked.row, asked.column
    of = EFFECTS[row["effect"]]
    part = "power" if of in parameters.POWER_EFFECTS else "time"
    if column == "fitted_sd":
        return _deviation(asked, part, f"{row['effect']}: {row['level']}")
    where = declared(of.name, "levels, least and first deviation")
    if column == "deviation":
        return _between(asked, where)
    level = _of_level(asked, part, row["effect"], row["level"])
    if column == "rows":
        return asked.stated("runs of the level", len(level.children), level, where)
    between = number("", "deviation between levels, which the effect is drawn towards 0 by", row["deviation"])
    note = FITTED if row["rows"] else "no run has this level: it stays at 0, as uncertain as its deviation"
    return asked.node(children=[between, level, where], note=note, unit="")


def _between(asked: Asked, where: Node) -> Node:
    """The deviation between the levels of an effect, from their fitted values."""
    of = EFFECTS[asked.row["effect"]]
    if of.held:
        return asked.node(children=[where], note="held, not estimated: few levels were seen", unit="")
    levels = asked.build.rows("serving_effects", effect=of.name).filter(pl.col("rows") > 0)
    squares = float((levels["fitted"] ** 2 + levels["fitted_sd"] ** 2).sum())
    part = "power" if of in parameters.POWER_EFFECTS else "time"
    values = [
        number(
            "",
            f"{level['level']}: fitted, ± {level['fitted_sd']:.3g}",
            level["fitted"],
            children=(_of_level(asked, part, of.name, level["level"]),),
        )
        for level in levels.iter_rows(named=True)
    ]
    total = number(
        "S", "sum over levels with runs of fitted² + its variance", squares, children=(listed(values, "levels"), where)
    )
    floor = number("least", "least deviation", of.floor)
    return asked.node("max(least, sqrt(S / n))", [total, number("n", "levels with runs", len(levels)), floor], unit="")


def _of_level(asked: Asked, part: str, name: str, level: str) -> Node:
    def read() -> Node:
        used = _runs(asked.build, part)
        mine = pl.Series(level_names(used, EFFECTS[name])) == level
        return _listed(asked, used.filter(mine), "runs of the level")

    return asked.build.once("runs of a level", part, name, level, read=read)


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


def fitted_to(asked: Asked, part: str) -> Node:
    """The runs that a part of the model is fitted to."""
    words = "runs whose boards were metered" if part == "power" else "runs with a known batch"
    return asked.build.once("listed runs", part, read=lambda: _listed(asked, _runs(asked.build, part), words))


def _listed(asked: Asked, used: pl.DataFrame, words: str) -> Node:
    keys = used.select(*KEY).iter_rows()
    return listed((corpus_row(asked, *key) for key in keys), words)


def corpus_row(asked: Asked, source: str, row_id: str) -> Node:
    """The benchmark row of a run."""
    key = {"source": source, "row_id": row_id}
    return asked.build.once("row of a run", source, row_id, read=lambda: asked.corpus_row(key))


# Runs


def run(asked: Asked) -> Node:
    """A number of `serving_runs`."""
    column = asked.column
    if column in RUNS:
        return RUNS[column](asked)
    if column in network.COLUMNS or column in ("expert_bytes", "shared_bytes"):
        return _of_model(asked)
    if column in GPU_CELLS:
        return _of_gpu(asked)
    behind = [_row(asked)]
    if column == "youth":
        behind += [asked.beside("software_years"), _model_cell(asked, "released_on")]
    if column == "software_years":
        behind += _release(asked)
    if column == "kv_bytes":
        behind += assumed(replicas.described)
    return asked.node(children=behind, note=f"{tables.FIELDS[column][0]}{NOTES.get(column, '')}")


NOTES = {
    "gpus": ": as stated; where a result is of many replicas, the fewest that hold the weights",
    "software_years": ": of the version, of the source, or the middle of the time that a median covers",
    "youth": ": exp(-age/0.5), age in years of the model at the date of the software",
    "cached_share": ": no run states any",
}


def _row(asked: Asked, symbol: str = "", column: str = "") -> Node:
    """The benchmark row of the run, or one of its cells."""
    key = {name: asked.row[name] for name in KEY}
    if not column:
        return corpus_row(asked, **key)
    row = asked.build.row("throughput", **key)
    unit = asked.build.unit("throughput", column, row)
    label = column.replace("_", " ")
    return asked.corpus_row(key, columns=("row_id", column), symbol=symbol, value=row[column], label=label, unit=unit)


def _measured(asked: Asked) -> Node:
    key = {name: asked.row[name] for name in (*KEY, "boundary")}
    return asked.same(asked.look_up("measured_energy", asked.column, **key))


def _speed(asked: Asked) -> Node:
    return asked.same(asked.look_up("throughput", asked.column, **{name: asked.row[name] for name in KEY}))


def _limit(asked: Asked) -> Node:
    return asked.same(_prompts(asked, f"{asked.row['load']}_time_per_token_limit_ms"))


def _prompts(asked: Asked, column: str, **facts: str) -> Node:
    """A cell of the row of the run's prompts in the table of their lengths: of its model, else of all."""
    of = pl.read_csv(asked.build.root / "resources/prompt_lengths.csv", infer_schema=False)
    own = of.filter(prompts=asked.row["prompts"], model=asked.row["model"])
    key = {"prompts": asked.row["prompts"], "model": asked.row["model"] if len(own) else ""}
    return asked.resource("prompt_lengths.csv", key, column, source="url", note="note", **facts)


def _tokens(asked: Asked) -> Node:
    row = asked.build.row("throughput", **{name: asked.row[name] for name in KEY})
    if row[asked.column] is None:
        return asked.same(_prompts(asked, f"{asked.column}_mean", unit="tokens"))
    stated = _row(asked, "L", asked.column)
    nominal = (row["prompts"] or "").startswith(runs.NOMINAL) and row["input_length_kind"] == "unknown"
    if not nominal:
        return asked.same(stated)
    factor = constant(runs, "COUNTED_OF_NOMINAL", "counted over nominal tokens of such prompts", symbol="part")
    return asked.node("part * L", [factor, stated])


def _batch(asked: Asked) -> Node:
    row, most = asked.row, asked.beside("largest_batch", "most")
    if row["batch_from"] == "stated":
        return asked.node("max(1, min(n, most))", [_row(asked, "n", "concurrency"), most])
    if row["batch_from"] == "memory":
        limit = constant(replicas, "LARGEST_BATCH", "running requests that offline benchmarks allow", symbol="n")
        note = "not stated: an offline run fills its memory"
        return asked.node("max(1, min(n, most))", [limit, most, _row(asked)], note=note)
    speed = [asked.beside("output_tok_per_s_per_gpu", "TPS"), asked.beside("gpus", "gpus")]
    own = _row(asked, "ms", "time_per_output_token_mean_ms")
    note = "not stated: by Little's law, tokens per second × time per token"
    return asked.node("max(1, min(TPS * gpus * ms / 1000, most))", [*speed, own, most], note=note)


def _largest_batch(asked: Asked) -> Node:
    row = asked.row
    columns = {
        "gpus": "gpus", "memory": "memory_b", "shared": "shared_bytes", "experts": "experts", "expert": "expert_bytes",
        "stored": "kv_stored", "L_in": "input_tokens", "L_out": "output_tokens", "width": "kv_bytes", "state": "state",
    }  # fmt: skip
    copies = max(1.0, row["gpus"] / row["key_value_heads"]) if row["attention_data_parallel"] == 0 else 1.0
    usable = constant(replicas, "USABLE_MEMORY", "share of the memory for weights and keys", symbol="usable")
    beside = constant(replicas, "BYTES_PER_REQUEST", "bookkeeping of a request", symbol="beside", unit="B")
    of_copies = number("copies", "how often keys are kept: GPUs over key-value heads, at least once", copies)
    formula = "(usable * gpus * memory - shared - experts * expert) / "
    formula += "(stored * (L_in + L_out / 2) * width * copies + 2 * state + beside)"
    return asked.of_columns(formula, columns, usable, beside, of_copies)


def _model_cell(asked: Asked, column: str, **facts: str) -> Node:
    return asked.resource("models.csv", {"model": asked.row["model"]}, column, source="architecture_source", **facts)


def _of_model(asked: Asked) -> Node:
    """A number that follows from the model's parameters and architecture."""
    row, column = asked.row, asked.column
    if column == "active_parameters":
        return asked.node("P * 1000000000", [_model_cell(asked, "active_parameters_billions", symbol="P")])
    if column == "shared_parameters":
        of = {"active": "active_parameters", "used": "experts_per_token", "expert": "expert_parameters"}
        return asked.of_columns("active - used * expert", of)
    if column.endswith("_bytes"):
        of = f"{column.removesuffix('_bytes')}_parameters"
        width = row[column] / row[of] if row[of] else 1.0
        note = "by the format of the run, and of the model's release where that is narrower"
        per_weight = number("width", "bytes per weight", width, "B", note=note, children=(_row(asked),))
        return asked.node("n * width", [asked.beside(of, "n"), per_weight])
    known = asked.build.row("model", model=row["model"])
    cells = ["total_parameters_billions", "active_parameters_billions"]
    cells += [name for name in ARCHITECTURE if known.get(name) is not None]
    behind = [_model_cell(asked, name) for name in cells]
    note = f"{asked.node().note}: from the model's parameters and architecture, where stated (serving/network.py)"
    return asked.node(children=[*behind, *assumed(network)], note=note)


GPU_CELLS = {
    "memory_b": ("memory_gb", 10**9),
    "bandwidth_b_per_s": ("memory_bandwidth_gb_per_s", 10**9),
    "tdp_w": ("tdp_w", 1),
    "peak_flop_per_s": ("peak_{}_tflop_per_s", 10**12),
    "peak_16_bit_flop_per_s": ("peak_{}_tflop_per_s", 10**12),
}


def _of_gpu(asked: Asked) -> Node:
    """A number that follows from a cell of the registry of GPUs."""
    cell, unit = GPU_CELLS[asked.column]
    known = asked.build.row("hardware", gpu=asked.row["gpu"])
    for kind in ("fp16", "fp8", "fp4"):
        name = cell.format(kind)
        value = known[name]
        for parts in (1, 4):  # a peak at 16 bits that is not stated is a quarter of that at 4
            if value is not None and abs(value * unit / parts / asked.value - 1) < 1e-6:
                found = asked.resource("hardware.csv", {"gpu": asked.row["gpu"]}, name, symbol="x")
                return asked.node(f"x * {unit}" if parts == 1 else f"x * {unit} / {parts}", [found])
    return asked.node(children=[asked.resource("hardware.csv", {"gpu": asked.row["gpu"]}, "gpu")])


def _release(asked: Asked) -> list[Node]:
    """The row of the software's date, where the source or the version has one."""
    file = "engine_releases.csv"
    of = pl.read_csv(asked.build.root / "resources" / file, infer_schema=False).fill_null("")
    for key in (
        {"engine": asked.row["engine"], "engine_version": asked.row["engine_version"] or "none"},
        {"source": asked.row["source"]},
    ):
        if len(of.filter(*(pl.col(name) == value for name, value in key.items()))):
            dated = of.filter(*(pl.col(name) == value for name, value in key.items())).row(0, named=True)
            column = "released_on" if dated["released_on"] else "since"
            return [asked.resource(file, key, column, source="url", note="note")]
    return []


RUNS: dict[str, Callable[[Asked], Node]] = {
    "output_tok_per_s_per_gpu": _speed,
    "energy_j_per_output_token": _measured,
    "power_cap_w_per_gpu": _measured,
    "time_per_token_limit_ms": _limit,
    "seconds_per_token": lambda asked: asked.of_columns(
        "1 / (TPS * gpus)", {"TPS": "output_tok_per_s_per_gpu", "gpus": "gpus"}
    ),
    "board_share": lambda asked: asked.of_columns(
        "J * TPS / TDP", {"J": "energy_j_per_output_token", "TPS": "output_tok_per_s_per_gpu", "TDP": "tdp_w"}
    ),
    "batch": _batch,
    "largest_batch": _largest_batch,
    "input_tokens": _tokens,
    "output_tokens": _tokens,
}
