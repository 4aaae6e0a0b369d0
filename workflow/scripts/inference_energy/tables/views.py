"""Views of a database from files of SQL, and what their columns mean."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from inference_energy.tables.database import Meaning

READ = re.compile(r"\b(?:FROM|JOIN) (\w+)")


def read_views(
    paths: Iterable[str | Path], tables: Mapping[str, Meaning], computed: Mapping[str, str]
) -> dict[str, Meaning]:
    """Views by the names of their files: a comment that says what one row is, and a SELECT from tables.

    A column of several tables means what it means in the first that is read. `computed` are meaning and unit of columns
    that no table has, or that mean something else in views.
    """
    return {path.stem: _view(path.read_text(encoding="utf-8"), tables, computed) for path in map(Path, paths)}


def _view(sql: str, tables: Mapping[str, Meaning], computed: Mapping[str, str]) -> Meaning:
    comment, _, query = sql.strip().partition("\n")
    columns: dict[str, str] = {}
    for table in reversed(READ.findall(query)):
        columns |= tables[table].columns
    return Meaning(comment.removeprefix("-- "), columns | computed, query)
