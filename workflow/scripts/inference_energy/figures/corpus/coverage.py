"""Coverage of the corpus: measured energies and throughput rows per model and GPU."""

from collections.abc import Callable
from functools import partial

import altair as alt
import polars as pl

from inference_energy.figures.axes import columns_axis, either, rows_axis
from inference_energy.figures.palette import MUTED, ON_LIGHT, ON_SHADE, ORANGE
from inference_energy.figures.panels import constant, label, panel
from inference_energy.figures.theme import titled
from inference_energy.figures.words import counted

CELL_WIDTH, CELL_HEIGHT = 31, 19
CLASSES = {
    "frontier": "Frontier (> 200 B)",
    "large": "Large (> 60 B)",
    "medium": "Medium (> 20 B)",
    "small": "Small",
}
MOST_MODELS, MOST_GPUS = 6, 7  # models of a class, and GPUs of throughput rows, that are not summed up as others
SHADES = ("#DCEAF4", "#A6CBE3", "#4A8DC0", "#1F5A8A")  # of tiles, by their number
LIMITS = (10, 30, 100)  # least number of every shade but the first
DARK = LIMITS[1]  # numbers from here on are white
DISC = 8  # distance of a disc from the middle of a cell that has a number too
HEADS_ABOVE = 122  # over the names of GPUs
HEADS = {"energies": "Measured energies", "rows": "Throughput rows"}
NUMBERS = ("rows", "boards", "wall", "energies")


def draw(*, throughput: pl.DataFrame, energy: pl.DataFrame, models: pl.DataFrame) -> alt.ConcatChart:
    """Two grids of models and GPUs per size class: measured energies on the left, throughput rows on the right."""
    cells = counts(throughput, energy, models)
    shown = summed(cells)
    gpus = {name: _in_order(shown.filter(pl.col(name) > 0), "gpu") for name in HEADS}
    heads = {name: head for name, head in HEADS.items() if gpus[name]}
    present = [name for name in CLASSES if name in set(shown["model_class"])]
    grids = [
        _grid(
            shown.filter(model_class=of),
            _energies if name == "energies" else partial(_numbers, column="rows"),
            gpus[name],
            title=CLASSES[of] if name == next(iter(heads)) else None,
            head=head if of == present[0] else None,
        )
        for of in present
        for name, head in heads.items()
    ]
    rows, boards, wall = (int(cells[name].sum()) for name in ("rows", "boards", "wall"))
    measured = cells.filter(pl.col("energies") > 0)
    return titled(
        alt.concat(*grids, columns=len(heads), spacing={"row": 28, "column": 56}, bounds="flush"),
        finding=f"Energy was measured for {counted(measured['model'].n_unique(), 'model')} on"
        f" {counted(measured['gpu'].n_unique(), 'GPU')}: {boards:,} runs at the GPU boards,"
        f" {wall} at the wall",
        conditions="Left: measured energies, of the GPU boards (blue) or of the node at the wall (orange). Right: all"
        f" {rows:,} throughput rows. Those with the most energies first; the others are summed up.",
    )


