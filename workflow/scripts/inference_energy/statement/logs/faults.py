"""Faults of rows of logs and bills, reported in one line with counts."""

import re
from dataclasses import dataclass

import duckdb

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql
from inference_energy.statement.logs.layout import FILE, NAMED
from inference_energy.statement.logs.reading import (
    CLOCK,
    FIRST_US,
    LAST_US,
    OFFSET,
    TOKENS,
    TOKENS_BELOW,
    Rows,
    empty,
)

GROUPED = re.compile(r"\d{1,3}(?:[.,'\u2019_\s]\d{3})+")


@dataclass(frozen=True)
class Check:
    """One kind of fault of a row."""

    role: str  # what the column is for
    wrong: str  # condition of SQL
    what: str  # description of such values
    allowed: str  # description of valid values
    whole: bool = False  # whether values are to be whole numbers


def checks(rows: Rows) -> list[Check]:
    """All faults that a request may have, in the order in which they are reported."""
    time, unit = rows.microseconds(), rows.spec.get("time_unit")
    allowed = f"numbers that count {unit} to" if unit else "date and time of"
    wrong = f"({time} IS NULL OR {time} NOT BETWEEN {FIRST_US} AND {LAST_US - 1})"
    timed = rows.timed()
    if timed is not None:
        wrong = f"({wrong} OR NOT ({timed} OR {rows.written(f'{CLOCK}({OFFSET})?')}))"
    years = Check("time", wrong, "not such", f"{allowed} years 2015 to 2099")
    return [*header_checks(rows), *form_checks(rows), years, *offset_checks(rows), *token_checks(rows, TOKENS_BELOW)]


def header_checks(rows: Rows) -> list[Check]:
    """A header among the rows of CSV: the rows below it may have other columns."""
    if rows.format != "csv":
        return []
    found = f"(trim({rows.raw('time')}) = {sql(rows.spec['columns']['time'])})"
    return [Check("time", found, "a header again", "one header, in the first line of a file (a file for each header)")]


def form_checks(rows: Rows) -> list[Check]:
    """Times of text in a form that says too little or something else, each with what to do."""
    if rows.timed() is None:
        return []
    forms = {
        r"(?i).*\d ?[ap]\.?m\.?( .*)?": ("with AM or PM", "hours from 0 to 23"),
        r"\d{4}[-/]\d{1,2}[-/]\d{1,2}": (
            "dates without a time of day", "date and time; sums by day are no requests, give them as bills"
        ),
        r"\d{9,11}(\.\d+)?": ("numbers, seconds by their size", "with time_unit: s"),
        r"\d{12,14}(\.\d+)?": ("numbers, milliseconds by their size", "with time_unit: ms"),
        r"\d{15,17}(\.\d+)?": ("numbers, microseconds by their size", "with time_unit: us"),
        r"\d{18,20}(\.\d+)?": ("numbers, nanoseconds by their size", "with time_unit: ns"),
        r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*": (
            "dates whose day and month cannot be told apart", "year first, as 2026-01-31T12:00:00Z"
        ),
    }  # fmt: skip
    return [Check("time", f"({rows.written(form)})", what, allowed) for form, (what, allowed) in forms.items()]


def token_checks(rows: Rows, below: int, roles: tuple[str, ...] = TOKENS) -> list[Check]:
    """All faults that columns of whole numbers below a limit may have, of the roles that the files have."""
    found = []
    limit = f"whole numbers from 0 to {below - 1:,}"
    for role in (role for role in roles if rows.has(role)):
        value, nothing = rows.whole(role), empty(rows.raw(role), rows.type(role))
        hint = ", or empty_cached_is_zero: true" if role == "cached_tokens" else ""
        if not (hint and rows.spec.get("empty_cached_is_zero", False)):
            found.append(Check(role, nothing, "empty", limit + hint))
        found.append(Check(role, f"({value} IS NULL AND NOT {nothing})", "not whole numbers", limit, whole=True))
        found.append(Check(role, f"({value} < 0)", "negative", limit))
        found.append(Check(role, f"({value} >= {below})", "too many", limit))
    if rows.has("cached_tokens") and rows.spec.get("cached_in_input", True):
        more = f"({rows.whole('cached_tokens')} > {rows.whole('input_tokens')})"
        allowed = "at most input_tokens, or cached_in_input: false"
        found.append(Check("cached_tokens", more, "more than input_tokens", allowed))
    return found


def offset_checks(rows: Rows) -> list[Check]:
    """Times of text must state their offset where it is needed, and only there."""
    if rows.timed() is None:
        return []
    if "time_zone" in rows.spec:
        zoned = f"({rows.written(CLOCK + OFFSET)})"
        return [Check("time", zoned, "with an offset of their own", "times without one, as there is a time_zone")]
    allowed = "times with one, as 2026-01-31T12:00:00Z, or time_zone for times without"
    return [Check("time", f"({rows.written(CLOCK)})", "without an offset", allowed)]


def stop_at_first(connection: duckdb.DuckDBPyConnection, rows: Rows, of: list[Check]) -> None:
    """Apply some checks to files that are read alike.

    Raises:
        InputError: the first fault in the order of the checks, with its count, and how many more kinds there are.
    """
    found = told(connection, rows, of)
    if found:
        more = f" (and {len(found) - 1} more such faults)" if len(found) > 1 else ""
        raise InputError(found[0] + more)


def told(connection: duckdb.DuckDBPyConnection, rows: Rows, of: list[Check]) -> list[str]:
    """Faults of files that are read alike, a line for every kind of fault in every file."""
    found = []
    for check in of:
        column = rows.spec["columns"][check.role]
        query = f"""
            SELECT {FILE}, count_if(wrong), count(*), list_sort(list(DISTINCT raw) FILTER (wrong))[:3]
            FROM (SELECT {FILE}, {check.wrong} IS TRUE AS wrong, CAST({rows.raw(check.role)} AS VARCHAR) AS raw
                  FROM {rows.table(NAMED)})
            GROUP BY ALL HAVING count_if(wrong) > 0 ORDER BY {FILE}"""
        for path, wrong, total, values in connection.execute(query).fetchall():
            shown = f", such as {one_of([repr(value) for value in values])}" if values and check.what != "empty" else ""
            shown += next((f" ({found})" for found in map(readings, values or ()) if found), "") if check.whole else ""
            found.append(
                f"{path}: {check.role} (column {column}): {wrong:,} of {total:,} rows are {check.what}{shown};"
                f" allowed: {check.allowed}"
            )
    return found


def readings(value: str | None) -> str:
    """What a number may mean whose digits are in groups of three; empty for any other text."""
    text = (value or "").strip()
    if not GROUPED.fullmatch(text):
        return ""
    digits, signs = re.sub(r"\D", "", text), re.sub(r"\d", "", text)
    whole = f"{int(digits):,}"
    if signs in (".", ","):
        whole = f"{float(text.replace(signs, '.')):g} or {whole}"
    return f"{text!r} is {whole}; write digits alone"


def faulty_rows(connection: duckdb.DuckDBPyConnection, rows: Rows, of: list[Check]) -> dict[str, int]:
    """Rows with any fault, by file."""
    wrong = " OR ".join(f"{check.wrong} IS TRUE" for check in of)
    table = rows.table(NAMED)
    return dict(connection.execute(f"SELECT {FILE}, count(*) FROM {table} WHERE {wrong} GROUP BY ALL").fetchall())
