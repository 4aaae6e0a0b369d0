"""The throughput curve of every model with the benchmark rows that it is fitted to."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import BLUE, INK, MUTED, ORANGE, PALE, panel_title, times, titled
from inference_energy.studies.study import PublishedStudy

COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT = 205, 170


def draw(*, fit: pl.DataFrame, rows: pl.DataFrame, curve: pl.DataFrame, study: PublishedStudy) -> alt.ConcatChart:
    """One panel per model: observed rows, the curve at the study's prompt length, its extrapolated part.

    Args:
        fit: table `throughput_fit`.
        rows: table `throughput_rows`.
        curve: table `throughput_curve`.
        study: the study's `title` and `workloads`.
    """
    x_scale = alt.Scale(type="log", domain=[10, 50_000])
    y_scale = alt.Scale(type="log", domain=[200, 40_000])
    panels = [
        _panel(
            row,
            rows.filter(pl.col("model") == row["model"]),
            curve.filter(pl.col("model") == row["model"]),
            x_scale,
            y_scale,
        )
        for row in fit.iter_rows(named=True)
    ]
    factors = fit["leave_one_out_ratio_geometric_sd"]
    best, worst = factors.min(), factors.max()
    prompt = study.workloads["traditional"].input_tokens
    return titled(
        alt.concat(*panels, columns=COLUMNS, spacing=18),
        finding=f"{study.title}: rows left out of the fit are predicted with a geometric error of"
        f" {best:.1f}× (best model) to {worst:.1f}× (worst)",
        conditions="Output throughput of an 8-GPU node. Dots: benchmark rows, labelled with their input tokens."
        f" Line: fit at {prompt:,} input tokens, capped at the largest observed value; dashed on grey: output lengths"
        " beyond every row of the model. Geometric error: exponential of the root mean square log ratio.",
    )


def _panel(
    row: dict, rows: pl.DataFrame, curve: pl.DataFrame, x_scale: alt.Scale, y_scale: alt.Scale
) -> alt.LayerChart:
    x = alt.X("output_tokens:Q", scale=x_scale, title="Output tokens", axis=alt.Axis(tickCount=4, format="~s"))
    outside = pl.DataFrame({"low": [10.0, row["output_tokens_max"]], "high": [row["output_tokens_min"], 50_000.0]})
    grey = alt.Chart(outside).mark_rect(color=PALE, opacity=0.35).encode(x=alt.X("low:Q", scale=x_scale), x2="high:Q")
    y_axis = alt.Axis(values=[300, 1000, 3000, 10_000, 30_000], format="~s")
    lines = [
        alt.Chart(curve.filter(pl.col("part") == part))
        .mark_line(color=BLUE, strokeDash=dash, strokeWidth=2)
        .encode(x=x, y=alt.Y("tok_per_s:Q", scale=y_scale, axis=y_axis, title="Output tok/s"))
        for part, dash in (("shorter", [4, 3]), ("fitted", [1, 0]), ("longer", [4, 3]))
    ]
    observed = alt.Chart(rows.with_columns(text=pl.col("input_tokens").cast(pl.Int64).cast(pl.String))).encode(
        x=x, y=alt.Y("node_tok_per_s:Q", scale=y_scale)
    )
    dots = observed.mark_point(filled=True, size=50, color=ORANGE, opacity=1)
    # Rows of 128 and 500 input tokens lie close together: their labels go to opposite sides.
    at_500 = alt.datum.input_tokens == 500
    text = [
        observed.transform_filter(where)
        .mark_text(dx=dx, dy=dy, align=align, fontSize=10, color=INK)
        .encode(text="text:N")
        for where, dx, dy, align in ((~at_500, 6, 0, "left"), (at_500, -6, -8, "right"))
    ]
    kind = "log-linear" if row["form"] == "log_linear" else "constant"
    return alt.layer(grey, *lines, dots, *text).properties(
        width=PANEL_WIDTH,
        height=PANEL_HEIGHT,
        title=panel_title(
            row["model"],
            subtitle=f"{row['rows']} rows, {kind}, geometric error {times(row['leave_one_out_ratio_geometric_sd'])}",
            fontSize=12.5,
            subtitleFontSize=11,
            subtitleColor=MUTED,
        ),
    )
