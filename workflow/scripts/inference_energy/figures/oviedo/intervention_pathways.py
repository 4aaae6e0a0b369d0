"""Multiplier of each intervention, and of all of them together."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import log_axis
from inference_energy.figures.palette import BLUE, MUTED, ORANGE
from inference_energy.figures.panels import dot, label, panel, span
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.figures.words import interval, label_of, number, texts, times
from inference_energy.studies.study import PublishedStudy


def draw(*, interventions: pl.DataFrame, energy: pl.DataFrame, study: PublishedStudy) -> alt.VConcatChart:
    """Multiplier of every intervention, median and P5–P95, with the median energy that remains."""
    rows = interventions.filter(pl.col("spread") == "as_published").sort("combination", "multiplier_p50")
    rows = rows.with_columns(
        text=texts(rows, _factor_and_rest),
        colour=pl.when(pl.col("combination") == "single").then(pl.lit(BLUE)).otherwise(pl.lit(ORANGE)),
    )
    high = rows["multiplier_p95"].max() * 1.1
    panels = [
        _panel(rows.filter(pl.col("workload") == name), _before(energy, rows, name), spec.label, high)
        for name, spec in study.workloads.items()
    ]
    single = rows.filter(pl.col("combination") == "single")["multiplier_p50"]
    together = rows.filter(pl.col("combination") != "single", pl.col("workload") == "traditional").row(0, named=True)
    return titled(
        alt.vconcat(*panels, spacing=28),
        finding=f"{study.title}: one intervention saves {interval(single.min(), single.max())}× at the median, all"
        f" together {interval(together['multiplier_p10'], together['multiplier_p50'])}× (P10–P50, traditional)",
        conditions="Factor by which the energy of a frontier query falls, taken as independent. Dot: median; bar:"
        " P5–P95. Remaining energy: median after the published trimming.",
        width=640,
    )


def _factor_and_rest(row: dict) -> str:
    return f"{times(row['multiplier_p50'])}, leaves {number(row['energy_wh_p50'])} Wh"


def _before(energy: pl.DataFrame, rows: pl.DataFrame, workload: str) -> float:
    return energy.filter(workload=workload, subject=rows["subject"][0], spread="as_published")["energy_wh_p50"].item()


def _panel(rows: pl.DataFrame, before_wh: float, name: str, high: float) -> alt.LayerChart:
    title = "Energy falls by this factor (logarithmic)"
    axis, x = log_axis([0.8, high], title, values=[1, 2, 5, 10, 20, 50, 100])
    plain = alt.Chart(rows).encode(y=alt.Y("label:N", sort=rows["label"].to_list(), title=None))
    base = plain.encode(color=alt.Color("colour:N", scale=None))
    bar = span(base, axis("multiplier_p05", title=title), "multiplier_p95", strokeWidth=7, opacity=0.4)
    middle = dot(base, x("multiplier_p50"), size=110)
    text = label(plain, x("multiplier_p50"), "text", align="center", dy=-14, color=MUTED)
    return panel(
        bar, middle, text, size=(WIDTH - 70, 40 * len(rows)), title=f"{label_of(name)}: {number(before_wh)} Wh before"
    )
