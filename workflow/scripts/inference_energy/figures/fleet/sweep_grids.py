"""Mean energy as a function of two assumptions at a time."""

import altair as alt
import polars as pl

from inference_energy.figures.fleet.sweeps import FLEET, PARAMETERS, nothing_swept, spoken
from inference_energy.figures.palette import ON_LIGHT, ON_SHADE
from inference_energy.figures.panels import in_rows, panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, label_of, number, subject_of, times
from inference_energy.studies.study import NestedStudy

CELL, COLUMNS = 54, 2


def draw(*, grids: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart | alt.TopLevelMixin:
    """A heat map per pair of assumptions: expected value of the mean over queries, or of the fleet's day."""
    if grids.is_empty():
        return nothing_swept("No two assumptions are varied together in this study.", f"{study.title}: no grids")
    rows = grids.with_columns(said=pl.col("mean").map_elements(number, pl.String))
    shown = rows.group_by("grid", maintain_order=True).agg(pl.col("workload").first())
    panels = [_panel(rows.filter(grid=grid, workload=workload), study) for grid, workload in shown.iter_rows()]
    widest = (
        rows.join(shown, on=["grid", "workload"])
        .group_by("grid", maintain_order=True)
        .agg(factor=pl.col("mean").max() / pl.col("mean").min())
    )
    grid, factor = widest.sort("factor", descending=True).row(0)
    one = rows.filter(grid=grid).row(0, named=True)
    x, y = (spoken(one[f"{axis}_parameter"]) for axis in ("x", "y"))
    return titled(
        alt.vconcat(*in_rows(panels, COLUMNS, spacing=40), spacing=30),
        finding=f"Together, {x} and {y} change the energy by {times(factor)}",
        conditions=f"{study.title}, {subject_of(study)}. Expected value of the mean query within"
        f" {WITHIN[study.boundary.query]}, and of a fleet's day. Darker: more energy. Empty: no model reaches it.",
        width=640,
    )


def _panel(rows: pl.DataFrame, study: NestedStudy) -> alt.LayerChart:
    one = rows.row(0, named=True)
    title = (
        "Fleet, GWh per day" if one["workload"] == FLEET else f"{label_of(study.workloads[one['workload']].label)}, Wh"
    )
    base = alt.Chart(rows).encode(x=_axis(alt.X, "x", one["x_parameter"]), y=_axis(alt.Y, "y", one["y_parameter"]))
    middle = (rows["mean"].min() * rows["mean"].max()) ** 0.5
    colour = alt.Color("mean:Q", scale=alt.Scale(type="log", scheme="blues"), legend=None)
    ink = alt.condition(alt.datum["mean"] > middle, alt.value(ON_SHADE), alt.value(ON_LIGHT))
    size = (CELL * rows["x"].n_unique(), CELL / 2 * rows["y"].n_unique())
    return panel(
        base.mark_rect().encode(color=colour),
        base.mark_text(fontSize=12).encode(text="said:N", color=ink),
        size=size,
        title=title,
    )


def _axis(of: type, field: str, parameter: str) -> alt.X | alt.Y:
    title, form = PARAMETERS[parameter]
    sort = "ascending" if of is alt.X else "descending"
    axis = alt.Axis(format=".0%" if form == "%" else form, labelAngle=0, ticks=False, domain=False)
    return of(f"{field}:O", title=title, sort=sort, axis=axis)
