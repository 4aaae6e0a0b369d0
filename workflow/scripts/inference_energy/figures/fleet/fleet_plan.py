"""Energy of a fleet per day, next to familiar loads, and what the fleet needs and emits."""

import re
from functools import partial

import altair as alt
import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.figures.axes import either, log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, MUTED, ORANGE, PALE
from inference_energy.figures.panels import dot, label, panel, small_label, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import (
    WITHIN,
    label_of,
    mean_and_range,
    number,
    precise,
    reference_load,
    subject_of,
    texts,
)
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
WIDTH, ROW, LINE = 330, 34, 38
TABLE, LEFT, OUT = 770, 190, 185  # width of the table, of its first column, and what stands left of the chart


def draw(
    *, scenarios: pl.DataFrame, plan: pl.DataFrame, references: pl.DataFrame, study: NestedStudy
) -> alt.VConcatChart:
    """Energy per day of every scenario with its interval, and a table of what three of them need, where it is known."""
    chosen = sorted(scenarios["scenario"], key=lambda name: name not in FIRST_CHOICE)[:SCENARIOS]
    chosen = [name for name in scenarios["scenario"] if name in chosen]
    parts = [_energy(scenarios, references)]
    known = plan.filter(pl.col("scenario").is_in(chosen), pl.col("quantity").is_in(list(QUANTITIES)))
    if not known.is_empty():
        parts.append(_table(known, scenarios, chosen))
    return titled(
        alt.vconcat(*parts, spacing=62, bounds="flush"),
        finding=_finding(scenarios, plan),
        conditions=f"{study.title}, {subject_of(study)}, within {WITHIN[scenarios['boundary'][0]]}. Diamond: expected"
        " value; bar: P5–P95 of uncertainty. Dashed: reference loads.",
    )


def _energy(scenarios: pl.DataFrame, references: pl.DataFrame) -> alt.LayerChart:
    labels = texts(scenarios, lambda row: label_of(row["label"]))
    rows = scenarios.with_columns(said=texts(scenarios, _energy_said), label=labels)
    low = min(rows["energy_gwh_per_day_p05"].min(), references["energy_gwh_per_day"].min() or 1.0)
    high = max(rows["energy_gwh_per_day_p95"].max(), references["energy_gwh_per_day"].max() or 0.0)
    axis, x = log_axis([low / 1.25, high * 1.25], "Energy of the fleet (GWh per day, logarithmic)")
    y, height = rows_axis("label:N", rows["label"].to_list()), ROW * len(rows)
    base = alt.Chart(rows).encode(y=y, color=either("datum.interventions", BLUE, ORANGE))
    bar = span(base, axis("energy_gwh_per_day_p05"), "energy_gwh_per_day_p95", strokeWidth=9, opacity=0.45)
    mean = dot(base, x("energy_gwh_per_day_mean"), "diamond", size=95)
    text = label(alt.Chart(rows).encode(y=y), alt.value(WIDTH + 10), "said", fontSize=12)
    ordered = references.sort("energy_gwh_per_day")
    ordered = ordered.with_columns(
        name=texts(ordered, reference_load), level=pl.int_range(pl.len()).reverse() * -15 - 8
    )
    lines, names = [], []
    for i, level in enumerate(ordered["level"]):
        load, place = alt.Chart(ordered.slice(i, 1)), x("energy_gwh_per_day")
        line = load.mark_rule(strokeDash=[5, 4], color=MUTED)
        lines.append(line.encode(x=place, y=alt.value(level - 5), y2=alt.value(height)))
        names.append(small_label(load.encode(y=alt.value(level)), place, "name", dx=4))
    return panel(*lines, bar, mean, *names, text, size=(WIDTH, height))


def _energy_said(row: dict) -> str:
    return mean_and_range(row, "energy_gwh_per_day", "GWh")


def _table(plan: pl.DataFrame, scenarios: pl.DataFrame, chosen: list[str]) -> alt.LayerChart:
    quantities = [name for name in QUANTITIES if name in set(plan["quantity"])]
    places = {name: LEFT + (TABLE - LEFT) // len(chosen) * i for i, name in enumerate(chosen)}
    labels = {name: label_of(label) for name, label in scenarios.select("scenario", "label").iter_rows()}
    cells = [(0, 12 - LINE, "Expected (P5–P95)", "note")]
    cells += [(place, 12 - LINE, labels[name], "head") for name, place in places.items()]
    for line, quantity in enumerate(quantities):
        rows = plan.filter(quantity=quantity)
        unit, basis = rows.select("unit", "basis").row(0)
        name = QUANTITIES[quantity] if unit == quantity else f"{QUANTITIES[quantity]} ({unit.replace('m3', 'm³')})"
        cells += [(0, line * LINE, name, "value"), (0, line * LINE + 15, _rounded(basis), "note")]
        for row in rows.iter_rows(named=True):
            middle, *ends = (number(row[q]) for q in ("mean", "p05", "p95"))
            cells.append((places[row["scenario"]], line * LINE, f"{middle} ({'–'.join(ends)})", "value"))
    drawn = pl.DataFrame(cells, schema=["x", "y", "said", "kind"], orient="row")
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, TABLE], range=[-OUT, TABLE - OUT], nice=False), axis=None)
    height = LINE * len(quantities)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-LINE, height - LINE + 18], reverse=True, nice=False), axis=None)
    styles = {
        "head": {"fontWeight": "bold", "fontSize": 12.5},
        "value": {"fontSize": 12.5, "color": INK},
        "note": {"fontSize": 12, "color": MUTED},
    }
    said = [
        label(alt.Chart(drawn.filter(kind=kind)).encode(y=y), x, "said", baseline="middle", **style)
        for kind, style in styles.items()
    ]
    lines = alt.Chart(pl.DataFrame({"y": [line * LINE - 14 for line in range(len(quantities))]})).mark_rule(color=PALE)
    rules = lines.encode(y=y, x=alt.value(-OUT), x2=alt.value(TABLE - OUT))
    return panel(rules, *said, size=(WIDTH, height + 18))


def _rounded(basis: str) -> str:
    """A basis with its factors at three digits."""
    return re.sub(r"\d+\.\d+", lambda found: precise(float(found[0])), basis)


def _finding(scenarios: pl.DataFrame, plan: pl.DataFrame) -> str:
    name = "mixed" if "mixed" in set(scenarios["scenario"]) else scenarios["scenario"][0]
    row = scenarios.row(by_predicate=pl.col("scenario") == name, named=True)
    needs = dict(plan.filter(scenario=name).select("quantity", "mean").iter_rows())
    parts = []
    if "nodes" in needs:
        parts.append(f"{number(needs['nodes'])}\u00a0nodes")
    if "peak_power" in needs:
        parts.append(f"{number(needs['peak_power'])}\u00a0MW at the peak")
    long = f", {row['long_share']:.0%} long," if row["long_share"] else ""
    found = (
        f"{row['queries_per_day'] / 1e9:g} billion queries a day{long} take"
        f" {mean_and_range(row, 'energy_gwh_per_day', 'GWh')}"
    )
    return ", ".join([found, " and ".join(parts)]) if parts else found
