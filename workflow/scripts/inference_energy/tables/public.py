"""A public table: its file, its studies, its columns and its key; and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.common.escaped import read_csv
from inference_energy.tables.columns import Schema, columns_of, comment, plain, types_of, unit_of

METHODS = ("published", "nested")
STUDY = "{study}"


@dataclass(frozen=True, kw_only=True)
class PublicTable:
    """One public table; a contract with those who build on it, like the columns of its schemas."""

    name: str  # name in the database, the workbook and the data package
    path: str  # its file under `results`; with `{study}` where every study has one of its own
    meaning: str  # what one row is
    # by method of the study where every study has its own file; else one, by the empty name
    schemas: Mapping[str, Schema]
    named_by: tuple[str, ...] = ()  # columns that together name a row, where the schema does not say it
    # whether it is a curve or a density that figures are drawn from, or rows behind a fit or a score, rather than
    # numbers to cite
    drawn: bool = False
    bridged: bool = False  # whether it is there only where the study that the bridge begins at is built

    @property
    def of_a_study(self) -> bool:
        """Whether every study has a file of its own."""
        return STUDY in self.path

    def files(self, studies: Mapping[str, str]) -> dict[str, str]:
        """Files under `results` by study, of those whose method has the table; one by the empty name for all others."""
        if not self.of_a_study:
            return {"": self.path}
        return {name: self.path.format(study=name) for name, method in studies.items() if method in self.schemas}

    def columns(self) -> dict[str, str]:
        """Meaning of every column, those that name a row first; where methods differ, both meanings."""
        found: dict[str, dict[str, list[str]]] = {}
        for method, schema in self.schemas.items():
            for column, of in columns_of(schema).items():
                found.setdefault(column, {}).setdefault(of.description, []).append(method)
        meanings = {} if "study" in found or not self.of_a_study else {"study": "study"}
        for column, by_meaning in found.items():
            one = len(by_meaning) == 1
            meanings[column] = "; ".join(
                text if one else f"{text} (method {', '.join(methods)})" for text, methods in by_meaning.items()
            )
        return {column: meanings[column] for column in dict.fromkeys([*self.key(), *meanings])}

    def types(self) -> dict[str, pl.DataType]:
        """Type of every column, in the same order."""
        of = {name: dtype for schema in self.schemas.values() for name, dtype in types_of(schema).items()}
        return {column: of.get(column, pl.String()) for column in self.columns()}

    def units(self) -> dict[str, str]:
        """Unit of every column, in the same order; empty for text and for yes and no.

        Raises:
            InputError: a number without a unit, or with different units in the tables of different methods.
        """
        found: dict[str, str] = {}
        types = self.types()
        for schema in self.schemas.values():
            for name, column in columns_of(schema).items():
                unit = unit_of(column)
                if types[name].is_numeric() and (not unit or found.get(name, unit) != unit):
                    raise InputError(
                        f"table {self.name}: column {name}: found unit {unit!r}; allowed:"
                        f" {found.get(name) or 'a unit next to its meaning, for every number'}"
                    )
                found[name] = unit
        return {column: found.get(column, "") for column in types}

    def comments(self) -> dict[str, str]:
        """Meaning and unit of every column in one line, likewise."""
        units = self.units()
        return {column: comment(meaning, units[column]) for column, meaning in self.columns().items()}

    def key(self) -> list[str]:
        """Columns that together name a row; empty where rows have no name, as those of a density."""
        names = self.named_by or max((plain(schema).unique or [] for schema in self.schemas.values()), key=len)
        study = ["study"] if self.of_a_study and names and "study" not in names else []
        return [*study, *names]


def read(table: PublicTable, root: Path, studies: Mapping[str, str]) -> pl.DataFrame:
    """All rows of a public table, those of all studies one below another, columns as in `PublicTable.columns`.

    Raises:
        InputError: a file that lacks a column of its schema, or has one that it does not know.
    """
    types = table.types()
    frames = [pl.DataFrame(schema=types)]  # a table that no study has exists without rows
    for study, file in table.files(studies).items():
        path = root / file
        frame = read_csv(path, schema_overrides=types) if path.suffix == ".csv" else pl.read_parquet(path)
        _check_columns(path, frame, table.schemas[studies.get(study, "")])
        if table.of_a_study and "study" not in frame.columns:
            frame = frame.with_columns(pl.lit(study).alias("study"))
        frames.append(frame.cast({name: types[name] for name in frame.columns}))
    return pl.concat(frames, how="diagonal").select(list(types))


def _check_columns(path: Path, frame: pl.DataFrame, schema: Schema) -> None:
    known = columns_of(schema)
    for name in known:
        if name not in frame.columns:
            raise InputError(f"{path}: column {name}: missing; found: {one_of(frame.columns)}")
    for name in frame.columns:
        if name not in known:
            raise InputError(f"{path}: column {name}: unknown; allowed: {like(name, known)}")
