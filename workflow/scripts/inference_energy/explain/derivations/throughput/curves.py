"""Throughput as a function of lengths: log-linear fits, GPU-seconds of configurations, rows left out."""

import polars as pl

from inference_energy.common.step import Node, computed, listed, number
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.validation.ratios import share, statistic
from inference_energy.explain.sources import assumed
from inference_energy.explain.trace import Traced, leaf
from inference_energy.studies.study import NODE_GPUS
from inference_energy.throughput import fits, gpu_time, log_linear
from inference_energy.throughput.fits import PER_GPU, PRIOR_ROWS
from inference_energy.throughput.log_linear import ThroughputModel

LENGTHS = {"L_in": "input_tokens", "L_out": "output_tokens"}
PER_NODE = "node_tok_per_s"
SYMBOLS = {"prefill_s_per_token": "a", "decode_s_per_token": "b", "attention_s_per_token2": "c", "kv_growth": "g"}
RANGE_COLUMNS = ("input_tokens_min", "input_tokens_max", "output_tokens_min", "output_tokens_max")
LOG_LINEAR = ("intercept", "slope_input", "slope_output")
FORMS = "throughput_forms"
LEAST_SQUARES = (
    "ordinary least squares of ln tok/s of a node on ln input tokens and ln output tokens, over the rows below;"
    " the three coefficients are found together"
)
NON_NEGATIVE = (
    "non-negative least squares over the rows below: the sum of (s_fitted / s_observed - 1)^2 is smallest, with"
    " s_observed = L_out / (output tokens per second and GPU); a, b and c are found together"
)


# Curves and rows that several tables rest on


def traced(asked: Asked, fit: dict) -> ThroughputModel:
    """The log-linear curve of a row of `throughput_fit`, each coefficient with its source."""
    names = (*LOG_LINEAR, "cap_tok_per_s")
    cells = {name: leaf(asked.of("throughput_fit", fit, name), about=(fit["model"],)) for name in names}
    return ThroughputModel(form=fit["form"], **cells)


def _lengths(asked: Asked) -> tuple[Traced, ...]:
    """Lengths of the row of the corpus that is asked about."""
    row = asked.row
    return tuple(
        leaf(asked.corpus_row(row, value=row[name], symbol=of, label=name.replace("_", " ")))
        for of, name in LENGTHS.items()
    )


def _per(rows: pl.DataFrame) -> str:
    return PER_NODE if PER_NODE in rows.columns else PER_GPU


def _rows(asked: Asked, rows: pl.DataFrame, label: str = "benchmark rows behind the fit") -> Node:
    """The rows behind a curve, each with its throughput."""
    per = _per(rows)
    found = (
        asked.benchmark(
            row,
            value=row[per],
            unit="tok/s of a node" if per == PER_NODE else "tok/s per GPU",
            label=f"{row['input_tokens']:g} tokens in, {row['output_tokens']:g} out, on {row['gpu']}",
        )
        for row in rows.iter_rows(named=True)
    )
    return listed(found, f"{label} of {rows['model'][0]}")


def _extreme(asked: Asked, rows: pl.DataFrame, column: str, end: str) -> Node:
    """The number as the smallest or largest of a column of the rows behind a curve."""
    row = rows.row(getattr(rows[column], f"arg_{end}")(), named=True)
    found = asked.benchmark(row, value=row[column], label=f"row with the {end} of its model")
    return asked.same(found, _rows(asked, rows))


def _fitted_without(asked: Asked, rows: pl.DataFrame, note: str) -> Node:
    """The throughput of a row by a curve that is fitted to the other rows."""
    others = rows.filter(pl.any_horizontal(pl.col(name) != asked.row[name] for name in ("source", "row_id")))
    lengths = [length.step() for length in _lengths(asked)]
    listed = _rows(asked, others, "other rows, which the fit is made from,")
    return asked.node(children=[*lengths, listed], note=f"at the lengths of the row, by a fit without it: {note}")


# Log-linear curves of studies of method published


