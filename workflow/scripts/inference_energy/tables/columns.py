"""Columns of result tables: number, text, and the checks they share."""

import pandera.polars as pa
import polars as pl


def number(meaning: str, *, at_least: float | None = 0, nullable: bool = False) -> pa.Column:
    """Column of finite numbers."""
    checks = [pa.Check(_finite, name="a finite number")]
    if at_least is not None:
        checks.append(pa.Check.ge(at_least))
    return pa.Column(float, checks, nullable=nullable, description=meaning)


def _finite(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).is_finite())


def text(meaning: str, *, allowed: list[str] | None = None, nullable: bool = False) -> pa.Column:
    """Column of text, of certain values where they are given."""
    return pa.Column(str, pa.Check.isin(allowed) if allowed else None, nullable=nullable, description=meaning)


J_PER_OUTPUT_TOKEN = "J per output token"
SHARE = [pa.Check.ge(0), pa.Check.le(1)]
QUANTILES = ("p05", "p25", "p50", "p75", "p95")


def columns_of(schema: pa.DataFrameSchema | type[pa.DataFrameModel]) -> dict[str, pa.Column]:
    """Columns of either kind of schema."""
    return (schema if isinstance(schema, pa.DataFrameSchema) else schema.to_schema()).columns


def count(meaning: str, *, nullable: bool = False) -> pa.Column:
    """A column of whole numbers that count something."""
    return pa.Column(int, pa.Check.ge(0), nullable=nullable, description=meaning)


def flag(meaning: str, *, nullable: bool = False) -> pa.Column:
    """A column of yes and no."""
    return pa.Column(bool, nullable=nullable, description=meaning)
