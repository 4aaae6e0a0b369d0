"""Findings of the checks across rows: their number per check and source."""

import altair as alt
import polars as pl

from inference_energy.corpus.checks.registry import CHECKS
from inference_energy.figures.theme import AMBER, BLUE, INK, ORANGE, PALE, rows_axis, titled

CELL = 20
COLORS = {"error": ORANGE, "warning": AMBER, "info": BLUE}


def draw(*, checks: pl.DataFrame, sources: pl.DataFrame) -> alt.LayerChart:
    """Findings per check (rows) and source (columns).

    Args:
        checks: table `benchmark_checks`.
        sources: table `benchmark_sources`.
    """
    # A finding about the corpus as a whole, such as a gap, belongs to no source.
    corpus = "whole corpus"
    counts = (
        checks.with_columns(pl.col("source").fill_null(corpus))
        .group_by("check", "severity", "source")
        .agg(pl.len().alias("findings"))
        .sort("check", "source")
    )
    columns = [*sources["source"].sort(), corpus]
    every = pl.DataFrame(
        [{"check": check, "severity": severity, "label": label} for check, (severity, label) in CHECKS.items()]
    )
    grid = every.join(pl.DataFrame({"source": columns}), how="cross").join(
        counts.drop("severity"), on=["check", "source"], how="left"
    )
    x = alt.X(
        "source:N", sort=columns, title=None, axis=alt.Axis(labelAngle=-40, ticks=False, domain=False, orient="bottom")
    )
    y = rows_axis("label:N", every["label"].to_list())
    base = alt.Chart(grid).encode(x=x, y=y)
    empty = base.mark_text(text="·", color=PALE).transform_filter("datum.findings == null")
    tiles = (
        base.transform_filter("datum.findings != null")
        .mark_rect(stroke="white")
        .encode(
            color=alt.Color(
                "severity:N",
                scale=alt.Scale(domain=list(COLORS), range=list(COLORS.values())),
                legend=alt.Legend(
                    title=None,
                    labelExpr="{error: 'impossible', warning: 'to be reviewed', info: 'for information'}[datum.label]",
                ),
            )
        )
    )
    numbers = (
        base.transform_filter("datum.findings != null")
        .mark_text(fontSize=11)
        .encode(
            text="findings:Q",
            color=alt.condition("datum.severity == 'warning'", alt.value(INK), alt.value("white")),
        )
    )
    by_severity = dict(checks.group_by("severity").len().iter_rows())
    rows = int(sources["rows_accepted"].sum())
    return titled(
        alt.layer(empty, tiles, numbers).properties(width=(CELL + 13) * len(columns), height=(CELL + 2) * len(every)),
        finding=f"{rows:,} rows: {by_severity.get('error', 0)} findings of impossible values,"
        f" {by_severity.get('warning', 0)} to be reviewed",
        conditions="Findings of the checks across rows, per source. Findings remove no row: a study chooses its sources"
        " and whether known errors are corrected. All findings: results/benchmark_checks.parquet.",
    )
