"""CSV files as text, every row with its line; faults of the file itself told in one line."""

import csv
from pathlib import Path

import polars as pl

from inference_energy.errors import InputError, one_of


def read_text(path: Path, columns: list[str]) -> pl.DataFrame:
    """All cells of a CSV file as text (empty = null), with the columns `file` and `line`.

    Args:
        path: a UTF-8 file with a header and commas.
        columns: exactly the columns the file must have, in any order.

    Raises:
        InputError: missing, empty or not UTF-8 file; missing, extra or doubled column; a row with too few or
            too many cells; a quote that is never closed.
    """
    rows, lines = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = next(reader, None)
            if header is None:
                raise InputError(f"{path}: the file is empty; allowed: a header and rows")
            _check_header(path, header, columns)
            start = reader.line_num + 1
            for row in reader:
                if row and len(row) != len(header):
                    raise InputError(
                        f"{path} line {start}: found {len(row)} cells; allowed: {len(header)}, as in the header"
                    )
                if row:
                    rows.append(row)
                    lines.append(start)
                start = reader.line_num + 1
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); allowed: a UTF-8 file") from None
    except csv.Error as error:
        raise InputError(f"{path} line {reader.line_num}: malformed CSV: {error}") from None
    if not rows:
        raise InputError(f"{path}: found a header and no rows; allowed: at least one row")
    cells = {
        name: [cell.strip() or None for cell in column]
        for name, column in zip(header, zip(*rows, strict=True), strict=True)
    }
    return pl.DataFrame(cells, schema=dict.fromkeys(header, pl.String)).select(
        *columns, pl.lit(str(path)).alias("file"), pl.Series("line", lines, dtype=pl.Int64)
    )


def _check_header(path: Path, header: list[str], columns: list[str]) -> None:
    missing = [name for name in columns if name not in header]
    extra = [repr(name) for name in header if name not in columns]  # repr: may hold line breaks
    doubled = sorted({repr(name) for name in header if header.count(name) > 1})
    for fault, names in (
        ("missing column", missing),
        ("unknown column", extra),
        ("column given twice:", doubled),
    ):
        if names:
            raise InputError(f"{path} line 1: {fault} {one_of(names)}; allowed: {one_of(columns)}")
