"""Energy against latency as the batch grows, and the energy that a latency target costs."""

from functools import partial

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, line_legend, log_axis
from inference_energy.figures.panels import label, panel, small_label
from inference_energy.figures.theme import BLUE, GREEN, MUTED, ORANGE, PINK, titled
from inference_energy.figures.words import number
from inference_energy.throughput.latency import representatives

CLASSES = {"frontier": ORANGE, "large": BLUE, "medium": GREEN, "small": PINK}
FAST_MS, SLOW_MS = 20.0, 50.0  # targets that the title reports
COUNTED_MS = (5.0, 10.0, 20.0, 50.0, 100.0)  # targets at which the models that meet them are counted
MOST = 40.0  # upper end of the axis of costs
WIDTH, HEIGHT, LOWER = 318, 290, 200


def draw(*, runs: pl.DataFrame, summary: pl.DataFrame, models: pl.DataFrame, source: str) -> alt.VConcatChart:
    """A column per GPU, of runs of one source: energy against latency of a model per class, and the cost of targets."""
    runs, summary = representatives(runs.filter(source=source), models), summary.filter(source=source)
    names = dict(runs.select("model_class", "model").unique().iter_rows())
    classes = [name for name in CLASSES if name in names]
    labels = {name: f"{names[name]} ({name})" for name in classes}
    runs = runs.with_columns(label=pl.col("model_class").replace_strict(labels, return_dtype=pl.String))
    by_label = {labels[name]: CLASSES[name] for name in classes}
    colour = colours("label", by_label, line_legend(columns=2, labelLimit=320))
    spans = {
        "x": _reach([*runs["inter_token_latency_ms"], *summary["target_ms"]], 1.25),
        "y": _reach(runs["energy_j_per_output_token"].to_list(), 1.6),
    }
    gpus = sorted(runs["gpu"].unique(), reverse=True)
    columns = [
        alt.vconcat(
            _sweeps(runs.filter(gpu=gpu), spans, colour, gpu, first=position == 0),
            _costs(summary.filter(gpu=gpu), spans, first=position == 0),
            spacing=18,
        )
        for position, gpu in enumerate(gpus)
    ]
    return titled(
        alt.hconcat(*columns, spacing=16),
        finding=_finding(summary, gpus),
        conditions="ML.ENERGY v3 on vLLM, energy of GPU boards. Top: per class the model with the most runs on"
        " both GPUs; line: Pareto-optimal runs, pale: dominated runs; numbers: concurrent requests. Bottom: least"
        " energy among runs that meet the target over the least of all runs, per model and GPU; line: median, band:"
        " P5–P95 over models, open at the top where more than 5% do not meet the target.",
    )


def _reach(values: list[float], by: float) -> list[float]:
    return [min(values) / by, max(values) * by]


def _x(column: str, title: str, span: list[float]) -> alt.X:
    values = [value for value in (5, 10, 20, 50, 100, 200, 500) if span[0] <= value <= span[1]]
    return log_axis(span, title, values=values)[0](column, title=title)


def _sweeps(
    runs: pl.DataFrame, spans: dict[str, list[float]], colour: alt.Color, gpu: str, *, first: bool
) -> alt.LayerChart:
    x = _x("inter_token_latency_ms", "Median latency between tokens, ms", spans["x"])
    title = "Energy of GPU boards, J per output token"
    y = log_axis(spans["y"], title, of=alt.Y, shown=first)[0]("energy_j_per_output_token")
    line = runs.filter("pareto").sort("label", "inter_token_latency_ms", "row_id")
    first_ends, last_ends = (
        line.group_by("label", maintain_order=True)
        .agg(getattr(pl.all(), end)())
        .with_columns(said=pl.col("concurrency").round().cast(pl.Int64).cast(pl.String))
        for end in ("first", "last")
    )
    # The lowest line's label goes below its end, where no other line is.
    lowest = pl.col("energy_j_per_output_token") == pl.col("energy_j_per_output_token").min()
    texts = [
        label(alt.Chart(ends).encode(y=y, color=colour), x, "said", fontSize=11, align=align, dx=dx, dy=dy)
        for ends, align, dx, dy in (
            (first_ends, "right", -6, 0),
            (last_ends.filter(~lowest), "left", 3, -8),
            (last_ends.filter(lowest), "center", 0, 12),
        )
    ]
    base = alt.Chart(runs).encode(x=x, y=y, color=colour)
    beaten = base.transform_filter("!datum.pareto").mark_circle(size=16, opacity=0.35)
    kept = base.transform_filter("datum.pareto").mark_circle(size=26, opacity=1)
    lines = base.properties(data=line).mark_line(strokeWidth=2).encode(order="inter_token_latency_ms:Q")
    return panel(beaten, lines, kept, *texts, size=(WIDTH, HEIGHT), title=gpu)


def _costs(summary: pl.DataFrame, spans: dict[str, list[float]], *, first: bool) -> alt.LayerChart:
    title = "Energy / least energy of the model" if first else None
    axis = alt.Axis(values=[1, 2, 5, 10, 20], format="~g", title=title, labels=first)
    y = partial(alt.Y, scale=alt.Scale(type="log", domain=[0.9, MOST], nice=False, clamp=True), axis=axis)
    x = _x("target_ms", "Latency target, ms per token", spans["x"])
    # A band without an upper end, as too few models meet the target, is open to the top of the panel.
    known = summary.filter(pl.col("cost_p05").is_not_null()).with_columns(pl.col("cost_p95").fill_null(MOST))
    band = alt.Chart(known).mark_area(opacity=0.2, color=BLUE, clip=True)
    band = band.encode(x=x, y=y("cost_p05:Q"), y2="cost_p95:Q")
    line = alt.Chart(summary.filter(pl.col("cost_p50").is_not_null())).mark_line(color=BLUE, strokeWidth=2.2, clip=True)
    line = line.encode(x=x, y=y("cost_p50:Q"))
    counted = summary.filter(pl.col("target_ms").is_in(COUNTED_MS)).with_columns(
        said=pl.format("{}/{}", "models_that_meet", "models")
    )
    count = small_label(alt.Chart(counted).encode(y=alt.value(-8)), x, "said", align="center")
    style = {"fontSize": 11, "fontWeight": "normal", "color": MUTED, "offset": 10}
    return panel(band, line, count, size=(WIDTH, LOWER), title="Models that meet the target:", **style)


def _finding(summary: pl.DataFrame, gpus: list[str]) -> str:
    fast, slow = ([_times(summary, gpu, target) for gpu in gpus] for target in (FAST_MS, SLOW_MS))
    names = [gpu.split()[0] for gpu in gpus]
    first, *others = (f"{cost} on {name}" for cost, name in zip(fast, names, strict=True))
    told = " and ".join([first.replace(" on", " its least energy on"), *others])
    return (
        f"A token every {number(FAST_MS)} ms costs the median model {told};"
        f" every {number(SLOW_MS)} ms, {' and '.join(slow)}"
    )


def _times(summary: pl.DataFrame, gpu: str, target_ms: float) -> str:
    found = summary.filter(gpu=gpu, target_ms=target_ms)["cost_p50"].drop_nulls().to_list()
    return f"{found[0]:.1f}×" if found else "an unknown multiple of"
