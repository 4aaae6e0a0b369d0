"""Energy of a fleet per day, next to two familiar loads."""

from functools import partial

import altair as alt
import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.figures.axes import colours
from inference_energy.figures.palette import BLUE, INK, MUTED, ORANGE
from inference_energy.figures.panels import label, panel, small_label, span
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.studies.study import PublishedStudy

READERS = {"references": partial(read_registry, table=ReferenceLoad)}
HEADLINE = {"traditional": " GWh/day", "mixed": " with 10 % long", "mixed_optimized": " with interventions"}
KINDS = {"traditional": "Traditional queries", "long": "Long queries"}


def draw(*, scenarios: pl.DataFrame, references: pl.DataFrame, study: PublishedStudy) -> alt.LayerChart:
    """Mean energy per day by kind of query, with its interval and the reference loads; none of long queries alone."""
    rows = scenarios.filter(pl.col("long_share") < 1)
    parts = rows.unpivot(
        on=[f"energy_gwh_per_day_mean_{kind}" for kind in KINDS], index="label", variable_name="kind", value_name="gwh"
    ).with_columns(pl.col("kind").str.strip_prefix("energy_gwh_per_day_mean_").replace(KINDS))
    rows = rows.with_columns(text=pl.Series([f"{value:.2f} GWh" for value in rows["energy_gwh_per_day_mean"]]))
    y = alt.Y("label:N", sort=rows["label"].to_list(), title=None)
    domain = alt.Scale(domain=[0, rows["energy_gwh_per_day_p95"].max() * 1.18])
    x = alt.X("gwh:Q", title="Energy of the fleet (GWh per day)", scale=domain)
    kinds = dict(zip(KINDS.values(), (BLUE, ORANGE), strict=True))
    colour = colours("kind", kinds, alt.Legend(orient="bottom", title=None))
    stacked = alt.Order("kind:N", sort="descending")
    bars = alt.Chart(parts).mark_bar(height=26).encode(y=y, x=x, color=colour, order=stacked)
    base, high = alt.Chart(rows).encode(y=y), "energy_gwh_per_day_p95"
    interval = span(base, alt.X("energy_gwh_per_day_p05:Q", scale=domain), high, strokeWidth=1.6, color=INK)
    means = label(base, alt.X(f"{high}:Q", scale=domain), "text", dx=7, fontWeight="bold")
    ordered = references.sort("energy_gwh_per_day").with_columns(
        name=pl.format("{} ({} GWh)", "label", "energy_gwh_per_day"), level=pl.int_range(pl.len()) * -16 - 8
    )
    load = alt.X("energy_gwh_per_day:Q", scale=domain)
    lines = alt.Chart(ordered).mark_rule(strokeDash=[5, 4], color=MUTED).encode(x=load)
    names = [
        small_label(alt.Chart(ordered.slice(i, 1)).encode(y=alt.value(level)), load, "name", dx=3)
        for i, level in enumerate(ordered["level"])
    ]
    mean = dict(rows.select("scenario", "energy_gwh_per_day_mean").iter_rows())
    finding = ", ".join(f"{mean[name]:.1f}{label}" for name, label in HEADLINE.items() if name in mean)
    return titled(
        panel(bars, interval, means, lines, *names, size=(WIDTH, 66 * len(rows))),
        finding=f"{study.title}: {rows['queries_per_day'][0] / 1e9:g} billion queries a day take {finding}",
        conditions="Bars: mean. Thin line: P5–P95 of shared uncertainty: utilisation, PUE and serving saving are drawn"
        " once for the whole fleet, not per query. Model mix and throughput are taken as known. Dashed: reference"
        " loads.",
    )
