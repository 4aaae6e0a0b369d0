"""Tables of sources in folders with an origin: read with their place, every row checked."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from inference_energy.common.csv_files import read_text
from inference_energy.common.errors import InputError
from inference_energy.corpus.origins import read_origin
from inference_energy.tables.inputs import InputTable
from inference_energy.tables.rows import AllowedNames, must_be_empty, split


def read_folder(
    folder: Path,
    origin_schema: dict,
    formats: Mapping[str, type[InputTable]],
    known: Mapping[str, AllowedNames] = MappingProxyType({}),
) -> dict[str, pl.DataFrame]:
    """The tables of all sources of a folder by format, each row with its source, file and line.

    `formats` say what the rows must look like, by the format that an origin names; `known` the names of columns.

    Raises:
        InputError: a fault of an origin, of a file or of a row; a format without any file.
    """
    tables: dict[str, list[pl.DataFrame]] = {name: [] for name in formats}
    for source in sorted(path for path in folder.iterdir() if path.is_dir()):
        origin = read_origin(source, origin_schema, formats)
        for name, facts in sorted(origin["files"].items()):
            table = formats[facts["format"]]
            columns = table.to_schema().columns
            optional = frozenset(column for column, spec in columns.items() if spec.nullable)
            good, rejected = split(read_text(source / name, list(columns), optional), table, known)
            must_be_empty(rejected)
            tables[facts["format"]].append(good.with_columns(pl.lit(source.name).alias("source")))
    for name, frames in tables.items():
        if not frames:
            raise InputError(f"{folder}: no file of format {name}; allowed: at least one")
    return {name: pl.concat(frames) for name, frames in tables.items()}
