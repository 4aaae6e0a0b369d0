"""The headline numbers as a readable table: printed and computed values, intervals and notes."""

from pathlib import Path

import polars as pl

from inference_energy.common.escaped import read_csv
from inference_energy.common.readable import between, two_digits
from inference_energy.headline.answers import Answer

VERDICTS = {"true": "yes", "false": "no", "": ""}


def lines_by_study(path: Path) -> dict[str, list[dict[str, str]]]:
    """All numbers of `headline.csv` by study, in the order of the file."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows(path):
        found.setdefault(row["study"], []).append(line(row))
    return found


def answer_rows(found: list[Answer]) -> pl.DataFrame:
    """The answers as text, a row each, for the first screen of the report."""
    return pl.DataFrame(
        {
            "Question": [of.question for of in found],
            "Answer": [f"{two_digits(of.value)} {of.unit}" for of in found],
            "P5–P95": [between(of.p05, of.p95) for of in found],
            "What it is": [f"{of.statistic}; {of.covered}" for of in found],
        }
    )


def rows(file: Path) -> list[dict[str, str]]:
    """Rows of a CSV result as text; none where it is not built."""
    if not file.is_file():
        return []
    return read_csv(file, infer_schema=False).fill_null("").to_dicts()


def line(row: dict[str, str]) -> dict[str, str]:
    """One row of `headline.csv` with its numbers as they are read, and its `interval`, P5 to P95.

    What it does not have stays empty: a printed value, the difference to it, the verdict, an interval.
    """
    numbers = {name: number(row[name]) for name in ("published", "computed", "computed_p05", "computed_p95")}
    ends = (numbers["computed_p05"], numbers["computed_p95"])
    difference = row["relative_difference"]
    return row | {
        **numbers,
        "interval": " to ".join(ends) if all(ends) else "",
        "relative_difference": f"{round(float(difference), 3) + 0:+.1%}" if difference else "",  # +0.0%, not -0.0%
        "within": VERDICTS[row["within"]],
    }


def labelled(row: dict[str, str]) -> str:
    """Label of a number with its unit."""
    return f"{row['label']} [{row['unit']}]"


def number(text: str) -> str:
    """A number of a CSV result with four digits; nothing where the cell is empty."""
    return f"{float(text):,.4g}" if text else ""
