"""A fleet over a day: power and GPUs that are on, hour by hour."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, line_legend
from inference_energy.figures.palette import BLUE, GREEN, INK, MUTED, ORANGE, SKY
from inference_energy.figures.panels import panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import interval, label_of, subject_of, times
from inference_energy.studies.study import NestedStudy

COLOURS = (ORANGE, BLUE, GREEN, SKY, INK, MUTED)
PANELS = {"power_mw": "Power, MW", "gpus_on": "GPUs that are on"}
WIDTH, HEIGHT = 260, 200


def draw(*, hours: pl.DataFrame, study: NestedStudy) -> alt.HConcatChart:
    """Two panels over the hours: power and GPUs that are on, a line per scenario with its band."""
    labels = {name: label_of(spec.label) for name, spec in study.fleet.scenarios.items()}
    # A fleet that has queries of both kinds; where there is none, every scenario.
    shown = [name for name, spec in study.fleet.scenarios.items() if 0 < spec.long_share < 1] or list(labels)
    rows = hours.filter(pl.col("scenario").is_in(shown)).with_columns(line=pl.col("scenario").replace(labels))
    lines = dict(zip((labels[name] for name in shown), COLOURS, strict=False))
    panels = [_panel(rows, column, title, lines) for column, title in PANELS.items()]
    return titled(
        alt.hconcat(*panels, spacing=24),
        finding=_finding(rows.filter(scenario=shown[0]), labels[shown[0]]),
        conditions=f"{study.title}, {subject_of(study)}, {study.fleet.queries_per_day / 1e9:g} billion queries a day."
        " Line: expected value; band: P5–P95 of uncertainty.",
    )


def _panel(rows: pl.DataFrame, column: str, title: str, lines: dict[str, str]) -> alt.LayerChart:
    x = alt.X("hour:Q", title="Hour of the day", scale=alt.Scale(domain=[0, 23], nice=False), axis=alt.Axis(grid=False))
    base = alt.Chart(rows).encode(x=x, color=colours("line", lines, line_legend(orient="top", columns=2)))
    scale = alt.Scale(domainMin=0, nice=True)
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y(f"{column}_p05:Q", title=title, scale=scale), y2=f"{column}_p95:Q"
    )
    line = base.mark_line(strokeWidth=2.2).encode(y=alt.Y(f"{column}_mean:Q", scale=scale))
    return panel(band, line, size=(WIDTH, HEIGHT))


def _finding(rows: pl.DataFrame, label: str) -> str:
    power, work = rows["power_mw_mean"], rows["relative_rate"]
    return (
        f"{label}: requests vary by {times(work.max() / work.min())} over a day, power by"
        f" {times(power.max() / power.min())} ({interval(power.min(), power.max())}\u00a0MW)"
    )
