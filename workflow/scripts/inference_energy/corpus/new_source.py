"""A folder for a new benchmark source with its `origin.yaml`, and the same file brought up to date on a refresh."""

import re
import shutil
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus.formats.registry import FORMATS, recognised
from inference_energy.corpus.origins import ORIGIN, sha256
from inference_energy.corpus.tables import TABLES, Throughput

NAME = re.compile(r"[a-z][a-z0-9_]*")
FILE_NAME = re.compile(r"[A-Za-z0-9._-]+")
ENDINGS = {".md": "markdown"}  # what names of formats call an ending
HEAD = """\
# Fill in what is empty; `make` says what is still missing.
publisher: ""
title: ""
url: ""
version: ""
read_on: "{read_on}"
licence: ""
citation: ""
files:
"""


def new_source(folder: Path, name: str, file: Path | None, read_on: str) -> list[str]:
    """Make the folder of a source, or bring its origin up to date with the files that are in it.

    A source that is there already keeps its origin: checksums and the date are renewed, new files are added, and the
    previous entries are kept under `previous`.

    Args:
        folder: where the sources are.
        name: of the source.
        file: to be copied into it; if none, the files that are there are used, or an empty table in the project's own
            format is started.
        read_on: today, YYYY-MM-DD.

    Returns:
        Steps done and steps to do next, a line each.

    Raises:
        InputError: an impossible name, a file that is missing or in no known format.
    """
    if not NAME.fullmatch(name):
        raise InputError(f"NAME: found {name!r}; allowed: small letters, digits and _, beginning with a letter")
    if file is not None:
        _check_file(file)
    source = folder / name
    source.mkdir(parents=True, exist_ok=True)
    if file is not None and file.resolve() != (source / file.name).resolve():
        shutil.copyfile(file, source / file.name)
    present = sorted(path for path in source.iterdir() if path.is_file() and path.name != ORIGIN)
    origin = source / ORIGIN
    if origin.exists():
        return _refreshed(origin, present, read_on)
    if not present:
        present = [source / "throughput.csv"]
        present[0].write_text(",".join(Throughput.to_schema().columns) + "\n")
        origin.write_text(HEAD.format(read_on=read_on) + _entry(present[0], "throughput_csv"))
        return [f"made {present[0]} with a header: add rows", _again(name), f"then fill in {origin} and run `make`"]
    entries = [_entry(path, recognised(path)) for path in present]
    origin.write_text(HEAD.format(read_on=read_on) + "".join(entries))
    return [f"made {origin} for {one_of([path.name for path in present])}", "fill in what is empty and run `make`"]


def rows_read(file: Path | None) -> dict[str, pl.DataFrame]:
    """Rows of a benchmark file by table of the corpus, as text; none of a file that is not there.

    Raises:
        InputError: a file that is in no known format.
    """
    if file is None or not file.is_file():
        return {}
    return FORMATS[recognised(file)].read(file).tables


def _check_file(file: Path) -> None:
    if not file.is_file():
        raise InputError(f"FILE: {file}: no such file")
    if not FILE_NAME.fullmatch(file.name):
        raise InputError(f"FILE: found {file.name!r}; allowed: a name of letters, digits, dots, - and _")
    recognised(file)


def _again(name: str) -> str:
    return f"run `make new-source NAME={name}` again to renew the checksum"


def _entry(path: Path, format_name: str) -> str:
    lines = [f"  {path.name}:", f"    sha256: {sha256(path)}", f"    format: {format_name}"]
    unsaid = _unsaid(path, format_name)
    if unsaid:
        lines += ["    facts: # the file does not say these: one value for all its rows"]
        lines += [f'      {column}: ""' for column in unsaid]
    return "\n".join(lines) + "\n"


def _unsaid(path: Path, format_name: str) -> list[str]:
    """Required columns without any value in the file; the url is taken from the origin."""
    try:
        tables = FORMATS[format_name].read(path).tables
    except InputError:  # a table with a header alone, which we have just made
        return []
    unsaid = []
    for table, rows in tables.items():
        columns = TABLES[table].to_schema().columns
        required = [name for name, column in columns.items() if not column.nullable and name != "url"]
        required += [name for name in ("gpus", "nodes") if name in columns]  # nearly always needed
        unsaid += [name for name in required if name not in rows.columns or rows[name].is_null().all()]
    return list(dict.fromkeys(unsaid))


def _refreshed(origin: Path, present: list[Path], read_on: str) -> list[str]:
    facts, text, done = read_yaml(origin), origin.read_text(), []
    before = facts.get("read_on")
    for path in present:
        known = facts.get("files", {}).get(path.name)
        if known is None:
            entry = _entry(path, recognised(path))
            head, line, tail = text.partition("\nfiles:\n")
            text = head + line + entry + tail
            done.append(f"added {path.name}")
            continue
        new, old = sha256(path), known["sha256"]
        if before != read_on:
            text = _note_previous(text, path.name, old, before)
        text = re.sub(
            rf"(^  {re.escape(path.name)}:\n(?:    .*\n)*?    sha256: ){old}", rf"\g<1>{new}", text, flags=re.MULTILINE
        )
        done.append(f"{path.name}: {'unchanged since ' + str(before) if new == old else 'new checksum'}")
    text = re.sub(r"^read_on:.*$", f'read_on: "{read_on}"', text, flags=re.MULTILINE)
    origin.write_text(text)
    return [
        *done,
        f"read_on in {origin} is now {read_on}; run `make`: its last lines say which headline numbers moved",
    ]


def _note_previous(text: str, name: str, checksum: str, read_on: str) -> str:
    """The origin with what stood for a file until now under its `previous`."""
    entry = re.search(rf"^  {re.escape(name)}:\n(?:    .*\n?)*", text, flags=re.MULTILINE)
    without = re.sub(r"    previous:\n(?:      .*\n?)*", "", entry[0])
    previous = f'    previous:\n      read_on: "{read_on}"\n      sha256: {checksum}\n'
    return text.replace(entry[0], without.rstrip("\n") + "\n" + previous)
