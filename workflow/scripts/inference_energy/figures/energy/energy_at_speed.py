"""Energy per query against the speed that users see, or another operating point, by class."""

import json

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, log_axis
from inference_energy.figures.panels import in_rows, panel
from inference_energy.figures.theme import BLUE, MUTED, ORANGE, titled
from inference_energy.figures.words import WITHIN, inside_a_sentence, interval, number
from inference_energy.studies.study import WORKLOADS, NestedStudy

WITHOUT, WITH = "Without speculative decoding", "With speculative decoding"
COLOURS = {WITHOUT: BLUE, WITH: ORANGE}
SPEED = "Speed, tokens/s"
WIDTH, HEIGHT, COLUMNS = 126, 190, 4
SHORT = 6  # characters of a category that stand side by side
SPREAD = "shared"


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """A row of panels per workload, a panel per class: P5 to P95 and median of the mean at every operating point."""
    points = _points(energy, study)
    rows = energy.filter(subject_kind="class", spread=SPREAD, boundary=study.boundary.query)
    rows = rows.join(points, on="operating_point", maintain_order="left")
    workloads = [name for name in WORKLOADS if name in set(rows["workload"])] or rows["workload"].unique(
        maintain_order=True
    ).to_list()
    kinds = [name for name in COLOURS if name in set(points["kind"])]
    blocks = [
        _block(rows.filter(workload=name), study, name, points, kinds, first=name == workloads[0]) for name in workloads
    ]
    least = rows.filter(workload=workloads[0])["served_share"].min()
    left_out = (
        f" Open marks: some of the class's models and GPUs, up to {1 - least:.0%} of them, do not reach it and are left"
        " out; no mark: none does."
        if least < 1
        else ""
    )
    return titled(
        alt.vconcat(*blocks, spacing=22),
        finding=_finding(rows, study, points, workloads[0]),
        conditions=f"{study.title}, by the serving model. Mean energy of a query within {WITHIN[study.boundary.query]}"
        f" with its shared uncertainty. Mark: median; bar: P5–P95.{left_out}",
    )


def _points(energy: pl.DataFrame, study: NestedStudy) -> pl.DataFrame:
    """Operating points in the order of the study: category on the axis, and whether it decodes speculatively.

    Points that differ in speculative decoding alone are one category; of a study where more than that differs, every
    point is one, by its label.
    """
    specs = study.serving.operating_points if study.serving else {}
    rows = []
    for name, text in energy.select("operating_point", "label").unique(maintain_order=True).iter_rows():
        spec = specs.get(name)
        where = (spec.speed_tok_per_s, spec.time_per_token_ms, spec.batch) if spec else (text,)
        speed = where[0] if spec and isinstance(where[0], int | float) else None
        kind = WITH if spec and spec.speculative_share else WITHOUT
        where = json.dumps(where, default=lambda each: each.plain())
        rows.append({"operating_point": name, "text": text, "where": where, "kind": kind, "speed": speed})
    table = pl.DataFrame(rows, schema_overrides={"speed": pl.Float64})
    paired = not table.select("where", "kind").is_duplicated().any()
    if paired and table["speed"].null_count() == 0:
        category = pl.Series([f"{speed:g}" for speed in table["speed"]])
    elif paired:
        own = dict(
            table.sort(pl.col("kind") == WITH, maintain_order=True).reverse().select("where", "text").iter_rows()
        )
        category = table["where"].replace_strict(own)
    else:
        category = table["text"]
    return table.with_columns(category=category).sort("speed", maintain_order=True, nulls_last=True)


def _block(
    rows: pl.DataFrame, study: NestedStudy, workload: str, points: pl.DataFrame, kinds: list[str], *, first: bool
) -> alt.VConcatChart:
    """The panels of one workload."""
    known = rows.drop_nulls("energy_wh_p50")
    ends = [known["energy_wh_p05"].min() / 1.3, known["energy_wh_p95"].max() * 1.3]
    classes = [name for name in study.classes if name in set(rows["subject"])]
    panels = [
        _panel(
            known.filter(subject=name),
            study.classes[name].label,
            ends,
            points,
            kinds,
            labelled=place % COLUMNS == 0,
            legend=first and place == 0,
        )
        for place, name in enumerate(classes)
    ]
    title = alt.TitleParams(study.workloads[workload].label, anchor="start", fontSize=14, offset=8)
    return alt.vconcat(*in_rows(panels, COLUMNS, spacing=12), spacing=16, title=title)


