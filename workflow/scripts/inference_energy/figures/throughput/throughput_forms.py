"""Error of each form of throughput on rows that it was not fitted to."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import either, log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE, PALE
from inference_energy.figures.panels import constant, dot, panel, small_label, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import number
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput.fits import BAND

LABELS = {"gpu_seconds": "GPU time per query", "log_linear": "Log-linear (published)"}
WIDTH, ROW = 470, 74


def draw(*, left_out: pl.DataFrame, forms: pl.DataFrame) -> alt.LayerChart:
    """One row per form: a tick per left-out row at predicted / observed, its P5–P95, P25–P75 and median."""
    label = pl.col("form").replace_strict(LABELS, return_dtype=pl.String).alias("label")
    overall = forms.filter(pl.col("configuration") == "all").with_columns(label)
    ranges = left_out.group_by("form").agg(
        pl.col("ratio").quantile(share, "linear").alias(name) for name, share in QUANTILES.items()
    )
    said = pl.format(
        "geometric error {}×, {}% within 0.75–1.33",
        pl.col("ratio_geometric_sd").map_elements(number, pl.String),
        (pl.col("share_within_band") * 100).round(0).cast(pl.Int64),
    )
    rows = ranges.join(overall, on="form").with_columns(said.alias("said")).sort("ratio_geometric_sd", "form")
    order = [name for name in LABELS.values() if name in set(rows["label"])]
    y = rows_axis("label:N", order, labelFontSize=12.5)
    axis, x = log_axis([0.15, 6.5], "Predicted / observed throughput", values=[0.2, 0.5, 0.75, 1, 1.33, 2, 5])
    band = constant(low=BAND[0], high=BAND[1]).mark_rect(color=PALE, opacity=0.45).encode(x=x("low"), x2="high:Q")
    ticks = alt.Chart(left_out.select(label, "ratio")).encode(y=y, x=axis("ratio"))
    ticks = ticks.mark_tick(thickness=0.8, size=16, opacity=0.25, color=INK, yOffset=12)
    base = alt.Chart(rows).encode(y=y)
    coloured = base.encode(color=either("datum.form == 'log_linear'", ORANGE, BLUE))
    bars = [
        span(coloured, x(low), high, strokeWidth=width, yOffset=-6)
        for low, high, width in (("p05", "p95", 2), ("p25", "p75", 7))
    ]
    medians = dot(base, x("p50"), color="white", stroke=INK, size=40, yOffset=-6)
    text = small_label(base, alt.value(4), "said", yOffset=-22)
    best, published = (
        rows.row(by_predicate=pl.col("form") == name, named=True) for name in ("gpu_seconds", "log_linear")
    )
    return titled(
        panel(band, ticks, *bars, medians, text, size=(WIDTH, ROW * len(order))),
        finding="A GPU time per token predicts the throughput of unseen runs with an error of"
        f" {number(best['ratio_geometric_sd'])}×, the published form with {number(published['ratio_geometric_sd'])}×",
        conditions=f"{best['rows']} rows of {best['configurations']} configurations, each left out of its own"
        " prediction. Ticks: rows. Bars: P25–P75, P5–P95; dot: median. Geometric error: exponential of the RMS"
        " log ratio.",
        width=620,
    )
