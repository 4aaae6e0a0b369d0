"""Charts to files: Vega-Lite JSON, SVG and PNG, the same bytes every time."""

import json
from pathlib import Path

import altair as alt
import vl_convert

PNG_SCALE = 2
# Tables here are small, but a tick per row and form of the corpus is more than the library's default of 5,000.
alt.data_transformers.disable_max_rows()


def save(chart: alt.TopLevelMixin, outputs: list[str]) -> None:
    """Write one chart in every format named by the outputs' endings (.json, .svg, .png)."""
    specification = chart.to_dict()
    text = json.dumps(specification, indent=1, sort_keys=True, allow_nan=False)
    version = alt.SCHEMA_VERSION.removeprefix("v").rsplit(".", 1)[0]
    for output in map(Path, outputs):
        if output.suffix == ".json":
            output.write_text(text + "\n")
        elif output.suffix == ".svg":
            output.write_text(vl_convert.vegalite_to_svg(text, vl_version=version))
        else:
            output.write_bytes(vl_convert.vegalite_to_png(text, vl_version=version, scale=PNG_SCALE))