def _panel(
    rows: pl.DataFrame,
    title: str,
    ends: list[float],
    points: pl.DataFrame,
    kinds: list[str],
    *,
    labelled: bool,
    legend: bool,
) -> alt.LayerChart:
    order = points["category"].unique(maintain_order=True).to_list()
    short = max(map(len, order)) <= SHORT
    name = SPEED if points["speed"].null_count() == 0 else None
    x = alt.X(
        "category:N",
        sort=order,
        scale=alt.Scale(domain=order, paddingInner=0.25, paddingOuter=0.15),
        axis=alt.Axis(title=name, labelAngle=0 if short else -40, ticks=False, labelLimit=150),
    )
    axis, y = log_axis(ends, "Wh per query (logarithmic)", of=alt.Y, shown=labelled, minExtent=34 if labelled else 0)
    key = alt.Legend(title=None, symbolType="circle", symbolOpacity=1, symbolStrokeWidth=0) if legend else None
    color = colours("kind", {name: COLOURS[name] for name in kinds}, key if len(kinds) > 1 else None)
    beside = alt.XOffset("kind:N", sort=kinds, scale=alt.Scale(domain=kinds))
    base = alt.Chart(rows).encode(x=x, xOffset=beside, color=color)
    bars = base.mark_rule(strokeWidth=6, opacity=0.38).encode(y=axis("energy_wh_p05"), y2="energy_wh_p95:Q")
    whole = pl.col("served_share") >= 1 - 1e-9
    full, part = (base.properties(data=rows.filter(chosen)) for chosen in (whole, ~whole))
    filled = full.mark_point(filled=True, size=55, opacity=1).encode(y=y("energy_wh_p50"))
    opened = part.mark_point(filled=False, size=46, opacity=1, fill="white", strokeWidth=2).encode(y=y("energy_wh_p50"))
    style = {"fontSize": 12, "fontWeight": "normal", "color": MUTED}
    return panel(bars, filled, opened, size=(WIDTH, HEIGHT), title=title, frame="group", **style)


def _finding(rows: pl.DataFrame, study: NestedStudy, points: pl.DataFrame, workload: str) -> str:
    told = rows.filter(workload=workload).drop_nulls("energy_wh_p50")
    subject = study.fleet.subject if study.fleet.subject in set(told["subject"]) else told["subject"][0]
    told = told.filter(subject=subject)
    parts = []
    for kind in COLOURS:
        of_kind = points.filter(kind=kind)
        found = told.filter(pl.col("operating_point").is_in(of_kind["operating_point"].to_list()))
        places = {name: place for place, name in enumerate(of_kind["operating_point"])}
        found = found.sort(pl.col("operating_point").replace_strict(places, return_dtype=pl.Int64, default=-1))
        if found.is_empty():
            continue
        ends = dict.fromkeys((0, len(found) - 1))
        said = [
            _said(found.row(place, named=True), with_range=not parts and not place, short=bool(parts or place))
            for place in ends
        ]
        words = "" if kind == WITHOUT else f"{inside_a_sentence(kind)} "
        parts.append(words + " and ".join(said))
    label, name = study.classes[subject].label, study.workloads[workload].label
    return f"{name}, {inside_a_sentence(label)}: {'; '.join(parts)}"


def _said(row: dict, *, with_range: bool, short: bool) -> str:
    ends = f" ({interval(row['energy_wh_p05'], row['energy_wh_p95'])} Wh)" if with_range else ""
    where = inside_a_sentence(row["category"]) if row["speed"] is None else row["category"]
    unit = "" if short or row["speed"] is None else " tokens a second"
    return f"{number(row['energy_wh_p50'])} Wh{ends} at {where}{unit}"
