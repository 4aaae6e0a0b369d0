"""The structure of a file of logs or bills: what it is written in, and the names of its columns or keys."""

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.statement.logs.kinds import opened
from inference_energy.statement.logs.layout import SEPARATORS, STARTS, is_object

HEAD_BYTES = 4_000_000  # of a file of lines or a table of text
LARGEST_DOCUMENT = 500_000_000  # bytes of one document of JSON
LINES = 500
DEEPEST = 20


@dataclass(frozen=True)
class Structure:
    """What a file holds, by its first rows."""

    format: str  # csv, parquet, jsonl or json
    names: frozenset[str] = field(repr=False)  # columns; of JSON paths such as data[].model, of attributes list{key}


def structure(path: Path) -> Structure:
    """The structure of a file.

    Raises:
        InputError: a file that is none of logs or bills, with the reason.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start == b"PAR1":
            return Structure("parquet", frozenset(_columns(pl.read_parquet_schema(path))))
        text, whole = _text(path)
    except (OSError, EOFError, pl.exceptions.PolarsError) as error:
        words = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(f"{path}: {words}; allowed: a whole file") from None
    if not text.strip():
        raise InputError(f"{path}: found nothing in it; allowed: rows")
    if text.lstrip()[0] in "[{":
        return _of_json(path, text, whole)
    line = text.lstrip().split("\n", 1)[0]
    separator = max(SEPARATORS, key=line.count)
    header = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=separator))]
    if len(header) < 2:
        raise InputError(f"{path}: found no columns; allowed: a table, JSON or JSON lines")
    return Structure("csv", frozenset(header))


def _text(path: Path) -> tuple[str, bool]:
    """The start of a file as text, and whether it is all of it."""
    with opened(str(path)) as file:
        content = file.read(HEAD_BYTES)
        lines = b"\n" in content.rstrip() and not content.lstrip().startswith(b"[")
        if (
            content.lstrip()[:1] in (b"[", b"{")
            and len(content) == HEAD_BYTES
            and not (lines and is_object(content.lstrip().split(b"\n", 1)[0]))
        ):
            content += file.read(LARGEST_DOCUMENT)
        whole = not file.read(1)
    for start, what in STARTS.items():
        if content.startswith(start):
            raise InputError(f"{path}: found {what}; allowed: UTF-8 text, also compressed with gzip")
    try:
        return content.decode("utf-8-sig", errors="strict" if whole else "ignore"), whole
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}); allowed: UTF-8 (save it again)") from None


def _of_json(path: Path, text: str, whole: bool) -> Structure:
    names: set[str] = set()
    lines = text.strip().split("\n")  # not at other signs of new lines, which text within JSON may hold
    if is_object(lines[0]):
        whole_lines = lines if whole else lines[:-1]
        for line in [line for line in whole_lines if line.strip()][:LINES]:
            try:
                _walk(json.loads(line), "", names) if line.strip() else None
            except RecursionError:
                continue
            except ValueError as error:
                raise InputError(
                    f"{path}: found a line that is no JSON ({error}); allowed: an object per line"
                ) from None
        return Structure("jsonl", frozenset(names))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}; allowed: a whole file") from None
    for record in content[:LINES] if isinstance(content, list) else [content]:
        _walk(record, "", names)
    return Structure("json", frozenset(names))


def _walk(node: object, place: str, names: set[str], depth: int = 0) -> None:
    """Add the paths of all values of a record."""
    if depth > DEEPEST:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            inside = f"{place}.{key}" if place else key
            names.add(inside)
            _walk(value, inside, names, depth + 1)
    elif isinstance(node, list):
        for entry in node[:LINES]:
            if isinstance(entry, dict) and {"key", "value"} <= entry.keys():
                names.add(f"{place}{{{entry['key']}}}")
            else:
                _walk(entry, f"{place}[]", names, depth + 1)


def _columns(schema: dict, place: str = "") -> list[str]:
    """Columns of a table, with the fields of those that hold objects."""
    found = []
    for name, kind in schema.items():
        found.append(f"{place}{name}")
        if isinstance(kind, pl.Struct):
            found += _columns({each.name: each.dtype for each in kind.fields}, f"{place}{name}.")
    return found
