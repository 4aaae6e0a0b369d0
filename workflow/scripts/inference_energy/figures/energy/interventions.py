"""Multiplier of each intervention, and of interventions together, next to the range that the paper prints."""

import altair as alt
import polars as pl

from inference_energy.energy.interventions import PUBLISHED_RANGE
from inference_energy.figures.axes import colours, either, log_axis, rows_axis
from inference_energy.figures.panels import dot, head, label, panel, printed_range, span
from inference_energy.figures.theme import BLUE, INK, MUTED, ORANGE, titled
from inference_energy.figures.words import WITHIN, interval, number, texts, times
from inference_energy.studies.study import NestedStudy

TOGETHER = {
    ("remaining_levers", "independent"): "Not in benchmarks, independent",
    ("remaining_levers", "overlap"): "Not in benchmarks, overlapping",
    ("all_levers", "independent"): "All, independent",
    ("all_levers", "overlap"): "All, overlapping",
}
KINDS = {"alone": BLUE, "in benchmarks": MUTED, "together": ORANGE}
ALONE_TICKS = [1, 1.5, 2, 3, 5, 10, 20, 50]
TOGETHER_TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
WIDTH, ROW, TEXT, LABELS = 190, 26, 102, 236


def draw(*, interventions: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """One panel per workload: multiplier of every intervention, then of interventions together."""
    rows = interventions.filter(spread="shared").with_columns(
        kind=pl.when(pl.col("combination") != "single")
        .then(pl.lit("together"))
        .when(pl.col("in_benchmarks"))
        .then(pl.lit("in benchmarks"))
        .otherwise(pl.lit("alone"))
    )
    factors = pl.col("multiplier_p50").map_elements(times, pl.String)
    rows = rows.with_columns(name=texts(rows, _name), left=texts(rows, _left), times=factors)
    workloads = [name for name in study.workloads if name in set(rows["workload"])]
    first = rows.filter(workload=workloads[0])
    alone = first.filter(pl.col("kind") != "together").sort(
        pl.col("kind") == "in benchmarks", "multiplier_p50", "lever", descending=[False, True, False]
    )
    blocks = [alone["name"].to_list(), [name for name in TOGETHER.values() if name in set(first["name"])]]
    parts = []
    for block, order in enumerate(blocks):
        if not order:
            continue
        of_block = rows.filter(pl.col("name").is_in(order))
        high = of_block["multiplier_p95"].max()
        titles = [None if block else study.workloads[name].label for name in workloads]
        panels = [
            _panel(of_block.filter(workload=name), order, high, title, first=name == workloads[0])
            for name, title in zip(workloads, titles, strict=True)
        ]
        parts.append(alt.hconcat(*panels, spacing=TEXT + 16, bounds="flush"))
    subject = study.classes[first["subject"][0]].label
    return titled(
        alt.vconcat(*parts, spacing=30),
        finding=_finding(first, study.workloads[workloads[0]].label),
        conditions=f"{study.title}, {subject}. Factor by which the mean energy within"
        f" {WITHIN[first['boundary'][0]]} falls; dot: median, bar: P5–P95 of shared uncertainty. Wh left: mean"
        " energy that remains. Grey, hollow: today's benchmarks contain the intervention, so that the energy includes"
        f" it. Band: {interval(*PUBLISHED_RANGE)}×, which the paper prints for all interventions together.",
    )


def _name(row: dict) -> str:
    return TOGETHER[row["lever"], row["combination"]] if row["kind"] == "together" else row["label"]


def _left(row: dict) -> str:
    # All interventions include those of the benchmarks: what remains is not the energy over that factor.
    if row["kind"] == "in benchmarks" or row["lever"] == "all_levers":
        return ""
    return number(row["energy_wh_p50"])


def _panel(rows: pl.DataFrame, order: list[str], high: float, title: str | None, *, first: bool) -> alt.LayerChart:
    """Interventions alone under a title, or without one together, next to the range that the paper prints."""
    published = None if title else PUBLISHED_RANGE
    domain = [0.93, max(high, *(published or (2.0,))) * 1.15]
    values, of_axis = (TOGETHER_TICKS, "Factor (logarithmic)") if published else (ALONE_TICKS, None)
    axis, x = log_axis(domain, of_axis, values=values)
    base = alt.Chart(rows).encode(y=rows_axis("name:N", order, labels=first, minExtent=LABELS if first else 0))
    colour = colours("kind", KINDS)
    fill = alt.condition("datum.kind == 'in benchmarks'", alt.value("white"), colour)
    marks = [
        *(printed_range(x("low"), published, 0.6) if published else []),
        span(base, axis("multiplier_p05"), "multiplier_p95", strokeWidth=6, opacity=0.4).encode(color=colour),
        dot(base, x("multiplier_p50"), size=75, strokeWidth=1.6).encode(fill=fill, stroke=colour),
    ]
    ink = either("datum.kind == 'in benchmarks'", MUTED, INK)
    for column, place, name in (("times", WIDTH + 46, "Factor"), ("left", WIDTH + TEXT, "Wh left")):
        marks.append(label(base, alt.value(place), column, align="right", fontSize=12).encode(color=ink))
        if title:
            marks.append(head(name, place))
    return panel(*marks, size=(WIDTH, ROW * len(order)), title=title, frame="group", offset=3)


def _finding(rows: pl.DataFrame, label: str) -> str:
    alone = rows.filter(kind="alone")
    if alone.is_empty():
        best = rows.filter(kind="in benchmarks").sort("multiplier_p50").row(-1, named=True)
        return (
            f"{label}: benchmarks contain every intervention, also the strongest"
            f" ({best['label']}, {best['multiplier_p50']:.1f}×)"
        )
    best = alone.sort("multiplier_p50").row(-1, named=True)
    found = f"{label}: the strongest intervention not in benchmarks saves {best['multiplier_p50']:.1f}×"
    together = {
        row["combination"]: row for row in rows.filter(kind="together", lever="remaining_levers").iter_rows(named=True)
    }
    if "independent" in together:
        row = together["independent"]
        found += (
            f", all of these together {times(row['multiplier_p50'])}"
            f" ({interval(row['multiplier_p05'], row['multiplier_p95'])})"
        )
    if "overlap" in together:
        found += f", {times(together['overlap']['multiplier_p50'])} if they overlap"
    return found
