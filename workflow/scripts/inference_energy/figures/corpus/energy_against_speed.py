"""Measured energy per output token against the speed of one user, with the Pareto front of every GPU."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, line_legend, log_axis, shapes
from inference_energy.figures.palette import MUTED, of_gpus
from inference_energy.figures.panels import in_rows, panel
from inference_energy.figures.theme import message, titled
from inference_energy.figures.words import counted, extent, times
from inference_energy.throughput.speed import ENERGY, LENGTHS, SPEED, at_common_lengths, cost_of_speed, runs, with_front

MODELS, COLUMNS = 6, 2
WIDTH, HEIGHT = 300, 200
FAST = 100.0  # tokens/s of a user whose cost the title reports
DECODING = {False: "without speculative decoding", True: "with it, such as MTP"}
BITS = {"4-bit weights": ("FP4", "MXFP4", "INT4"), "8-bit": ("FP8", "INT8"), "16-bit": ("BF16", "FP16")}
SHAPES = dict(zip(BITS, ("circle", "square", "triangle-up"), strict=True))
NAMES = {name: bits for bits, names in BITS.items() for name in names}


def draw(*, energy: pl.DataFrame, throughput: pl.DataFrame, models: pl.DataFrame) -> alt.VConcatChart | alt.Chart:
    """A panel per network, those with the most runs first: energy against speed, by GPU and speculative decoding."""
    known = runs(energy, throughput, models)
    if known.is_empty():
        return message(
            "There is no such run.",
            finding="No measured energy has stated lengths and a latency",
            conditions="Energy of GPU boards per output token against output tokens/s of one user.",
        )
    shown = with_front(at_common_lengths(known, MODELS), ["network", "gpu", "speculative"]).with_columns(
        decoding=pl.col("speculative").replace_strict(DECODING, return_dtype=pl.String),
        bits=pl.col("precision").replace_strict(NAMES, return_dtype=pl.String),
    )
    networks = at_common_lengths(known, MODELS)["network"].unique(maintain_order=True).to_list()
    by_gpu = of_gpus(sorted(shown["gpu"].unique()))
    ends = {name: _reach(shown[name]) for name in (SPEED, ENERGY)}
    panels = [
        _panel(
            shown.filter(network=name), name, by_gpu, ends, left=i % COLUMNS == 0, bottom=i >= len(networks) - COLUMNS
        )
        for i, name in enumerate(networks)
    ]
    prompts, answers = (f"{shown[name][0]:,.0f}" for name in LENGTHS)
    stalled = int(shown["stalled"].sum())
    return titled(
        alt.vconcat(*in_rows(panels, COLUMNS, spacing=14), spacing=12),
        finding=_finding(shown),
        conditions=f"Energy of GPU boards per output token, at up to {prompts} + {answers} tokens. Line: least energy"
        f" at this speed or more, per GPU. Pale: all other runs; {stalled} of them stall.",
    )


def _reach(values: pl.Series) -> list[float]:
    return [values.min() / 1.2, values.max() * 1.2]


def _ticks(ends: list[float]) -> list[float]:
    """About two in a decade, for axes of two or three decades."""
    steps = [float(f"{step}e{power}") for power in range(-6, 7) for step in (1, 3)]
    return [value for value in steps if ends[0] <= value <= ends[1]]


def _finding(shown: pl.DataFrame) -> str:
    costs = cost_of_speed(shown, ["network", "gpu"], FAST)["cost"]
    if costs.is_empty():
        return f"No measured run gives one user {FAST:.0f} tokens/s"
    return (
        f"At {FAST:.0f} tokens/s per user, a token takes {times(costs.median())} the least energy of the same model"
        f" and GPU (median of {counted(len(costs), 'pair')}; {extent(costs, '–')}×)"
    )


def _panel(
    rows: pl.DataFrame, title: str, by_gpu: dict[str, str], ends: dict[str, list[float]], *, left: bool, bottom: bool
) -> alt.LayerChart:
    x = log_axis(ends[SPEED], "Speed of one user, output tokens/s", shown=bottom, values=_ticks(ends[SPEED]))[0](SPEED)
    y = log_axis(ends[ENERGY], "J per output token", of=alt.Y, shown=left, values=_ticks(ends[ENERGY]))[0](ENERGY)
    colour = colours("gpu", by_gpu, line_legend(columns=3))
    dash = alt.StrokeDash(
        "decoding:N",
        scale=alt.Scale(domain=list(DECODING.values()), range=[[1, 0], [5, 3]]),
        legend=alt.Legend(
            title=None, orient="bottom", clipHeight=16, symbolStrokeColor=MUTED, symbolStrokeWidth=2, symbolSize=300
        ),
    )
    style = {"symbolFillColor": MUTED, "symbolStrokeWidth": 0, "symbolOpacity": 1}
    shape = shapes("bits", SHAPES, orient="bottom", clipHeight=16, **style)
    marks = rows.select("gpu", "decoding", "bits", "front", SPEED, ENERGY)
    base = alt.Chart(marks).encode(x=x, y=y, color=colour)
    others = base.transform_filter("!datum.front").mark_point(filled=True, size=14, opacity=0.3).encode(shape=shape)
    front = base.transform_filter("datum.front")
    lines = front.mark_line(strokeWidth=1.8).encode(strokeDash=dash, order=f"{SPEED}:Q")
    best = front.mark_point(filled=True, size=26, opacity=1).encode(shape=shape)
    return panel(others, lines, best, size=(WIDTH, HEIGHT), title=title)
