"""Energy of a fleet per day, next to familiar loads, and what the fleet needs and emits."""

from functools import partial

import altair as alt
import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.figures.theme import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PALE,
    log_scale,
    median_and_range,
    number,
    rows_axis,
    ticks,
    titled,
)
from inference_energy.figures.words import WITHIN, subject_of
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.studies.study import NestedStudy

READERS = {"references": partial(read_registry, table=ReferenceLoad)}
QUANTITIES = {
    "nodes": "Nodes",
    "average_power": "Average power",
    "peak_power": "Peak power",
    "energy_per_year": "Energy per year",
    "emissions": "Emissions",
    "water": "Water",
}
FIRST_CHOICE = ("traditional", "mixed", "mixed_optimized")
SCENARIOS = 3
WIDTH, ROW, LINE = 330, 38, 38
TABLE, LEFT, OUT = 760, 175, 185  # width of the table, of its first column, and what stands left of the chart


def draw(
    *, scenarios: pl.DataFrame, plan: pl.DataFrame, references: pl.DataFrame, study: NestedStudy
) -> alt.VConcatChart:
    """Energy per day of every scenario with its interval, and a table of what three of them need.

    Args:
        scenarios: table `scenario_aggregates`.
        plan: table `fleet_plan`; quantities that a study does not have are left out.
        references: table of `resources/reference_loads.csv`.
        study: the study's `title`, `classes` and `fleet`.
    """
    chosen = [name for name in FIRST_CHOICE if name in set(scenarios["scenario"])]
    chosen += [name for name in scenarios["scenario"] if name not in chosen]
    chosen = [name for name in scenarios["scenario"] if name in chosen[:SCENARIOS]]
    parts = [_energy(scenarios, references)]
    known = plan.filter(pl.col("scenario").is_in(chosen), pl.col("quantity").is_in(list(QUANTITIES)))
    if not known.is_empty():
        parts.append(_table(known, scenarios, chosen))
    return titled(
        alt.vconcat(*parts, spacing=62, bounds="flush"),
        finding=_finding(scenarios, plan),
        conditions=f"{study.title}, {subject_of(study)}, within {WITHIN[scenarios['boundary'][0]]}. Median (P5–P95)"
        " of shared uncertainty: throughput attained, load, power, PUE, mix of models and error of each curve."
        " Dot: median, diamond: mean. Dashed: reference loads.",
    )


def three_digits(value: float) -> str:
    """Three digits, of large numbers too: 5,970."""
    return number(float(f"{value:.3g}"))


def _range(low: float, high: float) -> str:
    return f"{three_digits(low)}–{three_digits(high)}"


def _energy(scenarios: pl.DataFrame, references: pl.DataFrame) -> alt.LayerChart:
    said = [
        f"{median_and_range(row, 'energy_gwh_per_day', 'GWh')}, mean {number(row['energy_gwh_per_day_mean'])}"
        for row in scenarios.iter_rows(named=True)
    ]
    rows = scenarios.with_columns(said=pl.Series(said, dtype=pl.String))
    low = min(rows["energy_gwh_per_day_p05"].min(), references["energy_gwh_per_day"].min() or 1.0)
    high = max(rows["energy_gwh_per_day_p95"].max(), references["energy_gwh_per_day"].max() or 0.0)
    domain = [low / 1.25, high * 1.25]
    scale = log_scale(domain)
    axis = alt.Axis(values=ticks(*domain), format="~g", title="Energy of the fleet (GWh per day, logarithmic)")
    y = rows_axis("label:N", rows["label"].to_list())
    base = alt.Chart(rows).encode(
        y=y,
        color=alt.condition("datum.interventions", alt.value(BLUE), alt.value(ORANGE)),
    )
    bar = base.mark_rule(strokeWidth=9, opacity=0.45).encode(
        x=alt.X("energy_gwh_per_day_p05:Q", scale=scale, axis=axis), x2="energy_gwh_per_day_p95:Q"
    )
    points = [
        base.mark_point(shape=shape, filled=True, size=size, opacity=1).encode(
            x=alt.X(f"energy_gwh_per_day_{q}:Q", scale=scale)
        )
        for q, shape, size in (("p50", "circle", 85), ("mean", "diamond", 70))
    ]
    text = alt.Chart(rows).mark_text(align="left", fontSize=12).encode(y=y, x=alt.value(WIDTH + 10), text="said:N")
    ordered = references.sort("energy_gwh_per_day").with_columns(
        name=pl.format("{} ({} GWh)", "label", "energy_gwh_per_day"), level=pl.int_range(pl.len()).reverse() * -15 - 8
    )
    lines = [
        alt.Chart(ordered.slice(i, 1))
        .mark_rule(strokeDash=[5, 4], color=MUTED)
        .encode(
            x=alt.X("energy_gwh_per_day:Q", scale=scale),
            y=alt.value(ordered["level"][i] - 5),
            y2=alt.value(ROW * len(rows)),
        )
        for i in range(len(ordered))
    ]
    names = [
        alt.Chart(ordered.slice(i, 1))
        .mark_text(align="left", dx=4, fontSize=11, color=MUTED)
        .encode(x=alt.X("energy_gwh_per_day:Q", scale=scale), y=alt.value(ordered["level"][i]), text="name:N")
        for i in range(len(ordered))
    ]
    return alt.layer(*lines, bar, *points, *names, text).properties(width=WIDTH, height=ROW * len(rows))


