"""Charts as files: whatever a text holds, the drawing is sound, and not larger than a page."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hostile_texts import BODY, UNPRINTABLE
from inference_energy.figures import render, theme

pytestmark = pytest.mark.slow

# Vega-Lite would end the process at these.
TEXTS = [f"{BODY} {UNPRINTABLE}\x00\ufffe", "x" * 40_000, "<b> " * 10_000, "\x1b", "", " "]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_any_text_is_drawn(text):
    chart = theme.message(text, finding=f"Finding {text}", conditions=f"Conditions {text}")
    formats = render.formats(chart)
    drawing = ElementTree.fromstring(formats["svg"])
    assert float(drawing.get("width")) < 5_000 and float(drawing.get("height")) < 1_500
    assert {element.tag.rpartition("}")[2] for element in drawing.iter()} <= {
        "svg",
        "g",
        "path",
        "rect",
        "text",
        "tspan",
    }
    assert len(formats["png"]) < 2_000_000


def test_times_are_drawn_in_the_same_zone_everywhere():
    """In a process of its own, as the zone is read once."""
    code = (
        "import sys; import altair as alt; import polars as pl; from datetime import date;"
        "from inference_energy.figures import render;"
        "frame = pl.DataFrame({'on': [date(2025, 3, 1), date(2025, 6, 1)], 'y': [1, 2]});"
        "chart = alt.Chart(frame).mark_line().encode(x='on:T', y='y');"
        "sys.stdout.buffer.write(render.formats(chart)['svg'])"
    )
    drawings = []
    for zone in ("UTC", "Pacific/Chatham"):
        environment = os.environ | {"TZ": zone, "PYTHONPATH": str(Path(render.__file__).parents[2])}
        outcome = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
        drawings.append(outcome.stdout)
    assert drawings[0] == drawings[1] and b"<svg" in drawings[0]
