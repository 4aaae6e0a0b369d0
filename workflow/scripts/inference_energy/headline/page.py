"""The headline numbers as a readable table: printed beside computed, with the interval and what a reader must know."""

import csv
from dataclasses import dataclass
from pathlib import Path

VERDICTS = {"true": "yes", "false": "no", "": ""}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One number as text.

    Attributes:
        label: name for readers.
        unit: its unit.
        published: as printed; empty where nothing is printed.
        computed: computed here.
        interval: P5 to P95; empty where it has none.
        spread: what the interval is over.
        difference: computed over published, as a signed percentage.
        within: whether it comes back: yes, no, or empty where it is not asked.
        note: what a reader must know.
        address: publication that prints it.
        locator: place in it.
    """

    label: str
    unit: str
    published: str
    computed: str
    interval: str
    spread: str
    difference: str
    within: str
    note: str
    address: str
    locator: str


def lines_by_study(path: Path) -> dict[str, list[Line]]:
    """All headline numbers by study, in the order of the file.

    Args:
        path: `headline.csv`.
    """
    found: dict[str, list[Line]] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found.setdefault(row["study"], []).append(line(row))
    return found


def line(row: dict[str, str]) -> Line:
    """One row of `headline.csv` as text."""
    ends = [_number(row[name]) for name in ("computed_p05", "computed_p95")]
    return Line(
        label=row["label"],
        unit=row["unit"],
        published=_number(row["published"]),
        computed=_number(row["computed"]),
        interval=" to ".join(ends) if all(ends) else "",
        spread=row["spread"],
        difference=f"{float(row['relative_difference']):+.1%}" if row["relative_difference"] else "",
        within=VERDICTS[row["within"]],
        note=row["note"],
        address=row["published_source"],
        locator=row["locator"],
    )


def _number(text: str) -> str:
    return f"{float(text):,.4g}" if text else ""
