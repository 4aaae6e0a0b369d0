"""From the published estimate to the current one, step by step."""

import math

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE, PALE
from inference_energy.figures.panels import dot, label, panel, small_label
from inference_energy.figures.theme import titled
from inference_energy.figures.words import inside_a_sentence, number

PANELS = {
    "traditional: median of queries": "Median traditional query, Wh",
    "mixed fleet: mean": "Fleet, 10% long, GWh/day",
}
STILL = 1.02  # a step with a smaller factor in all panels is part of the one before it
WIDTH, ROW = 190, 26


def draw(*, bridge: pl.DataFrame, begin: str, end: str) -> alt.HConcatChart:
    """Two waterfalls on logarithmic axes, a bar per step, between the titles of the studies at both ends."""
    shown = merged(bridge.filter(pl.col("quantity").is_in(list(PANELS))))
    panels = [
        _panel(shown.filter(quantity=quantity), title, begin, end, first=not position)
        for position, (quantity, title) in enumerate(PANELS.items())
    ]
    steps = shown.filter(quantity=next(iter(PANELS)))
    down, up = (steps.row(place, named=True) for place in (steps["factor"].arg_min(), steps["factor"].arg_max()))
    before, after = steps["before"][0], steps["after"][-1]
    return titled(
        alt.hconcat(*panels, spacing=26),
        finding=f"Median query, {number(before)} to {number(after)} Wh: down most by {_said(down)},"
        f" up most by {_said(up)}",
        conditions="Frontier models. One change of method or data at a time, top to bottom; its size depends on the"
        f" order. Blue: lower, orange: higher. Changes below {STILL - 1:.0%} are part of the one above.",
    )


def merged(bridge: pl.DataFrame) -> pl.DataFrame:
    """Steps of every quantity, those that change none of them by `STILL` joined to the one before them."""
    moved = bridge.group_by("step").agg(pl.col("factor").log().abs().max().alias("most"))
    moving = moved.filter((pl.col("most") >= math.log(STILL)) | (pl.col("step") == bridge["step"].min()))
    first = pl.col("step").is_in(moving["step"].implode())
    group = first.cast(pl.Int64).cum_sum().over("quantity", order_by="step")
    joined = bridge.sort("quantity", "step").with_columns(group.alias("group"))
    return (
        joined.group_by("quantity", "group", maintain_order=True)
        .agg(pl.col("change").first(), pl.col("before").first(), pl.col("after").last())
        .with_columns(factor=pl.col("after") / pl.col("before"))
    )


def _said(step: dict) -> str:
    """A change in a few words: what stands before its first comma."""
    return f"{inside_a_sentence(step['change'].split(',')[0])} (×{number(step['factor'])})"


def _panel(steps: pl.DataFrame, title: str, begin: str, end: str, *, first: bool) -> alt.LayerChart:
    values = [steps["before"][0], steps["after"][-1]]
    ends = pl.DataFrame({"label": [begin, end], "value": values, "text": [number(value) for value in values]})
    rows = steps.with_columns(
        label=pl.col("change"),
        low=pl.min_horizontal("before", "after"),
        high=pl.max_horizontal("before", "after"),
        colour=pl.when(pl.col("factor") < 1).then(pl.lit(BLUE)).otherwise(pl.lit(ORANGE)),
        text=pl.Series([f"×{number(factor)}" for factor in steps["factor"]]),
    )
    order = [begin, *rows["label"], end]
    axis, x = log_axis([rows["low"].min() / 1.25, rows["high"].max() * 1.9], title)
    y = rows_axis("label:N", order, labels=first, labelFontSize=12, labelLimit=360)
    levels = alt.Chart(rows.with_columns(next=pl.Series([*rows["label"][1:], end]))).mark_rule(color=PALE)
    levels = levels.encode(x=x("after"), y=alt.Y("label:N", sort=order), y2="next:N")
    step, total = alt.Chart(rows).encode(y=y), alt.Chart(ends).encode(y=y)
    bars = step.mark_bar(height=15).encode(x=axis("low"), x2="high:Q", color=alt.Color("colour:N", scale=None))
    factors = small_label(step, x("high"), "text", dx=5)
    points = dot(total, x("value"), "diamond", size=90, color=INK)
    numbers = label(total, x("value"), "text", dx=9, fontWeight="bold")
    return panel(levels, bars, factors, points, numbers, size=(WIDTH, ROW * len(order)))