def of_a_study(asked: Asked) -> Node:
    """A number of `throughput_fit`."""
    rows = asked.build.rows("throughput_rows", study=asked.study, model=asked.row["model"])
    column = asked.column
    if column == "rows":
        return asked.node(children=[_rows(asked, rows), *assumed(log_linear.usable_rows)])
    if column in LOG_LINEAR and asked.row["form"] == "constant":
        note = "a constant: the model has too few rows, or too few different lengths, for slopes"
        cap, formula = asked.beside("cap_tok_per_s", "cap"), "ln(cap)" if column == "intercept" else ""
        return asked.node(formula, [cap, *assumed(log_linear.fit)], note=note)
    if column in LOG_LINEAR:
        return _least_squares(asked, _rows(asked, rows))
    if column == "cap_tok_per_s":
        return _extreme(asked, rows, PER_NODE, "max")
    if column in RANGE_COLUMNS:
        return _extreme(asked, rows, *column.rsplit("_", 1))
    predicted = "left_out_tok_per_s" if column.startswith("leave_one_out") else "fitted_tok_per_s"
    ratios = []
    for row in rows.iter_rows(named=True):
        observed = asked.corpus_row(row, value=row[PER_NODE], symbol="observed")
        above = number("predicted", predicted.replace("_", " "), row[predicted], "tok/s")
        ratios.append(computed(f"{row['source']} {row['row_id']}", "predicted / observed", [above, observed]))
    name = "geometric_error" if column.endswith("geometric_sd") else column[-3:]
    return statistic(asked, name, rows[predicted] / rows[PER_NODE], listed(ratios, "ratios"))


def _least_squares(asked: Asked, rows: Node) -> Node:
    spec = asked.build.study(asked.study)["throughput"]
    keys = [key for key in ("sources", "precision", "minimum_rows") if key in spec]
    chosen = [asked.entry("throughput", key, label=f"throughput.{key}") for key in keys]
    return asked.node(children=[rows, *chosen, *assumed(log_linear.fit)], note=LEAST_SQUARES)


def published_row(asked: Asked) -> Node:
    """A number of `throughput_rows`."""
    row, column = asked.row, asked.column
    if column == PER_NODE:
        per_gpu = asked.look_up("throughput", PER_GPU, "x", source=row["source"], row_id=row["row_id"])
        gpus = number("gpus", "GPUs of a node", NODE_GPUS)
        return asked.node("x * gpus", [per_gpu, gpus, *assumed(log_linear.usable_rows)])
    model = {"study": asked.study, "model": row["model"]}
    if column == "fitted_tok_per_s":
        return asked.follows(traced(asked, asked.build.row("throughput_fit", **model)).tok_per_s(*_lengths(asked)))
    if column == "left_out_tok_per_s":
        return _fitted_without(asked, asked.build.rows("throughput_rows", **model), LEAST_SQUARES)
    return asked.node(children=[asked.benchmark(row)])


def curve_point(asked: Asked) -> Node:
    """A number of `throughput_curve`."""
    if asked.column != "tok_per_s":
        return asked.node(note="a point of the axis, chosen for drawing", children=[asked.beside("tok_per_s")])
    fit = asked.build.row("throughput_fit", study=asked.study, model=asked.row["model"])
    prompt = asked.entry("workloads", "traditional", "input_tokens", label="prompt of traditional queries")
    answer = number("L_out", "answer length of the point, chosen for drawing", asked.row["output_tokens"], "tokens")
    note = "a point of a curve that is drawn; with the lengths of the fit at `throughput_fit`"
    return asked.follows(traced(asked, fit).tok_per_s(leaf(prompt), leaf(answer)), note=note)


# Curves in GPU-seconds of configurations that were measured at several lengths


def _configured(asked: Asked) -> pl.DataFrame:
    rows, minimum = asked.build.table("throughput"), asked.build.config[FORMS]["minimum_rows"]
    several = asked.build.once("several", read=lambda: fits.measured_at_several_lengths(rows, minimum))
    return several.filter(configuration=asked.row["configuration"])