def counts(throughput: pl.DataFrame, energy: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Numbers of rows and of measured energies of every model and GPU that have any.

    Returns:
        `model_class, model, gpu, rows, boards, wall, energies, model_place, gpu_place`: `boards` are energies of GPU
        boards, `wall` those of other boundaries, `energies` both. Places count from 0, most energies first, then most
        rows; those of models within their class. Sorted by model and GPU.
    """
    at_boards = pl.col("boundary") == "gpu_boards"
    measured = energy.group_by("model", "gpu").agg(boards=at_boards.sum(), wall=(~at_boards).sum(), energies=pl.len())
    cells = (
        throughput.group_by("model", "gpu")
        .agg(rows=pl.len())
        .join(measured, on=["model", "gpu"], how="left")
        .join(models.select("model", "model_class"), on="model")
        .select("model_class", "model", "gpu", pl.col(*NUMBERS).fill_null(0).cast(pl.Int64))
    )
    for name, within in (("model", pl.col("model_class")), ("gpu", pl.lit(0))):
        totals = cells.group_by(within.alias("within"), name).agg(pl.col("energies", "rows").sum())
        ranked = totals.sort("energies", "rows", name, descending=[True, True, False])
        place = pl.int_range(pl.len()).over("within").alias(f"{name}_place")
        cells = cells.join(ranked.select(name, place), on=name)
    return cells.sort("model", "gpu")


def summed(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells of `counts` with the models of each class after the first ones, and such GPUs, summed up as others."""
    for name, most, within in (("model", MOST_MODELS, "model_class"), ("gpu", MOST_GPUS, pl.lit(0))):
        place = pl.col(f"{name}_place")
        left = place.max().over(within) + 1 - most
        others = pl.when(left == 1).then(pl.lit("1 other")).otherwise(pl.format("{} others", left))
        cells = cells.with_columns(
            pl.when(place < most).then(name).otherwise(others).alias(name), place.clip(upper_bound=most)
        )
    keys = ["model_class", "model_place", "model", "gpu_place", "gpu"]
    return cells.group_by(keys).agg(pl.col(*NUMBERS).sum()).sort(keys)


def _in_order(cells: pl.DataFrame, name: str) -> list[str]:
    return cells.sort(f"{name}_place")[name].unique(maintain_order=True).to_list()


def _grid(
    cells: pl.DataFrame,
    marks: Callable[[alt.Chart], list[alt.Chart]],
    gpus: list[str],
    *,
    title: str | None,
    head: str | None,
) -> alt.LayerChart:
    """One class; with a title it has the names of the models on its left, with a head those of the GPUs above."""
    models = _in_order(cells, "model")
    y = rows_axis("model:N", models, labels=title is not None, labelFontSize=12.5, grid=True, zindex=0)
    x = columns_axis("gpu:N", gpus, labelAlign="left", orient="top", labels=head is not None, labelFontSize=12.5)
    layers = marks(alt.Chart(cells).encode(x=x, y=y))
    if title is not None:
        layers.append(_said(title, x=-4, y=-12, align="right", fontSize=13, color=MUTED))
    if head is not None:
        layers.append(_said(head, x=0, y=-HEADS_ABOVE, align="left", fontSize=14))
    return panel(*layers, size=(CELL_WIDTH * len(gpus), CELL_HEIGHT * len(models)))


def _said(text: str, *, x: float, y: float, **style: object) -> alt.Chart:
    """A text in bold at a place of a panel, px."""
    return label(constant(said=text).encode(y=alt.value(y)), alt.value(x), "said", fontWeight="bold", **style)


def _numbers(base: alt.Chart, column: str, beside: str = "false") -> list[alt.Chart]:
    """Numbers of a column on tiles that are darker the larger they are; further left by a test of the datum."""
    found = base.transform_filter(f"datum.{column} > 0")
    scale = alt.Scale(type="threshold", domain=list(LIMITS), range=list(SHADES))
    tiles = found.mark_rect(stroke="white").encode(color=alt.Color(f"{column}:Q", scale=scale, legend=None))
    ink = either(f"datum.{column} >= {DARK}", ON_SHADE, ON_LIGHT)
    texts = [
        found.transform_filter(test).mark_text(fontSize=12, dx=dx).encode(text=f"{column}:Q", color=ink)
        for test, dx in ((f"!({beside})", 0), (beside, -DISC))
    ]
    return [tiles, *texts]


def _energies(base: alt.Chart) -> list[alt.Chart]:
    """Energies of GPU boards on tiles, those at the wall on discs, at the right where a cell has both."""
    marks = _numbers(base, "boards", beside="datum.wall > 0")
    for test, offset in (("datum.boards == 0", 0), ("datum.boards > 0", DISC)):
        wall = base.transform_filter(f"datum.wall > 0 && {test}")
        marks.append(wall.mark_circle(color=ORANGE, size=150, opacity=1, xOffset=offset))
        marks.append(wall.mark_text(fontSize=12, color="white", dx=offset).encode(text="wall:Q"))
    return marks
