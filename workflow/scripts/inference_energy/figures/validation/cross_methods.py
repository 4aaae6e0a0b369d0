"""One query by every method and boundary, and the parts of the factor between the methods."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis, shapes
from inference_energy.figures.palette import BLUE, INK, MUTED, ORANGE, PALE, SKY
from inference_energy.figures.panels import constant, dot, label, panel, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import NAMES, extent, named, number

COLOURS = {"current": BLUE, "current_saturated": SKY, "measured": ORANGE}  # the rest: grey
SHAPES = {"gpu_boards": "circle", "node": "square", "datacenter": "diamond", "fleet": "triangle-up"}
STAR = "M0,-1L.235,-.324L.951,-.309L.38,.124L.588,.809L0,.4L-.588,.809L-.38,.124L-.951,-.309L-.235,-.324Z"
COMPARED = "datacenter"  # boundary whose range is drawn
PARTS = {
    "boundary": "Boundary",
    "operating point and day": "Operating point, day",
    "method": "Method",
    "whole": "All together",
}
ROW, LEFT, RIGHT = 16, 268, 140


def draw(*, methods: pl.DataFrame, parts: pl.DataFrame, output_tokens: float) -> alt.VConcatChart:
    """Per model a row of methods across boundaries and the parts of the factor between them, for one answer length."""
    methods, parts = (table.filter(pl.col("output_tokens") == output_tokens) for table in (methods, parts))
    methods = methods.with_columns(named())
    models = methods["model"].unique(maintain_order=True).to_list()
    whole = parts.filter(part="whole")["factor"]
    ends = methods.select(
        low=pl.min_horizontal("energy_wh", "energy_wh_p05").min(),
        high=pl.max_horizontal("energy_wh", "energy_wh_p95").max(),
    ).row(0)
    spans = [ends[0] / 1.3, ends[1] * 1.3], [0.9, whole.max() * 6]
    rows = []
    for model in models:
        of_model, last = methods.filter(model=model), model == models[-1]
        left = _energies(of_model, model, spans[0], last=last)
        height = ROW * of_model["label"].n_unique()
        right = _factors(parts.filter(model=model), spans[1], height, first=model == models[0], last=last)
        rows.append(alt.hconcat(left, right, spacing=18))
    tokens = methods["input_tokens"][0], output_tokens
    return titled(
        alt.vconcat(*rows, spacing=10).resolve_scale(shape="shared"),
        finding=_finding(parts, tokens),
        conditions="Left: each method within each boundary that it covers; pale bar: P5–P95 of this work in the"
        " datacenter; star: measured on GPU boards. Right: factor between the largest and the smallest method (this"
        " work saturated all day not counted), each at its widest boundary up to the datacenter, and the parts whose"
        " product it is.",
    )


def _energies(rows: pl.DataFrame, model: str, ends: list[float], *, last: bool) -> alt.LayerChart:
    order = rows["label"].unique(maintain_order=True).to_list()
    rows = rows.with_columns(
        within=pl.col("boundary").replace_strict(NAMES, return_dtype=pl.String),
        colour=pl.col("method").replace_strict(COLOURS, default=MUTED, return_dtype=pl.String),
    )
    axis, _ = log_axis(ends, "Wh per query (logarithmic)", shown=last, ticks=last)
    base = alt.Chart(rows).encode(y=rows_axis("label:N", order, minExtent=190), color=alt.Color("colour:N", scale=None))
    measured = pl.col("method") == "measured"
    compared = rows.filter((pl.col("boundary") == COMPARED) & pl.col("energy_wh_p05").is_not_null())
    extents = rows.group_by("label", "colour", maintain_order=True).agg(
        low=pl.col("energy_wh").min(), high=pl.col("energy_wh").max()
    )
    by_name = {NAMES[boundary]: shape for boundary, shape in SHAPES.items()}
    shape = shapes("within", by_name, symbolFillColor=MUTED, symbolStrokeColor=MUTED)
    marks = base.properties(data=rows.filter(~measured)).mark_point(filled=True, size=42, opacity=1)
    return panel(
        span(base.properties(data=compared), axis("energy_wh_p05"), "energy_wh_p95", strokeWidth=9, opacity=0.28),
        span(base.properties(data=extents), axis("low"), "high", strokeWidth=1.2),
        marks.encode(x=axis("energy_wh"), shape=shape),
        dot(base.properties(data=rows.filter(measured)), axis("energy_wh"), STAR, size=70),
        size=(LEFT, ROW * len(order)),
        title=model,
        frame="group",
        offset=3,
    )


def _factors(parts: pl.DataFrame, ends: list[float], height: int, *, first: bool, last: bool) -> alt.LayerChart:
    found = dict(parts.select("part", "factor").iter_rows())
    rows, start = [], 1.0
    for part, name in PARTS.items():
        if part in found:
            low = 1.0 if part == "whole" else start
            start = low * found[part]
            colour = INK if part == "whole" else MUTED
            bar = {"low": low, "high": start, "said": f"× {number(found[part])}", "colour": colour}
            rows.append({"name": name, "part": part} | bar)
    axis, _ = log_axis(ends, "Factor (logarithmic)", shown=last, ticks=last)
    base = alt.Chart(pl.DataFrame(rows)).encode(y=rows_axis("name:N", [row["name"] for row in rows]))
    bars = base.mark_bar(height=11, minBandSize=1)
    bars = bars.encode(x=axis("low"), x2="high:Q", color=alt.Color("colour:N", scale=None))
    one = constant(low=1.0).mark_rule(color=PALE).encode(x=axis("low"))
    text = label(base, axis("high"), "said", dx=4, fontSize=11)
    return panel(one, bars, text, size=(RIGHT, height), title="Factor between methods" if first else None, offset=3)


def _finding(parts: pl.DataFrame, tokens: tuple[float, float]) -> str:
    by_part = {part: _extent(parts, part) for part in PARTS}
    return (
        f"A query of {tokens[0]:,.0f} + {tokens[1]:,.0f} tokens: methods differ by factors of {by_part['whole']};"
        f" boundaries explain {by_part['boundary']}, operating point and day {by_part['operating point and day']}"
        f" and the method {by_part['method']}"
    )


def _extent(parts: pl.DataFrame, part: str) -> str:
    factors = parts.filter(part=part)["factor"]
    return "an unknown factor" if factors.is_empty() else extent(factors, " to ")
