"""Charts as files: whatever a text holds, the drawing is sound, and not larger than a page."""

import os
import subprocess
import sys
from pathlib import Path
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


def test_times_are_drawn_in_the_same_zone_everywhere(tmp_path):
    """In a process of its own, as the zone is read once."""
    code = (
        "import sys; import altair as alt; import polars as pl; from datetime import date;"
        "from inference_energy.figures import render;"
        "frame = pl.DataFrame({'on': [date(2025, 3, 1), date(2025, 6, 1)], 'y': [1, 2]});"
        "render.save(alt.Chart(frame).mark_line().encode(x='on:T', y='y'), sys.argv[1:])"
    )
    drawings = []
    for zone in ("UTC", "Pacific/Chatham"):
        path = tmp_path / f"{zone[:3]}.svg"
        environment = os.environ | {"TZ": zone, "PYTHONPATH": str(Path(render.__file__).parents[2])}
        subprocess.run([sys.executable, "-c", code, path], env=environment, check=True)
        drawings.append(path.read_bytes())
    assert drawings[0] == drawings[1]