def configuration(asked: Asked) -> Node:
    """A number of `throughput_configurations`."""
    rows, column = _configured(asked), asked.column
    behind = _rows(asked, rows, "benchmark rows of the configuration")
    if column == "kv_growth":
        return asked.same(asked.setting(FORMS, column))
    if column in SYMBOLS:
        growth = asked.setting(FORMS, "kv_growth", label="g: kv_growth")
        return asked.node(children=[behind, growth, *assumed(gpu_time.fit)], note=NON_NEGATIVE)
    if column == "fit_error_log_sd":
        return _stated_error(asked)
    if column in RANGE_COLUMNS:
        return _extreme(asked, rows, *column.rsplit("_", 1))
    return asked.node(children=[behind])


def _stated_error(asked: Asked) -> Node:
    left_out = asked.build.rows("throughput_left_out", form="gpu_seconds")
    own = left_out.filter(configuration=asked.row["configuration"])
    squares = pl.col("ratio").log() ** 2
    its = (_left_out_rows(asked, own),)
    all_rows = (_left_out_rows(asked, left_out),)
    label = "sum of squared log ratios of its rows, each predicted without itself"
    everyone = f"mean squared log ratio of all {len(left_out)} rows left out"
    children = [
        number("S", label, own.select(squares.sum()).item(), children=its),
        number("n", "its rows", len(own), children=its),
        number("k", "rows that the error of all configurations counts as", PRIOR_ROWS),
        number("M", everyone, left_out.select(squares.mean()).item(), children=all_rows),
    ]
    return asked.node("sqrt((S + k * M) / (n + k))", children)


def _left_out_rows(asked: Asked, rows: pl.DataFrame) -> Node:
    return listed((_left_out_row(asked, row) for row in rows.iter_rows(named=True)), "rows left out")


def _left_out_row(asked: Asked, row: dict) -> Node:
    label, place = f"{row['row_id']}: predicted without itself / observed", (row["form"], row["source"], row["row_id"])
    return asked.build.once("left out", *place, read=lambda: asked.corpus_row(row, value=row["ratio"], label=label))


def left_out(asked: Asked) -> Node:
    """A number of `throughput_left_out`."""
    row, column, form = asked.row, asked.column, asked.row["form"]
    observed = asked.corpus_row(row, value=row[PER_GPU], symbol="observed")
    if column == "ratio":
        return asked.of_columns("predicted_tok_per_s_per_gpu / observed", observed)
    if column == "fit_error_log_sd":
        label = (
            "root mean square log ratio of the other rows of its configuration, pooled with that of all other"
            f" configurations as if by {PRIOR_ROWS} further rows"
        )
        all_rows = asked.build.rows("throughput_left_out", form=form)
        return asked.stated(label, row[column], _left_out_rows(asked, all_rows))
    if column != "predicted_tok_per_s_per_gpu":
        return asked.node(children=[observed])
    return _fitted_without(asked, _configured(asked), NON_NEGATIVE if form == "gpu_seconds" else LEAST_SQUARES)


def forms(asked: Asked) -> Node:
    """A number of `throughput_forms`."""
    rows = asked.build.rows("throughput_left_out", form=asked.row["form"])
    if asked.row["configuration"] != "all":
        rows = rows.filter(configuration=asked.row["configuration"])
    behind, ratios, column = _left_out_rows(asked, rows), rows["ratio"], asked.column
    statistics = {"sd": "geometric_error", "mean": "geometric_mean", "min": "min", "max": "max"}
    if column.startswith("ratio"):
        return statistic(asked, statistics[column.rpartition("_")[2]], ratios, behind)
    if column.startswith("share"):
        inside = ratios.is_between(*fits.BAND) if column == "share_within_band" else rows["inside_90"]
        return share(asked, int(inside.sum()), len(rows), behind)
    return asked.stated(column, len(rows) if column == "rows" else rows["configuration"].n_unique(), behind)
