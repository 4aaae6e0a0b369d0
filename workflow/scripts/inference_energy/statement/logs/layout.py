"""How a text file is laid out, from its first lines; and what is wrong with one that the database cannot read.

The database is told everything, so that it guesses nothing: its own guesses skip lines that do not fit.
"""

import codecs
import csv
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql
from inference_energy.statement.logs.kinds import is_gzip, opened

HEAD_BYTES = 65_536  # read to find the header
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LINES_BEFORE_HEADER = 50
LONGEST_OBJECT = 16_777_216  # bytes, of a file with an object per line
STARTS = {
    codecs.BOM_UTF32_LE: "UTF-32 text",
    codecs.BOM_UTF32_BE: "UTF-32 text",
    codecs.BOM_UTF16_LE: "UTF-16 text",
    codecs.BOM_UTF16_BE: "UTF-16 text",
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a workbook or ZIP archive",
    b"\x28\xb5\x2f\xfd": "a file compressed with zstd",
    b"BZh": "a file compressed with bzip2",
    b"\xfd7zXZ": "a file compressed with xz",
}
UTF8 = "allowed: UTF-8 text"
FILE = "inference_energy_file"  # column with the path of the file that a row is from; no file has one of this name
NAMED = f", filename = '{FILE}'"  # option of the database's readers


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the text files of a group are laid out."""

    compressed: bool = False  # with gzip
    columns: tuple[str, ...] = ()  # of CSV, as the header names them; none of JSON
    separator: str = ","  # of CSV
    skipped: int = 0  # lines of CSV before the header
    array: bool = False  # whether JSON is a list of objects, not an object per line
    bom: bool = False  # whether JSON begins with a byte order mark
    document_bytes: int = 0  # room for JSON that is one document over several lines; 0 for an object per line

    def table(self, paths: str, options: str) -> str:
        """The files as a table of SQL: the columns of CSV, or a column `json`; `paths` is a list of SQL."""
        options = f"compression = '{'gzip' if self.compressed else 'none'}', {options}"
        if self.columns:
            types = ", ".join(f"{sql(name)}: 'VARCHAR'" for name in self.columns)
            return f"""read_csv({paths}, auto_detect = false, header = true, skip = {self.skipped}, quote = '"',
                delim = {sql(self.separator)}, escape = '"', strict_mode = true, null_padding = false,
                columns = {{{types}}}, {options})"""
        if self.bom:  # the reader of JSON refuses the mark, the reader of CSV leaves it out
            one = f"max_line_size = {LONGEST_OBJECT}, columns = {{'json': 'JSON'}}"
            read = f"read_csv({paths}, auto_detect = false, header = false, delim = '\x01', quote = '', escape = ''"
            return f"(SELECT * FROM {read}, {one}, {options}) WHERE json IS NOT NULL)"
        if self.array:
            return f"read_json_objects({paths}, format = 'array', {options})"
        if self.document_bytes:
            room = f"format = 'unstructured', maximum_object_size = {self.document_bytes}"
            return f"read_json_objects({paths}, {room}, {options})"
        return f"read_ndjson_objects({paths}, {options})"


def layout_of(path: str, format_: str, wanted: dict[str, str] | dict[int, str], place: str) -> Layout:
    """The layout of a text file; `wanted` has the columns of CSV that its header must name, by role or number.

    Raises:
        InputError: a file that is not UTF-8 text of this format, or without such a header; `place` names the columns.
    """
    with open(path, "rb") as file:  # noqa: PTH123
        compressed = is_gzip(file.read(2))
    head = _head(path)
    for start, what in STARTS.items():
        if head.startswith(start):
            raise InputError(f"{path}: found {what}; {UTF8}")
    if b"\x00" in head:
        raise InputError(f"{path}: found bytes of zero, as in UTF-16 or files that are no text; {UTF8}")
    bom = head.startswith(codecs.BOM_UTF8)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError as error:
        raise InputError(_not_utf8(path, error.start, head[: error.start].count(b"\n"))) from None
    if format_ == "csv":
        return _of_csv(path, text, compressed, wanted, place)
    array = text.lstrip().startswith("[")
    document = format_ == "json" and not array and not is_object(text.lstrip().split("\n", 1)[0])
    if bom and (array or document):
        what = "a list" if array else "a document over several lines"
        raise InputError(f"{path}: found a byte order mark before {what}; allowed: JSON without the mark")
    return Layout(
        compressed=compressed, array=array, bom=bom, document_bytes=_room(path, compressed) if document else 0
    )


def is_object(line: str | bytes) -> bool:
    """Whether a line of JSON is an object of its own, so that every line is one."""
    try:
        return isinstance(json.loads(line), dict)
    except RecursionError:  # deeper than is looked at
        return True
    except ValueError:
        return False


def _room(path: str, compressed: bool) -> int:
    """Bytes that a document needs at most, as a power of two: files of about one size are read together."""
    size = Path(path).stat().st_size
    if compressed:  # the last bytes of gzip state the length of the content
        with Path(path).open("rb") as file:
            file.seek(-min(4, size), 2)
            size = int.from_bytes(file.read(4), "little")
    return 2 ** max(size, LONGEST_OBJECT - 1).bit_length()


def _head(path: str) -> bytes:
    try:
        with opened(path) as file:
            return file.read(HEAD_BYTES)
    except (EOFError, zlib.error, OSError) as error:
        raise InputError(f"{path}: cannot be read: {error}; allowed: a whole file") from None


def _not_utf8(path: str, byte: int, line_breaks: int) -> str:
    return f"{path} line {line_breaks + 1}: not UTF-8 text (byte {byte}); {UTF8}, not Latin-1 or Windows-1252"


def _of_csv(path: str, text: str, compressed: bool, wanted: dict[str, str] | dict[int, str], place: str) -> Layout:
    if not text.strip():
        raise InputError(f"{path}: the file is empty; allowed: a header and rows")
    found = []
    for separator in SEPARATORS:
        cells = 0  # the most of a row before
        for row, line in _rows(io.StringIO(text, newline=""), separator, strict=False):
            names = [name.strip() for name in row]
            if set(wanted.values()) <= set(names):
                found.append((cells > 1, line - 1, -len(names), separator, names))
                break
            if line > LINES_BEFORE_HEADER:
                break
            cells = max(cells, sum(map(bool, names)))
    if not found:
        rows = {each: next(_rows(io.StringIO(text, newline=""), each, strict=False), ([], 0))[0] for each in SEPARATORS}
        names = [name.strip() for name in max(rows.values(), key=len)]
        role = next(role for role, column in wanted.items() if column not in names)
        purpose = f" for {role}" if isinstance(role, str) else ""
        raise InputError(
            f"{path}: no column {wanted[role]!r}{purpose} ({place}.columns); allowed:"
            f" {one_of(list(dict.fromkeys(names)))}"
        )
    late, before, _, separator, names = min(found)
    if late:
        raise InputError(
            f"{path} line {before + 1}: found the header with {one_of(list(wanted.values()))} below rows of other"
            " columns; allowed: one header, in the first line (a file for each header)"
        )
    twice = sorted({name for name in wanted.values() if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} line {before + 1}: found column {one_of(twice)} twice; allowed: once")
    return Layout(
        compressed=compressed, columns=_distinct(names, set(wanted.values())), separator=separator, skipped=before
    )


def _rows(lines: Iterable[str], separator: str, *, strict: bool = True) -> Iterator[tuple[list[str], int]]:
    """Rows that are not blank, each with the line that it begins on, from 1."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)
    start = 1
    for row in reader:
        if row:
            yield row, start
        start = reader.line_num + 1


