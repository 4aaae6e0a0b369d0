"""Distribution of answer lengths."""

import altair as alt
import polars as pl

from inference_energy.figures.palette import BLUE, MUTED, ORANGE
from inference_energy.figures.panels import label, panel
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.studies.study import WORKLOADS, PublishedStudy


def draw(*, density: pl.DataFrame, quantiles: pl.DataFrame, study: PublishedStudy) -> alt.LayerChart:
    """Distribution of output tokens per workload, with median and P95."""
    labels = [spec.label for spec in study.workloads.values()]
    colour = alt.Color("label:N", legend=None).scale(domain=labels, range=[BLUE, ORANGE])
    x = alt.X("output_tokens:Q", title="Output tokens of a query (logarithmic)").scale(type="log", domain=[1, 60_000])
    y = alt.Y("density_per_e_fold:Q", title="Share of queries per factor of e").scale(domain=[0, 0.52])
    area = alt.Chart(density).mark_area(opacity=0.3, line={"strokeWidth": 1.4}, clip=True)
    area = area.encode(x=x, y=y.stack(None), color=colour)
    quantiles = quantiles.filter(pl.col("name") != "P5")
    lines = alt.Chart(quantiles).mark_rule(strokeDash=[4, 3]).encode(x=x, color=colour)
    numbered = quantiles.with_columns(
        text=pl.format("{} {}", "name", pl.col("output_tokens").round(0).cast(pl.Int64)),
        height=pl.when(pl.col("name") == "median").then(0.47).otherwise(0.43),
    )
    numbers = alt.Chart(numbered).encode(y=alt.Y("height:Q"), color=colour)
    numbers = label(numbers, x, "text", dx=3, fontSize=11)
    heads = alt.Chart(numbered.filter(name="median")).encode(y=alt.value(-8), color=colour)
    heads = label(heads, x, "label", dx=-2, fontWeight="bold")
    medians = [study.workloads[name].output_tokens["median"] for name in WORKLOADS]
    return titled(
        panel(area, lines, numbers, heads, size=(WIDTH + 120, 300)),
        finding=f"{study.title}: long queries have {medians[1] / medians[0]:.1f}× the tokens of traditional ones",
        conditions="Exponential lengths rounded to whole tokens, at least one, with medians"
        f" {medians[0]:,} and {medians[1]:,}. Every query has"
        f" {study.workloads['traditional'].input_tokens:,} input tokens.",
    ).configure_text(color=MUTED)
