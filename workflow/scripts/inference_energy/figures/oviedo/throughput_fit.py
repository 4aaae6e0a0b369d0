"""The throughput curve of every model with the benchmark rows that it is fitted to."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours
from inference_energy.figures.palette import AMBER, BLUE, MUTED, ORANGE, PALE, WINE
from inference_energy.figures.panels import panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import times
from inference_energy.studies.study import PublishedStudy

COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT = 192, 150
# Prompts by their length: up to each of these, tokens.
PROMPTS = {500: "up to 500", 2048: "1,024–2,048", 5000: "5,000"}
SHADES = (AMBER, ORANGE, WINE)
X_SCALE = alt.Scale(type="log", domain=[10, 50_000])
Y_SCALE = alt.Scale(type="log", domain=[200, 40_000])


def draw(*, fit: pl.DataFrame, rows: pl.DataFrame, curve: pl.DataFrame, study: PublishedStudy) -> alt.ConcatChart:
    """One panel per model: observed rows, the curve at the study's prompt length, its extrapolated part."""
    panels = [
        _panel(row, rows.filter(model=row["model"]), curve.filter(model=row["model"]))
        for row in fit.iter_rows(named=True)
    ]
    factors = fit["leave_one_out_ratio_geometric_sd"]
    best, worst = factors.min(), factors.max()
    prompt = study.workloads["traditional"].input_tokens
    return titled(
        alt.concat(*panels, columns=COLUMNS, spacing=18),
        finding=f"{study.title}: rows left out of the fit are predicted with a geometric error of"
        f" {best:.1f}× (best model) to {worst:.1f}× (worst)",
        conditions=f"Output throughput of an 8-GPU node. Line: fit at {prompt:,} tokens in, capped at the largest row;"
        " dashed on grey: beyond every row. Geometric error: exponential of the root mean square log ratio.",
    )


def _panel(row: dict, rows: pl.DataFrame, curve: pl.DataFrame) -> alt.LayerChart:
    x = alt.X(
        "output_tokens:Q",
        scale=X_SCALE,
        title="Output tokens",
        axis=alt.Axis(values=[10, 100, 1000, 10_000], format="~s"),
    )
    outside = pl.DataFrame({"low": [10.0, row["output_tokens_max"]], "high": [row["output_tokens_min"], 50_000.0]})
    grey = alt.Chart(outside).mark_rect(color=PALE, opacity=0.35).encode(x=alt.X("low:Q", scale=X_SCALE), x2="high:Q")
    y_axis = alt.Axis(values=[300, 1000, 3000, 10_000, 30_000], format="~s")
    y = alt.Y("tok_per_s:Q", scale=Y_SCALE, axis=y_axis, title="Output tok/s")
    dashes = {"shorter": [4, 3], "fitted": [1, 0], "longer": [4, 3]}
    lines = [
        alt.Chart(curve.filter(part=part)).mark_line(color=BLUE, strokeDash=dash, strokeWidth=2).encode(x=x, y=y)
        for part, dash in dashes.items()
    ]
    prompt = pl.col("input_tokens").cut(list(PROMPTS)[:-1], labels=list(PROMPTS.values())).cast(pl.String)
    observed = alt.Chart(rows.with_columns(prompt=prompt)).encode(y=alt.Y("node_tok_per_s:Q", scale=Y_SCALE))
    legend = alt.Legend(title="Tokens in", symbolOpacity=1, symbolType="circle")
    colour = colours("prompt", dict(zip(PROMPTS.values(), SHADES, strict=True)), legend)
    dots = observed.mark_point(filled=True, size=55, opacity=1, stroke="white", strokeWidth=0.7).encode(
        x=x, color=colour
    )
    kind = "log-linear" if row["form"] == "log_linear" else "constant"
    subtitle = f"{row['rows']} rows, {kind}, error {times(row['leave_one_out_ratio_geometric_sd'])}"
    style = {"fontSize": 12.5, "subtitle": subtitle, "subtitleFontSize": 12, "subtitleColor": MUTED}
    return panel(grey, *lines, dots, size=(PANEL_WIDTH, PANEL_HEIGHT), title=row["model"], **style)
