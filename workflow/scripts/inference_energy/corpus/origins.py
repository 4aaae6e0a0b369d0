"""Where every benchmark file comes from, and proof that it is the one that was read."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.files import leads_out
from inference_energy.common.yaml_files import read_checked, read_yaml

ORIGIN = "origin.yaml"
OPTIONAL = ("notes", "obtained", "carrier", "refresh")


def read_origin(folder: Path, schema: dict, formats: Iterable[str]) -> dict:
    """A source's `origin.yaml`, checked, with every file it names present, unchanged and in a known format.

    Raises:
        InputError: a fault in the origin; a data file that it does not name, is missing, empty or has another
            sha256 than the origin says.
    """
    path = folder / ORIGIN
    origin = read_checked(path, schema)
    present = sorted(file.name for file in folder.iterdir() if file.is_file() and file.name != ORIGIN)
    for name in present:
        if name not in origin["files"]:
            raise InputError(f"{folder / name}: not named in {path}; allowed: {one_of(origin['files'])}")
    for name, facts in origin["files"].items():
        if facts["format"] not in formats:
            raise InputError(
                f"{path}: files.{name}.format: found {facts['format']!r}; allowed: {one_of(list(formats))}"
            )
        file = folder / name
        if not file.is_file():
            raise InputError(f"{path}: files.{name}: no such file; present: {one_of(present)}")
        if leads_out(file, folder):
            raise InputError(f"{file}: found a link to {file.readlink()}; allowed: a file in this folder")
        found = sha256(file)
        if found != facts["sha256"]:
            raise InputError(
                f"{file}: found sha256 {found}; {path} says {facts['sha256']}."
                " If the change is meant, write the new sha256 there."
            )
    return origin


def named_files(folder: Path) -> list[Path]:
    """The origin of every source in a folder and the files that it names, sorted; nothing else that lies there."""
    return sorted(
        path
        for origin in folder.glob(f"*/{ORIGIN}")
        for path in (origin, *(origin.parent / name for name in read_yaml(origin)["files"]))
    )


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def source_table(folder: Path, origins: dict[str, dict]) -> pl.DataFrame:
    """One row per file of every source, with what its origin says."""
    return pl.DataFrame(
        [
            {
                "source": source,
                "file": str(folder / source / name),
                "format": facts["format"],
                **{key: origin[key] for key in ("publisher", "title", "url", "version", "read_on", "licence")},
                "citation": origin["citation"],
                **{key: origin.get(key) for key in OPTIONAL},
                "sha256": facts["sha256"],
                "previous_read_on": facts.get("previous", {}).get("read_on"),
                "previous_sha256": facts.get("previous", {}).get("sha256"),
            }
            for source, origin in sorted(origins.items())
            for name, facts in sorted(origin["files"].items())
        ],
        schema_overrides=dict.fromkeys((*OPTIONAL, "previous_read_on", "previous_sha256"), pl.String),
    )
