"""From the published estimate to the current one, step by step."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import BLUE, INK, MUTED, ORANGE, PALE, number, rows_axis, ticks, titled

PANELS = {
    "traditional: median of queries": "Median of traditional queries (Wh)",
    "mixed fleet: mean": "Fleet, 10 % long queries (GWh/day)",
}
WIDTH, ROW = 215, 25


def draw(*, bridge: pl.DataFrame, begin: str, end: str) -> alt.HConcatChart:
    """Two waterfalls on logarithmic axes: a bar per step from the value before it to the value after it.

    Args:
        bridge: table `method_bridge`.
        begin: title of the study that the bridge begins at.
        end: title of the study that it ends at.
    """
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
        finding=f"From {number(before)} to {number(after)} Wh for the median query. Largest step down: {_said(down)}"
        f" (× {down['factor']:.2f}); up: {_said(up)} (× {up['factor']:.2f})",
        conditions="One change of method or data at a time, from top to bottom; the size of a step depends on the"
        " order. Blue: lower, orange: higher. Frontier models. Every step is a study in config/studies.",
    )


def _said(step: dict) -> str:
    return f"{step['change'][0].lower()}{step['change'][1:]}"


def _panel(steps: pl.DataFrame, title: str, begin: str, end: str, *, first: bool) -> alt.LayerChart:
    ends = pl.DataFrame({"label": [begin, end], "value": [steps["before"][0], steps["after"][-1]]}).with_columns(
        text=pl.Series([number(steps["before"][0]), number(steps["after"][-1])])
    )
    rows = steps.with_columns(
        label=pl.col("change"),
        low=pl.min_horizontal("before", "after"),
        high=pl.max_horizontal("before", "after"),
        colour=pl.when(pl.col("factor") < 1).then(pl.lit(BLUE)).otherwise(pl.lit(ORANGE)),
        text=pl.Series([f"× {factor:.2f}" for factor in steps["factor"]]),
    )
    order = [begin, *rows["label"], end]
    low, high = rows["low"].min() / 1.25, rows["high"].max() * 1.9
    scale = alt.Scale(type="log", domain=[low, high])
    x_axis = alt.Axis(values=ticks(low, high), format="~g", title=title)
    y = rows_axis("label:N", order, labels=first, labelFontSize=12, labelLimit=330)
    levels = (
        alt.Chart(rows.with_columns(next=pl.Series([*rows["label"][1:], end])))
        .mark_rule(color=PALE)
        .encode(x=alt.X("after:Q", scale=scale), y=alt.Y("label:N", sort=order), y2="next:N")
    )
    bars = (
        alt.Chart(rows)
        .mark_bar(height=15)
        .encode(x=alt.X("low:Q", scale=scale, axis=x_axis), x2="high:Q", y=y, color=alt.Color("colour:N", scale=None))
    )
    texts = (
        alt.Chart(rows)
        .mark_text(align="left", dx=5, fontSize=11, color=MUTED)
        .encode(x=alt.X("high:Q", scale=scale), y=y, text="text:N")
    )
    points = alt.Chart(ends).mark_point(filled=True, size=90, color=INK, shape="diamond", opacity=1)
    points = points.encode(x=alt.X("value:Q", scale=scale), y=y)
    values = (
        alt.Chart(ends)
        .mark_text(align="left", dx=9, fontWeight="bold")
        .encode(x=alt.X("value:Q", scale=scale), y=y, text="text:N")
    )
    return alt.layer(levels, bars, texts, points, values).properties(width=WIDTH, height=ROW * len(order))
