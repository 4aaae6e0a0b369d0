"""What the variability of single queries and the uncertainty of their mean are made of."""

import math
from collections.abc import Iterable

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, either, rows_axis
from inference_energy.figures.palette import AMBER, BLUE, GREEN, INK, ORANGE, PALE, PINK, SKY
from inference_energy.figures.panels import head, label, panel, small_label
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, inside_a_sentence
from inference_energy.studies.study import WORKLOADS, NestedStudy

# In the order of drawing: name, name inside a sentence, colour.
DAY = ("Headroom and idle replicas", "headroom and idle replicas", PINK)
POWER = ("Power of hosts, PUE, overheads", "power beyond the boards", "#7F7F7F")
INGREDIENTS = {
    "lengths": ("Lengths of prompt and answer", "lengths", BLUE),
    "serving model": ("Serving model: time and power", "the serving model", ORANGE),
    "speed": ("Speed that users see", "speed", AMBER),
    "model mix": ("Mix of models", "the mix of models", SKY),
    "GPU mix": ("Mix of GPUs", "the mix of GPUs", "#332288"),
    "cached share": ("Cached share of prompts", "cached prompts", GREEN),
    "headroom": DAY,
    "released_share": DAY,
    "host": POWER,
    "utilisation": POWER,
    "pue": POWER,
    "overheads": POWER,
}
OTHER = "Other"
COLOURS = {name: colour for name, _, colour in INGREDIENTS.values()} | {OTHER: PALE}
SPOKEN = {name: spoken for name, spoken, _ in INGREDIENTS.values()}
DARK = {BLUE, ORANGE, "#332288", GREEN, "#7F7F7F"}
LABELLED, SMALL = 0.08, 0.05
PANELS = {"untrimmed": "A single query", "shared": "The mean over queries"}
WIDTH, ROW = 272, 34


def draw(*, variance: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """Two panels of stacked bars, a row per workload."""
    rows = variance.filter(pl.col("subject") == study.fleet.subject)
    names = {workload: spec.label for workload, spec in study.workloads.items()}
    order = [label for workload, label in names.items() if workload in set(rows["workload"])]
    rows = rows.with_columns(
        row=pl.col("workload").replace(names),
        name=pl.col("ingredient").replace_strict({key: name for key, (name, _, _) in INGREDIENTS.items()}),
    )
    rows, grouped = _grouped(rows)
    bars, spreads = _bars(rows), _spreads(rows)
    by_name = {name: colour for name, colour in COLOURS.items() if name in set(bars["name"])}
    panels = [
        _panel(bars.filter(spread=spread), spreads.filter(spread=spread), title, order, by_name, first=not position)
        for position, (spread, title) in enumerate(PANELS.items())
    ]
    query, mean = (_dominant(rows.filter(spread=spread), study.workloads) for spread in PANELS)
    other = f" Other: {', '.join(grouped)}, each below {SMALL:.0%} everywhere." if grouped else ""
    return titled(
        alt.hconcat(*panels, spacing=18),
        finding=f"Variability between queries comes mostly from {query}; uncertainty of their mean from {mean}",
        conditions=f"{study.title}, {rows['label'][0]}. Shares of the variance of ln energy within"
        f" {WITHIN[rows['boundary'][0]]}. Factor: geometric standard deviation of energy.{other}",
    )


def _grouped(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    largest = rows.group_by("name", maintain_order=True).agg(pl.col("variance_share").max())
    small = [name for name, share in largest.iter_rows() if share < SMALL]
    if len(small) < 2:
        return rows, []
    renamed = rows.with_columns(name=pl.when(pl.col("name").is_in(small)).then(pl.lit(OTHER)).otherwise("name"))
    return renamed, [inside_a_sentence(name) for name in small]


def _bars(rows: pl.DataFrame) -> pl.DataFrame:
    place = {name: i for i, name in enumerate(COLOURS)}
    summed = rows.group_by("spread", "row", "name", maintain_order=True).agg(pl.col("variance_share").sum())
    # What remains can be negative by chance; it then has no length.
    ordered = summed.with_columns(
        order=pl.col("name").replace_strict(place, return_dtype=pl.Int64),
        variance_share=pl.col("variance_share").clip(0),
    ).sort("spread", "row", "order")
    end = pl.col("variance_share").cum_sum().over("spread", "row")
    return ordered.with_columns(
        start=end - pl.col("variance_share"),
        end=end,
        said=pl.format("{} %", (pl.col("variance_share") * 100).round(0).cast(pl.Int64)),
    )


def _spreads(rows: pl.DataFrame) -> pl.DataFrame:
    one = rows.unique(["spread", "row"], maintain_order=True)
    factor = pl.col("log_variance").map_elements(lambda value: f"{math.exp(math.sqrt(value)):.1f}", pl.String)
    return one.select("spread", "row", said=factor)


def _panel(
    bars: pl.DataFrame, spreads: pl.DataFrame, title: str, order: list[str], by_name: dict[str, str], *, first: bool
) -> alt.LayerChart:
    y = rows_axis("row:N", order, labels=first)
    scale = alt.Scale(domain=[0, max(1.0, bars["end"].max() or 1.0)], nice=False)
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", grid=False)
    x = alt.X("start:Q", scale=scale, title="Share of the variance", axis=axis)
    legend = alt.Legend(orient="bottom", columns=3, title=None, labelLimit=260, symbolType="square", offset=12)
    bar = alt.Chart(bars).mark_bar(height=22, stroke="white", strokeWidth=1)
    bar = bar.encode(y=y, x=x, x2="end:Q", color=colours("name", by_name, legend))
    labels = bars.filter(pl.col("variance_share") >= LABELLED).with_columns(
        middle=(pl.col("start") + pl.col("end")) / 2,
        ink=pl.col("name").is_in([name for name, colour in by_name.items() if colour in DARK]),
    )
    inside = alt.Chart(labels).encode(y=y, color=either("datum.ink", "white", INK))
    text = label(inside, alt.X("middle:Q", scale=scale), "said", align="center", fontSize=11)
    right = alt.Chart(spreads).encode(y=y)
    factor = small_label(right, alt.value(WIDTH + 32), "said", align="right", fontSize=11.5)
    return panel(bar, text, factor, head("Factor", WIDTH + 36), size=(WIDTH, ROW * len(order)), title=title)


def _dominant(rows: pl.DataFrame, workloads: Iterable[str]) -> str:
    if rows["log_variance"].max() == 0:
        return "no ingredient (the study takes all as known)"
    known = [name for name in WORKLOADS if name in set(rows["workload"])] or list(workloads)[:1]
    largest = [
        rows.filter(workload=name).sort("variance_share", descending=True).select("name", "variance_share").row(0)
        for name in known
    ]
    said = [SPOKEN.get(name, name) for name, _ in largest]
    shares = [f"{name}\u00a0{share:.0%}" for name, (_, share) in zip(known, largest, strict=True)]
    if len(set(said)) == 1:
        return f"{said[0]} ({', '.join(shares)})"
    return " or ".join(f"{words} ({share})" for words, share in zip(said, shares, strict=True))
