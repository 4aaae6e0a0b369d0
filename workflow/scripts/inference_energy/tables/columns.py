"""Columns of tables: each declares its meaning and the unit of its numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandera.polars as pa
import polars as pl

from inference_energy.statistics.quantiles import PERCENTILES, QUANTILES
from inference_energy.tables.units import COUNT, SHARE

Schema = pa.DataFrameSchema | type[pa.DataFrameModel]

# Ends of the names of columns that hold one quantity, and their words.
WORDS = {f"p{percent:02d}": f"P{percent}" for percent in (5, 10, 25, 75, 90, 95)} | {"p50": "median", "mean": "mean"}
INTERVAL = (*PERCENTILES, "mean")


def column(dtype: Any, meaning: str, unit: str = "", *checks: pa.Check, nullable: bool = False) -> pa.Column:
    """Any column: its type, its meaning, the unit of its numbers (none for text) and its checks."""
    return pa.Column(dtype, list(checks) or None, nullable=nullable, description=meaning, metadata={"unit": unit})


def number(
    meaning: str, unit: str, *, at_least: float | None = 0, at_most: float | None = None, nullable: bool = False
) -> pa.Column:
    """A column of finite numbers."""
    checks = [pa.Check(_finite, name="a finite number")]
    if at_least is not None:
        checks.append(pa.Check.ge(at_least))
    if at_most is not None:
        checks.append(pa.Check.le(at_most))
    return column(float, meaning, unit, *checks, nullable=nullable)


def _finite(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).is_finite())


def share(meaning: str, *, nullable: bool = False) -> pa.Column:
    """A column of shares, from 0 to 1."""
    return number(meaning, SHARE, at_most=1, nullable=nullable)


def count(meaning: str, unit: str = COUNT, *, at_least: int = 0, nullable: bool = False) -> pa.Column:
    """A column of whole numbers."""
    return column(int, meaning, unit, pa.Check.ge(at_least), nullable=nullable)


def text(
    meaning: str, *, allowed: list[str] | None = None, like: str | None = None, nullable: bool = False
) -> pa.Column:
    """A column of text: any, certain values, or those that a pattern matches."""
    checks = [pa.Check.isin(allowed)] if allowed else [pa.Check.str_matches(like)] if like else []
    return column(str, meaning, "", *checks, nullable=nullable)


def flag(meaning: str, *, nullable: bool = False) -> pa.Column:
    """A column of truth values."""
    return column(bool, meaning, nullable=nullable)


def texts(*, nullable: bool = False, **meanings: str) -> dict[str, pa.Column]:
    """Columns of any text, by their names."""
    return {name: text(meaning, nullable=nullable) for name, meaning in meanings.items()}


def quantiles(
    name: str, meaning: str, unit: str, of: Iterable[str] = (*QUANTILES, "mean"), **limits: Any
) -> dict[str, pa.Column]:
    """Columns of some quantiles of one quantity, with one unit and the limits of `number`.

    The name has `{}` for `p05`, `p50`, `mean`, and the meaning for `P5`, `median`, `mean`.
    """
    return {name.format(q): number(meaning.format(WORDS[q]), unit, **limits) for q in of}


def table(key: list[str], **columns: pa.Column) -> pa.DataFrameSchema:
    """Schema of a table with these columns and no others.

    `key` are the columns that together name a row; none where rows have no name, as those of a density.
    """
    return pa.DataFrameSchema(columns, strict=True, unique=key or None)


def plain(schema: Schema) -> pa.DataFrameSchema:
    """Either kind of schema as one of columns."""
    return schema if isinstance(schema, pa.DataFrameSchema) else schema.to_schema()


def columns_of(schema: Schema) -> dict[str, pa.Column]:
    """Columns of either kind of schema."""
    return plain(schema).columns


def types_of(schema: Schema) -> dict[str, pl.DataType]:
    """Types of columns, by their names: the schema of a frame without rows."""
    return {name: of.dtype.type for name, of in columns_of(schema).items()}


def unit_of(column: pa.Column) -> str:
    """Unit that a column declares; empty where it declares none."""
    return (column.metadata or {}).get("unit", "")


def comment(meaning: str, unit: str) -> str:
    """Meaning and unit in one line."""
    return f"{meaning} [{unit}]" if unit else meaning


def comments(columns: Mapping[str, pa.Column]) -> dict[str, str]:
    """Meaning and unit of columns, by their names."""
    return {name: comment(of.description, unit_of(of)) for name, of in columns.items()}
