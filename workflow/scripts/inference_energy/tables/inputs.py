"""What every input table has in common: strict columns, patterns of names, dates and addresses."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pandera.polars as pa
import polars as pl

CONFIDENCE = ["high", "medium", "low"]
URL = r"^https?://\S+"
NAME = r"^[^\s\x00-\x1f\x7f]+$"
DATE = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"


# What the patterns mean to a reader of an error.
PATTERN_WORDS = {
    DATE: "a date such as 2025, 2025-06 or 2025-06-30",
    URL: "an address that begins with http:// or https://",
    NAME: "a name without blanks",
}


def cell(meaning: str, unit: str = "", **limits: Any) -> Any:
    """A column of an input table: its meaning, the unit of its numbers, and what `pandera.Field` may check."""
    return pa.Field(description=meaning, metadata={"unit": unit}, **limits)


def optional(meaning: str, unit: str = "", **limits: Any) -> Any:
    """A column of an input table that rows may leave empty."""
    return cell(meaning, unit, nullable=True, **limits)


def filled(meaning: str, **limits: Any) -> Any:
    """A column of text that is not empty."""
    return cell(meaning, str_length={"min_value": 1}, **limits)


def rising(columns: Iterable[str], *, strictly: bool = False) -> pl.Expr:
    """Whether the numbers of a row rise from column to column; some may be equal unless they rise strictly."""
    pairs = [(pl.col(low), pl.col(high)) for low, high in pairwise(columns)]
    return pl.all_horizontal(low < high if strictly else low <= high for low, high in pairs)


def _row_check(error: str, holds: pl.Expr) -> Any:
    """A check that rows fulfil an expression; one that is null is fulfilled."""

    def check(cls: type, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(holds.fill_null(True))

    return pa.dataframe_check(name=error, error=error)(check)


class InputTable(pa.DataFrameModel):
    """Base of all input tables: exactly the named columns, every number finite.

    A table may say more as arguments of its class:

    unique: columns that together are given once.
    rules: what every row fulfils, by the column at fault and what is allowed: `{"last: at least first": ...}`.
    """

    class Config:
        """No columns beyond those named."""

        strict = True

    def __init_subclass__(
        cls, *, unique: list[str] | None = None, rules: Mapping[str, pl.Expr] = MappingProxyType({}), **options: Any
    ):
        if unique:
            cls.Config = type("Config", (cls.Config,), {"unique": unique})
        for place, (error, holds) in enumerate(rules.items()):
            setattr(cls, f"rule_{place}", _row_check(error, holds))
        super().__init_subclass__(**options)

    @pa.dataframe_check(name="finite", error="a finite number")
    def finite(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """NaN and infinity pass comparisons with null handling, so they are looked for by name."""
        floats = [name for name, dtype in data.lazyframe.collect_schema().items() if dtype == pl.Float64]
        if not floats:
            return data.lazyframe.select(pl.lit(True))
        return data.lazyframe.select(pl.all_horizontal(pl.col(floats).is_finite().fill_null(True)))
