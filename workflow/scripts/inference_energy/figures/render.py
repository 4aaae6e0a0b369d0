"""Charts to files: Vega-Lite JSON, SVG and PNG, the same bytes every time."""

import json
import os
import re
import zlib
from typing import Any

import altair as alt
import vl_convert

from inference_energy.common.escaped import terminal
from inference_energy.figures import palette, room

PNG_SCALE = 2
SIGNATURE = b"\x89PNG\r\n\x1a\n"
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
    svg = room.fitted(vl_convert.vegalite_to_svg(text, vl_version=version))
    png = vl_convert.svg_to_png(svg, scale=PNG_SCALE)
    return {"json": f"{text}\n".encode(), "svg": svg.encode(), "png": png}


def dark(svg: str) -> str:
    """The same drawing for a dark ground: every colour of the palette lighter, its ground dark."""
    named = svg
    for name, colour in palette.NAMED.items():
        named = named.replace(f'"{name}"', f'"{colour}"')
    found = re.compile("|".join(palette.DARK), re.IGNORECASE)
    return found.sub(lambda colour: palette.DARK[colour[0].upper()], named)


def picture(svg: str) -> bytes:
    """A drawing as PNG for a document: the same pixels as in the results, in less than half of the bytes."""
    png, at, chunks = vl_convert.svg_to_png(svg, scale=PNG_SCALE), len(SIGNATURE), []
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += size + 12  # length, name and checksum beside the content
    pixels = zlib.compress(zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT")), 9)
    header = next(chunk for chunk in chunks if chunk[0] == b"IHDR")
    return SIGNATURE + b"".join(_chunk(*each) for each in (header, (b"IDAT", pixels), (b"IEND", b"")))


def _chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG file, as its specification (ISO/IEC 15948) has it."""
    checksum = zlib.crc32(name + content)
    return len(content).to_bytes(4, "big") + name + content + checksum.to_bytes(4, "big")
