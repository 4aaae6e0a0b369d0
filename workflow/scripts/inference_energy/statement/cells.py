"""Tables of text, as pages and workbooks show them."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of text."""

    title: str  # heading
    head: list[str]  # names of the columns; those behind `text` hold numbers
    rows: list[list[str]]  # cells
    text: int = 1  # how many columns hold text
    note: str = ""  # remark for readers; may be empty


def text_table(
    title: str, rows: pl.DataFrame, cells: dict[str, Callable[[dict], str]], text: int = 1, note: str = ""
) -> Table:
    """A table with a cell per column and row, the columns named by their headings."""
    found = [[cell(row) for cell in cells.values()] for row in rows.iter_rows(named=True)]
    return Table(title=title, head=list(cells), rows=found, text=text, note=note)
