"""Figures in cells of published tables: thousands, footnote marks and signs that say "about"."""

import re
from collections.abc import Sequence

from inference_energy.common.errors import InputError

NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
ABOUT = re.compile(r"^(?:~|\u2248|\u2243|ca?\.)\s*", re.IGNORECASE)
MARK = re.compile(
    r"\s*(<sup>[^<>]{1,20}</sup>|\[\^?[0-9a-z]{1,3}\]|[*\u2020\u2021\u00a7]+|[\u00b9\u00b2\u00b3\u2070-\u2079]+)$",
    re.IGNORECASE,
)


def figure(cell: str, footnotes: Sequence[str], place: str) -> tuple[str, str | None] | None:
    """A figure as plain digits with a point, and what a reader must know of it.

    Commas or blanks between thousands are taken out. A point is a decimal point, whatever the neighbours hold.
    `footnotes` are lines of the page, for the text behind a mark.

    Returns:
        None for a cell without a digit, such as a dash.

    Raises:
        InputError: a cell with digits that is not a figure, so that none is dropped without a word.
    """
    rest, notes = cell, []
    while mark := MARK.search(rest):
        rest = rest[: mark.start()]
        # A line that begins with a star is more often a list or in italics than a footnote.
        notes_of_mark = [line for line in footnotes if line.startswith(mark[1]) and "*" not in mark[1]]
        text = notes_of_mark[0][len(mark[1]) :].strip(" :") if notes_of_mark else ""
        notes.insert(0, f"footnote {text}" if text else f"marked {mark[1]}")
    if ABOUT.match(rest):
        rest = ABOUT.sub("", rest)
        notes.append("approximate")
    if NUMBER.fullmatch(rest):
        return rest.replace(",", "").replace(" ", ""), "; ".join(notes) or None
    if re.search(r"[0-9]", rest):
        raise InputError(f"{place}: found figure {cell!r}; allowed: for example 6,920 or 6920.5, or no digits")
    return None
