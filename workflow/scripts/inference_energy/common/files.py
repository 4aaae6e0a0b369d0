"""File names that every shell accepts, files that are moved into place only when complete, and lines of files."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from inference_energy.common.errors import InputError

ROOT = Path(__file__).resolve().parents[4]  # of the repository
_KEPT = re.compile(r"[A-Za-z0-9.-]")
_FILE_NAME = re.compile(r"(?:[A-Za-z0-9._-]|\+[0-9A-F]{2})+")


def file_name(name: str) -> str:
    """A name as the name of a file: letters, digits, `.` and `-` stay, a blank is `_`, any other byte `+` and its hex.

    `Llama 3.1 405B` becomes `Llama_3.1_405B`, `R1 (8/24)` becomes `R1_+288+2F24+29`. A dot or hyphen at the beginning,
    which hides a file or looks like an option, is written as a byte too. No two names have the same.
    """
    written = [_written(character) for character in name]
    if name[:1] in (".", "-"):
        written[0] = _bytes(name[0])
    return "".join(written)


def name_of(file_name: str) -> str:
    """The name behind a file name; the inverse of `file_name`.

    Raises:
        InputError: a name that `file_name` does not produce.
    """
    try:
        if not _FILE_NAME.fullmatch(file_name):
            raise ValueError
        plain = file_name.replace("_", " ").encode()
        return re.sub(rb"\+([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), plain).decode()
    except ValueError:  # bytes that are not text raise one, too
        raise InputError(
            f"file name: found {file_name!r}; allowed: letters, digits, . and -, with _ for a blank and + before the"
            " hex of any other byte"
        ) from None


def as_named(paths: Iterable[str]) -> list[str]:
    """Paths of files that a rule reads, as they are.

    Raises:
        InputError: one with braces, in which Snakemake would write something else, or with signs that cannot be shown.
    """
    paths = list(paths)
    for path in paths:
        if not path.isprintable() or set("{}") & set(path):
            raise InputError(f"{path}: found braces, or signs that cannot be shown; allowed: no such path; rename it")
    return paths


def _written(character: str) -> str:
    if _KEPT.fullmatch(character):
        return character
    return "_" if character == " " else _bytes(character)


def _bytes(character: str) -> str:
    return "".join(f"+{byte:02X}" for byte in character.encode())


def leads_out(path: Path, folder: Path) -> bool:
    """Whether symbolic links lead from a path in a folder to a place out of it."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


@contextmanager
def complete(*paths: Path) -> Iterator[list[Path]]:
    """Paths to write files to; the files at their own paths are kept until all new ones are complete.

    A folder that is missing is made.

    Yields:
        A path next to every path, with the same ending. If the block ends without an error, every file is moved into
        place; otherwise none is. What an interrupted run left there is written over.
    """
    unfinished = [path.with_name(f".unfinished_{path.name}") for path in paths]
    try:
        for place in unfinished:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
        yield unfinished
        for place, path in zip(unfinished, paths, strict=True):
            place.replace(path)
    finally:
        for place in unfinished:
            place.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write a text file; the previous one is kept until it is complete."""
    with complete(path) as (unfinished,):
        unfinished.write_text(text, encoding="utf-8")


def as_json(content: Any) -> str:
    """JSON with sorted keys."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, likewise."""
    write(path, as_json(content))


@cache
def lines(path: Path) -> list[str]:
    """Lines of a text file that does not change while it is read."""
    return path.read_text(encoding="utf-8").splitlines()
