"""One query by every method within every boundary that it covers."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis, shapes
from inference_energy.figures.palette import BLUE, MUTED, ORANGE, SKY
from inference_energy.figures.panels import dot, panel, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import NAMES, extent, named

COLOURS = {"current": BLUE, "current_saturated": SKY, "measured": ORANGE}  # the rest: grey
SHAPES = {"gpu_boards": "circle", "node": "square", "datacenter": "diamond", "fleet": "triangle-up"}
STAR = "M0,-1L.235,-.324L.951,-.309L.38,.124L.588,.809L0,.4L-.588,.809L-.38,.124L-.951,-.309L-.235,-.324Z"
COMPARED = "datacenter"  # boundary whose range is drawn
ROW, WIDTH = 17, 330


def draw(*, methods: pl.DataFrame, parts: pl.DataFrame, output_tokens: float) -> alt.VConcatChart:
    """A panel per model, a row per method with a mark per boundary, for one length of the answer."""
    methods, parts = (table.filter(pl.col("output_tokens") == output_tokens) for table in (methods, parts))
    methods = methods.with_columns(named())
    models = methods["model"].unique(maintain_order=True).to_list()
    ends = methods.select(
        low=pl.min_horizontal("energy_wh", "energy_wh_p05").min() / 1.3,
        high=pl.max_horizontal("energy_wh", "energy_wh_p95").max() * 1.3,
    ).row(0)
    panels = [_energies(methods.filter(model=name), name, list(ends), last=name == models[-1]) for name in models]
    tokens = f"{methods['input_tokens'][0]:,.0f} + {output_tokens:,.0f} tokens"
    return titled(
        alt.vconcat(*panels, spacing=10).resolve_scale(shape="shared"),
        finding=_finding(parts, tokens),
        conditions="Every method within each boundary that it covers. Blue: this work, with P5–P95 in the datacenter"
        " (pale bar); saturated: at full load all day. Star: measured at the GPU boards.",
        width=590,
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
        size=(WIDTH, ROW * len(order)),
        title=model,
        frame="group",
        offset=3,
    )


def _finding(parts: pl.DataFrame, tokens: str) -> str:
    whole = parts.filter(part="whole")["factor"]
    apart = f"a factor of {extent(whole, '–')}" if len(whole) else "an unknown factor"
    return f"For the same query of {tokens}, methods differ by {apart}, depending on the model"