def _distinct(names: list[str], wanted: set[str]) -> tuple[str, ...]:
    """Names of columns that the database tells apart; those that are used keep theirs."""
    taken = {FILE, *(name.lower() for name in wanted)}
    found = []
    for number, name in enumerate(names, start=1):
        new = name if name in wanted or (name and name.lower() not in taken) else f"{name} (column {number})"
        taken.add(new.lower())
        found.append(new)
    return tuple(found)


def rows_in(path: str, layout: Layout) -> int:
    """Rows of a file, counted one by one; of a list or a document of JSON none are counted."""
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig", errors="replace", newline="") as file:
        if not layout.columns:
            return sum(1 for line in file if line.strip())
        for _ in range(layout.skipped):
            next(file, None)
        return sum(1 for _ in _rows(file, layout.separator, strict=False)) - 1


def fault(path: str, layout: Layout) -> str | None:
    """The first fault of a text file in one line, read slowly from its beginning; null if none is found."""
    try:
        with opened(path) as file:
            found = _encoding(path, file)
        if found is not None:
            return found
        with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as file:
            return _of_rows(path, file, layout) if layout.columns else _of_json(path, file, layout)
    except (EOFError, zlib.error, OSError) as error:
        return f"{path}: cannot be read to its end: {error}; allowed: a whole file"


