"""Where a Wh goes: the mean energy of a query from the GPU boards to the whole fleet, part by part."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import colours, rows_axis
from inference_energy.figures.palette import AMBER, BLUE, INK, ON_LIGHT, PALE, SKY
from inference_energy.figures.panels import label, panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import inside_a_sentence, label_of, listed, subject_of
from inference_energy.studies.study import NestedStudy

# What every boundary adds to the one before: name and colour.
PARTS = {
    "gpu_boards": ("GPU boards", BLUE),
    "node": ("Rest of the node", SKY),
    "datacenter": ("Cooling and power supply", AMBER),
    "fleet": ("Overheads of the fleet", PALE),
}
COLOURS = dict(PARTS.values()) | {"Node": SKY}
SMALLEST = 0.045  # share that has room for its number
WIDTH, ROW = 470, 32


def draw(*, energy: pl.DataFrame, study: NestedStudy) -> alt.LayerChart:
    """A stacked bar per workload of the class that the fleet serves: shares of the mean energy of a query."""
    rows = energy.filter(subject=study.fleet.subject, spread="shared")
    workloads = {name: label_of(spec.label) for name, spec in study.workloads.items() if name in set(rows["workload"])}
    bars = pl.concat([parts(rows.filter(workload=name), label) for name, label in workloads.items()])
    return titled(
        _chart(bars, list(workloads.values())),
        finding=_finding(bars, next(iter(workloads.values()))),
        conditions=f"{study.title}, {subject_of(study)}. Shares of the expected energy of a query; from left to right"
        " what each boundary adds to the one before.",
        width=640,
    )


def parts(rows: pl.DataFrame, label: str) -> pl.DataFrame:
    """What every boundary adds to the mean energy of a query, as shares of the widest boundary.

    Args:
        rows: of one workload, with the mean of every boundary that is known.
        label: name of the workload.

    Returns:
        `label, part, share, start, end`, in the order of the boundaries; a boundary that adds nothing is left out.
    """
    means = dict(rows.select("boundary", "energy_wh_mean").iter_rows())
    found = [(name, means[boundary]) for boundary, (name, _) in PARTS.items() if boundary in means]
    if "gpu_boards" not in means:  # then the first part is the node as a whole
        found[0] = ("Node", found[0][1])
    ends = [wh / found[-1][1] for _, wh in found]
    starts = [0.0, *ends[:-1]]
    table = pl.DataFrame({"part": [name for name, _ in found], "start": starts, "end": ends})
    table = table.select(
        pl.lit(label).alias("label"), "part", (pl.col("end") - pl.col("start")).alias("share"), "start", "end"
    )
    return table.filter(pl.col("share") > 0)


def _chart(bars: pl.DataFrame, order: list[str]) -> alt.LayerChart:
    by_name = {name: colour for name, colour in COLOURS.items() if name in set(bars["part"])}
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", grid=False)
    legend = alt.Legend(orient="top", columns=2, title=None, symbolType="square", symbolOpacity=1, labelLimit=300)
    base = alt.Chart(bars).encode(y=rows_axis("label:N", order, labelFontSize=12.5))
    bar = base.mark_bar(height=22, stroke="white", strokeWidth=1).encode(
        x=alt.X("start:Q", scale=scale, title=None, axis=axis), x2="end:Q", color=colours("part", by_name, legend)
    )
    said = bars.filter(pl.col("share") >= SMALLEST).with_columns(
        middle=(pl.col("start") + pl.col("end")) / 2, said=pl.format("{}%", (pl.col("share") * 100).round().cast(int))
    )
    inks = {PARTS["gpu_boards"][0]: "white", PARTS["fleet"][0]: INK}  # of the others: as on any light colour
    said = said.with_columns(ink=pl.col("part").replace_strict(inks, default=ON_LIGHT, return_dtype=pl.String))
    inside = base.properties(data=said).encode(color=alt.Color("ink:N", scale=None))
    text = label(inside, alt.X("middle:Q", scale=scale), "said", align="center", fontSize=12)
    return panel(bar, text, size=(WIDTH, ROW * len(order)))


def _finding(bars: pl.DataFrame, workload: str) -> str:
    largest = bars.filter(label=workload).sort("share", descending=True, maintain_order=True).head(2)
    told = [f"{share:.0%} {{}} {_spoken(of)}" for of, share in largest.select("part", "share").iter_rows()]
    told = [text.format("to" if place else "goes to") for place, text in enumerate(told)]
    return f"Of each Wh of a {inside_a_sentence(workload)}, {listed(told)}"


def _spoken(part: str) -> str:
    return inside_a_sentence(part) if " and " in part else f"the {inside_a_sentence(part)}"
