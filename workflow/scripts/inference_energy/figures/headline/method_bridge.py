"""From the published estimate to the current one, step by step."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE, PALE
from inference_energy.figures.panels import dot, label, panel, small_label
from inference_energy.figures.theme import titled
from inference_energy.figures.words import inside_a_sentence, number

PANELS = {
    "traditional: median of queries": "Median of traditional queries (Wh)",
    "mixed fleet: mean": "Fleet, 10 % long queries (GWh/day)",
}
WIDTH, ROW = 215, 25


def draw(*, bridge: pl.DataFrame, begin: str, end: str) -> alt.HConcatChart:
    """Two waterfalls on logarithmic axes, a bar per step, between the titles of the studies at both ends."""
    panels = [
        _panel(bridge.filter(pl.col("quantity") == quantity).sort("step"), title, begin, end, first=not position)
        for position, (quantity, title) in enumerate(PANELS.items())
    ]
    steps = bridge.filter(pl.col("quantity") == next(iter(PANELS))).sort("step")
    down = steps.row(steps["factor"].arg_min(), named=True)
    up = steps.row(steps["factor"].arg_max(), named=True)
    before, after = steps["before"][0], steps["after"][-1]
    return titled(
        alt.hconcat(*panels, spacing=30),
        finding=f"From {number(before)} to {number(after)} Wh for the median query. Largest step down: {_said(down)};"
        f" up: {_said(up)}",
        conditions="One change of method or data at a time, from top to bottom; the size of a step depends on the"
        " order. Blue: lower, orange: higher. Frontier models. Every step is a study in config/studies.",
    )


def _said(step: dict) -> str:
    return f"{inside_a_sentence(step['change'])} (× {step['factor']:.2f})"


def _panel(steps: pl.DataFrame, title: str, begin: str, end: str, *, first: bool) -> alt.LayerChart:
    values = [steps["before"][0], steps["after"][-1]]
    ends = pl.DataFrame({"label": [begin, end], "value": values, "text": [number(value) for value in values]})
    rows = steps.with_columns(
        label=pl.col("change"),
        low=pl.min_horizontal("before", "after"),
        high=pl.max_horizontal("before", "after"),
        colour=pl.when(pl.col("factor") < 1).then(pl.lit(BLUE)).otherwise(pl.lit(ORANGE)),
        text=pl.Series([f"× {factor:.2f}" for factor in steps["factor"]]),
    )
    order = [begin, *rows["label"], end]
    axis, x = log_axis([rows["low"].min() / 1.25, rows["high"].max() * 1.9], title)
    y = rows_axis("label:N", order, labels=first, labelFontSize=12, labelLimit=330)
    levels = alt.Chart(rows.with_columns(next=pl.Series([*rows["label"][1:], end]))).mark_rule(color=PALE)
    levels = levels.encode(x=x("after"), y=alt.Y("label:N", sort=order), y2="next:N")
    step, total = alt.Chart(rows).encode(y=y), alt.Chart(ends).encode(y=y)
    bars = step.mark_bar(height=15).encode(x=axis("low"), x2="high:Q", color=alt.Color("colour:N", scale=None))
    factors = small_label(step, x("high"), "text", dx=5)
    points = dot(total, x("value"), "diamond", size=90, color=INK)
    numbers = label(total, x("value"), "text", dx=9, fontWeight="bold")
    return panel(levels, bars, factors, points, numbers, size=(WIDTH, ROW * len(order)))
