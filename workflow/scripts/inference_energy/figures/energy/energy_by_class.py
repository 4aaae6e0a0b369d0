"""Energy per query of every class and workload: variability between queries, and uncertainty of their mean."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis
from inference_energy.figures.palette import BLUE, INK, ORANGE
from inference_energy.figures.panels import constant, dot, in_rows, numbers, panel, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, interval, number
from inference_energy.studies.study import NestedStudy

ROW, WIDE, NARROW, COLUMNS = 34, 480, 212, 122
# Marks of single queries, of queries of one fleet, and of their mean.
ANY_LINE, ANY_DOT = {"strokeWidth": 1.5, "color": INK}, {"shape": "circle", "size": 42, "color": INK}
FLEET_LINE = {"strokeWidth": 9, "color": BLUE, "opacity": 0.45}
MEAN_LINE, MEAN_DOT = {"strokeWidth": 3, "color": ORANGE}, {"shape": "diamond", "size": 95, "color": ORANGE}
SPREADS = ("untrimmed", "per_query", "shared")
PLACE = ["workload", "subject"]


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """One panel per workload, one row per class: single queries, queries of one fleet, and their mean."""
    rows = _wide(energy.filter(subject_kind="class"), study)
    workloads = [name for name in study.workloads if name in set(rows["workload"])]
    columns = 1 if len(workloads) <= 2 else 2
    width = WIDE if columns == 1 else NARROW
    ranges = rows.select(f"{spread}_{q}" for spread in SPREADS for q in ("p05", "p95"))
    domain = [ranges.min_horizontal().min() / 1.3, ranges.max_horizontal().max() * 1.3]
    panels = [
        _panel(
            rows.filter(workload=name),
            study.workloads[name].label,
            domain,
            width=width,
            first=position % columns == 0,
            last=position + columns >= len(workloads),
        )
        for position, name in enumerate(workloads)
    ]
    grid = in_rows(panels, columns, spacing=COLUMNS + 22, bounds="flush")
    subject = study.fleet.subject
    told = rows.filter(subject=subject) if subject in set(rows["subject"]) else rows
    one = told.row(0, named=True)
    workload = study.workloads[one["workload"]].label
    return titled(
        alt.vconcat(_key(), *grid, spacing=18),
        finding=f"{workload}, {one['label']}: the median query takes {number(one['untrimmed_p50'])} Wh, the mean is"
        f" {number(one['shared_mean'])} Wh (P5–P95 {interval(one['shared_p05'], one['shared_p95'])} Wh)",
        conditions=f"{study.title}. Energy within {WITHIN[study.boundary.query]}. Nothing is trimmed."
        " Any single query: variability between queries and shared uncertainty. Queries of one fleet: variability"
        " alone, with shared quantities at their medians. Mean: shared uncertainty alone.",
    )


def _wide(rows: pl.DataFrame, study: NestedStudy) -> pl.DataFrame:
    of = [
        rows.filter(spread=spread).select(
            *PLACE, *(pl.col(f"energy_wh_{q}").alias(f"{spread}_{q}") for q in ("p05", "p50", "p95", "mean"))
        )
        for spread in SPREADS
    ]
    labels = {name: spec.label for name, spec in study.classes.items()}
    wide = of[0].join(of[1], on=PLACE, maintain_order="left").join(of[2], on=PLACE, maintain_order="left")
    return wide.with_columns(
        label=pl.col("subject").replace(labels),
        median=pl.col("untrimmed_p50").map_elements(number, pl.String),
        mean=pl.col("shared_mean").map_elements(number, pl.String),
    )


def _panel(
    rows: pl.DataFrame, title: str, domain: list[float], *, width: int, first: bool, last: bool
) -> alt.LayerChart:
    axis, _ = log_axis(domain, "Wh per query (logarithmic)", shown=last)
    base = alt.Chart(rows).encode(y=rows_axis("label:N", rows["label"].to_list(), labels=first, grid=False))
    marks = [
        span(base, axis("per_query_p05"), "per_query_p95", **FLEET_LINE, yOffset=-5),
        span(base, axis("untrimmed_p05"), "untrimmed_p95", **ANY_LINE, yOffset=-5),
        dot(base, axis("untrimmed_p50"), **ANY_DOT, yOffset=-5),
        span(base, axis("shared_p05"), "shared_p95", **MEAN_LINE, yOffset=8),
        dot(base, axis("shared_mean"), **MEAN_DOT, yOffset=8),
    ]
    marks += numbers(base, "median", width + 62, "Median, Wh")
    marks += numbers(base, "mean", width + COLUMNS, "Mean, Wh", ORANGE)
    return panel(*marks, size=(width, ROW * len(rows)), title=title, frame="group", offset=3)


def _key() -> alt.LayerChart:
    one = constant(one=1).encode(y=alt.value(8))

    def line(start: int, **mark: object) -> alt.Chart:
        return one.mark_rule(**mark).encode(x=alt.value(start), x2=alt.value(start + 34))

    def point(start: int, **mark: object) -> alt.Chart:
        return dot(one, alt.value(start + 17), **mark)

    def text(start: int, said: str) -> alt.Chart:
        return one.mark_text(align="left", fontSize=12, text=said).encode(x=alt.value(start + 41))

    return panel(
        line(0, **ANY_LINE),
        point(0, **ANY_DOT),
        text(0, "Any single query, P5–P95"),
        line(215, **FLEET_LINE),
        text(215, "Queries of one fleet, P5–P95"),
        line(453, **MEAN_LINE),
        point(453, **MEAN_DOT),
        text(453, "Mean over queries, P5–P95"),
        size=(640, 16),
    )
