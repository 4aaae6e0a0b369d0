"""Energy of a query from the GPU boards to the whole fleet, and from the median query to the mean."""

import altair as alt
import polars as pl

from inference_energy.figures.theme import (
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
from inference_energy.figures.words import NAMES, WITHIN, subject_of
from inference_energy.studies.study import WORKLOADS, Boundaries, NestedStudy

STEPS_COLOURS = {"query": MUTED, "mean": ORANGE}
WIDTH, ROW = 255, 44


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """One row of two panels per workload of the fleet: boundary by boundary, and from median to mean to fleet.

    Args:
        energy: table `energy_by_boundary`.
        study: the study's `title`, `workloads`, `classes`, `fleet` and `boundary`.
    """
    rows = energy.filter(pl.col("subject") == study.fleet.subject)
    beyond = study.boundary.fleet != study.boundary.query
    panels, steps = [], {}
    for workload in WORKLOADS:
        of_workload = rows.filter(pl.col("workload") == workload)
        if of_workload.is_empty():
            continue
        ladder, steps[workload] = _ladder(of_workload), _steps(of_workload, study.boundary)
        both = pl.concat([ladder, steps[workload]])
        domain = [both["low"].min() / 1.25, both["high"].max() * 1.25]
        label = study.workloads[workload].label
        fleet = " to fleet" if beyond else ""
        panels.append(
            alt.hconcat(
                _panel(ladder, f"{label}: by boundary", domain),
                _panel(steps[workload], f"{label}: from median to mean{fleet}", domain),
                spacing=20,
            )
        )
    last = f", the last row within {WITHIN[study.boundary.fleet]}" if beyond else ""
    return titled(
        alt.vconcat(*panels, spacing=20),
        finding=_finding(steps, rows, study),
        conditions=f"{study.title}, {subject_of(study)}. Orange: mean over queries with its shared uncertainty;"
        " diamond: expected value, tick: median, bar: P5–P95. Grey: single queries; dot: median, line: P5–P95."
        f" Right: within {WITHIN[study.boundary.query]}{last}.",
    )


def _ladder(rows: pl.DataFrame) -> pl.DataFrame:
    shared = rows.filter(spread="shared")
    return _drawn(
        [
            (name, "mean", row)
            for boundary, name in NAMES.items()
            for row in shared.filter(boundary=boundary).iter_rows(named=True)
        ],
        factors=False,
    )


def _steps(rows: pl.DataFrame, boundary: Boundaries) -> pl.DataFrame:
    wanted = [
        ("Median query of one fleet", "query", "per_query", boundary.query),
        ("Median query, all unknowns", "query", "untrimmed", boundary.query),
        ("Mean over queries", "mean", "shared", boundary.query),
    ]
    if boundary.fleet != boundary.query:
        wanted.append(("Mean, whole fleet", "mean", "shared", boundary.fleet))
    return _drawn(
        [
            (name, kind, row)
            for name, kind, spread, within in wanted
            for row in rows.filter(spread=spread, boundary=within).iter_rows(named=True)
        ],
        factors=True,
    )


def _drawn(found: list[tuple[str, str, dict]], *, factors: bool) -> pl.DataFrame:
    rows = []
    for name, kind, row in found:
        point = row["energy_wh_mean" if kind == "mean" else "energy_wh_p50"]
        low, high = row["energy_wh_p05"], row["energy_wh_p95"]
        said = f"{number(point)} Wh ({interval(low, high)})"
        if factors and rows:
            said += f", × {point / rows[-1]['point']:.2f}"
        rows.append(
            {"name": name, "kind": kind, "low": low, "middle": row["energy_wh_p50"], "high": high}
            | {"point": point, "said": said}
        )
    return pl.DataFrame(rows)


def _panel(rows: pl.DataFrame, title: str, domain: list[float]) -> alt.LayerChart:
    y = rows_axis("name:N", rows["name"].to_list())
    scale = log_scale(domain)
    axis = alt.Axis(values=ticks(*domain), format="~g", title="Wh per query (logarithmic)", grid=False)
    color = alt.Color("kind:N", scale=alt.Scale(domain=list(STEPS_COLOURS), range=list(STEPS_COLOURS.values())))
    base = alt.Chart(rows).encode(y=y, color=color.legend(None))
    mean = pl.col("kind") == "mean"
    ranges = [
        base.properties(data=rows.filter(chosen))
        .mark_rule(strokeWidth=width, opacity=opacity, yOffset=7)
        .encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q")
        for chosen, width, opacity in ((~mean, 2, 1), (mean, 8, 0.4))
        if not rows.filter(chosen).is_empty()
    ]
    marks = [
        base.properties(data=rows.filter(chosen))
        .mark_point(shape=shape, filled=True, size=size, opacity=1, yOffset=7)
        .encode(x=alt.X("point:Q", scale=scale))
        for chosen, shape, size in ((~mean, "circle", 60), (mean, "diamond", 110))
        if not rows.filter(chosen).is_empty()
    ]
    middle = (
        alt.Chart(rows.filter(mean))
        .mark_tick(color=INK, thickness=1.5, size=11, yOffset=7)
        .encode(y=y, x=alt.X("middle:Q", scale=scale))
    )
    text = base.mark_text(align="left", fontSize=11.5, yOffset=-9, color=INK).encode(
        x=alt.value(4), text="said:N", color=alt.value(INK)
    )
    return alt.layer(*ranges, middle, *marks, text).properties(
        width=WIDTH, height=ROW * len(rows), title=panel_title(title, offset=6)
    )


def _finding(steps: dict[str, pl.DataFrame], rows: pl.DataFrame, study: NestedStudy) -> str:
    workload, found = next(iter(steps.items()))
    points = dict(found.select("name", "point").iter_rows())
    fleet = f", {number(points['Mean, whole fleet'])} Wh for the whole fleet" if "Mean, whole fleet" in points else ""
    means = dict(rows.filter(workload=workload, spread="shared").select("boundary", "energy_wh_mean").iter_rows())
    # A node that is rated as a whole has no boards of its own.
    apart = {"gpu_boards", "node"} <= set(means) and means["gpu_boards"] < means["node"]
    alone = f", of which its GPU boards take {number(means['gpu_boards'])} Wh" if apart else ""
    return (
        f"{study.workloads[workload].label}: {number(points['Median query, all unknowns'])} Wh at the median,"
        f" {number(points['Mean over queries'])} Wh on average{fleet}{alone}"
    )
