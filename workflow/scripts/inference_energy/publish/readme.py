"""The list of tables in `results/README.md`, written from the catalogue."""

from collections.abc import Iterable

from inference_energy.common.errors import InputError
from inference_energy.tables.public import STUDY, PublicTable

BEGIN, END = "<!-- tables: written by `make readme` -->", "<!-- end of tables -->"
HEAD = ["| table | file | one row is |", "|---|---|---|"]


def with_tables(text: str, tables: Iterable[PublicTable]) -> str:
    """The text with the list of tables between its two marks; all other text is kept.

    Raises:
        InputError: a mark that is missing.
    """
    for mark in (BEGIN, END):
        if mark not in text:
            raise InputError(f"results/README.md: found no line {mark!r}; the list of tables stands between two marks")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return before + "\n".join([BEGIN, *HEAD, *map(_row, tables), END]) + after


def _row(table: PublicTable) -> str:
    (only,) = table.schemas if len(table.schemas) == 1 else ("",)
    methods = f" (studies of method `{only}`)" if only else ""
    return f"| `{table.name}` | `{table.path.replace(STUDY, '<study>')}` | {table.meaning}{methods} |"
