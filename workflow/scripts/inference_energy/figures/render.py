"""Charts to files: Vega-Lite JSON, SVG and PNG, the same bytes every time."""

import json
import os
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from inference_energy.common.escaped import terminal

PNG_SCALE = 2
LONGEST = 400  # characters of a text
os.environ["TZ"] = "UTC"  # Vega draws times in the zone of the machine
# Tables here are small, but a tick per row and form of the corpus is more than the library's default of 5,000.
alt.data_transformers.disable_max_rows()


def _printable(part: Any) -> Any:
    """A part of a specification in which text has only signs that a drawing can hold, and not too many."""
    if isinstance(part, str):
        return terminal(part if len(part) <= LONGEST else f"{part[:LONGEST]} …")
    if isinstance(part, dict):
        return {name: _printable(value) for name, value in part.items()}
    return [_printable(value) for value in part] if isinstance(part, list) else part


def save(chart: alt.TopLevelMixin, outputs: list[str]) -> None:
    """Write one chart in every format named by the outputs' endings (.json, .svg, .png)."""
    specification = _printable(chart.to_dict())
    text = json.dumps(specification, indent=1, sort_keys=True, allow_nan=False)
    version = alt.SCHEMA_VERSION.removeprefix("v").rsplit(".", 1)[0]
    for output in map(Path, outputs):
        if output.suffix == ".json":
            output.write_text(text + "\n")
        elif output.suffix == ".svg":
            output.write_text(vl_convert.vegalite_to_svg(text, vl_version=version))
        else:
            output.write_bytes(vl_convert.vegalite_to_png(text, vl_version=version, scale=PNG_SCALE))
