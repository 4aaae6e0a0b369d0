"""Distribution of the energy of one query, per model and class."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import BLUE, INK, MUTED, ORANGE, PALE, WIDTH, interval, number, titled
from inference_energy.studies.study import PublishedStudy

ROW_HEIGHT = 62
TALLEST = 0.78  # of a row, for the highest density


def draw(*, energy: pl.DataFrame, density: pl.DataFrame, workload: str, study: PublishedStudy) -> alt.Chart:
    """Ridgeline on a logarithmic axis: density, median and interquartile range of every subject.

    Args:
        energy: table `energy_per_query`.
        density: table `energy_density`.
        workload: which workload to draw.
        study: the study's `title`, `workloads` and `classes`.
    """
    here = pl.col("workload") == workload
    labels = {name: spec.label for name, spec in study.classes.items()}
    all_draws = energy.filter(here, pl.col("spread") == "untrimmed").sort("subject_kind", "energy_wh_p50")
    published = energy.filter(here, pl.col("spread") == "as_published").select(
        "subject", pl.col("^energy_wh_p(25|50|75)$").name.suffix("_published")
    )
    rows = all_draws.join(published, on="subject", maintain_order="left").with_columns(
        base=-pl.int_range(pl.len()).cast(pl.Float64),
        name=pl.col("subject").replace(labels),
        colour=pl.when(pl.col("subject_kind") == "class").then(pl.lit(ORANGE)).otherwise(pl.lit(BLUE)),
    )
    rows = rows.with_columns(
        numbers=pl.Series([f"{number(r['energy_wh_p50'])} Wh" for r in rows.iter_rows(named=True)]),
        range=pl.Series(
            [
                f"IQR {interval(r['energy_wh_p25'], r['energy_wh_p75'])}"
                f" (as published {interval(r['energy_wh_p25_published'], r['energy_wh_p75_published'])})"
                for r in rows.iter_rows(named=True)
            ]
        ),
    )
    low, high = rows["energy_wh_p05"].min() / 3, rows["energy_wh_p95"].max() * 2
    ridge = (
        density.filter(here, pl.col("energy_wh").is_between(low, high))
        .join(rows.select("subject", "base", "colour"), on="subject")
        .sort("subject", "energy_wh")
        .with_columns(top=pl.col("base") + TALLEST * pl.col("density_per_e_fold") / pl.col("density_per_e_fold").max())
    )
    decades = alt.Axis(values=[10.0**power for power in range(-4, 4)], format="~g")
    x = alt.X("energy_wh:Q", title="Energy per query (Wh, logarithmic)", axis=decades).scale(
        type="log", domain=[low, high]
    )
    y = alt.Y("base:Q", axis=None).scale(domain=[-len(rows) + 0.7, 1.0])
    colour = alt.Color("colour:N", scale=None)
    ridges = (
        alt.Chart(ridge)
        .mark_area(opacity=0.35, line={"strokeWidth": 1.2}, interpolate="monotone")
        .encode(x=x, y=y, y2="top:Q", color=colour, detail="subject:N")
    )
    baseline = alt.Chart(rows).mark_rule(color=PALE).encode(y=y)
    base = alt.Chart(rows).encode(y=y, color=colour)
    quartiles = base.mark_rule(strokeWidth=6).encode(
        x=alt.X("energy_wh_p25:Q", title="").scale(type="log"), x2="energy_wh_p75:Q"
    )
    trimmed = (
        alt.Chart(rows)
        .mark_rule(strokeWidth=1.6, color=INK)
        .encode(y=y, x=alt.X("energy_wh_p25_published:Q"), x2="energy_wh_p75_published:Q")
    )
    median = base.mark_point(filled=True, size=110, stroke="white", strokeWidth=1.5, opacity=1).encode(
        x=alt.X("energy_wh_p50:Q")
    )
    left = alt.Chart(rows).encode(y=y, x=alt.value(-12))
    names = left.mark_text(align="right", dy=-26, fontWeight="bold").encode(text="name:N")
    values = left.mark_text(align="right", dy=-10).encode(text="numbers:N")
    ranges = left.mark_text(align="right", dy=5, fontSize=11, color=MUTED).encode(text="range:N")
    chart = alt.layer(baseline, ridges, quartiles, trimmed, median, names, values, ranges).properties(
        width=WIDTH - 30, height=ROW_HEIGHT * len(rows)
    )
    first = rows.row(0, named=True)
    spec = study.workloads[workload]
    return titled(
        chart,
        finding=f"{study.title}: {spec.label.lower()} to a {first['name'][0].lower() + first['name'][1:]} model:"
        f" median {number(first['energy_wh_p50'])} Wh",
        conditions=f"{spec.input_tokens:,} input tokens, output tokens exponential with median"
        f" {spec.output_tokens['median']:,}. Area: all draws, one per query. Dot: median. Thick bar: interquartile"
        " range of all draws; thin dark bar: after the published double trimming."
        f" {first['extrapolated_share']:.0%} of the class's queries lie outside the benchmarked lengths.",
    )
