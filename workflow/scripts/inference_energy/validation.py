"""Sort the rows of an input table into good ones and rejected ones, each rejected one with its reason."""

import re

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from inference_energy.errors import InputError, one_of
from inference_energy.input_tables import InputTable

REJECTED = {
    "file": pl.String,
    "line": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
}


def split(
    text: pl.DataFrame, table: type[InputTable], known: dict[str, list[str]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Type and check every row.

    Args:
        text: cells as text with `file` and `line`, from `csv_tables.read_text`.
        table: what the rows must look like.
        known: allowed names by column, from the registries.

    Returns:
        The typed rows that pass, and one row per fault (`REJECTED`).
    """
    columns = {name: column.dtype.type for name, column in table.to_schema().columns.items()}
    typed = text.with_columns(pl.col(name).cast(dtype, strict=False) for name, dtype in columns.items())
    faults = [
        _faults(text, pl.Series(text[name].is_not_null() & typed[name].is_null()), name, _number(dtype))
        for name, dtype in columns.items()
        if dtype != pl.String
    ]
    faults.extend(
        _faults(text, typed[name].is_finite() == False, name, "a finite number")  # noqa: E712 (null is no fault)
        for name, dtype in columns.items()
        if dtype == pl.Float64
    )
    for name, names in known.items():
        unknown = typed[name].is_not_null() & ~typed[name].is_in(names)
        faults.append(_faults(text, unknown, name, f"a known name: {one_of(names)}"))
    faults.extend(_pandera_faults(text, typed, table, list(columns)))
    rejected = pl.concat([pl.DataFrame(schema=REJECTED), *faults]).sort("file", "line", "column", maintain_order=True)
    # A cell that is not a number is null by now and fails again as a missing one: the first reason tells it all.
    rejected = rejected.unique(["file", "line", "column"], keep="first", maintain_order=True)
    good = typed.join(rejected, on=["file", "line"], how="anti", maintain_order="left")
    return good, rejected


def _number(dtype: pl.DataType) -> str:
    return "a whole number" if dtype.is_integer() else "a number"


def _faults(text: pl.DataFrame, where: pl.Series, column: str, allowed: str) -> pl.DataFrame:
    return text.filter(where).select(
        "file",
        "line",
        pl.lit(column).alias("column"),
        pl.col(column).fill_null("").alias("value"),
        pl.lit(f"allowed: {allowed}").alias("reason"),
    )


def _pandera_faults(
    text: pl.DataFrame, typed: pl.DataFrame, table: type[InputTable], columns: list[str]
) -> list[pl.DataFrame]:
    try:
        table.validate(typed.select(columns), lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    faults = []
    for (column, check), group in cases.group_by("column", "check", maintain_order=True):
        if check == "a finite number":
            continue  # looks at all columns at once, and each has been looked at already
        where = pl.Series(range(len(text))).is_in(group["index"].drop_nulls().to_list())
        if column in columns:
            faults.append(_faults(text, where, column, allowed_values(check)))
        elif check == "multiple_fields_uniqueness":
            keys = table.to_schema().unique
            faults.append(_faults(text, where, keys[-1], f"one row per {' and '.join(keys)}"))
    return faults


def allowed_values(check: str) -> str:
    """What a pandera check allows, in words: `greater_than(0)` gives `> 0`."""
    words = {
        "greater_than_or_equal_to": ">= {}",
        "greater_than": "> {}",
        "less_than_or_equal_to": "<= {}",
        "less_than": "< {}",
        "isin": "one of {}",
        "str_matches": "text like {}",
        "str_length": "text that is not empty",
        "not_nullable": "a value, not an empty cell",
        "field_uniqueness": "a value that no other row has",
    }
    name, _, arguments = check.partition("(")
    return words.get(name, check).format(arguments.removesuffix(")"))


def one_line(fault: dict) -> str:
    """A rejected row as a sentence: file, line, column, what was found, what is allowed."""
    found = repr(fault["value"]) if fault["value"] else "an empty cell"
    return f"{fault['file']} line {fault['line']} column {fault['column']}: found {found}; {fault['reason']}"


def must_be_empty(rejected: pl.DataFrame, hint: str = "") -> None:
    """Stop at the first fault.

    Raises:
        InputError: the first fault, how many more there are, and `hint`.
    """
    if rejected.is_empty():
        return
    more = f" ({len(rejected) - 1} more like it in the log)" if len(rejected) > 1 else ""
    raise InputError(one_line(rejected.row(0, named=True)) + more + hint)


def checked(frame: pl.DataFrame, schema: pa.DataFrameSchema | type[pa.DataFrameModel], place: str) -> pl.DataFrame:
    """The frame itself, if it is what its schema says.

    Raises:
        InputError: the first fault.
    """
    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        first = error.failure_cases.row(0, named=True)
        check = re.sub(r"\s+", " ", str(first["check"]))
        raise InputError(
            f"{place}: column {first['column']}: found {first['failure_case']}; allowed: {allowed_values(check)}"
        ) from None
