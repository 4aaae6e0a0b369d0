"""What interventions save by the serving model, alone and together, next to measured pairs and to the paper's range."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, log_axis, rows_axis
from inference_energy.figures.palette import BLUE, MUTED, ORANGE
from inference_energy.figures.panels import constant, dot, numbers, panel, printed_range, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, inside_a_sentence, interval, label_of, times
from inference_energy.studies.study import NestedStudy

PUBLISHED_RANGE = (8.0, 20.0)  # that the publication prints for all interventions together
KINDS = {"alone": BLUE, "together": ORANGE}
TICKS = [0.5, 1, 2, 5, 10, 20, 50, 100]
WIDTH, ROW, TEXT, LABELS = 170, 30, 46, 215


def draw(*, interventions: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """One panel per workload: what every intervention saves, measured pairs below it, and all of them together."""
    rows = interventions.with_columns(
        kind=pl.when(pl.col("combination") == "single").then(pl.lit("alone")).otherwise(pl.lit("together")),
        times=pl.col("multiplier_p50").map_elements(times, pl.String),
    )
    workloads = [name for name in study.workloads if name in set(rows["workload"])]
    first = rows.filter(workload=workloads[0])
    order = first.sort(pl.col("kind") == "together", "multiplier_p50", descending=[False, True])["label"].to_list()
    low, high = rows["multiplier_p05"].min(), max(rows["multiplier_p95"].max(), PUBLISHED_RANGE[1])
    panels = [
        _panel(rows.filter(workload=name), order, [min(low, 1.0) / 1.1, high * 1.1], study, first=name == workloads[0])
        for name in workloads
    ]
    return titled(
        alt.vconcat(_key(), alt.hconcat(*panels, spacing=TEXT + 22, bounds="flush"), spacing=16),
        finding=_finding(first, study.workloads[workloads[0]].label),
        conditions=f"{study.title}, {label_of(study.classes[first['subject'][0]].label)}. Factor by which the mean"
        f" energy within {WITHIN[first['boundary'][0]]} falls: median, P5–P95 of uncertainty. Shaded: the paper, all"
        " together.",
        width=650,
    )


def _panel(
    rows: pl.DataFrame, order: list[str], domain: list[float], study: NestedStudy, *, first: bool
) -> alt.LayerChart:
    axis, x = log_axis(domain, "Factor (logarithmic)", values=TICKS)
    y = rows_axis("label:N", order, labels=first, minExtent=LABELS if first else 0)
    base, colour = alt.Chart(rows).encode(y=y), colours("kind", KINDS)
    seen = alt.Chart(rows.drop_nulls("measured_p50")).encode(y=y)
    marks = [
        *printed_range(x("low"), PUBLISHED_RANGE, 0.6),
        span(base, axis("multiplier_p05"), "multiplier_p95", strokeWidth=6, opacity=0.4, yOffset=-4).encode(
            color=colour
        ),
        dot(base, x("multiplier_p50"), size=75, yOffset=-4).encode(color=colour),
        span(seen, x("measured_p05"), "measured_p95", strokeWidth=1.5, color=MUTED, yOffset=8),
        dot(seen, x("measured_p50"), "diamond", size=60, color=MUTED, yOffset=8),
    ]
    marks += numbers(base, "times", WIDTH + TEXT, "Factor")
    title = label_of(study.workloads[rows["workload"][0]].label)
    return panel(*marks, size=(WIDTH, ROW * len(order)), title=title, frame="group", offset=3)


def _key() -> alt.LayerChart:
    """What the marks of an intervention are."""
    one = constant(one=1).encode(y=alt.value(8))
    parts = []
    for start, shape, size, thick, colour, opacity, said in (
        (0, "circle", 75, 6, BLUE, 0.4, "Serving model"),
        (140, "diamond", 60, 1.5, MUTED, 1.0, "Pairs of measured runs that differ in it alone"),
    ):
        parts.append(
            one.mark_rule(strokeWidth=thick, color=colour, opacity=opacity).encode(
                x=alt.value(start), x2=alt.value(start + 34)
            )
        )
        parts.append(dot(one, alt.value(start + 17), shape, size=size, color=colour))
        parts.append(one.mark_text(align="left", fontSize=12, text=said).encode(x=alt.value(start + 41)))
    return panel(*parts, size=(430, 16))


def _finding(rows: pl.DataFrame, workload: str) -> str:
    best = rows.filter(kind="alone").sort("multiplier_p50").row(-1, named=True)
    found = f"{workload}: {inside_a_sentence(best['label'])} saves most ({times(best['multiplier_p50'])})"
    for row in rows.filter(kind="together").iter_rows(named=True):
        ends = interval(row["multiplier_p05"], row["multiplier_p95"])
        found += f", all interventions together {times(row['multiplier_p50'])} ({ends})"
    return found
