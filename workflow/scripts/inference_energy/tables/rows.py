"""Sort the rows of an input table into good ones and rejected ones, each rejected one with its reason."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from inference_energy.common.errors import InputError
from inference_energy.common.yaml_files import LONGEST_TEXT
from inference_energy.tables.inputs import PATTERN_WORDS, InputTable

REJECTED = dict.fromkeys(("file", "line", "column", "value", "reason"), pl.String) | {"line": pl.Int64}
ROW = "row"
DISTINCT_REASONS = 100


class AllowedNames(Protocol):
    """The names that a column may hold, and the message for any other name."""

    def resolve(self, name: str | None) -> str | None:
        """The name used throughout; null for a name that cannot be resolved."""

    def allowed(self, unknown: str) -> str:
        """What to write instead of an unknown name."""


def split(
    text: pl.DataFrame,
    table: type[InputTable],
    known: Mapping[str, AllowedNames] = MappingProxyType({}),
    within: str | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Type and check every row.

    Args:
        text: cells as text with `file` and `line`, from an adapter.
        table: what the rows must look like.
        known: by column, the names it may hold; an alias becomes the name used throughout.
        within: column of `text` within whose values a unique column is unique; none: within all rows.

    Returns:
        The typed rows that pass, and one row per fault (`REJECTED`).
    """
    schema = table.to_schema()
    columns = {name: column.dtype.type for name, column in schema.columns.items()}
    unique = [name for name, column in schema.columns.items() if column.unique and within]
    if unique:
        schema = schema.update_columns({name: {"unique": False} for name in unique})
    text = text.with_row_index(ROW)  # several rows may stand in one line
    typed = text.with_columns(pl.col(name).cast(dtype, strict=False) for name, dtype in columns.items())
    # No text has more characters than bytes, which are known without reading it.
    longest = text.select(pl.col(*columns).str.len_bytes().max().fill_null(0)).row(0, named=True)
    faults = []
    for name, dtype in columns.items():
        if typed[name].null_count() > text[name].null_count():
            faults.append(_faults(text, text[name].is_not_null() & typed[name].is_null(), name, _number(dtype)))
        if dtype == pl.Float64 and not typed[name].is_finite().all():
            faults.append(_faults(text, typed[name].is_finite().not_(), name, "a finite number"))
        if longest[name] > LONGEST_TEXT:
            too_long = text[name].str.len_chars() > LONGEST_TEXT
            faults.append(_faults(text, too_long, name, f"at most {LONGEST_TEXT:,} characters"))
    for name in sorted(known.keys() & columns.keys()):
        distinct = typed[name].drop_nulls().unique()
        names = {value: known[name].resolve(value) for value in distinct}
        resolved = typed[name].replace_strict(names, default=None, return_dtype=pl.String)
        unknown = typed[name].filter(resolved.is_null()).drop_nulls().unique(maintain_order=True)
        if not unknown.is_empty():
            # Looking for what may have been meant takes time: the first few will do.
            allowed = {value: known[name].allowed(value) for value in unknown.head(DISTINCT_REASONS)}
            reason = pl.col(name).replace_strict(allowed, default=known[name].allowed(unknown[0]))
            faults.append(_faults(text, typed[name].is_not_null() & resolved.is_null(), name, reason))
        typed = typed.with_columns(resolved.fill_null(typed[name]))
    for name in unique:
        twice = typed.select(within, name).is_duplicated() & typed[name].is_not_null()
        if twice.any():
            faults.append(_faults(text, twice, name, allowed_values("field_uniqueness")))
    faults.extend(_pandera_faults(text, typed, schema))
    if not faults:
        return typed.drop(ROW), pl.DataFrame(schema=REJECTED)
    rejected = pl.concat(faults)
    rejected = rejected.sort("file", "line", ROW, "column", maintain_order=True)
    # A cell that is not a number is null by now and fails again as a missing one: only the first reason is reported.
    rejected = rejected.unique([ROW, "column"], keep="first", maintain_order=True)
    good = typed.join(rejected, on=ROW, how="anti", maintain_order="left")
    return good.drop(ROW), rejected.drop(ROW)


def _number(dtype: pl.DataType) -> str:
    return "a whole number" if dtype.is_integer() else "a number"


def _faults(text: pl.DataFrame, where: pl.Series, column: str, allowed: str | pl.Expr) -> pl.DataFrame:
    reason = pl.lit(allowed) if isinstance(allowed, str) else allowed
    return text.filter(where).select(
        ROW,
        "file",
        "line",
        pl.lit(column).alias("column"),
        pl.col(column).fill_null("").str.head(LONGEST_TEXT).alias("value"),
        pl.format("allowed: {}", reason).alias("reason"),
    )


def _pandera_faults(text: pl.DataFrame, typed: pl.DataFrame, schema: pa.DataFrameSchema) -> list[pl.DataFrame]:
    columns = list(schema.columns)
    try:
        schema.validate(typed.select(columns), lazy=True)
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
            keys = schema.unique
            faults.append(_faults(text, where, keys[-1], f"one row per {' and '.join(keys)}"))
        else:  # a check that looks at several columns of a row names the one at fault
            name, _, allowed = check.partition(": ")
            faults.append(_faults(text, where, name, allowed))
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
    for pattern, meaning in PATTERN_WORDS.items():
        if name == "str_matches" and arguments.removesuffix(")").strip("'") == pattern:
            return meaning
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
        check, found, column = re.sub(r"\s+", " ", str(first["check"])), first["failure_case"], first["column"]
        if column not in frame.columns and ": " in check:  # a check that looks at several columns of a row
            column, _, check = check.partition(": ")
            row = json.loads(found)
            found = f"{row.get(column)} in row {row.get('row_id')}"
        raise InputError(f"{place}: column {column}: found {found}; allowed: {allowed_values(check)}") from None
