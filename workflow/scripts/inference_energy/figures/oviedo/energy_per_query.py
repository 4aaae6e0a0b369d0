"""Distribution of the energy of one query, per model and class."""

import altair as alt
import polars as pl

from inference_energy.figures.palette import BLUE, INK, ORANGE, PALE
from inference_energy.figures.panels import dot, label, panel, small_label, span
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.figures.words import inside_a_sentence, interval, label_of, number, texts
from inference_energy.studies.study import PublishedStudy

ROW_HEIGHT = 62
TALLEST = 0.78  # of a row, for the highest density


def draw(*, energy: pl.DataFrame, density: pl.DataFrame, workload: str, study: PublishedStudy) -> alt.Chart:
    """Ridgeline on a logarithmic axis: density, median and interquartile range of every subject."""
    here = pl.col("workload") == workload
    labels = {name: label_of(spec.label) for name, spec in study.classes.items()}
    all_draws = energy.filter(here, pl.col("spread") == "untrimmed").sort("subject_kind", "energy_wh_p50")
    published = energy.filter(here, pl.col("spread") == "as_published").select(
        "subject", pl.col("^energy_wh_p(25|50|75)$").name.suffix("_published")
    )
    rows = all_draws.join(published, on="subject", maintain_order="left").with_columns(
        base=-pl.int_range(pl.len()).cast(pl.Float64),
        name=pl.col("subject").replace(labels),
        colour=pl.when(pl.col("subject_kind") == "class").then(pl.lit(ORANGE)).otherwise(pl.lit(BLUE)),
    )
    rows = rows.with_columns(numbers=texts(rows, _median), range=texts(rows, _quartiles))
    low, high = rows["energy_wh_p05"].min() / 3, rows["energy_wh_p95"].max() * 2
    ridge = (
        density.filter(here, pl.col("energy_wh").is_between(low, high))
        .join(rows.select("subject", "base", "colour"), on="subject")
        .sort("subject", "energy_wh")
        .with_columns(top=pl.col("base") + TALLEST * pl.col("density_per_e_fold") / pl.col("density_per_e_fold").max())
    )
    decades = alt.Axis(values=[10.0**power for power in range(-4, 4)], format=",~g")
    x = alt.X("energy_wh:Q", title="Energy per query (Wh, logarithmic)", axis=decades).scale(
        type="log", domain=[low, high]
    )
    y = alt.Y("base:Q", axis=None).scale(domain=[-len(rows) + 0.7, 1.0])
    colour = alt.Color("colour:N", scale=None)
    ridges = alt.Chart(ridge).mark_area(opacity=0.35, line={"strokeWidth": 1.2}, interpolate="monotone")
    ridges = ridges.encode(x=x, y=y, y2="top:Q", color=colour, detail="subject:N")
    plain = alt.Chart(rows).encode(y=y)
    base = plain.encode(color=colour)
    quartiles = span(base, alt.X("energy_wh_p25:Q", title="").scale(type="log"), "energy_wh_p75", strokeWidth=6)
    trimmed = span(plain, alt.X("energy_wh_p25_published:Q"), "energy_wh_p75_published", strokeWidth=1.6, color=INK)
    median = dot(base, alt.X("energy_wh_p50:Q"), size=110, stroke="white", strokeWidth=1.5)
    left = alt.value(-12)
    names = [
        label(plain, left, "name", align="right", dy=-26, fontWeight="bold"),
        label(plain, left, "numbers", align="right", dy=-10),
        small_label(plain, left, "range", align="right", dy=5),
    ]
    size = (WIDTH - 30, ROW_HEIGHT * len(rows))
    chart = panel(plain.mark_rule(color=PALE), ridges, quartiles, trimmed, median, *names, size=size)
    first = rows.row(0, named=True)
    spec = study.workloads[workload]
    return titled(
        chart,
        finding=f"{study.title}: a {label_of(spec.label).lower()} to a {inside_a_sentence(first['name'])} model takes"
        f" {number(first['energy_wh_p50'])} Wh at the median",
        conditions=f"{spec.input_tokens:,} tokens in, exponential answers with median {spec.output_tokens['median']:,}."
        " Area: all draws; dot: median; thick bar: P25–P75; dark bar: P25–P75 as published, trimmed twice.",
    )


def _median(row: dict) -> str:
    return f"{number(row['energy_wh_p50'])} Wh"


def _quartiles(row: dict) -> str:
    published = interval(row["energy_wh_p25_published"], row["energy_wh_p75_published"])
    return f"P25–P75 {interval(row['energy_wh_p25'], row['energy_wh_p75'])} (published {published})"
