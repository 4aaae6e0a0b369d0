"""Factors by which the headline numbers change when one assumption at a time is varied."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import either, log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, SKY
from inference_energy.figures.panels import panel, small_label
from inference_energy.figures.theme import titled
from inference_energy.figures.words import inside_a_sentence, listed, times

PANELS = {
    "traditional: mean over queries": ("Mean traditional query", "traditional queries"),
    "long: mean over queries": ("Mean long query", "long queries"),
    "mixed fleet": ("Mixed fleet", "the mixed fleet"),
}
ALTERNATIVES = ("model", "gpu", "replicas", "lengths")  # another choice, not a range of uncertainty
STILL = 1.005  # a range below this factor is not drawn
WIDTH, ROW = 165, 24
TICKS = [0.2, 0.5, 1, 2, 5]


def draw(*, tornado: pl.DataFrame) -> alt.HConcatChart:
    """One panel per headline number: a bar per assumption from one end to the other, about the central value."""
    rows = tornado.filter(pl.col("quantity").is_in(list(PANELS)))
    ends = [pl.col(end) / pl.col("central") for end in ("at_low", "at_high")]
    rows = rows.with_columns(low=pl.min_horizontal(ends), high=pl.max_horizontal(ends), one=pl.lit(1.0))
    rows = rows.with_columns(times=pl.col("high") / pl.col("low"))
    widths = rows.group_by("label").agg(pl.col("times").log().mean())
    order = widths.sort("times", "label", descending=[True, False])["label"].to_list()
    # The same factor has the same length in every panel.
    reach = [rows["low"].min() / 2.6, rows["high"].max() * 1.9]
    names = [name for name in PANELS if name in rows["quantity"].unique()]
    panels = [
        _panel(rows.filter(quantity=name), PANELS[name][0], order, reach, first=name == names[0]) for name in names
    ]
    return titled(
        alt.hconcat(*panels, spacing=16),
        finding=_finding(rows, names),
        conditions="One assumption at a time at its P5 and its P95: expected value over that with nothing set, the"
        " headline number. Pale: another choice (one model or GPU alone, larger replicas), not uncertainty.",
    )


def _panel(rows: pl.DataFrame, title: str, order: list[str], reach: list[float], *, first: bool) -> alt.LayerChart:
    axis, x = log_axis(reach, "Factor (logarithmic)", values=TICKS)
    moved = rows.filter(pl.col("times") > STILL)
    moved = moved.with_columns(choice=pl.col("ingredient").is_in(ALTERNATIVES))
    base = alt.Chart(moved).encode(y=rows_axis("label:N", order, labels=first))
    bars = base.mark_bar(height=13).encode(x=axis("low"), x2="high:Q", color=either("datum.choice", SKY, BLUE))
    ends = []
    for end, align, dx in (("low", "right", -4), ("high", "left", 4)):
        said = base.properties(data=moved.with_columns(said=pl.col(end).map_elements(times, pl.String)))
        ends.append(small_label(said, x(end), "said", align=align, dx=dx))
    middle = alt.Chart(rows.head(1)).mark_rule(color=INK).encode(x=x("one"))
    return panel(bars, middle, *ends, size=(WIDTH, ROW * len(order)), title=title, frame="group", offset=6)


def _finding(rows: pl.DataFrame, names: list[str]) -> str:
    widest = {
        name: rows.filter(quantity=name).sort("times", "label", descending=[True, False]).row(0, named=True)
        for name in names
    }
    told: dict[str, list[str]] = {}
    for name, row in widest.items():
        told.setdefault(row["label"].split(",")[0], []).append(f"{times(row['times'])} for {PANELS[name][1]}")
    # A label may go on after a comma: how the assumption is varied.
    said = [f"{label} changes the energy most: by {listed(of)}" for label, of in told.items()]
    return "; ".join([said[0], *map(inside_a_sentence, said[1:])])
