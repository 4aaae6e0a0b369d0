"""Energy per query of every class and workload: variability between queries, and uncertainty of their mean."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    interval,
    log_scale,
    number,
    panel_title,
    rows_axis,
    ticks,
    titled,
)
from inference_energy.figures.words import WITHIN
from inference_energy.studies.study import NestedStudy

ROW, WIDE, NARROW, COLUMNS = 34, 480, 212, 122
SPREADS = ("untrimmed", "per_query", "shared")
PLACE = ["workload", "subject"]


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """One panel per workload, one row per class: single queries, queries of one fleet, and their mean.

    Args:
        energy: table `energy_per_query`.
        study: the study's `title`, `workloads`, `classes`, `fleet` and `boundary`.
    """
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
    grid = [
        alt.hconcat(*panels[i : i + columns], spacing=COLUMNS + 22, bounds="flush")
        for i in range(0, len(panels), columns)
    ]
    subject = study.fleet.subject
    told = rows.filter(subject=subject) if subject in set(rows["subject"]) else rows
    one = told.row(0, named=True)
    label = study.workloads[one["workload"]].label
    return titled(
        alt.vconcat(_key(), *grid, spacing=18),
        finding=f"{label}, {one['label']}: the median query takes {number(one['untrimmed_p50'])} Wh, the mean is"
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
        median=pl.col("untrimmed_p50").map_elements(number, return_dtype=pl.String),
        mean=pl.col("shared_mean").map_elements(number, return_dtype=pl.String),
    )


def _panel(
    rows: pl.DataFrame, title: str, domain: list[float], *, width: int, first: bool, last: bool
) -> alt.LayerChart:
    y = rows_axis("label:N", rows["label"].to_list(), labels=first, grid=False)
    scale = log_scale(domain)
    axis = alt.Axis(
        values=ticks(*domain), format="~g", labels=last, title="Wh per query (logarithmic)" if last else None
    )
    base = alt.Chart(rows).encode(y=y)

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    marks = [
        base.mark_rule(strokeWidth=9, color=BLUE, opacity=0.45, yOffset=-5).encode(
            x=x("per_query_p05"), x2="per_query_p95:Q"
        ),
        base.mark_rule(strokeWidth=1.5, color=INK, yOffset=-5).encode(x=x("untrimmed_p05"), x2="untrimmed_p95:Q"),
        base.mark_point(shape="circle", filled=True, size=42, color=INK, opacity=1, yOffset=-5).encode(
            x=x("untrimmed_p50")
        ),
        base.mark_rule(strokeWidth=3, color=ORANGE, yOffset=8).encode(x=x("shared_p05"), x2="shared_p95:Q"),
        base.mark_point(shape="diamond", filled=True, size=95, color=ORANGE, opacity=1, yOffset=8).encode(
            x=x("shared_mean")
        ),
    ]
    for column, place, color in (("median", width + 62, INK), ("mean", width + COLUMNS, ORANGE)):
        marks.append(
            base.mark_text(align="right", fontSize=12, color=color).encode(x=alt.value(place), text=f"{column}:N")
        )
        header = alt.Chart(pl.DataFrame({"head": [f"{column.capitalize()}, Wh"]})).mark_text(
            align="right", fontSize=11, color=MUTED
        )
        marks.append(header.encode(x=alt.value(place), y=alt.value(-9), text="head:N"))
    return alt.layer(*marks).properties(
        width=width,
        height=ROW * len(rows),
        title=panel_title(title, frame="group", offset=3),
    )


def _key() -> alt.LayerChart:
    one = alt.Chart(pl.DataFrame({"one": [1]})).encode(y=alt.value(8))

    def line(start: int, **mark: object) -> alt.Chart:
        return one.mark_rule(**mark).encode(x=alt.value(start), x2=alt.value(start + 34))

    def point(start: int, **mark: object) -> alt.Chart:
        return one.mark_point(filled=True, opacity=1, **mark).encode(x=alt.value(start + 17))

    def text(start: int, said: str) -> alt.Chart:
        return one.mark_text(align="left", fontSize=12, text=said).encode(x=alt.value(start + 41))

    return alt.layer(
        line(0, strokeWidth=1.5, color=INK),
        point(0, shape="circle", size=42, color=INK),
        text(0, "Any single query, P5–P95"),
        line(215, strokeWidth=9, color=BLUE, opacity=0.45),
        text(215, "Queries of one fleet, P5–P95"),
        line(453, strokeWidth=3, color=ORANGE),
        point(453, shape="diamond", size=95, color=ORANGE),
        text(453, "Mean over queries, P5–P95"),
    ).properties(width=640, height=16)
