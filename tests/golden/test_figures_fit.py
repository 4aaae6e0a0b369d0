"""Texts of every built figure fit, in a font as wide as any that a reader's machine may show them in."""

from itertools import combinations
from pathlib import Path

import pytest
from inference_energy.figures import registry, render, room

ROOT = Path(__file__).parents[2]
FIGURES = sorted([*(ROOT / "results/figures").rglob("*.svg"), *(ROOT / "results/usage").rglob("*.svg")])
SYMBOL = 16  # px that the symbol of a legend takes on the left of its label
GAP, LINE = 3, 3  # px between texts in a line; overlap that neighbouring lines may have, as letters are less tall


def meet(one: room.Box, other: room.Box) -> bool:
    """Whether two texts touch; slanted ones lie side by side, though the rectangles around them overlap."""
    if (one.turned and other.turned) or one.text == other.text:  # the second is the light edge behind a text
        return False
    gap = SYMBOL if one.role == other.role == "legend-label" else GAP
    across = min(one.right, other.right) - max(one.left, other.left)
    along = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > -gap and along > LINE


def test_there_are_figures():
    assert len(FIGURES) > 20


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_texts_fit(path):
    svg = path.read_text(encoding="utf-8")
    found, (wide, high) = room.boxes(svg), room.canvas(svg)
    assert len(found) > 3
    assert [box for box in found if box.left < 0 or box.right > wide or box.top < 0 or box.bottom > high] == []
    assert [(one.text, other.text) for one, other in combinations(found, 2) if meet(one, other)] == []


@pytest.mark.parametrize("name", registry.PICTURES)
def test_pictures_in_documents_are_of_this_build(name):
    svg = (ROOT / f"results/{registry.PICTURES[name]}.svg").read_text(encoding="utf-8")
    drawings = {name: svg} | ({f"{name}_dark": render.dark(svg)} if name in registry.ALSO_DARK else {})
    for picture, drawing in drawings.items():
        kept = (ROOT / f"docs/{picture}.png").read_bytes()
        assert kept == render.picture(drawing), f"docs/{picture}.png is of another build: `make pictures` renews it"
