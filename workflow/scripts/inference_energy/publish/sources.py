"""Where the inputs come from: origins of benchmarks and traces, and the sources that rows of tables name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from inference_energy.common.csv_files import rows_by_line
from inference_energy.common.links import first_url
from inference_energy.common.yaml_files import read_yaml

# Columns of the tables in `resources` that name the source of a row.
NAMES_SOURCE = re.compile(r"(.*_)?source|url")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of the inputs."""

    used_in: str  # folder or table that rests on it
    rows: str = ""  # rows of the table that rest on it, by the first column; empty if all do
    publisher: str = ""  # of the source; empty where only a row names it
    title: str = ""  # its title, likewise
    url: str = ""  # its address; empty where it is not on the web
    version: str = ""  # its version
    read_on: str = ""  # date on which it was read
    licence: str = ""  # how it may be used
    citation: str = ""  # how to cite it, or the text of the row
    notes: str = ""  # what a reader must know


def read_sources(origins: Iterable[Path], registries: Iterable[Path]) -> list[Source]:
    """All sources: those with an origin first, then those that rows of tables name, by file and first row.

    Columns `source`, `..._source` and `url` of the registries name sources.

    Raises:
        InputError: an origin that is not YAML, a file that is not CSV.
    """
    found = [of_origin(str(path.parent), read_yaml(path)) for path in origins]
    folders = {Path(source.used_in).name for source in found}
    for path in registries:
        found += of_rows(str(path), rows_by_line(path).values(), folders)
    return found


def of_origin(folder: str, origin: dict) -> Source:
    """The source of a folder, as its origin states it."""
    stated = ("publisher", "title", "url", "version", "read_on", "licence", "citation", "notes")
    return Source(used_in=folder, **{key: str(origin.get(key, "")) for key in stated})


def of_rows(file: str, rows: Iterable[dict[str, str]], folders: Iterable[str] = ()) -> list[Source]:
    """Sources that the rows of a table name, each once, with the rows that rest on it.

    `folders` are those with an origin: a row that names one states its origin, which is no further source.
    """
    resting: dict[str, dict[str, None]] = {}
    for row in rows:
        name = next(iter(row.values()))
        for column, stated in row.items():
            if NAMES_SOURCE.fullmatch(column) and stated and stated not in folders:
                resting.setdefault(stated, {})[name] = None
    return [
        Source(used_in=file, rows=", ".join(names), url=first_url(stated), citation=stated)
        for stated, names in resting.items()
    ]
