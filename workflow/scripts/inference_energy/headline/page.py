"""The headline numbers as a readable table: printed and computed values, intervals and notes."""

import csv
from pathlib import Path

VERDICTS = {"true": "yes", "false": "no", "": ""}


def lines_by_study(path: Path) -> dict[str, list[dict[str, str]]]:
    """All numbers of `headline.csv` by study, in the order of the file."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows(path):
        found.setdefault(row["study"], []).append(line(row))
    return found


def rows(file: Path) -> list[dict[str, str]]:
    """Rows of a CSV result as text; none where it is not built."""
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def line(row: dict[str, str]) -> dict[str, str]:
    """One row of `headline.csv` with its numbers as they are read, and its `interval`, P5 to P95.

    What it does not have stays empty: a printed value, the difference to it, the verdict, an interval.
    """
    numbers = {name: _number(row[name]) for name in ("published", "computed", "computed_p05", "computed_p95")}
    ends = (numbers["computed_p05"], numbers["computed_p95"])
    difference = row["relative_difference"]
    return row | {
        **numbers,
        "interval": " to ".join(ends) if all(ends) else "",
        "relative_difference": f"{float(difference):+.1%}" if difference else "",
        "within": VERDICTS[row["within"]],
    }


def _number(text: str) -> str:
    return f"{float(text):,.4g}" if text else ""
