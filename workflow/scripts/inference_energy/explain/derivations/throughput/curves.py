"""Throughput as a function of lengths: log-linear fits, GPU-seconds, transferred curves, rows left out."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from inference_energy.corpus import corrections
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.throughput import transferred
from inference_energy.explain.derivations.validation.ratios import geometric_error
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node, computed, listed, number
from inference_energy.throughput import borrowing, fits, gpu_time, log_linear
from inference_energy.throughput.borrowing import OWN
from inference_energy.throughput.fits import PER_GPU, PRIOR_ROWS
from inference_energy.throughput.log_linear import NODE_GPUS

LENGTHS = ("input_tokens", "output_tokens")
COEFFICIENTS = {"prefill_s_per_token": "a", "decode_s_per_token": "b", "attention_s_per_token2": "c"}
TOK_PER_S = "min(exp(b0 + b1 * ln(L_in) + b2 * ln(L_out)), cap)"
TOK_PER_S_PER_GPU = "L_out / (a * L_in + b * L_out + c * L_out * (L_in + g * L_out))"
LOG_LINEAR = ("intercept", "slope_input", "slope_output")
EXTREMES = {"min": pl.Series.min, "max": pl.Series.max}
LEAST_SQUARES = (
    "ordinary least squares of ln tok/s of a node on ln input tokens and ln output tokens, over the rows below;"
    " the three coefficients are found together"
)
NON_NEGATIVE = (
    "non-negative least squares over the rows below: the sum of (s_fitted / s_observed - 1)^2 is smallest, with"
    " s_observed = L_out / (output tokens per second and GPU); a, b and c are found together"
)


def of_a_study(asked: Asked) -> Node:
    """A number of `throughput_fit`."""
    if asked.build.study(asked.study)["method"] == "published":
        return _published(asked)
    return _nested(asked)


def _published(asked: Asked) -> Node:
    rows = asked.build.rows("throughput_rows", study=asked.study, model=asked.row["model"])
    column = asked.column
    given = {"rows_of": rows, "per": "node_tok_per_s"}
    if column == "rows":
        return asked.node(children=[_rows(asked, **given), *assumed(log_linear.usable_rows)])
    if column in LOG_LINEAR:
        if asked.row["form"] == "constant":
            formula = "ln(cap)" if column == "intercept" else ""
            return asked.node(
                formula,
                [asked.beside("cap_tok_per_s", "cap"), *assumed(log_linear.fit)],
                note="a constant: the model has too few rows, or too few different lengths, for slopes",
            )
        return asked.node(
            children=[_rows(asked, **given), *_sources(asked), *assumed(log_linear.fit)], note=LEAST_SQUARES
        )
    if column == "cap_tok_per_s":
        return _extreme(asked, rows, "node_tok_per_s", "max")
    if column.startswith(LENGTHS):
        name, _, end = column.rpartition("_")
        return _extreme(asked, rows, name, end)
    against = "left_out_tok_per_s" if column.startswith("leave_one_out") else "fitted_tok_per_s"
    ratios = rows.with_columns(ratio=pl.col(against) / pl.col("node_tok_per_s"))
    behind = _ratios(asked, ratios, "throughput_rows", against)
    if column.endswith("geometric_sd"):
        return asked.node(**geometric_error(ratios["ratio"], behind))
    return _of_all(asked, behind, ratios["ratio"], column[-3:])


def _sources(asked: Asked) -> Iterable[Node]:
    spec = asked.build.study(asked.study)["throughput"]
    for key in ("sources", "precision", "minimum_rows"):
        if key in spec:
            yield asked.entry("throughput", key, label=f"throughput.{key}")


def _rows(asked: Asked, *, rows_of: pl.DataFrame, per: str, label: str = "benchmark rows behind the fit") -> Node:
    """The rows behind a curve, each with its throughput."""
    found = tuple(
        asked.benchmark(
            row,
            value=row[per],
            unit="tok/s of a node" if per == "node_tok_per_s" else "tok/s per GPU",
            label=f"{row['input_tokens']:g} tokens in, {row['output_tokens']:g} out, on {row['gpu']}",
        )
        for row in rows_of.iter_rows(named=True)
    )
    return listed(found, f"{label} of {rows_of['model'][0]}")


def _extreme(asked: Asked, rows: pl.DataFrame, column: str, end: str) -> Node:
    place = rows[column].arg_max() if end == "max" else rows[column].arg_min()
    row = rows.row(place, named=True)
    leaf = asked.benchmark(row, value=row[column], symbol="row", label=f"row with the {end} of its model")
    others = _rows(asked, rows_of=rows, per="node_tok_per_s" if "node_tok_per_s" in rows.columns else PER_GPU)
    return asked.node("row", [leaf, others])


def _of_all(asked: Asked, behind: Node, values: pl.Series, end: str) -> Node:
    return asked.stated(f"the {end} of {len(values)} ratios", EXTREMES[end](values), behind)


def _ratios(asked: Asked, rows: pl.DataFrame, table: str, column: str) -> Node:
    found = []
    for row in rows.iter_rows(named=True):
        leaf = asked.corpus_row(row["source"], row["row_id"], value=row["node_tok_per_s"], symbol="observed")
        predicted = number("predicted", column.replace("_", " "), row[column], "tok/s")
        found.append(computed(f"{row['source']} {row['row_id']}", "predicted / observed", [predicted, leaf]))
    return listed(found, "ratios")


def published_row(asked: Asked) -> Node:
    """A number of `throughput_rows`."""
    row, column = asked.row, asked.column
    leaf = asked.benchmark(row)
    fit = asked.build.row("throughput_fit", study=asked.study, model=row["model"])
    if column == "node_tok_per_s":
        per_gpu = asked.look_up("throughput", PER_GPU, "x", source=row["source"], row_id=row["row_id"])
        return asked.node(
            "x * gpus", [per_gpu, number("gpus", "GPUs of a node", NODE_GPUS), *assumed(log_linear.usable_rows)]
        )
    if column == "fitted_tok_per_s":
        return asked.node(TOK_PER_S, [*log_linear_coefficients(asked, fit), *_lengths(asked, row)])
    if column == "left_out_tok_per_s":
        others = _without(asked.build.rows("throughput_rows", study=asked.study, model=row["model"]), row)
        minimum = asked.build.study(asked.study)["throughput"]["minimum_rows"]
        curve = log_linear.fit(*(others[name].to_numpy() for name in (*LENGTHS, "node_tok_per_s")), minimum)
        return asked.node(**_log_linear_without(asked, curve, others, row, "node_tok_per_s"))
    return asked.node(children=[leaf])


def log_linear_coefficients(asked: Asked, fit: dict) -> list[Node]:
    """Coefficients of a row of `throughput_fit` with their symbols in `TOK_PER_S`."""
    symbols = {"b0": "intercept", "b1": "slope_input", "b2": "slope_output", "cap": "cap_tok_per_s"}
    return [asked.of("throughput_fit", fit, name, symbol) for symbol, name in symbols.items()]


def _lengths(asked: Asked, row: dict) -> list[Node]:
    return [
        asked.corpus_row(row["source"], row["row_id"], value=row[name], symbol=symbol, label=name.replace("_", " "))
        for symbol, name in (("L_in", "input_tokens"), ("L_out", "output_tokens"))
    ]


def _log_linear_without(
    asked: Asked, curve: log_linear.ThroughputModel, others: pl.DataFrame, row: dict, per: str
) -> dict:
    coefficients = [
        number("b0", "intercept of a fit without the row", curve.intercept),
        number("b1", "slope in ln input tokens", curve.slope_input),
        number("b2", "slope in ln output tokens", curve.slope_output),
        number("cap", "largest throughput of the other rows", curve.cap_tok_per_s, "tok/s"),
    ]
    rows = _rows(asked, rows_of=others, per=per, label="other rows, which the fit is made from")
    return {
        "formula": TOK_PER_S,
        "children": [*coefficients, *_lengths(asked, row), rows],
        "note": LEAST_SQUARES,
    }


def _without(rows: pl.DataFrame, row: dict) -> pl.DataFrame:
    return rows.filter((pl.col("row_id") != row["row_id"]) | (pl.col("source") != row["source"]))


def curve_point(asked: Asked) -> Node:
    """A number of `throughput_curve`."""
    if asked.column != "tok_per_s":
        return asked.node(note="a point of the axis, chosen for drawing", children=[asked.beside("tok_per_s")])
    fit = asked.build.row("throughput_fit", study=asked.study, model=asked.row["model"])
    children = [
        *log_linear_coefficients(asked, fit),
        asked.entry("workloads", "traditional", "input_tokens", symbol="L_in", label="prompt of traditional queries"),
        number("L_out", "answer length of the point, chosen for drawing", asked.row["output_tokens"], "tokens"),
    ]
    note = "a point of a curve that is drawn; with the lengths of the fit at `throughput_fit`"
    return asked.node(TOK_PER_S, children, note=note)


def _configured(asked: Asked) -> pl.DataFrame:
    return _several(asked).filter(pl.col("configuration") == asked.row["configuration"])


def _several(asked: Asked) -> pl.DataFrame:
    minimum = asked.build.config["throughput_forms"]["minimum_rows"]
    rows = asked.build.table("throughput")
    return asked.build.once("several", read=lambda: fits.measured_at_several_lengths(rows, minimum))


def configuration(asked: Asked) -> Node:
    """A number of `throughput_configurations`."""
    rows, column = _configured(asked), asked.column
    behind = _rows(asked, rows_of=rows, per=PER_GPU, label="benchmark rows of the configuration")
    if column in COEFFICIENTS:
        growth = asked.setting("throughput_forms", "kv_growth", label="g: kv_growth")
        return asked.node(children=[behind, growth, *assumed(gpu_time.fit)], note=NON_NEGATIVE)
    if column == "kv_growth":
        return asked.same(asked.setting("throughput_forms", "kv_growth"))
    if column == "fit_error_log_sd":
        return _stated_error(asked)
    if column.startswith(LENGTHS):
        name, _, end = column.rpartition("_")
        return _extreme(asked, rows, name, end)
    if column == "rows":
        return asked.node(children=[behind])
    return asked.node(children=[asked.benchmark(rows.row(0, named=True))])


def _stated_error(asked: Asked) -> Node:
    left_out = asked.build.rows("throughput_left_out", form="gpu_seconds")
    own = left_out.filter(pl.col("configuration") == asked.row["configuration"])
    squares = pl.col("ratio").log() ** 2
    everyone = left_out.select(squares.mean()).item()
    its = (_left_out_rows(asked, own),)
    all_rows = (asked.build.once("left out", read=lambda: _left_out_rows(asked, left_out)),)
    label = "sum of squared log ratios of its rows, each predicted without itself"
    children = [
        number("S", label, own.select(squares.sum()).item(), children=its),
        number("n", "its rows", len(own), children=its),
        number("k", "rows that the error of all configurations counts as", PRIOR_ROWS),
        number("M", f"mean squared log ratio of all {len(left_out)} rows left out", everyone, children=all_rows),
    ]
    return asked.node("sqrt((S + k * M) / (n + k))", children)


def _left_out_rows(asked: Asked, rows: pl.DataFrame) -> Node:
    return listed((_left_out_row(asked, row) for row in rows.iter_rows(named=True)), "rows left out")


def _left_out_row(asked: Asked, row: dict) -> Node:
    label = f"{row['row_id']}: predicted without itself / observed"
    source, row_id = row["source"], row["row_id"]
    return asked.build.once(
        *("left out", row["form"], source, row_id),
        read=lambda: asked.corpus_row(source, row_id, value=row["ratio"], label=label),
    )


def left_out(asked: Asked) -> Node:
    """A number of `throughput_left_out`."""
    row, column = asked.row, asked.column
    observed = asked.corpus_row(row["source"], row["row_id"], value=row[PER_GPU], symbol="observed")
    if column == "ratio":
        return asked.node("predicted / observed", [asked.beside("predicted_tok_per_s_per_gpu", "predicted"), observed])
    if column == "fit_error_log_sd":
        note = (
            "root mean square log ratio of the other rows of its configuration, pooled with that of all other"
            f" configurations as if by {PRIOR_ROWS} further rows; for a transferred curve that of the others alone"
        )
        all_rows = asked.build.rows("throughput_left_out", form=row["form"])
        prior = np.inf if row["form"].startswith("borrowed") else PRIOR_ROWS
        stated = fits.with_fit_error(all_rows.drop("fit_error_log_sd", "inside_90"), prior_rows=prior)
        here = stated.filter(source=row["source"], row_id=row["row_id"])["fit_error_log_sd"].item()
        return asked.stated(note, here, _left_out_rows(asked, all_rows))
    if column != "predicted_tok_per_s_per_gpu":
        return asked.node(children=[observed])
    others = _without(_configured(asked), row)
    if row["form"] == "log_linear":
        curve = log_linear.fit(*(others[name].to_numpy() for name in (*LENGTHS, PER_GPU)), minimum_rows=3)
        return asked.node(**_log_linear_without(asked, curve, others, row, PER_GPU))
    if row["form"] == "gpu_seconds":
        growth = asked.build.config["throughput_forms"]["kv_growth"]
        form = gpu_time.fit(*(others[name].to_numpy() for name in (*LENGTHS, PER_GPU)), growth)
        behind = _rows(asked, rows_of=others, per=PER_GPU, label="other rows of its configuration")
        return asked.node(
            TOK_PER_S_PER_GPU,
            [*_form(form, "of a fit without the row"), *_lengths(asked, row), behind],
            note=NON_NEGATIVE,
        )
    kinship = row["form"].removeprefix("borrowed_")
    target = transferred.facts(asked).filter(configuration=row["configuration"]).row(0, named=True)
    borrowed = [transferred.coefficient(asked, target, kinship, *column) for column in COEFFICIENTS.items()]
    growth = number("g", "part of an answer in its own context", target["kv_growth"])
    return asked.node(
        TOK_PER_S_PER_GPU,
        [*borrowed, growth, *_lengths(asked, row)],
        note=f"as if its configuration had never been measured: transferred from kinship {kinship}",
    )


def _form(form: gpu_time.GpuSeconds, whose: str) -> list[Node]:
    return [
        number("a", f"GPU-seconds per input token, {whose}", form.prefill),
        number("b", f"GPU-seconds per output token, {whose}", form.decode),
        number("c", f"GPU-seconds per output token and token of context, {whose}", form.attention),
        number("g", "part of an answer in its own context", form.kv_growth),
    ]


def forms(asked: Asked) -> Node:
    """A number of `throughput_forms`."""
    rows = asked.build.rows("throughput_left_out", form=asked.row["form"])
    if asked.row["configuration"] != "all":
        rows = rows.filter(pl.col("configuration") == asked.row["configuration"])
    behind = _left_out_rows(asked, rows)
    ratios, column = rows["ratio"], asked.column
    if column == "ratio_geometric_sd":
        return asked.node(**geometric_error(ratios, behind))
    if column == "ratio_geometric_mean":
        mean = number("m", "mean of the logarithms of the ratios", float(ratios.log().mean()), children=(behind,))
        return asked.node("exp(m)", [mean])
    if column in ("ratio_min", "ratio_max"):
        return _of_all(asked, behind, ratios, column[-3:])
    counts = {
        "rows": len(rows),
        "configurations": rows["configuration"].n_unique(),
        "share_within_band": int(ratios.is_between(*fits.BAND).sum()),
        "share_inside_90": int(rows["inside_90"].sum()),
    }
    counted = number("x", f"rows counted: {asked.node().note}", counts[column], children=(behind,))
    if column.startswith("share"):
        return asked.node("x / n", [counted, asked.beside("rows", "n")])
    return asked.same(counted)


def _nested(asked: Asked) -> Node:
    row, column = asked.row, asked.column
    if row["form"] != "gpu_seconds":
        behind = log_linear_rows(asked, asked.study, row["model"])
        return asked.node(children=[behind, *_sources(asked), *assumed(log_linear.fit)], note=LEAST_SQUARES)
    if row["kinship"] == OWN:
        used = asked.build.row("throughput_configurations", configuration=row["configuration"])
        if column in used:
            note = (
                "rows of its own: the newest engine version, and of that the parallelism with the fewest GPU-seconds"
                " at 1,000 tokens in and out"
            )
            return asked.same(asked.of("throughput_configurations", used, column), note=note)
        rows = asked.build.rows("throughput_left_out", form="gpu_seconds", configuration=row["configuration"])
        return _of_all(asked, _left_out_rows(asked, rows), rows["ratio"], column[-3:])
    facts, target = transferred.facts(asked), transferred.target(asked)
    if column in COEFFICIENTS:
        found = transferred.coefficient(asked, target, row["kinship"], column, "x")
        return asked.same(found, note=f"transferred: never measured at several lengths ({row['kinship']})")
    if column == "fit_error_log_sd":
        key = {"form": f"borrowed_{row['kinship']}", "configuration": "all"}
        return asked.node("ln(x)", [asked.look_up("throughput_forms", "ratio_geometric_sd", "x", **key)])
    found = borrowing.relatives(facts, target, row["kinship"])
    if column == "rows":
        behind = [transferred.relatives(asked, found, "configuration")]
        return asked.node(children=behind, note="none of its own; the curve is transferred")
    relatives = transferred.relatives(asked, found, column)
    return asked.stated(f"median over the {len(found)} relatives", found[column].median(), relatives)


def log_linear_rows(asked: Asked, study: str, model: str) -> Node:
    """The rows that a log-linear curve of a study of method `nested` is fitted to."""
    spec, rows = asked.build.study(study)["throughput"], asked.build.table("throughput")
    if spec["corrected"]:
        rows = corrections.corrected(rows, asked.build.table("correction"), log_linear.CORRECTIONS)
    used = log_linear.usable_rows(
        rows, sources=spec["sources"], precision=spec["precision"], gpus=spec.get("gpus")
    ).filter(pl.col("model") == model)
    label = "rows, corrected by resources/corrections.csv," if spec["corrected"] else "benchmark rows"
    return _rows(asked, rows_of=used, per="node_tok_per_s", label=f"{label} behind the fit")
