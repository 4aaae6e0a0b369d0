"""What every input table has in common: strict columns, patterns of names, dates and addresses."""

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


def filled(meaning: str, **limits: Any) -> Any:
    """A column of text that is not empty."""
    return cell(meaning, str_length={"min_value": 1}, **limits)


class InputTable(pa.DataFrameModel):
    """Base of all input tables: exactly the named columns, every number finite."""

    class Config:
        """No columns beyond those named."""

        strict = True

    @pa.dataframe_check(name="finite", error="a finite number")
    def finite(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """NaN and infinity pass comparisons with null handling, so they are looked for by name."""
        floats = [name for name, dtype in data.lazyframe.collect_schema().items() if dtype == pl.Float64]
        if not floats:
            return data.lazyframe.select(pl.lit(True))
        return data.lazyframe.select(pl.all_horizontal(pl.col(floats).is_finite().fill_null(True)))
