"""What the variability of single queries and the uncertainty of their mean are made of."""

import math
from collections.abc import Iterable

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, rows_axis
from inference_energy.figures.palette import AMBER, BLUE, GREEN, GREY, INDIGO, INK, ON_LIGHT, ORANGE, PALE, PINK, SKY
from inference_energy.figures.panels import head, label, panel, small_label
from inference_energy.figures.theme import titled
from inference_energy.figures.words import WITHIN, inside_a_sentence, label_of
from inference_energy.studies.study import WORKLOADS, NestedStudy

# In the order of drawing: name, name inside a sentence, colour.
DAY = ("Headroom and idle replicas", "headroom and idle replicas", PINK)
POWER = ("Power of hosts, PUE, overheads", "power beyond the boards", GREY)
INGREDIENTS = {
    "lengths": ("Lengths of prompt and answer", "lengths", BLUE),
    "serving model": ("Serving model: time and power", "the serving model", ORANGE),
    "speed": ("Speed that users see", "speed", AMBER),
    "model mix": ("Mix of models", "the mix of models", SKY),
    "GPU mix": ("Mix of GPUs", "the mix of GPUs", INDIGO),
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
DARK = {BLUE, ORANGE, INDIGO, GREEN, GREY}
LABELLED, SMALL = 0.08, 0.05
PANELS = {"untrimmed": "A single query", "shared": "The mean over queries"}
WIDTH, ROW = 262, 34


def draw(*, variance: pl.DataFrame, study: NestedStudy) -> alt.VConcatChart:
    """Two panels of stacked bars, a row per workload."""
    rows = variance.filter(pl.col("subject") == study.fleet.subject)
    names = {workload: label_of(spec.label) for workload, spec in study.workloads.items()}
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
    other = f" Other: each below {SMALL:.0%}." if grouped else ""
    return titled(
        alt.hconcat(*panels, spacing=18),
        finding=f"Variability between queries comes mostly from {query}, uncertainty of their mean from {mean}",
        conditions=f"{study.title}, {label_of(rows['label'][0])}. Shares of the variance of ln energy within"
        f" {WITHIN[rows['boundary'][0]]}. Factor: geometric standard deviation.{other}",
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
        said=pl.format("{}%", (pl.col("variance_share") * 100).round(0).cast(pl.Int64)),
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
        ink=pl.col("name").replace_strict(
            {
                name: "white" if colour in DARK else INK if colour == PALE else ON_LIGHT
                for name, colour in by_name.items()
            }
        ),
    )
    inside = alt.Chart(labels).encode(y=y, color=alt.Color("ink:N", scale=None))
    text = label(inside, alt.X("middle:Q", scale=scale), "said", align="center", fontSize=11)
    right = alt.Chart(spreads).encode(y=y)
    factor = small_label(right, alt.value(WIDTH + 32), "said", align="right")
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
    if len(set(said)) == 1:
        return (
            f"{said[0]} ({'–'.join(dict.fromkeys(f'{share:.0%}'[:-1] for share in sorted(of for _, of in largest)))}%)"
        )
    return " or ".join(
        f"{words} ({name} {share:.0%})" for words, name, (_, share) in zip(said, known, largest, strict=True)
    )
