"""CSV files as text, every row with its line; faults of the file itself reported in one line."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from inference_energy.common.arrow import batches
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql

COUNTED_AT_ONCE = 2**20  # bytes: what is counted stays in the cache of a processor


def read_text(path: Path, columns: list[str], optional: frozenset[str] = frozenset()) -> pl.DataFrame:
    """All cells of a CSV file as text (empty = null), with the columns `file` and `line`.

    Args:
        path: a UTF-8 file with a header and commas.
        columns: the columns the file may have, in any order; all are returned, in the given order.
        optional: those of them that the file may lack; they are returned empty.

    Raises:
        InputError: missing, empty or not UTF-8 file; missing, extra or doubled column; a row with too few or
            too many cells; a quote that is never closed.
    """
    header = _header(path)
    _check_header(path, header, columns, optional)
    text = _read_at_once(path, header)
    if text is None:
        text = _read_line_by_line(path, header)
    if text.is_empty():
        raise InputError(f"{path}: found a header and no rows; allowed: at least one row")
    return text.with_columns(pl.col(pl.String).str.strip_chars().replace({"": None})).select(
        *(pl.col(name) if name in header else pl.lit(None, pl.String).alias(name) for name in columns),
        pl.lit(str(path)).alias("file"),
        "line",
    )


@cache
def rows_by_line(path: Path) -> dict[int, dict[str, str]]:
    """Cells of a CSV file by column, by the line that a row begins on; an empty cell is empty text.

    The file is one for `read_text`, with any columns but `file` and `line`.

    Raises:
        InputError: as of `read_text`.
    """
    text = read_text(path, _header(path)).drop("file").fill_null("")
    return {row.pop("line"): row for row in text.iter_rows(named=True)}


@dataclass
class _Counts:
    lines: int = 0
    commas: int = 0
    quotes: int = 0
    in_header: int = 0  # commas
    even: bool = True  # every line has as many commas as the header


def _read_at_once(path: Path, header: list[str]) -> pl.DataFrame | None:
    """The cells by a fast parser: a million rows in seconds; null where it is not certain to be exact.

    Without quotes, it is exact if every line has as many commas as the header. With quotes, it is exact if the parser,
    which is strict about short rows, finds as many lines and commas as the file has: then no cell holds a line break
    and no line is blank or too long. Every other file is read line by line.
    """
    counts = _count(path)
    if counts is None or (counts.quotes == 0 and not counts.even):
        return None
    try:
        text = _without_quotes(path, header) if counts.quotes == 0 else _with_quotes(path, header)
    except (duckdb.Error, pl.exceptions.PolarsError):
        return None  # the other reader finds the fault and reports it in the wording of this project
    in_cells = 0
    if counts.quotes:  # without quotes every comma separates cells
        in_cells = text.select(pl.all().str.count_matches(",", literal=True).sum()).sum_horizontal().item() or 0
    commas = in_cells + sum(name.count(",") for name in header) + (len(header) - 1) * (len(text) + 1)
    if (counts.lines, counts.commas) != (len(text) + 1, commas):
        return None
    return text.with_columns(line=pl.int_range(2, len(text) + 2, dtype=pl.Int64))


def _count(path: Path) -> _Counts | None:
    """Lines, commas and quotes of a file; none where the parsers may differ.

    That is a zero byte, a carriage return alone as line break, or a blank next to a quote, which one parser accepts
    and the other does not.
    """
    content = path.read_bytes()
    unsure = [b"\x00", *((b'" ', b'"\t', b' "', b'\t"') if b'"' in content else ())]
    if any(text in content for text in unsure):
        return None
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        return None
    counts, start = _Counts(), 0
    while start < len(content):
        end = content.find(b"\n", start + COUNTED_AT_ONCE) + 1 or len(content)
        _add(counts, content[start:end])
        start = end
    return counts


def _add(counts: _Counts, lines: bytes) -> None:
    """Count whole lines; the last one of a file may lack its line break."""
    data = np.frombuffer(lines if lines.endswith(b"\n") else lines + b"\n", dtype=np.uint8)
    ends, commas = np.flatnonzero(data == ord("\n")), np.flatnonzero(data == ord(","))
    in_each = np.diff(np.searchsorted(commas, ends), prepend=0)
    if counts.lines == 0:
        counts.in_header = int(in_each[0])
    counts.even = counts.even and bool((in_each == counts.in_header).all())
    counts.lines += len(ends)
    counts.commas += len(commas)
    counts.quotes += lines.count(b'"') if b'"' in lines else 0


def _without_quotes(path: Path, header: list[str]) -> pl.DataFrame:
    return pl.read_csv(
        path, has_header=False, skip_lines=1, new_columns=header, infer_schema=False, quote_char=None, glob=False
    )


def _with_quotes(path: Path, header: list[str]) -> pl.DataFrame:
    if set("*?[") & set(str(path)):
        raise duckdb.Error("DuckDB would take the path for a pattern")
    types = ", ".join(f"{sql(name)}: 'VARCHAR'" for name in header)
    query = (
        f"SELECT * FROM read_csv({sql(str(path))}, auto_detect=false, header=true, delim=',', quote='\"', escape='\"',"
        f" strict_mode=true, null_padding=false, compression='none', columns={{{types}}})"
    )
    # By the connection that DuckDB has anyway: to open one takes longer than to read most files.
    return pl.DataFrame(batches(duckdb.sql(query)))


def _read_line_by_line(path: Path, header: list[str]) -> pl.DataFrame:
    rows, lines = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            next(reader)
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
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); allowed: a UTF-8 file") from None
    except csv.Error as error:
        raise InputError(f"{path} line {reader.line_num}: malformed CSV: {error}") from None
    columns = zip(*rows, strict=True) if rows else [[] for _ in header]
    cells = dict(zip(header, map(list, columns), strict=True))
    return pl.DataFrame(cells, schema=dict.fromkeys(header, pl.String)).with_columns(
        pl.Series("line", lines, dtype=pl.Int64)
    )


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            header = next(csv.reader(handle, strict=True), None)
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); allowed: a UTF-8 file") from None
    except csv.Error as error:
        raise InputError(f"{path} line 1: malformed CSV: {error}") from None
    if header is None:
        raise InputError(f"{path}: the file is empty; allowed: a header and rows")
    return header


def _check_header(path: Path, header: list[str], columns: list[str], optional: frozenset[str]) -> None:
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        mark = "semicolons" if ";" in header[0] else "tabs"
        raise InputError(
            f"{path} line 1: found {mark} between columns; allowed: commas, and points in decimals (1234.5)"
        )
    missing = [name for name in columns if name not in header and name not in optional]
    extra = [repr(name) for name in header if name not in columns]  # repr: may hold line breaks
    doubled = sorted({repr(name) for name in header if header.count(name) > 1})
    for fault, names in (
        ("missing column", missing),
        ("unknown column", extra),
        ("column given twice:", doubled),
    ):
        if names:
            raise InputError(f"{path} line 1: {fault} {one_of(names)}; allowed: {one_of(columns)}")
