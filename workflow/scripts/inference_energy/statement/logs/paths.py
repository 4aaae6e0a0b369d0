"""Names of columns as usage files write them, and where JSON holds what they name.

A name is a key, or keys with a dot between them. A key may hold dots itself: it is then in quotes, or is found as the
file has it. `^` goes to the object that holds the list a record is from; a `?` at the end says that the column may be
missing. A number selects an entry of a list.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.statement.logs.structure import structure

PARTS = re.compile(r'"([^"]+)"|([^."]+)')
WHOLE = re.compile(rf"(?:{PARTS.pattern})(?:\.(?:{PARTS.pattern}))*")
LONGEST = 6  # keys between dots for which every way to read them is tried
SAMPLE_ROWS = 200  # in which most columns are found


@dataclass(frozen=True)
class Name:
    """One name of a column in a usage file."""

    text: str  # without the signs around it
    up: int = 0  # how many lists the object that has it lies above the record
    optional: bool = False  # whether it may be missing

    @classmethod
    def of(cls, written: str) -> "Name":
        """A name as it is written."""
        text = written.lstrip("^")
        optional = text.endswith("?")
        return cls(text.removesuffix("?"), len(written) - len(text), optional)


def candidates(text: str) -> list[str]:
    """JSON paths that a name may mean, the one that enters an object at every dot first.

    Raises:
        InputError: a name that is not keys with dots between them.
    """
    if not is_name(text):
        raise InputError(
            f"columns: found {text!r}; allowed: keys with dots between them, a key that holds dots in quotes"
        )
    if '"' in text:
        return [_path([quoted or plain for quoted, plain in PARTS.findall(text)])]
    keys = text.split(".")
    if len(keys) > LONGEST:
        return [_path(keys), _path([text])]
    found = []
    for joints in range(2 ** (len(keys) - 1)):  # a joint that is set is a dot within a key
        joined = [keys[0]]
        for place, key in enumerate(keys[1:]):
            if joints >> place & 1:
                joined[-1] += "." + key
            else:
                joined.append(key)
        found.append(_path(joined))
    return found


def is_name(text: str) -> bool:
    """Whether a text is keys with dots between them."""
    # Of the keys of a path DuckDB takes * for any.
    return WHOLE.fullmatch(text) is not None and "*" not in text.split(".")


def _path(keys: list[str]) -> str:
    first, *others = (key.replace("\\", "\\\\") for key in keys)
    return f'$."{first}"' + "".join(f"[{key}]" if key.isdigit() else f'."{key}"' for key in others)


def located(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Iterable[Name]
) -> dict[Name, str | None] | None:
    """The JSON path of every name, in a relation with a column `json`; null for a name that no row has.

    Most names are in the first rows; only for others the whole relation is read.

    Returns:
        Paths by name; nothing if the relation has no row.
    """
    wanted = {name: candidates(name.text) for name in names}
    found: dict[Name, str | None] = {}
    for sample in (f" LIMIT {SAMPLE_ROWS}", ""):
        # Where there is one way to read an optional name it makes no difference whether a row has it.
        found |= {name: ways[0] for name, ways in wanted.items() if name.optional and len(ways) == 1}
        asked = [(name, way) for name, ways in wanted.items() if not found.get(name) for way in ways]
        if not asked:
            break
        exist = ", ".join(f"bool_or(json_exists(json, {sql(way)}))" for _, way in asked)
        here = connection.execute(f"SELECT {exist} FROM (SELECT json FROM {relation}{sample})").fetchone()
        if here[0] is None:
            return None
        for (name, way), there in zip(asked, here, strict=True):
            if there and not found.get(name):
                found[name] = way
    return {name: found.get(name) for name in wanted}


def missing(path: str, names: list[str], where: str) -> InputError:
    """The error about names that no row of a file has, with the lists of the file that may hold them."""
    text = f"{path}: no row has {' nor '.join(map(repr, names))} ({where}); allowed: keys of the file, as it has them"
    lists = {
        has[: -len(name) - 1] for has in structure(Path(path)).names for name in names if has.endswith(f"[].{name}")
    }
    return InputError(f"{text}; it has such keys in a list: records: {max(lists, key=len)}" if lists else text)