def _encoding(path: str, file) -> str | None:
    decoder, before, breaks = codecs.getincrementaldecoder("utf-8")(), 0, 0
    while block := file.read(2**20):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return _not_utf8(path, before - pending + error.start, breaks + error.object[: error.start].count(b"\n"))
        if b"\x00" in block:
            line = breaks + block[: block.index(b"\x00")].count(b"\n") + 1
            return f"{path} line {line}: found bytes of zero; {UTF8}"
        before, breaks = before + len(block), breaks + block.count(b"\n")
    pending = len(decoder.getstate()[0])
    if pending:
        return (
            f"{path} line {breaks + 1}: found half a character at the end: the file may be cut off; allowed:"
            " a whole file"
        )
    return None


def _of_rows(path: str, file, layout: Layout) -> str | None:
    for _ in range(layout.skipped):
        next(file, None)
    kinds, header, line = set(), None, layout.skipped

    def lines() -> Iterator[str]:
        for text in file:
            kinds.add(text[len(text.rstrip("\r\n")) :])
            yield text

    try:
        for row, start in _rows(lines(), layout.separator):
            line = layout.skipped + start
            header = header or [name.strip() for name in row]
            if len(row) != len(header):
                return f"{path} line {line}: {_other_cells(row, header, next(file, None) is None)}"
    except csv.Error as error:
        what = "a quote that is never closed" if "end of data" in str(error) else f"malformed CSV ({error})"
        return f"{path} line {line + 1}: found {what}; allowed: quotes around whole cells, doubled inside of them"
    if len(kinds - {""}) > 1:
        return f"{path}: found line breaks of two kinds (of Windows and others); allowed: one kind"
    return None


def _other_cells(row: list[str], header: list[str], last: bool) -> str:
    cells = {cell.strip() for cell in row}
    if 2 * len(cells & set(header)) > len(header):
        new = sorted(cells - set(header))
        gone = [name for name in header if name not in cells]
        change = " and ".join([f"with new {one_of(new)}"] * bool(new) + [f"without {one_of(gone)}"] * bool(gone))
        return f"found another header, {change}; allowed: one header in each file"
    cut = ": the file may be cut off" if last and len(row) < len(header) else ""
    return f"found {len(row)} cells{cut}; allowed: {len(header)}, as in the header"


def _of_json(path: str, file, layout: Layout) -> str | None:
    if layout.array or layout.document_bytes:
        try:
            json.load(file)
        except (ValueError, RecursionError) as error:
            what = "a list of JSON" if layout.array else "a document of JSON"
            return f"{path}: found {what} that is not whole ({error}); allowed: a whole file"
        return None
    for number, line in enumerate(file, start=1):
        try:
            json.loads(line) if line.strip() else None
        except (ValueError, RecursionError) as error:
            if (number == 1 and line.strip() in ("{", "[")) or (line.lstrip().startswith("{") and _is_one(path)):
                return (
                    f"{path}: found one JSON document over several lines; allowed: an object per line,"
                    " a list of them, or with format: json a document"
                )
            cut = "" if line.endswith("\n") else ": the file may be cut off"
            return f"{path} line {number}: found no whole JSON object ({error}){cut}; allowed: an object per line"
    return None


def _is_one(path: str) -> bool:
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig") as file:
        try:
            json.load(file)
        except (ValueError, RecursionError):
            return False
        return True
