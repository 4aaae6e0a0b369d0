"""Energy per query by workload and by class of models: the median with P5 to P95 over queries."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis, rows_axis
from inference_energy.figures.palette import BLUE, MUTED
from inference_energy.figures.panels import dot, numbers, panel, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, inside_a_sentence, interval, label_of, number, texts
from inference_energy.studies.study import NestedStudy

ROW, WIDTH, MEDIAN, RANGE = 28, 330, 62, 158
SPREAD = "untrimmed"  # variability between queries and uncertainty together, as the headline has them
FIRST = "traditional"


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """Two panels on one axis: the workloads of the fleet's class, and the classes with the first workload."""
    rows = energy.filter(subject_kind="class", spread=SPREAD)
    rows = rows.select("workload", "subject", low="energy_wh_p05", middle="energy_wh_p50", high="energy_wh_p95")
    rows = rows.with_columns(
        median=texts(rows, lambda row: number(row["middle"])),
        range=texts(rows, lambda row: interval(row["low"], row["high"])),
    )
    subject = study.fleet.subject if study.fleet.subject in set(rows["subject"]) else rows["subject"][0]
    workload = FIRST if FIRST in set(rows["workload"]) else rows["workload"][0]
    workloads = {name: label_of(spec.label) for name, spec in study.workloads.items()}
    classes = {name: label_of(spec.label) for name, spec in study.classes.items()}
    domain = [rows["low"].min() / 1.3, rows["high"].max() * 1.3]
    by_workload = rows.filter(subject=subject).with_columns(label=pl.col("workload").replace(workloads))
    by_class = rows.filter(workload=workload).with_columns(label=pl.col("subject").replace(classes))
    panels = [_panel(by_workload, f"{classes[subject]}, by workload", domain, last=len(by_class) < 2)]
    if len(by_class) > 1:
        panels.append(_panel(by_class, f"{workloads[workload]}, by class of models", domain, last=True))
    one = rows.row(by_predicate=(pl.col("subject") == subject) & (pl.col("workload") == workload), named=True)
    return titled(
        alt.vconcat(*panels, spacing=22),
        finding=f"{workloads[workload]}, {inside_a_sentence(classes[subject])}: {one['median']} Wh at the median,"
        f" {one['range']} Wh from P5 to P95",
        conditions=f"{study.title}, within {WITHIN[study.boundary.query]}. Dot: median; line: P5–P95 over single"
        " queries: variability and uncertainty together.",
        width=640,
    )


def _panel(rows: pl.DataFrame, title: str, domain: list[float], *, last: bool) -> alt.LayerChart:
    axis, x = log_axis(domain, "Wh per query (logarithmic)", shown=last)
    base = alt.Chart(rows).encode(y=rows_axis("label:N", rows["label"].to_list(), grid=False, minExtent=190))
    marks = [
        span(base, axis("low"), "high", strokeWidth=3, color=BLUE, opacity=0.55),
        dot(base, x("middle"), size=85, color=BLUE),
        *numbers(base, "median", WIDTH + MEDIAN, "Median, Wh"),
        *numbers(base, "range", WIDTH + RANGE, "P5–P95, Wh", MUTED),
    ]
    return panel(*marks, size=(WIDTH, ROW * len(rows)), title=title, frame="group", offset=5)
