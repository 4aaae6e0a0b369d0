"""JSON and JSON Lines with the line of every record; faults of the file reported in one line."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.common.yaml_files import DEEPEST, TOO_DEEP

STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def read_text(path: Path) -> str:
    """A UTF-8 file as text.

    Raises:
        InputError: missing, a folder, empty, or not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); allowed: a UTF-8 file") from None
    if not text.strip():
        raise InputError(f"{path}: the file is empty")
    return text


def parse(text: str, path: Path, first_line: int = 1) -> object:
    """A JSON document.

    Raises:
        InputError: not JSON, a key given twice, or nested deeper than can be read.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates)
        brackets = (token[0] for token in STRING_OR_BRACKET.finditer(text))
        if max(accumulate((bracket in "[{") - (bracket in "]}") for bracket in brackets), default=0) > DEEPEST:
            raise ValueError(TOO_DEEP)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise InputError(f"{path} line {line}: not valid JSON: {error.msg} (column {error.colno})") from None
    except (ValueError, RecursionError) as error:
        fault = TOO_DEEP if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise InputError(f"{path} line {first_line}: not usable JSON: {fault}") from None
    return document


def object_lines(text: str, depth: int) -> list[int]:
    """Line of every object that is nested in `depth` others (lists count too), of valid JSON."""
    lines, level, line, counted = [], 0, 1, 0
    for token in STRING_OR_BRACKET.finditer(text):
        bracket = token[0]
        if bracket in "[{":
            if bracket == "{" and level == depth:
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                lines.append(line)
            level += 1
        elif bracket in "]}":
            level -= 1
    return lines


def json_lines(path: Path) -> Iterator[tuple[int, dict]]:
    """Every record of a JSON Lines file with its line.

    Raises:
        InputError: a fault of the file, or a line that is not an object.
    """
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield number, must_be_object(parse(line, path, number), f"{path} line {number}")


def objects(path: Path) -> list[tuple[int, dict]]:
    """Every record with its line, of a file that is one object, a list of objects, or JSON Lines.

    Raises:
        InputError: a fault of the file, an empty list, or an entry that is not an object.
    """
    text = read_text(path)
    first = next(line for line in text.split("\n") if line.strip())
    try:
        lines = isinstance(parse(first, path), dict)
    except InputError as error:
        if TOO_DEEP in str(error):
            raise
        lines = False  # a document over several lines, or a fault that parsing the whole text reports
    if lines:
        return list(json_lines(path))
    document = parse(text, path)
    if isinstance(document, list):
        if not document:
            raise InputError(f"{path}: found an empty list; allowed: at least one object")
        entries = [must_be_object(value, f"{path} entry {place}") for place, value in enumerate(document, start=1)]
        return list(zip(object_lines(text, 1), entries, strict=True))
    only = must_be_object(document, str(path))
    return [(object_lines(text, 0)[0], only)]


def document(path: Path) -> tuple[str, dict]:
    """Text and content of a file that is one object.

    Raises:
        InputError: a fault of the file, or anything but an object.
    """
    text = read_text(path)
    return text, must_be_object(parse(text, path), str(path))


def lines_under(text: str, document: dict, key: str) -> list[int]:
    """Line of every object in the list under a key: the objects at their depth, less those under earlier keys."""
    before = 0
    for name, value in document.items():
        if name == key:
            break
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        before += sum(isinstance(child, dict) for child in children)
    return object_lines(text, depth=2)[before:][: len(document[key])]


def must_be_object(value: object, place: str) -> dict:
    """The value itself, if it is a JSON object.

    Raises:
        InputError: it is anything else.
    """
    if not isinstance(value, dict):
        raise InputError(f"{place}: found {type(value).__name__}; allowed: an object")
    return value


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict:
    record = dict(pairs)
    if len(record) < len(pairs):
        ((doubled, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"key {doubled!r} is given twice")
    return record


def part(record: object, *keys: str) -> object:
    """The value under nested keys; null where any of them is absent or holds no object."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record
