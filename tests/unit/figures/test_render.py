"""Charts as files: whatever a text holds, the drawing is sound, and not larger than a page."""

from xml.etree import ElementTree

import pytest
from hostile_texts import BODY, UNPRINTABLE
from inference_energy.figures import render, theme

# Vega-Lite would end the process at these.
TEXTS = [f"{BODY} {UNPRINTABLE}\x00\ufffe", "x" * 40_000, "<b> " * 10_000, "\x1b", "", " "]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_is_drawn(tmp_path, text):
    files = [tmp_path / f"figure.{ending}" for ending in ("json", "svg", "png")]
    render.save(theme.message(text, finding=f"Finding {text}", conditions=f"Conditions {text}"), files)
    drawing = ElementTree.parse(files[1]).getroot()
    assert float(drawing.get("width")) < 5_000 and float(drawing.get("height")) < 1_500
    assert {element.tag.rpartition("}")[2] for element in drawing.iter()} <= {
        "svg",
        "g",
        "path",
        "rect",
        "text",
        "tspan",
    }
    assert files[2].stat().st_size < 2_000_000
