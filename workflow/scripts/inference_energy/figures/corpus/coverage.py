"""Coverage of the corpus: rows per model and GPU, their newest year, and whether energy was measured."""

import altair as alt
import polars as pl

from inference_energy.figures.axes import columns_axis, either, rows_axis
from inference_energy.figures.panels import panel
from inference_energy.figures.theme import INK, MUTED, ORANGE, titled

CELL_WIDTH, CELL_HEIGHT = 29, 17
CLASSES = {
    "frontier": "Frontier (> 200 B)",
    "large": "Large (> 60 B)",
    "medium": "Medium (> 20 B)",
    "small": "Small",
}
SHADES = ["#DCEAF4", "#A6CBE3", "#5B9BC8", "#2B6C9E"]


def draw(*, throughput: pl.DataFrame, energy: pl.DataFrame, models: pl.DataFrame) -> alt.VConcatChart:
    """One cell per model and GPU: number of throughput rows, shaded by year of the newest; dots for energy."""
    measured = energy.group_by("model", "gpu").agg(pl.len().alias("energies"))
    cells = (
        throughput.group_by("model", "gpu")
        .agg(pl.len().alias("rows"), pl.col("published_on").max().str.slice(0, 4).alias("newest"))
        .join(measured, on=["model", "gpu"], how="left")
        .with_columns(pl.col("energies").fill_null(0), dark=pl.col("newest") >= "2025")
        .join(models.select("model", "model_class", "total_parameters_billions"), on="model")
        .sort("total_parameters_billions", "model", "gpu", descending=[True, False, False])
    )
    by_rows = cells.group_by("gpu").agg(pl.col("rows").sum()).sort("rows", "gpu", descending=[True, False])
    gpus = by_rows["gpu"].to_list()
    present = [name for name in CLASSES if name in set(cells["model_class"])]
    years = sorted(set(cells["newest"]))
    orients = {present[-1]: "bottom"} | {present[0]: "top"}  # of the names of GPUs; none in between
    panels = [
        _panel(cells.filter(model_class=name), CLASSES[name], gpus, years, orient=orients.get(name)) for name in present
    ]
    pairs = len(models) * len(gpus)
    return titled(
        alt.vconcat(*panels, spacing=8),
        finding=f"{len(throughput):,} throughput rows cover {len(cells)} of {pairs} pairs of model and GPU;"
        f" energy was measured for {len(measured)}",
        conditions="Numbers: throughput rows of the corpus per model and GPU. Shade: year of the newest row. Orange"
        " dot: energy was measured too, on GPU boards or at the wall. Models are sorted by class and size, GPUs by"
        " number of rows.",
    )


def _panel(cells: pl.DataFrame, title: str, gpus: list[str], years: list[str], *, orient: str | None) -> alt.LayerChart:
    models = cells["model"].unique(maintain_order=True).to_list()
    align = "left" if orient == "top" else "right"
    x = columns_axis("gpu:N", gpus, labelAlign=align, orient=orient or "bottom", labels=orient is not None)
    base = alt.Chart(cells).encode(x=x, y=rows_axis("model:N", models, labelFontSize=11))
    shades = alt.Scale(domain=years, range=SHADES[-len(years) :])
    legend = alt.Legend(title="Year of the newest row") if title == CLASSES["frontier"] else None
    tiles = base.mark_rect(stroke="white").encode(color=alt.Color("newest:O", scale=shades, legend=legend))
    numbers = base.mark_text(fontSize=10).encode(text="rows:Q", color=either("datum.dark", "white", INK))
    corner = {"xOffset": CELL_WIDTH / 2 - 4, "yOffset": -CELL_HEIGHT / 2 + 4}
    dots = base.transform_filter(alt.datum.energies > 0).mark_circle(
        color=ORANGE, stroke="white", strokeWidth=0.8, size=22, opacity=1, **corner
    )
    size = (CELL_WIDTH * len(gpus), CELL_HEIGHT * len(models))
    return panel(tiles, numbers, dots, size=size, title=title, fontSize=12, color=MUTED, offset=4, frame="group")
