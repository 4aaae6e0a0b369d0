"""Every printed value next to the computed one."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import BLUE, INK, MUTED, ORANGE, PALE, WIDTH, number, titled
from inference_energy.studies.study import PublishedStudy

YES, NO = "inside the tolerance", "outside"


def draw(*, headline: pl.DataFrame, study_name: str, study: PublishedStudy) -> alt.LayerChart:
    """Ratio of computed to published, with the tolerance band of each printed value.

    Args:
        headline: table `headline`.
        study_name: which study's rows to draw; one without printed values gets its computed ones alone.
        study: the study's `title`.
    """
    rows = headline.filter(pl.col("study") == study_name)
    printed = rows.filter(pl.col("published").is_not_null())
    if printed.is_empty():
        return _computed_only(rows, study)
    printed = printed.with_columns(
        ratio=pl.col("computed") / pl.col("published"),
        low=1 - pl.col("tolerance") / pl.col("published"),
        high=1 + pl.col("tolerance") / pl.col("published"),
        verdict=pl.when("within").then(pl.lit(YES)).otherwise(pl.lit(NO)),
        text=pl.Series(
            [f"{number(r['published'])} → {number(r['computed'])} {r['unit']}" for r in printed.iter_rows(named=True)]
        ),
    )
    y = alt.Y("label:N", sort=printed["label"].to_list(), title=None)
    x = alt.Scale(type="log", domain=[min(0.28, printed["ratio"].min() * 0.9), max(4, printed["ratio"].max() * 1.1)])
    band = (
        alt.Chart(printed)
        .mark_rule(strokeWidth=9, color=PALE)
        .encode(
            y=y,
            x=alt.X(
                "low:Q",
                scale=x,
                title="Computed / published (logarithmic)",
                axis=alt.Axis(values=[0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4], format="~g"),
            ),
            x2="high:Q",
        )
    )
    one = alt.Chart(pl.DataFrame({"one": [1.0]})).mark_rule(color=INK).encode(x=alt.X("one:Q", scale=x))
    dots = (
        alt.Chart(printed)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=y,
            x=alt.X("ratio:Q", scale=x),
            color=alt.Color("verdict:N", title=None).scale(domain=[YES, NO], range=[BLUE, ORANGE]),
            shape=alt.Shape("verdict:N", title=None).scale(domain=[YES, NO], range=["circle", "diamond"]),
        )
    )
    text = (
        alt.Chart(printed)
        .mark_text(align="left", fontSize=11, color=MUTED)
        .encode(y=y, x=alt.value(WIDTH - 80), text="text:N")
    )
    inside = printed["within"].sum()
    return titled(
        alt.layer(band, one, dots, text).properties(width=WIDTH - 90, height=22 * len(printed)),
        finding=f"{study.title}: {inside} of {len(printed)} printed values are reproduced",
        conditions="Grey band: half a unit of the last printed digit plus three standard errors of the published"
        " 10,000 draws per model. Right: published → computed. The note in results/headline.csv says why a value"
        " lies outside.",
    )


def _computed_only(rows: pl.DataFrame, study: PublishedStudy) -> alt.LayerChart:
    rows = rows.with_columns(
        text=pl.Series([f"{number(r['computed'])} {r['unit']}" for r in rows.iter_rows(named=True)])
    )
    y = alt.Y("label:N", sort=rows["label"].to_list(), title=None)
    x = alt.X("computed:Q", title="Computed (Wh, GWh/day or factor; logarithmic)").scale(type="log")
    base = alt.Chart(rows).encode(y=y, x=x)
    dots = base.mark_point(filled=True, size=70, color=BLUE, opacity=1)
    return titled(
        (dots + base.mark_text(align="left", dx=8).encode(text="text:N")).properties(
            width=WIDTH - 60, height=26 * len(rows)
        ),
        finding=f"{study.title}: the quantities that the publication prints",
        conditions="Computed for this study; there is no printed value to compare with.",
    )
