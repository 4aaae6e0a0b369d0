"""Exact recognition: a format that reads only part of what a file measures must not claim it."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.json_files import objects

MEASURED = re.compile("energy|power|joule|watt", re.IGNORECASE)


def records(path: Path, keys: Collection[str], allowed: str, measured: Collection[str] = ()) -> list[tuple[int, dict]]:
    """Every record of a JSON file (`json_files.objects`) with its line, if all of them are of the format.

    `measured` are keys of power and energy that the format reads; `allowed` says in the message what the format is.

    Raises:
        InputError: a fault of the file, a record without one of the keys, or measured power or energy under other keys.
    """
    found = objects(path)
    must_have(found, keys, path, allowed)
    for _, record in found:
        refuse_unread(record, measured, path, allowed)
    return found


def must_have(entries: list[tuple[int, dict]], keys: Collection[str], path: Path, allowed: str) -> None:
    """Refuse a file of which not every entry is of the format.

    `keys` are those of every record of the format; `allowed` says in the message what the format is.

    Raises:
        InputError: the first entry that lacks one of the keys.
    """
    for place, (line, entry) in enumerate(entries, start=1):
        missing = [key for key in keys if key not in entry]
        if missing:
            which = f" entry {place} of {len(entries)}" if len(entries) > 1 else ""
            raise InputError(f"{path} line {line}{which}: found no key {one_of(missing)}; allowed: {allowed}")


def refuse_unread(document: object, read: Collection[str], path: Path, format_name: str) -> None:
    """Refuse a JSON document that holds measured power or energy which the format does not read.

    `read` are keys of power and energy that it reads or that hold nothing measured; the message names the format.

    Raises:
        InputError: a key with a value that tells of power or energy and is not in `read`.
    """
    unread = sorted({key for key in _measured_keys(document) if key not in read})
    if unread:
        raise InputError(
            f"{path}: taken for {format_name}, found {one_of(unread)}; allowed: a format that reads this"
            " measured power or energy, so that no part of the file is left out without a word"
        )


def _measured_keys(value: object) -> Iterator[str]:
    """Keys that tell of power or energy and hold a value, at any depth."""
    if isinstance(value, dict):
        for key, below in value.items():
            if MEASURED.search(key) and below not in (None, "", [], {}):
                yield key
            yield from _measured_keys(below)
    elif isinstance(value, list):
        for below in value:
            if isinstance(below, dict | list):
                yield from _measured_keys(below)
