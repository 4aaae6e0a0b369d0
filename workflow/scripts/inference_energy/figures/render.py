"""Charts to files: Vega-Lite JSON, SVG and PNG, the same bytes every time."""

import json
import os
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


def formats(chart: alt.TopLevelMixin) -> dict[str, bytes]:
    """One chart in every format, by the ending of its file: json, svg, png."""
    # Parts were checked when they were made; to check each level of the whole again takes longer than to draw it.
    specification = _printable(chart.to_dict(validate=False))
    text = json.dumps(specification, indent=1, sort_keys=True, allow_nan=False)
    version = alt.SCHEMA_VERSION.removeprefix("v").rsplit(".", 1)[0]
    svg = vl_convert.vegalite_to_svg(text, vl_version=version)
    png = vl_convert.svg_to_png(svg, scale=PNG_SCALE)
    return {"json": f"{text}\n".encode(), "svg": svg.encode(), "png": png}
