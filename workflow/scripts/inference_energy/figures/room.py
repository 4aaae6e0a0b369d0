"""Room for text in a reader's font: how wide texts are at most, where they lie, and a canvas that holds them.

Figures are laid out in the font that comes with the renderer. An SVG is shown in a font of the reader's machine, which
may be wider. Widths here are those of DejaVu Sans, which is as wide as Verdana, the widest of the usual fonts.
"""

import math
import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

# Characters by their width in hundredths of the font size: regular and bold.
REGULAR = {
    28: "'ijl", 29: "IJ", 32: " ,.\u00a0·\u2019", 34: "/:;\\|", 35: "f", 36: "-", 39: "()[]t", 40: "!²³", 41: "r",
    46: '"', 50: "*_`°–", 52: "sz“”", 53: "?", 55: "c", 56: "L", 58: "Fk", 59: "vxy", 60: "P", 61: "TYao", 62: "e",
    63: "ESbdghnpqu", 64: "$0123456789{}μ", 66: "K", 68: "AV", 69: "BRXZ", 70: "C", 73: "U", 75: "HN", 77: "DG",
    78: "&", 79: "OQ", 82: "w", 84: "#+<=>^~±×→\u2212≤≥", 86: "M", 95: "%", 97: "m", 99: "W",
}  # fmt: skip
BOLD = {
    31: "'", 34: "ijl", 35: " \u00a0", 37: "/IJ\\|", 38: ",.·\u2019", 40: ":;", 42: "-", 44: "f²³", 46: "!()[]",
    48: "t", 49: "r", 50: "_`°–", 52: '"*', 58: "?z", 59: "c", 60: "s", 64: "L", 65: "vxy", 66: "“”", 67: "ak",
    68: "EFTe", 69: "o", 70: "$0123456789", 71: "hnu{}", 72: "SYbdgpq", 73: "CPZ", 74: "μ", 76: "B", 77: "AKRVX",
    81: "U", 82: "G", 83: "D", 84: "#+<=>HN^~±×→\u2212≤≥", 85: "OQ", 87: "&", 92: "w", 104: "m", 110: "W",
}  # fmt: skip
WIDTHS = [{each: width / 100 for width, them in table.items() for each in them} for table in (REGULAR, BOLD)]
OTHER = 1.0  # of a character that is in neither
LONGEST = 36  # characters of a word that is not parted
ASCENT, DESCENT = 0.76, 0.24  # of the font size: what letters reach above and below their line
EDGE = 4  # px between a text and the edge of the canvas
PART = re.compile(r"(translate|rotate)\(([^)]*)\)")
CANVAS = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
SVG = "{http://www.w3.org/2000/svg}"


class Box(NamedTuple):
    """The rectangle that a line of text covers at most, in px of the drawing."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    role: str = ""  # of the text in the drawing, such as `legend-label`
    turned: bool = False


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text at most, in the unit of the font size."""
    return size * sum(WIDTHS[bold].get(each, OTHER) for each in text)


def lines(text: str, room: float, size: float, *, bold: bool = False, most: int) -> list[str]:
    """Text in lines no wider than a room in any usual font, parted at spaces; what is beyond `most` is left out."""
    words = [part for word in text.split(" ") for part in textwrap.wrap(word, LONGEST) or ([word] if word else [])]
    found: list[str] = []
    for word in words:
        if found and width(longer := f"{found[-1]} {word}", size, bold=bold) <= room:
            found[-1] = longer
        else:
            found.append(word)
    return found if len(found) <= most else [*found[: most - 1], f"{found[most - 1]} …"]


def boxes(svg: str) -> list[Box]:
    """Every line of text of a drawing that is shown, with the rectangle that it covers at most."""
    return list(_boxes(ElementTree.fromstring(svg), (1.0, 0.0, 0.0, 0.0), ""))


def _boxes(element: ElementTree.Element, above: tuple[float, float, float, float], role: str) -> Iterator[Box]:
    """Lines of text of an element under a rotation (cosine, sine) and a translation."""
    place = _moved(above, element.get("transform", ""))
    if element.tag != f"{SVG}text":
        role = element.get("class", "").partition("role-")[2] or role
        for child in element:
            yield from _boxes(child, place, role)
        return
    if element.get("opacity") == "0":  # of labels that the renderer leaves out, as they would meet
        return
    size, down = float(element.get("font-size", "12").removesuffix("px")), 0.0
    bold = element.get("font-weight") in ("bold", "600", "700")
    cosine, sine, x, y = place
    for line in list(element) or [element]:
        down += float(line.get("dy", 0)) if line is not element else 0
        if not (text := line.text or ""):
            continue
        long = width(text, size, bold=bold)
        start = {"start": 0.0, "middle": -long / 2, "end": -long}[element.get("text-anchor", "start")]
        corners = [(a, b) for a in (start, start + long) for b in (down - ASCENT * size, down + DESCENT * size)]
        across = [x + cosine * a - sine * b for a, b in corners]
        along = [y + sine * a + cosine * b for a, b in corners]
        yield Box(text, min(across), min(along), max(across), max(along), role, abs(sine) > 0.01)


def _moved(place: tuple[float, float, float, float], transform: str) -> tuple[float, float, float, float]:
    cosine, sine, x, y = place
    for kind, numbers in PART.findall(transform):
        values = [float(number) for number in numbers.split(",")]
        if kind == "translate":
            across, along = values
            x, y = x + cosine * across - sine * along, y + sine * across + cosine * along
        else:
            turn = math.radians(values[0])
            cosine, sine = (
                cosine * math.cos(turn) - sine * math.sin(turn),
                sine * math.cos(turn) + cosine * math.sin(turn),
            )
    return cosine, sine, x, y


def canvas(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in px."""
    wide, high = CANVAS.search(svg).groups()
    return float(wide), float(high)


def fitted(svg: str) -> str:
    """The drawing with a canvas so wide that no text leaves it at either side; its title stays where it is."""
    found, wide = boxes(svg), canvas(svg)[0]
    left = max(0, math.ceil(EDGE - min((box.left for box in found), default=EDGE)))
    right = max(0, math.ceil(EDGE + max((box.right for box in found), default=0) - wide))
    if not left and not right:
        return svg
    before, after = CANVAS.search(svg)[1], f"{wide + left + right:g}"
    svg = svg.replace(f'viewBox="0 0 {before} ', f'viewBox="0 0 {after} ', 1)
    svg = svg.replace(f' width="{before}"', f' width="{after}"', 2)  # of the canvas and of its ground
    svg = _shifted(svg, svg.index("<g "), left)
    at = svg.rfind('class="mark-group role-title"')  # that of the whole figure is the last
    return svg if at < 0 else _shifted(svg, at, -left)


def _shifted(svg: str, at: int, distance: float) -> str:
    """The drawing with the first translation after a place longer by some px to the right."""
    found = re.compile(r"translate\(([-\d.]+),").search(svg, at)
    return f"{svg[: found.start()]}translate({float(found[1]) + distance:g},{svg[found.end() :]}"
