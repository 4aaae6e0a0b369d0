"""Energy of a fleet per day, next to two familiar loads."""

from functools import partial

import altair as alt
import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.figures.axes import colours
from inference_energy.figures.palette import BLUE, INK, MUTED, ORANGE
from inference_energy.figures.panels import label, panel, small_label, span
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.figures.words import label_of, mean_and_range, number, reference_load, texts
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.studies.study import PublishedStudy

READERS = {"references": partial(read_registry, table=ReferenceLoad)}
HEADLINE = {"traditional": " GWh/day", "mixed": " with 10% long", "mixed_optimized": " with interventions"}
KINDS = {"traditional": "Traditional queries", "long": "Long queries"}


def draw(*, scenarios: pl.DataFrame, references: pl.DataFrame, study: PublishedStudy) -> alt.LayerChart:
    """Mean energy per day by kind of query, with its interval and the reference loads; none of long queries alone."""
    rows = scenarios.filter(pl.col("long_share") < 1)
    rows = rows.with_columns(label=texts(rows, lambda row: label_of(row["label"])))
    parts = rows.unpivot(
        on=[f"energy_gwh_per_day_mean_{kind}" for kind in KINDS], index="label", variable_name="kind", value_name="gwh"
    ).with_columns(pl.col("kind").str.strip_prefix("energy_gwh_per_day_mean_").replace(KINDS))
    rows = rows.with_columns(text=texts(rows, lambda row: mean_and_range(row, "energy_gwh_per_day", "GWh")))
    y = alt.Y("label:N", sort=rows["label"].to_list(), title=None)
    domain = alt.Scale(domain=[0, rows["energy_gwh_per_day_p95"].max() * 1.05])
    x = alt.X("gwh:Q", title="Energy of the fleet, GWh per day", scale=domain, axis=alt.Axis(tickCount=6))
    kinds = dict(zip(KINDS.values(), (BLUE, ORANGE), strict=True))
    colour = colours("kind", kinds, alt.Legend(orient="bottom", title=None))
    stacked = alt.Order("kind:N", sort="descending")
    bars = alt.Chart(parts).mark_bar(height=20).encode(y=y, x=x, color=colour, order=stacked)
    base, high = alt.Chart(rows).encode(y=y), "energy_gwh_per_day_p95"
    interval = span(base, alt.X("energy_gwh_per_day_p05:Q", scale=domain), high, strokeWidth=1.6, color=INK)
    means = label(base, alt.value(WIDTH - 90), "text")
    ordered = references.sort("energy_gwh_per_day")
    ordered = ordered.with_columns(name=texts(ordered, reference_load), level=pl.int_range(pl.len()) * -16 - 8)
    load = alt.X("energy_gwh_per_day:Q", scale=domain)
    lines = alt.Chart(ordered).mark_rule(strokeDash=[5, 4], color=MUTED).encode(x=load)
    names = [
        small_label(alt.Chart(ordered.slice(i, 1)).encode(y=alt.value(level)), load, "name", dx=3)
        for i, level in enumerate(ordered["level"])
    ]
    mean = dict(rows.select("scenario", "energy_gwh_per_day_mean").iter_rows())
    finding = ", ".join(f"{number(mean[name])}{label}" for name, label in HEADLINE.items() if name in mean)
    return titled(
        panel(bars, interval, means, lines, *names, size=(WIDTH - 100, 46 * len(rows))),
        finding=f"{study.title}: {rows['queries_per_day'][0] / 1e9:g} billion queries a day take {finding}",
        conditions="Bar: expected value; line: P5–P95 of uncertainty: utilisation, PUE and serving saving, drawn once"
        " for the fleet. Model mix and throughput are taken as known. Dashed: reference loads.",
        width=660,
    )
