"""Findings of the checks across rows: their number per check and source."""

import altair as alt
import polars as pl

from inference_energy.corpus.checks.finding import CHECKS
from inference_energy.figures.axes import colours, columns_axis, either, rows_axis
from inference_energy.figures.palette import AMBER, BLUE, ON_LIGHT, ORANGE, PALE
from inference_energy.figures.panels import panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import counted

CELL = 20
COLORS = {"error": ORANGE, "warning": AMBER, "info": BLUE}
WORDS = "{error: 'impossible', warning: 'to be reviewed', info: 'for information'}[datum.label]"


def draw(*, checks: pl.DataFrame, sources: pl.DataFrame) -> alt.LayerChart:
    """Findings per check (rows) and source (columns)."""
    # A finding about the corpus as a whole, such as a gap, belongs to no source.
    corpus = "whole corpus"
    counts = (
        checks.with_columns(pl.col("source").str.replace_all("_", " ").fill_null(corpus))
        .group_by("check", "source")
        .agg(pl.len().alias("findings"))
    )
    columns = [*sorted({*counts["source"]} - {corpus}), corpus]
    every = pl.DataFrame(
        [{"check": check, "severity": severity, "label": label} for check, (severity, label) in CHECKS.items()]
    )
    grid = every.join(pl.DataFrame({"source": columns}), how="cross").join(counts, on=["check", "source"], how="left")
    x = columns_axis("source:N", columns, orient="bottom")
    base = alt.Chart(grid).encode(x=x, y=rows_axis("label:N", every["label"].to_list()))
    empty = base.mark_text(text="·", color=PALE).transform_filter("datum.findings == null")
    found = base.transform_filter("datum.findings != null")
    legend = alt.Legend(title=None, labelExpr=WORDS)
    tiles = found.mark_rect(stroke="white").encode(color=colours("severity", COLORS, legend))
    ink = either("datum.severity == 'warning'", ON_LIGHT, "white")
    numbers = found.mark_text(fontSize=12).encode(text="findings:Q", color=ink)
    by_severity = dict(checks.group_by("severity").len().iter_rows())
    rows = int(sources["rows_accepted"].sum())
    return titled(
        panel(empty, tiles, numbers, size=((CELL + 13) * len(columns), (CELL + 2) * len(every))),
        finding=f"{rows:,} rows: {counted(by_severity.get('error', 0), 'finding')} of impossible values,"
        f" {by_severity.get('warning', 0)} to be reviewed",
        conditions="Findings of the checks across rows, per source that has any. Energies that cannot be true are kept"
        " apart; other rows stay. All findings: results/benchmark_checks.parquet.",
    )
