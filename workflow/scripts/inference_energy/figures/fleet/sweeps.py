"""Mean energy as a function of one assumption at a time."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, line_legend, log_axis, ticks
from inference_energy.figures.palette import BLUE, INK, ORANGE
from inference_energy.figures.panels import in_rows, panel
from inference_energy.figures.theme import message, titled
from inference_energy.figures.words import WITHIN, inside_a_sentence, interval, label_of, listed, subject_of
from inference_energy.studies.study import WORKLOADS, NestedStudy

PARAMETERS = {
    "speed_tok_per_s": ("Speed of a user, tokens/s", "d"),
    "speculative_share": ("Speculative decoding", "%"),
    "long_share": ("Share of long queries", "%"),
    "cached_share": ("Cached share of prompts", "%"),
    "headroom": ("Capacity over busiest hour", "~g"),
    "released_share": ("Unneeded replicas released", "%"),
    "pue": ("PUE", "~g"),
    "input_tokens": ("Prompt length, tokens", "~s"),
    "output_tokens": ("Answer length, tokens", "~s"),
}
FLEET = "all"
COLOURS = {"traditional": BLUE, "long": ORANGE, FLEET: INK}
FLAT = 1.4  # an assumption that changes no line by more has no panel
WIDTH, HEIGHT, COLUMNS = 185, 165, 3


def draw(*, sweeps: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart | alt.Chart:
    """One panel per swept assumption: the mean over queries, its expected value and P5–P95."""
    if sweeps.is_empty():
        return nothing_swept("No assumption is swept in this study.", f"{study.title}: no sweeps")
    names = {name: label_of(study.workloads[name].label) for name in WORKLOADS}
    names[FLEET] = "Fleet, GWh per day"
    every = sweeps.with_columns(line=pl.col("workload").replace(names))
    rows, flat = moving(every)
    per_query = rows.filter(pl.col("workload") != FLEET)
    swept = [name for name in PARAMETERS if name in set(per_query["parameter"])]
    swept += [name for name in PARAMETERS if name in set(rows["parameter"]) and name not in swept]
    lines = {names[name]: COLOURS[name] for name in COLOURS if name in set(rows["workload"])}
    panels = [
        _panel(rows.filter(parameter=name), name, per_query, lines, first=position % COLUMNS == 0)
        for position, name in enumerate(swept)
    ]
    left_out = f" Below {FLAT}×: {listed([spoken(name) for name in flat])}." if flat else ""
    return titled(
        alt.vconcat(*in_rows(panels, COLUMNS, spacing=14), spacing=14),
        finding=_finding(every, study),
        conditions=f"{study.title}, {subject_of(study)}, mean query within {WITHIN[study.boundary.query]}. Line:"
        f" expected value; band: P5–P95 of uncertainty.{left_out}",
    )


def moving(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Rows of the assumptions that change a line by `FLAT` at least, all of them if none does, and the other ones."""
    factors = rows.group_by("parameter", "workload").agg(factor=pl.col("mean").max() / pl.col("mean").min())
    most = dict(factors.group_by("parameter").agg(pl.col("factor").max()).iter_rows())
    flat = [name for name in PARAMETERS if name in most and most[name] < FLAT]
    if len(flat) == len(most):
        return rows, []
    return rows.filter(~pl.col("parameter").is_in(flat)), flat


def _panel(
    rows: pl.DataFrame, parameter: str, per_query: pl.DataFrame, lines: dict[str, str], *, first: bool
) -> alt.LayerChart:
    fleet = rows["workload"][0] == FLEET
    within = rows if fleet else per_query
    ends = [within["p05"].min() / 1.2, within["p95"].max() * 1.2]
    unit = "Fleet, GWh per day" if fleet else "Wh per query"
    axis, y = log_axis(ends, unit, of=alt.Y, shown=first or fleet)
    colour = colours("line", lines, line_legend(orient="top", labelLimit=260))
    base = alt.Chart(rows).encode(x=swept_values(parameter, rows["value"]), color=colour)
    band = base.mark_area(opacity=0.2).encode(y=axis("p05"), y2="p95:Q")
    line = base.mark_line(strokeWidth=2.2).encode(y=y("mean"))
    return panel(band, line, size=(WIDTH, HEIGHT))


def swept_values(parameter: str, values: pl.Series) -> alt.X:
    """Axis of the values of an assumption; that of lengths is logarithmic."""
    title, form = PARAMETERS[parameter]
    tokens = parameter.endswith("_tokens")
    span = [values.min(), values.max()]
    values = {"values": ticks(*span)} if tokens else {"tickCount": 4}
    return alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(type="log" if tokens else "linear", domain=span, nice=False),
        axis=alt.Axis(format=".0%" if form == "%" else form, grid=False, **values),
    )


def nothing_swept(text: str, finding: str) -> alt.TopLevelMixin:
    """What stands in place of sweeps of a study that has none."""
    return message(text, finding=finding, conditions="Name assumptions and values under `sweeps` of the study.")


def spoken(parameter: str) -> str:
    """Name of an assumption inside a sentence."""
    return inside_a_sentence(PARAMETERS[parameter][0].split(",")[0])


def _finding(rows: pl.DataFrame, study: NestedStudy) -> str:
    told = rows.filter(workload="traditional")
    if told.is_empty():
        told = rows.filter(workload=rows["workload"][0])
    ends = told.group_by("parameter", maintain_order=True).agg(low=pl.col("mean").min(), high=pl.col("mean").max())
    ends = ends.sort(pl.col("high") / pl.col("low"), descending=True)
    workload = told["workload"][0]
    what = "the fleet's day" if workload == FLEET else f"the mean {study.workloads[workload].label.lower()}"
    unit = "GWh" if workload == FLEET else "Wh"
    most, least = ends.row(0, named=True), ends.row(-1, named=True)
    found = f"{PARAMETERS[most['parameter']][0].split(',')[0]} changes {what}"
    if len(ends) == 1:
        return f"{found}, {_ends(most, unit)}"
    return f"{found} most, {_ends(most, unit)}; {spoken(least['parameter'])} least, {_ends(least, unit)}"


def _ends(row: dict, unit: str) -> str:
    return f"{interval(row['low'], row['high'])} {unit}"
