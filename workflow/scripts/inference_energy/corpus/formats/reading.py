"""Result of reading a file: cells as text in the columns of the corpus with their lines; records left out."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from inference_energy.common.errors import InputError


@dataclass(frozen=True)
class Reading:
    """Rows of one file, not yet typed or checked."""

    # by table name, text cells in (a part of) the table's columns (null = nothing stated), with `file` and `line`
    tables: dict[str, pl.DataFrame]
    # number of records outside the scope of the corpus, by reason
    left_out: dict[str, int] = field(default_factory=dict)
    # when runs began and ended, by `row_id`, where the file states it; for power logs
    windows: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)


def rows(records: list[dict[str, object]], file: str) -> pl.DataFrame:
    """Records as a text frame.

    A record has values as the file holds them by column, as far as it has any, and its `line`.

    Raises:
        InputError: a value that no text can hold (half a surrogate pair, lists a thousand deep).
    """
    columns = dict.fromkeys(name for record in records for name in record if name != "line")
    cells = {name: [_cell(record, name, file) for record in records] for name in columns}
    return pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String)).with_columns(
        pl.lit(file).alias("file"), pl.Series("line", [record["line"] for record in records], dtype=pl.Int64)
    )


def _cell(record: dict[str, object], name: str, file: str) -> str | None:
    """A value as text, exactly; an empty value is null."""
    value = record.get(name)
    try:
        text = "" if value is None else str(value).strip()
        text.encode()
    except (UnicodeEncodeError, RecursionError):
        raise InputError(
            f"{file} line {record['line']}: found a value for {name} that cannot be stored as text;"
            " allowed: Unicode text, numbers"
        ) from None
    return text or None
