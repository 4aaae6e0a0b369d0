"""Every printed value next to the computed one."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE, PALE
from inference_energy.figures.panels import constant, dot, label, panel, small_label, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import label_of, precise, texts
from inference_energy.studies.study import PublishedStudy

WIDTH, ROW = 310, 22
YES, NO = "inside the tolerance", "outside"


def draw(*, headline: pl.DataFrame, study_name: str, study: PublishedStudy) -> alt.LayerChart:
    """Computed over published with the tolerance of each printed value; computed values alone where none is printed."""
    rows = headline.filter(pl.col("study") == study_name)
    rows = rows.with_columns(label=texts(rows, lambda row: label_of(row["label"])))
    printed = rows.filter(pl.col("published").is_not_null())
    if printed.is_empty():
        return _computed_only(rows, study)
    printed = printed.with_columns(
        ratio=pl.col("computed") / pl.col("published"),
        low=1 - pl.col("tolerance") / pl.col("published"),
        high=1 + pl.col("tolerance") / pl.col("published"),
        verdict=pl.when("within").then(pl.lit(YES)).otherwise(pl.lit(NO)),
        text=texts(printed, _published_and_computed),
    )
    y = alt.Y("label:N", sort=printed["label"].to_list(), title=None)
    title = "Computed / published (logarithmic)"
    ends = [min(0.28, printed["ratio"].min() * 0.9), max(4, printed["ratio"].max() * 1.1)]
    axis, x = log_axis(ends, title, values=[0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4])
    base = alt.Chart(printed).encode(y=y)
    band = span(base, axis("low", title=title), "high", strokeWidth=9, color=PALE)
    one = constant(one=1.0).mark_rule(color=INK).encode(x=x("one"))
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x("ratio"),
        color=alt.Color("verdict:N", title=None).scale(domain=[YES, NO], range=[BLUE, ORANGE]),
        shape=alt.Shape("verdict:N", title=None).scale(domain=[YES, NO], range=["circle", "diamond"]),
    )
    text = small_label(base, alt.value(WIDTH + 10), "text")
    inside = printed["within"].sum()
    return titled(
        panel(band, one, dots, text, size=(WIDTH, ROW * len(printed))),
        finding=f"{study.title}: {inside} of {len(printed)} printed values are reproduced",
        conditions="Grey: half a unit of the last printed digit plus three standard errors of the published 10,000"
        " draws. Right: published → computed. results/headline.csv says why a value lies outside.",
    )


def _published_and_computed(row: dict) -> str:
    return f"{precise(row['published'])} → {_computed(row)}"


def _computed(row: dict) -> str:
    return f"{precise(row['computed'])} {row['unit'].replace('x', '×')}"


def _computed_only(rows: pl.DataFrame, study: PublishedStudy) -> alt.LayerChart:
    y = alt.Y("label:N", sort=rows["label"].to_list(), title=None)
    x = alt.X("computed:Q", title="Computed (Wh, GWh/day or factor; logarithmic)").scale(type="log")
    base = alt.Chart(rows.with_columns(text=texts(rows, _computed))).encode(y=y)
    return titled(
        panel(dot(base, x, size=70, color=BLUE), label(base, x, "text", dx=8), size=(WIDTH, ROW * len(rows))),
        finding=f"{study.title}: the quantities that the publication prints",
        conditions="Computed for this study; there is no printed value to compare with.",
    )
