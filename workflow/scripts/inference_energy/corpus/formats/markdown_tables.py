"""Tables of a Markdown page, each with the heading above it."""

import re
from dataclasses import dataclass

HEADING = re.compile(r"#{1,6}\s+(.*)")


@dataclass(frozen=True)
class Table:
    """One Markdown table: its rows with their lines, the heading above it and the prose between the two."""

    rows: list[tuple[int, list[str]]]
    heading: str
    prose: list[str]


def without_code(lines: list[str]) -> list[str]:
    """The page with fenced code blanked: the example output in it contains words that state a unit."""
    kept, fenced = [], False
    for line in lines:
        fence = line.lstrip().startswith("```")
        kept.append("" if fenced or fence else line)
        fenced ^= fence
    return kept


def tables(lines: list[str]) -> list[Table]:
    """All tables of a page, in order."""
    found, heading, prose, block = [], "", [], []
    for number, line in enumerate([*lines, ""], start=1):
        if line.lstrip().startswith("|"):
            cells = line.strip().removeprefix("|").removesuffix("|").split("|")
            block.append((number, [" ".join(re.sub(r"<br\s*/?>|\*\*", " ", cell).split()) for cell in cells]))
            continue
        if block:
            found.append(Table(block, heading, prose))
            prose, block = [], []
        if match := HEADING.fullmatch(line):
            heading, prose = " ".join(match[1].rstrip("# ").split()), []
        else:
            prose.append(line.strip())
    return found
