"""Range of the headline numbers when one assumption at a time is varied."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE
from inference_energy.figures.panels import panel, small_label
from inference_energy.figures.theme import titled
from inference_energy.figures.words import inside_a_sentence, number, times

PANELS = {
    "traditional: mean over queries": ("Traditional, mean", "traditional queries"),
    "long: mean over queries": ("Long, mean", "long queries"),
    "mixed fleet": ("Mixed fleet", "the mixed fleet"),
}
ALTERNATIVES = ("model", "gpu", "replicas", "lengths")  # another choice, not a range of uncertainty
STILL = 1.005  # a range below this factor is not drawn
WIDTH, ROW = 172, 24


def draw(*, tornado: pl.DataFrame) -> alt.HConcatChart:
    """One panel per headline number: a bar per assumption from one end to the other, about the central value."""
    rows = tornado.filter(pl.col("quantity").is_in(list(PANELS))).with_columns(
        low=pl.min_horizontal("at_low", "at_high"), high=pl.max_horizontal("at_low", "at_high")
    )
    rows = rows.with_columns(times=pl.col("high") / pl.col("low"))
    widths = rows.group_by("label").agg(pl.col("times").log().mean())
    order = widths.sort("times", "label", descending=[True, False])["label"].to_list()
    # The same factor has the same length in every panel.
    reach = (
        rows.select((pl.col("low") / pl.col("central")).min()).item() / 2.1,
        rows.select((pl.col("high") / pl.col("central")).max()).item() * 1.75,
    )
    names = [name for name in PANELS if name in rows["quantity"].unique()]
    panels = [
        _panel(rows.filter(quantity=name), PANELS[name][0], order, reach, first=name == names[0]) for name in names
    ]
    return titled(
        alt.hconcat(*panels, spacing=16),
        finding=_finding(rows, names),
        conditions="One assumption is set at a time; median over all other uncertainty (line: nothing set). Blue: at"
        " its P5, orange: at its P95. Pale: another choice (one model or GPU alone, larger replicas), not a range."
        " Sorted by mean width; equal factors have equal lengths in all panels.",
    )


def _panel(
    rows: pl.DataFrame, title: str, order: list[str], reach: tuple[float, float], *, first: bool
) -> alt.LayerChart:
    central, unit = rows["central"][0], rows["unit"][0]
    axis, _ = log_axis([central * reach[0], central * reach[1]], f"{unit} (logarithmic)")
    moved = rows.filter(pl.col("times") > STILL)
    moved = moved.with_columns(opacity=pl.when(pl.col("ingredient").is_in(ALTERNATIVES)).then(0.45).otherwise(1.0))
    base = alt.Chart(moved).encode(y=rows_axis("label:N", order, labels=first))
    bars = [
        base.mark_bar(height=13, color=colour).encode(
            x=axis("central"), x2=f"{end}:Q", opacity=alt.Opacity("opacity:Q", scale=None)
        )
        for end, colour in (("at_low", BLUE), ("at_high", ORANGE))
    ]
    ends = []
    for end, align, dx in (("low", "right", -3), ("high", "left", 3)):
        said = base.properties(data=moved.with_columns(said=pl.col(end).map_elements(number, pl.String)))
        ends.append(small_label(said, axis(end), "said", align=align, dx=dx, fontSize=10.5))
    middle = alt.Chart(rows.head(1)).mark_rule(color=INK).encode(x=axis("central"))
    title = f"{title}: {number(central)} {unit}"
    return panel(*bars, middle, *ends, size=(WIDTH, ROW * len(order)), title=title, offset=6)


def _finding(rows: pl.DataFrame, names: list[str]) -> str:
    widest = {
        name: rows.filter(quantity=name).sort("times", "label", descending=[True, False]).row(0, named=True)
        for name in names
    }
    told: dict[str, list[str]] = {}
    for name, row in widest.items():
        told.setdefault(row["label"], []).append(f"{PANELS[name][1]} ({times(row['times'])})")
    # A label may go on after a comma: how the assumption is varied.
    said = [f"{inside_a_sentence(label.split(',')[0])} for {' and '.join(of)}" for label, of in told.items()]
    return f"The most influential assumptions: {'; '.join(said)}"
