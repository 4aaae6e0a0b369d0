"""One query by every method and boundary, and the parts of the factor between the methods."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PALE,
    SKY,
    log_scale,
    number,
    panel_title,
    rows_axis,
    ticks,
    titled,
)
from inference_energy.figures.words import NAMES, named

COLOURS = {"current": BLUE, "current_offline": SKY, "measured": ORANGE}  # the rest: grey
SHAPES = {"gpu_boards": "circle", "node": "square", "datacenter": "diamond", "fleet": "triangle-up"}
STAR = "M0,-1L.235,-.324L.951,-.309L.38,.124L.588,.809L0,.4L-.588,.809L-.38,.124L-.951,-.309L-.235,-.324Z"
COMPARED = "datacenter"  # boundary whose range is drawn
PARTS = {
    "boundary": "Boundary",
    "load and attainment": "Load and attainment",
    "throughput and method": "Throughput, method",
    "whole": "All together",
}
ROW, LEFT, RIGHT = 16, 268, 140


def draw(*, methods: pl.DataFrame, parts: pl.DataFrame, output_tokens: float) -> alt.VConcatChart:
    """Per model a row of methods across boundaries, next to the parts of the factor between the methods.

    Args:
        methods: table `cross_methods`.
        parts: table `cross_method_parts`.
        output_tokens: length of the answer that is drawn.
    """
    methods, parts = (table.filter(pl.col("output_tokens") == output_tokens) for table in (methods, parts))
    methods = methods.with_columns(named())
    models = methods["model"].unique(maintain_order=True).to_list()
    whole = parts.filter(part="whole")["factor"]
    ends = methods.select(
        low=pl.min_horizontal("energy_wh", "energy_wh_p05").min(),
        high=pl.max_horizontal("energy_wh", "energy_wh_p95").max(),
    ).row(0)
    spans = [ends[0] / 1.3, ends[1] * 1.3], [0.9, whole.max() * 6]
    rows = [
        alt.hconcat(
            _energies(methods.filter(model=model), model, spans[0], last=model == models[-1]),
            _factors(
                parts.filter(model=model),
                spans[1],
                ROW * methods.filter(model=model)["label"].n_unique(),
                first=model == models[0],
                last=model == models[-1],
            ),
            spacing=18,
        )
        for model in models
    ]
    tokens = methods["input_tokens"][0], output_tokens
    return titled(
        alt.vconcat(*rows, spacing=10).resolve_scale(shape="shared"),
        finding=_finding(parts, tokens),
        conditions="Left: each method within each boundary that it covers; pale bar: P5–P95 of this work in the"
        " datacenter; star: measured on GPU boards. Right: factor between the largest and the smallest method (without"
        " saturated offline), each at its widest boundary up to the datacenter, and the parts whose product it is.",
    )


def _energies(rows: pl.DataFrame, model: str, span: list[float], *, last: bool) -> alt.LayerChart:
    order = rows["label"].unique(maintain_order=True).to_list()
    rows = rows.with_columns(
        within=pl.col("boundary").replace_strict(NAMES, return_dtype=pl.String),
        colour=pl.col("method").replace_strict(COLOURS, default=MUTED, return_dtype=pl.String),
    )
    axis = alt.Axis(
        values=ticks(*span), format="~g", labels=last, ticks=last, title="Wh per query (logarithmic)" if last else None
    )
    scale = log_scale(span)
    y = rows_axis("label:N", order, minExtent=190)
    colour = alt.Color("colour:N", scale=None)
    x = alt.X("energy_wh:Q", scale=scale, axis=axis)
    ranges = (
        alt.Chart(rows.filter((pl.col("boundary") == COMPARED) & pl.col("energy_wh_p05").is_not_null()))
        .mark_rule(strokeWidth=9, opacity=0.28)
        .encode(x=alt.X("energy_wh_p05:Q", scale=scale, axis=axis), x2="energy_wh_p95:Q", y=y, color=colour)
    )
    lines = alt.Chart(
        rows.group_by("label", "colour", maintain_order=True).agg(
            low=pl.col("energy_wh").min(), high=pl.col("energy_wh").max()
        )
    )
    lines = lines.mark_rule(strokeWidth=1.2).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", y=y, color=colour
    )
    shape = alt.Shape(
        "within:N",
        scale=alt.Scale(domain=list(NAMES.values()), range=[SHAPES[name] for name in NAMES]),
        legend=alt.Legend(title=None, symbolFillColor=MUTED, symbolStrokeColor=MUTED),
    )
    measured = pl.col("method") == "measured"
    marks = alt.Chart(rows.filter(~measured)).mark_point(filled=True, size=42, opacity=1)
    stars = alt.Chart(rows.filter(measured)).mark_point(shape=STAR, filled=True, size=70, opacity=1)
    return alt.layer(
        ranges, lines, marks.encode(x=x, y=y, color=colour, shape=shape), stars.encode(x=x, y=y, color=colour)
    ).properties(
        width=LEFT,
        height=ROW * len(order),
        title=panel_title(model, frame="group", offset=3, color=INK),
    )


def _factors(parts: pl.DataFrame, span: list[float], height: int, *, first: bool, last: bool) -> alt.LayerChart:
    found = dict(parts.select("part", "factor").iter_rows())
    rows, start = [], 1.0
    for part, name in PARTS.items():
        if part in found:
            low = 1.0 if part == "whole" else start
            start = low * found[part]
            rows.append({"name": name, "part": part, "low": low, "high": start, "said": f"× {number(found[part])}"})
    rows = pl.DataFrame(rows).with_columns(
        colour=pl.when(pl.col("part") == "whole").then(pl.lit(INK)).otherwise(pl.lit(MUTED))
    )
    y = rows_axis("name:N", rows["name"].to_list())
    axis = alt.Axis(
        values=ticks(*span),
        format="~g",
        labels=last,
        ticks=last,
        title="Factor (logarithmic)" if last else None,
    )
    scale = log_scale(span)
    base = alt.Chart(rows).encode(y=y)
    bars = base.mark_bar(height=11, minBandSize=1).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=alt.Color("colour:N", scale=None)
    )
    one = alt.Chart(pl.DataFrame({"low": [1.0]})).mark_rule(color=PALE).encode(x=alt.X("low:Q", scale=scale, axis=axis))
    text = base.mark_text(align="left", dx=4, fontSize=11, color=INK).encode(
        x=alt.X("high:Q", scale=scale, axis=axis), text="said:N"
    )
    chart = alt.layer(one, bars, text).properties(width=RIGHT, height=height)
    title = panel_title("Factor between methods", offset=3, color=INK)
    return chart.properties(title=title) if first else chart


def _finding(parts: pl.DataFrame, tokens: tuple[float, float]) -> str:
    words = {
        "boundary": "boundaries explain",
        "load and attainment": "load and attainment",
        "throughput and method": "throughput and method",
    }
    told = [f"{said} {_times(parts, part)}" for part, said in words.items()]
    return (
        f"A query of {tokens[0]:,.0f} + {tokens[1]:,.0f} tokens: methods differ by factors of"
        f" {_times(parts, 'whole')}; {told[0]}, {told[1]} and {told[2]}"
    )


def _times(parts: pl.DataFrame, part: str) -> str:
    factors = parts.filter(part=part)["factor"]
    if factors.is_empty():
        return "an unknown factor"
    low, high = number(factors.min()), number(factors.max())
    return low if low == high else f"{low} to {high}"
