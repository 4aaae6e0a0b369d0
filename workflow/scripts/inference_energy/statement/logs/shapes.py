"""Files of any shape as rows of the same few columns.

A usage file may say that a role is the sum of several columns, that rows are records within a document, that some rows
are no requests, that a request is written more than once, that a column names the type of tokens that a row counts, or
that tokens are counted in thousands. Such files are written once as a plain table of text in the folder for
intermediate data, which is then checked and added up as any other. Files that need none of this are read directly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.statement.logs import paths, reading, telling
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.layout import FILE
from inference_energy.statement.logs.paths import Name
from inference_energy.statement.logs.reading import Rows, identifier, shortened, unreadable
from inference_energy.statement.logs.shape import (
    COST,
    CURRENCY,
    ESTIMATED,
    NO_REQUEST,
    OTHER_TOKENS,
    REPEATED,
    TOKENS,
    Shape,
    headed,
    holder_of,
    read_table,
    scratch,
)

KEYS = ("records", "attributes", "parts", "where", "kinds", "unique", "token_types", "unit", "carried")
NOT_STATED = "(no currency stated)"
Costs = tuple[str, str | None, str, float]  # kind, model, currency, amount
Counted = tuple[
    str, str | None, int | None, int, int
]  # kind, model, rows (of bills requests), prompt and answer tokens


@dataclass(frozen=True, kw_only=True)
class Opened:
    """Files of a source, ready to be added up."""

    rows: list[Rows]
    counted: list[Counted] = field(default_factory=list)  # rows that are no request, or a special one
    costs: list[Costs] = field(default_factory=list)  # of rows of every kind, where the files state them


def opened(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> Opened:
    """The files of one source, in groups that are read alike.

    Raises:
        InputError: a file that cannot be read; a column, path or key that no row of it has; values that the usage file
            gives no meaning.
    """
    if "records" in spec:  # a document, whatever its file is called
        files = [replace(file, format="json") if file.format == "jsonl" else file for file in files]
    found = _opened(connection, files, spec, place)
    telling.check_columns(connection, files, spec, place)
    return found


def _opened(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> Opened:
    if not needed(spec) and not _nested(connection, files, spec, place):
        found = reading.alike(connection, files, spec, place)
        return Opened(rows=[_with_paths(connection, rows) if rows.format == "jsonl" else rows for rows in found])
    groups: dict[tuple, list[Rows]] = {}
    names = headed(spec)
    for file in files:
        of = reading.whole_of(connection, file, names, place)
        groups.setdefault((of.format, of.layout, of.folders, tuple(of.types.items())), []).append(of)
    together = [replace(own[0], files=[path for each in own for path in each.files]) for own in groups.values()]
    rows = [Shape(connection, own, spec, place).written() for own in together]
    counted: list[Counted] = []
    if rows and "unique" in spec:
        rows = [_joined(rows)]
        before = _count(connection, rows[0])
        rows = [replace(rows[0], relation=_once(connection, rows[0]))]
        repeated = before - _count(connection, rows[0])
        counted += [(REPEATED, None, repeated, 0, 0)] if repeated else []
    costs: list[Costs] = []
    for each in rows:
        counted += _counted(connection, each)
        costs += _costs(connection, each) if each.has(COST) else []
    return Opened(
        rows=[replace(each, relation=_estimated(each)) for each in rows], counted=counted, costs=_added(costs)
    )


def _joined(rows: list[Rows]) -> Rows:
    """Files of all groups as one table."""
    relation = " UNION ALL BY NAME ".join(each.relation for each in rows)
    return replace(rows[0], files=[path for each in rows for path in each.files], relation=f"({relation})")


def _estimated(rows: Rows) -> str:
    return f"(SELECT * FROM {rows.relation} WHERE kind IN ({', '.join(map(sql, ESTIMATED))}))"


def _count(connection: duckdb.DuckDBPyConnection, rows: Rows) -> int:
    return connection.execute(f"SELECT count(*) FROM {rows.relation}").fetchone()[0]


def _once(connection: duckdb.DuckDBPyConnection, rows: Rows) -> str:
    """The rows with every request once: of those with one key the last, or the one with the most answer tokens.

    A row without a whole key is a request of its own.
    """
    of = rows.spec["unique"]
    keys = [f"unique_{place}" for place in range(len(of["columns"]))]
    tokens = [f"TRY_CAST({identifier(role)} AS BIGINT) DESC NULLS LAST" for role in reversed(TOKENS) if rows.has(role)]
    when = "month" if rows.has("month") else rows.microseconds()
    order = [*tokens, f"{when} DESC"] if of.get("keep") == "largest" else [f"{when} DESC NULLS LAST", *tokens]
    within = [*keys, FILE] if of.get("within_file") else keys
    stated = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    path = scratch(
        connection,
        f"SELECT * FROM {rows.relation} WHERE kind = {sql(NO_REQUEST)} OR NOT ({stated}) UNION ALL BY NAME"
        f" SELECT * FROM {rows.relation} WHERE kind <> {sql(NO_REQUEST)} AND {stated}"
        f" QUALIFY row_number() OVER (PARTITION BY {', '.join(within)} ORDER BY {', '.join(order)}, {FILE}) = 1",
    )
    return read_table(path)


def _counted(connection: duckdb.DuckDBPyConnection, rows: Rows) -> list[Counted]:
    """Rows that are not estimated as requests of a chat, or are those of a batch, by kind, with their tokens."""
    number = {role: f"coalesce(sum(TRY_CAST({role} AS BIGINT)), 0)" if rows.has(role) else "0" for role in TOKENS}
    prompt = number["input_tokens"]
    if rows.has("cached_tokens") and not rows.spec.get("cached_in_input", True):
        prompt += f" + {number['cached_tokens']}"
    model = shortened(rows.name("model"))
    rows_ = "count(*)"
    if rows.has("month"):  # of bills
        rows_ = f"sum({rows.whole('requests')})::BIGINT" if rows.has("requests") else "NULL"
    tokens = f"{rows_}, ({prompt})::BIGINT, ({number['output_tokens']})::BIGINT"
    special = f"kind NOT IN ('request', {sql(NO_REQUEST)})"
    queries = [
        f"SELECT kind, {model}, {tokens} FROM {rows.relation} WHERE {special} GROUP BY ALL",
        f"SELECT kind, NULL, count(*), 0, 0 FROM {rows.relation} WHERE kind = {sql(NO_REQUEST)} GROUP BY ALL",
    ]
    if rows.has("other_tokens"):
        queries.append(
            f"SELECT {sql(OTHER_TOKENS)}, {model}, count(*), {number['other_tokens']}::BIGINT, 0"
            f" FROM {_estimated(rows)} WHERE TRY_CAST(other_tokens AS BIGINT) > 0 GROUP BY ALL"
        )
    return [row for query in queries for row in connection.execute(query).fetchall()]


def _costs(connection: duckdb.DuckDBPyConnection, rows: Rows) -> list[Costs]:
    """What the rows of every kind cost, by currency; those that are no request are left out.

    Raises:
        InputError: a cost that is no number.
    """
    amount = f"TRY_CAST({COST} AS DOUBLE)"
    of = f"FROM {rows.relation} WHERE kind <> {sql(NO_REQUEST)} AND {COST} IS NOT NULL"
    wrong = f"coalesce(NOT isfinite({amount}), true)"
    number, example, path = connection.execute(f"SELECT count(*), min({COST}), min({FILE}) {of} AND {wrong}").fetchone()
    if number:
        raise InputError(
            f"{path}: cost (column {rows.spec['columns'][COST]}): {number:,} rows are no numbers, such as {example!r};"
            " allowed: amounts with a decimal point, or no cost in the usage file"
        )
    currency = f"coalesce(nullif(upper(trim({rows.name(CURRENCY)})), ''), {sql(NOT_STATED)})"
    query = f"SELECT kind, {shortened(rows.name('model'))}, {currency}, sum({amount} ORDER BY {amount})"
    return connection.execute(f"{query} {of} GROUP BY ALL ORDER BY ALL NULLS FIRST").fetchall()


def _added(costs: list[Costs]) -> list[Costs]:
    """The costs of several groups of files together."""
    found: dict[tuple, float] = {}
    for *key, amount in costs:
        found[tuple(key)] = found.get(tuple(key), 0.0) + amount
    return [(*key, amount) for key, amount in found.items()]


def needed(spec: Mapping) -> bool:
    """Whether files cannot be read as they are."""
    columns = spec["columns"].values()
    return (
        any(key in spec for key in KEYS)
        or COST in spec["columns"]
        or ("time_unit" in spec and "month" in spec["columns"])
        or any(not isinstance(column, str) or column[0] == "^" or column[-1] == "?" for column in columns)
    )


def _nested(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> bool:
    """Whether a table has columns that hold an object which the usage file enters."""
    for file in files:
        if file.format in ("json", "jsonl") or all("." not in column for column in spec["columns"].values()):
            continue
        types = reading.whole_of(connection, file, (), place).types
        for column in spec["columns"].values():
            if column not in types and holder_of(column, types):
                return True
    return False


def _with_paths(connection: duckdb.DuckDBPyConnection, rows: Rows) -> Rows:
    """JSON lines with the paths of their columns.

    Raises:
        InputError: a column that no row has.
    """
    names = {column: Name.of(column) for column in rows.spec["columns"].values() if column not in rows.folders}
    relation = rows.documents()
    try:
        found = paths.located(connection, relation, dict.fromkeys(names.values()))
    except duckdb.Error as error:
        raise InputError(unreadable(rows, error)) from None
    if found is None:
        return rows
    absent = [column for column, name in names.items() if found[name] is None]
    if absent:
        raise paths.missing(rows.files[0], absent, f"{rows.place}.columns")
    return replace(rows, paths={column: found[name] for column, name in names.items()})
