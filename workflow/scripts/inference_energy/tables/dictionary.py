"""The data dictionary: type, unit, meaning and allowed values of every column of the public tables."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandera.polars as pa
import polars as pl

from inference_energy.tables.columns import columns_of
from inference_energy.tables.public import PublicTable

# Names of types as in Frictionless table schemas.
TYPE_NAMES = {pl.String(): "string", pl.Boolean(): "boolean", pl.Int64(): "integer", pl.Float64(): "number"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One column of one public table."""

    table: str
    column: str
    type: str  # string, boolean, integer or number
    unit: str  # unit of its numbers; empty where it holds none
    meaning: str  # of the column
    required: bool  # whether every row has a value
    allowed: tuple[str, ...] = ()  # names it may hold; empty where anything is
    minimum: float | None = None  # least allowed number; none where there is no such limit
    maximum: float | None = None  # largest allowed number, likewise


def data_dictionary(tables: Iterable[PublicTable]) -> dict[str, list[Entry]]:
    """Entries of every table by its name, in the order of its columns.

    Raises:
        InputError: a number without a unit, or with different units in the tables of different methods.
    """
    return {table.name: _entries(table) for table in tables}


def _entries(table: PublicTable) -> list[Entry]:
    types, units = table.types(), table.units()
    return [
        Entry(
            table=table.name,
            column=column,
            type=TYPE_NAMES[types[column]],
            unit=units[column],
            meaning=meaning,
            **_constraints(table, column),
        )
        for column, meaning in table.columns().items()
    ]


def _constraints(table: PublicTable, column: str) -> dict:
    if column == "study" and all(column not in columns_of(schema) for schema in table.schemas.values()):
        return {"required": True}  # added when the studies were put one below another
    of = [columns_of(schema).get(column) for schema in table.schemas.values()]
    limits = [_limits(one) for one in of if one is not None]
    found: dict = {"required": all(one is not None and not one.nullable for one in of)}
    # A method without a limit allows any value; then the column has no limit over all methods.
    if all("allowed" in limit for limit in limits):
        found["allowed"] = tuple(dict.fromkeys(name for limit in limits for name in limit["allowed"]))
    for key, widest in (("minimum", min), ("maximum", max)):
        if all(key in limit for limit in limits):
            found[key] = widest(limit[key] for limit in limits)
    return found


def _limits(column: pa.Column) -> dict:
    found: dict = {}
    for check in column.checks:
        limit = check.statistics
        if check.name == "isin":
            found["allowed"] = tuple(limit["allowed_values"])
        elif check.name in ("greater_than_or_equal_to", "greater_than"):  # the table schemas know no open limits
            found["minimum"] = limit["min_value"]
        elif check.name in ("less_than_or_equal_to", "less_than"):
            found["maximum"] = limit["max_value"]
    return found
