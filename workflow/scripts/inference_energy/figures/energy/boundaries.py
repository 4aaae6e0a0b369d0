"""Energy of a query from the GPU boards to the whole fleet, and from the median query to the mean."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, log_axis, rows_axis
from inference_energy.figures.palette import INK, MUTED, ORANGE
from inference_energy.figures.panels import dot, label, panel, span
from inference_energy.figures.theme import titled
from inference_energy.figures.words import NAMES, WITHIN, interval, number, subject_of
from inference_energy.studies.study import WORKLOADS, Boundaries, NestedStudy

STEPS_COLOURS = {"query": MUTED, "mean": ORANGE}
WIDTH, ROW = 255, 44


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """One row of two panels per workload of the fleet: boundary by boundary, and from median to mean to fleet."""
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
        name, fleet = study.workloads[workload].label, " to fleet" if beyond else ""
        left = _panel(ladder, f"{name}: by boundary", domain)
        right = _panel(steps[workload], f"{name}: from median to mean{fleet}", domain)
        panels.append(alt.hconcat(left, right, spacing=20))
    last = f", the last row within {WITHIN[study.boundary.fleet]}" if beyond else ""
    return titled(
        alt.vconcat(*panels, spacing=20),
        finding=_finding(steps, rows, study),
        conditions=f"{study.title}, {subject_of(study)}. Orange: mean over queries with its shared uncertainty;"
        " diamond: expected value, tick: median, bar: P5–P95. Grey: single queries; dot: median, line: P5–P95."
        f" Right: within {WITHIN[study.boundary.query]}{last}.",
    )


def _ladder(rows: pl.DataFrame) -> pl.DataFrame:
    return _drawn(rows, [(name, "mean", "shared", boundary) for boundary, name in NAMES.items()], factors=False)


def _steps(rows: pl.DataFrame, boundary: Boundaries) -> pl.DataFrame:
    wanted = [
        ("Median query of one fleet", "query", "per_query", boundary.query),
        ("Median query, all unknowns", "query", "untrimmed", boundary.query),
        ("Mean over queries", "mean", "shared", boundary.query),
    ]
    if boundary.fleet != boundary.query:
        wanted.append(("Mean, whole fleet", "mean", "shared", boundary.fleet))
    return _drawn(rows, wanted, factors=True)


def _drawn(table: pl.DataFrame, wanted: list[tuple[str, str, str, str]], *, factors: bool) -> pl.DataFrame:
    """Rows of the table by name, kind, spread and boundary; with factors, each says its ratio to the one above it."""
    rows = []
    for name, kind, spread, boundary in wanted:
        for row in table.filter(spread=spread, boundary=boundary).iter_rows(named=True):
            point = row["energy_wh_mean" if kind == "mean" else "energy_wh_p50"]
            low, high = row["energy_wh_p05"], row["energy_wh_p95"]
            said = f"{number(point)} Wh ({interval(low, high)})"
            if factors and rows:
                said += f", × {point / rows[-1]['point']:.2f}"
            ends = {"low": low, "middle": row["energy_wh_p50"], "high": high}
            rows.append({"name": name, "kind": kind} | ends | {"point": point, "said": said})
    return pl.DataFrame(rows)


def _panel(rows: pl.DataFrame, title: str, domain: list[float]) -> alt.LayerChart:
    axis, x = log_axis(domain, "Wh per query (logarithmic)", grid=False)
    y = rows_axis("name:N", rows["name"].to_list())
    base = alt.Chart(rows).encode(y=y, color=colours("kind", STEPS_COLOURS))
    means = rows.filter(kind="mean")
    drawn = [(base.properties(data=of), kind) for kind in STEPS_COLOURS if len(of := rows.filter(kind=kind))]
    lines = {"query": {"strokeWidth": 2, "opacity": 1}, "mean": {"strokeWidth": 8, "opacity": 0.4}}
    points = {"query": {"shape": "circle", "size": 60}, "mean": {"shape": "diamond", "size": 110}}
    ranges = [span(of, axis("low"), "high", **lines[kind], yOffset=7) for of, kind in drawn]
    marks = [dot(of, x("point"), **points[kind], yOffset=7) for of, kind in drawn]
    middle = alt.Chart(means).mark_tick(color=INK, thickness=1.5, size=11, yOffset=7).encode(y=y, x=x("middle"))
    text = label(base, alt.value(4), "said", fontSize=11.5, yOffset=-9).encode(color=alt.value(INK))
    return panel(*ranges, middle, *marks, text, size=(WIDTH, ROW * len(rows)), title=title, offset=6)


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