def _table(plan: pl.DataFrame, scenarios: pl.DataFrame, chosen: list[str]) -> alt.LayerChart:
    quantities = [name for name in QUANTITIES if name in set(plan["quantity"])]
    width = TABLE
    step = (width - LEFT) // len(chosen)
    labels = dict(scenarios.select("scenario", "label").iter_rows())
    cells = [
        {"x": 0, "y": -LINE + 12, "said": "Median (P5–P95)", "kind": "note"},
        *(
            {"x": LEFT + step * i, "y": -LINE + 12, "said": labels[name], "kind": "head"}
            for i, name in enumerate(chosen)
        ),
    ]
    for line, quantity in enumerate(quantities):
        rows = plan.filter(quantity=quantity)
        unit, basis = rows.select("unit", "basis").row(0)
        said = QUANTITIES[quantity]
        said = said if unit == quantity else f"{said} ({unit})"
        cells += [
            {"x": 0, "y": line * LINE, "said": said, "kind": "value"},
            {"x": 0, "y": line * LINE + 15, "said": basis, "kind": "note"},
        ]
        for row in rows.iter_rows(named=True):
            value = f"{three_digits(row['p50'])} ({_range(row['p05'], row['p95'])})"
            cells.append(
                {"x": LEFT + step * chosen.index(row["scenario"]), "y": line * LINE, "said": value, "kind": "value"}
            )
    drawn = pl.DataFrame(cells)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, width], range=[-OUT, width - OUT], nice=False), axis=None)
    height = LINE * len(quantities)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-LINE, height - LINE + 18], reverse=True, nice=False), axis=None)
    texts = [
        alt.Chart(drawn.filter(kind=kind))
        .mark_text(align="left", baseline="middle", **style)
        .encode(x=x, y=y, text="said:N")
        for kind, style in (
            ("head", {"fontWeight": "bold", "fontSize": 12.5}),
            ("value", {"fontSize": 12.5, "color": INK}),
            ("note", {"fontSize": 11, "color": MUTED}),
        )
    ]
    rules = (
        alt.Chart(pl.DataFrame({"y": [line * LINE - 14 for line in range(len(quantities))]}))
        .mark_rule(color=PALE)
        .encode(y=y, x=alt.value(-OUT), x2=alt.value(width - OUT))
    )
    return alt.layer(rules, *texts).properties(width=WIDTH, height=height + 18)


def _finding(scenarios: pl.DataFrame, plan: pl.DataFrame) -> str:
    name = "mixed" if "mixed" in set(scenarios["scenario"]) else scenarios["scenario"][0]
    row = scenarios.row(by_predicate=pl.col("scenario") == name, named=True)
    needs = dict(plan.filter(scenario=name).select("quantity", "p50").iter_rows())
    parts = []
    if "nodes" in needs:
        parts.append(f"{three_digits(needs['nodes'])}\u00a0nodes")
    if "peak_power" in needs:
        parts.append(f"{three_digits(needs['peak_power'])}\u00a0MW at the peak")
    long = f", {row['long_share']:.0%} long," if row["long_share"] else ""
    found = (
        f"{row['queries_per_day'] / 1e9:g} billion queries a day{long} take"
        f" {median_and_range(row, 'energy_gwh_per_day', 'GWh')}"
    )
    return ", ".join([found, " and ".join(parts)]) if parts else found
