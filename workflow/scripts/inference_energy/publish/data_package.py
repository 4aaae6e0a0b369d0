"""The public tables as CSV with a Frictionless data package: what each column means, for any tool that reads one.

Specification: https://specs.frictionlessdata.io/data-package/, version 1.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from inference_energy.common import files
from inference_energy.common.escaped import write_csv
from inference_energy.publish.sources import Source
from inference_energy.tables.dictionary import Entry
from inference_energy.tables.public import PublicTable

DESCRIPTOR = "datapackage.json"
FOLDER = "csv"
APOSTROPHES = (
    "In CSV, texts that a spreadsheet would take for formulas, as they begin with =, +, -, @, a tab or a line break,"
    " have an apostrophe in front. Of a text that begins with apostrophes and then such a sign, drop the first."
)
LICENCE_PATHS = {"MIT": "https://opensource.org/license/mit"}


def descriptor(
    *,
    citation: dict,
    description: str,
    sources: list[Source],
    tables: Mapping[str, PublicTable],
    entries: Mapping[str, list[Entry]],
    frames: Mapping[str, pl.DataFrame],
) -> dict:
    """Content of `datapackage.json`; `citation` is that of `CITATION.cff`.

    Sources with a title are named; the rows decide whether the columns that name a row can be its primary key.
    """
    licence = citation["license"]
    return {
        "profile": "tabular-data-package",
        "name": "inference-energy",
        "title": citation["title"],
        "description": f"{description} {APOSTROPHES}",
        "version": citation["version"],
        "licenses": [{"name": licence} | ({"path": LICENCE_PATHS[licence]} if licence in LICENCE_PATHS else {})],
        "contributors": [{"title": _name(author), "role": "author"} for author in citation["authors"]],
        "sources": [
            {"title": f"{source.title} ({source.publisher})", "path": source.url}
            for source in sources
            if source.title and source.url
        ],
        "resources": [_resource(table, entries[name], frames[name]) for name, table in tables.items()],
    }


def _name(author: dict) -> str:
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def _resource(table: PublicTable, entries: list[Entry], frame: pl.DataFrame) -> dict:
    schema: dict = {"fields": [_field(entry) for entry in entries], "missingValues": [""]}
    key = table.key()
    named = frame.select(key)
    if key and named.drop_nulls().is_unique().sum() == len(frame):
        schema["primaryKey"] = key
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "description": table.meaning,
        "path": f"{FOLDER}/{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(entry: Entry) -> dict:
    limits = {
        "required": entry.required or None,
        "enum": list(entry.allowed) or None,
        "minimum": entry.minimum,
        "maximum": entry.maximum,
    }
    constraints = {name: value for name, value in limits.items() if value is not None}
    return {
        "name": entry.column,
        "type": entry.type,
        "description": entry.meaning,
        **({"unit": entry.unit} if entry.unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def write(root: Path, frames: Mapping[str, pl.DataFrame], content: dict) -> None:
    """Write all tables as CSV and the descriptor next to them; all are moved into place when all are complete."""
    tables = [root / FOLDER / f"{name}.csv" for name in frames]
    with files.complete(*tables, root / DESCRIPTOR) as (*unfinished, described):
        for frame, path in zip(frames.values(), unfinished, strict=True):
            write_csv(frame, path)
        described.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
