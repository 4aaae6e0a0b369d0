"""Files of any shape as rows of the same few columns.

A usage file may say that a role is the sum of several columns, that rows are records within a document, that some rows
are no requests, that a request is written more than once, that a column names the type of tokens that a row counts, or
that tokens are counted in thousands. Such files are written once as a plain table of text in the folder for
intermediate data, which is then checked and added up as any other. Files that need none of this are read directly.
"""

import gzip
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql
from inference_energy.statement.logs import paths, reading, telling
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.paths import Name
from inference_energy.statement.logs.reading import FIRST_US, LAST_US, Rows, identifier, listed, shortened, unreadable

TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "other_tokens")
COUNTS = (*TOKENS, "requests")
ESTIMATED = ("request", "batch")
# What a row may be besides a request, in the order in which a row is tested.
KINDS = ("failure", "cache_hit", "embedding", "rerank", "moderation", "image", "audio", "other", "batch")
NO_REQUEST, REPEATED, OTHER_TOKENS, UNKNOWN_TYPE = "no request", "repeated", "other tokens", "unknown type"
KEYS = ("records", "attributes", "parts", "where", "kinds", "unique", "token_types", "unit", "carried")
VALUES = ("stringValue", "intValue", "doubleValue", "boolValue")  # of an attribute of OpenTelemetry
WHOLE = r"^\s*-?\d+(\.0{1,2})?\s*$"  # 120.0, but not 1.000, which may be a thousand
DECIMAL = r"^\s*-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*$"
UNIT = r"(?i)^\s*([0-9,]*)\s*([KM]?)\s*(?:tokens?|units?)?\s*$"
THOUSANDS = {"": 1, "K": 1_000, "M": 1_000_000}
SMALLEST_ROOM = 16_777_216  # bytes that DuckDB keeps for one object of JSON, which a document is
Counted = tuple[
    str, str | None, int | None, int, int
]  # kind, model, rows or requests of bills, tokens of prompts and of answers


@dataclass(frozen=True, kw_only=True)
class Opened:
    """Files of a source, ready to be added up."""

    rows: list[Rows]
    counted: list[Counted] = field(default_factory=list)  # rows that are no request, or a special one


def opened(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> Opened:
    """The files of one source, in groups that are read alike.

    Raises:
        InputError: a file that cannot be read; a column, path or key that no row of it has; values that the usage file
            gives no meaning.
    """
    files = [replace(file, format="json") if file.format == "jsonl" and _is_list(file.path) else file for file in files]
    found = _opened(connection, files, spec, place)
    telling.check_columns(connection, files, spec, place)
    return found


def _opened(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> Opened:
    if not needed(spec, files) and not _nested(connection, files, spec, place):
        found = reading.alike(connection, files, spec, place)
        return Opened(rows=[_with_paths(connection, rows) if rows.format == "jsonl" else rows for rows in found])
    groups: dict[tuple, list[UsageFile]] = {}
    for file in files:
        types = {} if file.format in ("json", "jsonl") else reading._types(connection, file, place)
        groups.setdefault((file.format, tuple(types.items())), []).append(file)
    rows = [_Shape(connection, own, dict(types), spec, place).written() for (_, types), own in groups.items()]
    counted: list[Counted] = []
    if rows and "unique" in spec:
        rows = [_joined(rows)]
        before = _count(connection, rows[0])
        rows = [replace(rows[0], relation=_once(connection, rows[0]))]
        repeated = before - _count(connection, rows[0])
        counted += [(REPEATED, None, repeated, 0, 0)] if repeated else []
    for each in rows:
        counted += _counted(connection, each)
    return Opened(rows=[replace(each, relation=_estimated(each)) for each in rows], counted=counted)


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
    within = [*keys, "filename"] if of.get("within_file") else keys
    stated = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    path = scratch(
        connection,
        f"SELECT * FROM {rows.relation} WHERE kind = {sql(NO_REQUEST)} OR NOT ({stated}) UNION ALL BY NAME"
        f" SELECT * FROM {rows.relation} WHERE kind <> {sql(NO_REQUEST)} AND {stated}"
        f" QUALIFY row_number() OVER (PARTITION BY {', '.join(within)} ORDER BY {', '.join(order)}, filename) = 1",
    )
    return _read(path)


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
    queries = [
        f"SELECT kind, {model}, {tokens} FROM {rows.relation} WHERE kind NOT IN ('request', {sql(NO_REQUEST)}) GROUP BY ALL",
        f"SELECT kind, NULL, count(*), 0, 0 FROM {rows.relation} WHERE kind = {sql(NO_REQUEST)} GROUP BY ALL",
    ]
    if rows.has("other_tokens"):
        queries.append(
            f"SELECT {sql(OTHER_TOKENS)}, {model}, count(*), {number['other_tokens']}::BIGINT, 0"
            f" FROM {_estimated(rows)} WHERE TRY_CAST(other_tokens AS BIGINT) > 0 GROUP BY ALL"
        )
    return [row for query in queries for row in connection.execute(query).fetchall()]


def _is_list(path: str) -> bool:
    """Whether a file of JSON is one list, not an object per line."""
    with Path(path).open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with (gzip.open if packed else open)(path, "rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: {error}; allowed: a whole file") from None


def needed(spec: Mapping, files: Iterable[UsageFile] = ()) -> bool:
    """Whether files cannot be read as they are."""
    columns = spec["columns"].values()
    return (
        any(key in spec for key in KEYS)
        or ("time_unit" in spec and "month" in spec["columns"])
        or any(not isinstance(column, str) or column[0] == "^" or column[-1] == "?" for column in columns)
        or any(file.format == "json" for file in files)
    )


def _nested(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> bool:
    """Whether a table has columns that hold an object which the usage file enters."""
    for file in files:
        if file.format == "jsonl" or all("." not in column for column in spec["columns"].values()):
            continue
        types = reading._types(connection, file, place)
        for column in spec["columns"].values():
            if column not in types and _holder(column, types):
                return True
    return False


def _holder(text: str, types: Mapping[str, str]) -> str | None:
    """The longest column that a name with dots enters."""
    keys = text.split(".")
    starts = (".".join(keys[:count]) for count in range(len(keys) - 1, 0, -1))
    return next((start for start in starts if start in types), None)


def _with_paths(connection: duckdb.DuckDBPyConnection, rows: Rows) -> Rows:
    """JSON lines with the paths of their columns.

    Raises:
        InputError: a column that no row has.
    """
    names = {column: Name.of(column) for column in rows.spec["columns"].values()}
    relation = f"read_ndjson_objects({listed(rows.files)})"
    try:
        found = paths.located(connection, relation, dict.fromkeys(names.values()))
    except duckdb.Error as error:
        raise InputError(unreadable(rows.files[0], rows.format, error)) from None
    if found is None:
        return rows
    absent = [column for column, name in names.items() if found[name] is None]
    if absent:
        raise paths.missing(rows.files[0], absent, f"{rows.place}.columns")
    return replace(rows, paths={column: found[name] for column, name in names.items()})


def unit_factor(text: str) -> int | None:
    """Tokens of a unit such as `1K tokens`; null for a text that is no unit."""
    match = re.match(UNIT, text)
    if match is None or not text.strip():
        return None
    count = match[1].replace(",", "") or "1"
    return int(count) * THOUSANDS[match[2].upper()] if count.isdigit() else None


class _Shape:
    """Files of one format with the same columns, as one plain table."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, files: list[UsageFile], types: dict, spec: dict, place: str
    ):
        self.connection, self.spec, self.place, self.types = connection, spec, place, types
        self.files = [file.path for file in files]
        self.format = files[0].format
        self.columns = {
            role: [column] if isinstance(column, str) else list(column) for role, column in spec["columns"].items()
        }
        self.patterns = {column: re.compile(pattern) for column, pattern in spec.get("parts", {}).items()}
        self.parts = {group: column for column, pattern in self.patterns.items() for group in pattern.groupindex}
        self.levels = spec.get("records", "").split("[]")[:-1]
        self.json = self.format in ("json", "jsonl")
        self.conditions = [spec.get("where", {}), *spec.get("kinds", {}).values()]

    def written(self) -> Rows:
        """The rows as a file of intermediate data, those that are no request with their kind."""
        try:
            names = self._expressions()
            columns = {role: self._role(role, names) for role in self.columns}
            columns |= self._by_type(names)
            keys = [f"{names[column]} AS unique_{place}" for place, column in enumerate(self._unique())]
            selected = [f"{sql_} AS {identifier(role)}" for role, sql_ in columns.items()] + keys
            path = scratch(
                self.connection,
                f"SELECT filename, {self._kind(names)} AS kind, {self._told_type(names)} AS told_type,"
                f" {', '.join(selected)} FROM ({self._source(names)})",
            )
        except duckdb.Error as error:
            raise InputError(unreadable(self._culprit(), self.format, error)) from None
        labels = {role: " + ".join(named) for role, named in self.columns.items()}
        labels |= dict.fromkeys(self._by_type(names), self.spec.get("token_types", {}).get("amount"))
        kept = self.spec | {"columns": labels}
        if "month" in kept["columns"]:
            kept.pop("time_unit", None)
        rows = Rows(files=self.files, format="table", types={}, spec=kept, place=self.place, relation=_read(path))
        self._check_types(rows)
        return self._carried(rows) if "carried" in self.spec else rows

    # Columns of the files.

    def _names(self) -> Iterator[tuple[str, str]]:
        """Every column that the usage file names, and by which key."""
        yield from ((column, f"columns.{role}") for role, named in self.columns.items() for column in named)
        yield from ((column, "where") for column in self.spec.get("where", {}))
        for kind, condition in self.spec.get("kinds", {}).items():
            yield from ((column, f"kinds.{kind}") for column in condition)
        yield from ((column, "unique") for column in self._unique())
        yield from ((column, "parts") for column in self.patterns)
        for key in ("column", "amount"):
            if "token_types" in self.spec:
                yield self.spec["token_types"][key], f"token_types.{key}"
        if isinstance(self.spec.get("unit"), dict):
            yield self.spec["unit"]["column"], "unit.column"

    def _unique(self) -> list[str]:
        return list(self.spec.get("unique", {}).get("columns", []))

    def _expressions(self) -> dict[str, str]:
        """Every column as SQL on the source."""
        wanted = {column: key for column, key in self._names() if column not in self.parts}
        found = self._json_expressions(wanted) if self.json else self._table_expressions(wanted)
        for column, pattern in self.patterns.items():
            groups = list(pattern.groupindex)
            listing = ", ".join(map(sql, groups))
            for group in groups:
                taken = f"regexp_extract({found[column]}, {sql(pattern.pattern)}, [{listing}])"
                found[group] = f"nullif(struct_extract({taken}, {sql(group)}), '')"
        return found

    def _table_expressions(self, wanted: Mapping[str, str]) -> dict[str, str]:
        found = {}
        for column, key in wanted.items():
            name = Name.of(column)
            holder = _holder(name.text, self.types)
            if name.text in self.types:
                found[column] = f"CAST({identifier(name.text)} AS VARCHAR)"
            elif holder:
                inside = name.text[len(holder) + 1 :]
                found[column] = self._within(holder, Name(inside, optional=name.optional), f"{self.place}.{key}")
            elif name.optional:
                found[column] = "NULL::VARCHAR"
            else:
                raise InputError(
                    f"{self.files[0]}: no column {name.text!r} ({self.place}.{key}); allowed: {one_of(list(self.types))}"
                )
        return found

    def _within(self, holder: str, name: Name, place: str) -> str:
        """A value in a column that holds objects, or their text."""
        column = identifier(holder)
        # Text that is no JSON holds no value.
        document = (
            f"(CASE WHEN json_valid({column}) THEN {column}::JSON END)"
            if self.types[holder] == "VARCHAR"
            else f"to_json({column})"
        )
        relation = f"(SELECT {document} AS json FROM {self._table()} WHERE {document} IS NOT NULL)"
        found = paths.located(self.connection, relation, [name])
        if (found is None or found[name] is None) and not name.optional:
            raise paths.missing(self.files[0], [f"{holder}.{name.text}"], place)
        return "NULL::VARCHAR" if not found or not found[name] else f"({document} ->> {sql(found[name])})"

    def _table(self) -> str:
        spec = {"columns": {}}
        rows = Rows(files=self.files, format=self.format, types=self.types, spec=spec, place=self.place)
        return rows.table(", filename = true")

    def _json_expressions(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Values of records; how they are read from the documents is kept for `_source`."""
        self.read: list[dict[str, str]] = [{} for _ in range(len(self.levels) + 1)]  # JSON paths by column, by level
        deepest, found, by_level = len(self.levels), {}, {}
        self._check_levels()
        for column, key in wanted.items():
            name = Name.of(column)
            level = deepest - name.up
            if level < 0:
                raise InputError(
                    f"{self.place}.{key}: found {column!r}; allowed: at most {deepest} ^, for as many lists in records"
                )
            by_level.setdefault(level, {})[column] = name
        for level, named in by_level.items():
            relation = f"(SELECT l{level} AS json FROM ({self._levels(level)}))"
            located = paths.located(self.connection, relation, dict.fromkeys(named.values()))
            absent = []
            for column, name in named.items():
                path = None if located is None else located[name]
                if path is not None:
                    self.read[level][column] = path
                    found[column] = f"v{level}[{list(self.read[level]).index(column) + 1}]"
                else:
                    attribute = self._attribute(name, located is None)
                    if attribute is None and not name.optional and located is not None:
                        absent.append(column)
                    found[column] = attribute or "NULL::VARCHAR"
            if absent:
                raise paths.missing(self.files[0], absent, f"{self.place}.{wanted[absent[0]]}")
        return found

    def _attribute(self, name: Name, empty: bool) -> str | None:
        """A value in lists of keys and values; null if no record has the key."""
        found = []
        for written in self.spec.get("attributes", []):
            of = Name.of(written)
            level = len(self.levels) - of.up
            entries = f"json_extract(l{level}, {sql(paths.candidates(of.text)[0] + '[*]')})"
            first = f"list_filter({entries}, lambda entry: entry ->> 'key' = {sql(name.text)})[1]"
            asked = f"SELECT bool_or({first} IS NOT NULL) FROM ({self._levels(len(self.levels))})"
            if not empty and self.connection.execute(asked).fetchone()[0]:
                values = ", ".join(f"{first} ->> '$.value.{kind}'" for kind in VALUES)
                found.append(f"coalesce({values})")
        return f"coalesce({', '.join(found)})" if found else None

    def _check_levels(self) -> None:
        """Lists of records that no document has are an error; lists without an entry are not."""
        for level, written in enumerate(self.levels):
            name = Name(written.strip("."))
            relation = f"(SELECT l{level} AS json FROM ({self._levels(level)}))"
            located = paths.located(self.connection, relation, [name])
            if located is not None and located[name] is None:
                raise paths.missing(self.files[0], [self.spec["records"]], f"{self.place}.records")

    def _levels(self, level: int) -> str:
        """Documents and the records in their lists, to some depth."""
        if self.format == "json":
            options = f"format = 'auto', maximum_object_size = {max(map(_room, self.files))}"
            documents = f"read_json_objects({listed(self.files)}, {options}, filename = true)"
        else:
            documents = f"read_ndjson_objects({listed(self.files)}, filename = true)"
        tables = [f"(SELECT filename, json AS l0 FROM {documents})"]
        for depth, written in enumerate(self.levels[:level]):
            path = paths.candidates(written.strip("."))[0] + "[*]"
            tables.append(f"unnest(json_extract(l{depth}, {sql(path)})) AS t{depth + 1}(l{depth + 1})")
        return f"SELECT * FROM {', '.join(tables)}"

    def _source(self, names: Mapping[str, str]) -> str:
        if not self.json:
            return f"SELECT * FROM {self._table()}"
        # All values of a record at once: every use of ->> parses it anew.
        values = [
            f"l{level} ->> [{', '.join(map(sql, read.values()))}]::VARCHAR[] AS v{level}"
            for level, read in enumerate(self.read)
            if read
        ]
        return f"SELECT *{''.join(', ' + value for value in values)} FROM ({self._levels(len(self.levels))})"

    # Roles of the rows.

    def _role(self, role: str, names: Mapping[str, str]) -> str:
        values = [names[column] for column in self.columns[role]]
        if role == "month":
            return self._month(f"coalesce({', '.join(values)})")
        if role not in COUNTS:
            return "coalesce(" + ", ".join(f"nullif(trim({value}), '')" for value in values) + ")"
        return values[0] if len(values) == 1 and "unit" not in self.spec else self._sum(role, values, names)

    def _sum(self, role: str, values: list[str], names: Mapping[str, str]) -> str:
        """The sum of those parts that a row states; text that is no number where one of them is none."""
        counted = "unit" in self.spec and role in TOKENS
        pattern = sql(DECIMAL if counted else WHOLE)
        stated = [f"nullif(trim({value}), '')" for value in values]
        sound = " AND ".join(
            f"({value} IS NULL OR (regexp_full_match({value}, {pattern}) AND NOT starts_with({value}, '-')))"
            for value in stated
        )
        total = " + ".join(f"coalesce(TRY_CAST({value} AS DOUBLE), 0)" for value in stated)
        whole = f"CAST(CAST(round(({total}){' * ' + self._unit(names) if counted else ''}) AS BIGINT) AS VARCHAR)"
        empty = " AND ".join(f"{value} IS NULL" for value in stated)
        shown = f"concat_ws(' + ', {', '.join(stated)})"
        if counted:  # a part of a token is none
            sound += f" AND ({self._unit(names)} > 1 OR {total} = floor({total}))"
        if counted and isinstance(self.spec["unit"], dict):
            unit = names[self.spec["unit"]["column"]]
            sound += f" AND regexp_full_match({unit}, {sql(UNIT)}) AND trim({unit}) <> ''"
            shown += f" || ' in ' || coalesce({unit}, 'no unit')"
        return f"(CASE WHEN {empty} THEN NULL WHEN {sound} THEN {whole} ELSE {shown} END)"

    def _unit(self, names: Mapping[str, str]) -> str:
        """Tokens of a unit, of all rows or of each."""
        unit = self.spec["unit"]
        if isinstance(unit, str):
            factor = unit_factor(unit)
            if factor is None:
                raise InputError(f"{self.place}.unit: found {unit!r}; allowed: such as 1K tokens or 1M tokens")
            return str(factor)
        value = names[unit["column"]]
        groups = f"regexp_extract({value}, {sql(UNIT)}, ['count', 'letter'])"
        count = f"coalesce(TRY_CAST(nullif(replace({groups}.count, ',', ''), '') AS BIGINT), 1)"
        letters = " ".join(f"WHEN {sql(letter)} THEN {factor}" for letter, factor in THOUSANDS.items())
        return f"(CASE WHEN regexp_full_match({value}, {sql(UNIT)}) THEN {count} * (CASE upper({groups}.letter) {letters} END) END)"

    def _month(self, value: str) -> str:
        if "time_unit" not in self.spec:
            return value
        factor = {"s": "* 1000000", "ms": "* 1000", "us": "", "ns": "/ 1000"}[self.spec["time_unit"]]
        us = f"CAST(TRY_CAST({value} AS DOUBLE) {factor} AS BIGINT)"
        within = f"{us} BETWEEN {FIRST_US} AND {LAST_US - 1}"
        return f"(CASE WHEN {within} THEN strftime(make_timestamp({us}), '%Y-%m-%d') ELSE {value} END)"

    def _by_type(self, names: Mapping[str, str]) -> dict[str, str]:
        """Roles of tokens where a row counts tokens of one type."""
        types = self.spec.get("token_types")
        if types is None:
            return {}
        kind = f"lower(trim({names[types['column']]}))"
        found = {}
        for role, texts in types["values"].items():
            amount = self._sum(role, [names[types["amount"]]], names)
            found[role] = f"(CASE WHEN {kind} IN ({_texts(texts)}) THEN {amount} ELSE '0' END)"
        return found

    def _told_type(self, names: Mapping[str, str]) -> str:
        """The text that says the type of tokens of a row, for errors."""
        types = self.spec.get("token_types")
        return "NULL::VARCHAR" if types is None else names[self.parts.get(types["column"], types["column"])]

    def _kind(self, names: Mapping[str, str]) -> str:
        cases = []
        if "where" in self.spec:
            cases.append(f"WHEN ({self._holds(self.spec['where'], names)}) IS NOT TRUE THEN {sql(NO_REQUEST)}")
        kinds = self.spec.get("kinds", {})
        for kind in sorted(kinds, key=KINDS.index):
            cases.append(f"WHEN {self._holds(kinds[kind], names)} THEN {sql(kind)}")
        types = self.spec.get("token_types")
        if types is not None:
            known = [text for texts in types["values"].values() for text in texts]
            kind = f"lower(trim({names[types['column']]}))"
            # Before a batch, whose tokens are estimated too.
            position = next((place for place, case in enumerate(cases) if case.endswith(sql("batch"))), len(cases))
            cases.insert(position, f"WHEN ({kind} IN ({_texts(known)})) IS NOT TRUE THEN {sql(UNKNOWN_TYPE)}")
        return f"(CASE {' '.join(cases)} ELSE 'request' END)" if cases else "'request'"

    def _holds(self, condition: Mapping, names: Mapping[str, str]) -> str:
        """A condition on the columns of a row as SQL; all parts of it must hold."""
        found = []
        for column, wanted in condition.items():
            value = f"trim({names[column]})"
            if not isinstance(wanted, dict):
                found.append(f"lower({value}) IN ({_texts(wanted)})")
                continue
            for word, of in wanted.items():
                found.append(
                    {
                        "not": lambda: f"(lower({value}) NOT IN ({_texts(of)}) OR {value} IS NULL)",
                        "stated": lambda: f"(coalesce({value}, '') {'<>' if of else '='} '')",
                        "matches": lambda: f"regexp_matches({value}, {sql(of)}, 'i')",
                        "above": lambda: f"(TRY_CAST({value} AS DOUBLE) > {of})",
                    }[word]()
                )
        return " AND ".join(found) or "true"

    def _check_types(self, rows: Rows) -> None:
        """Types of tokens without a meaning are an error, as their tokens would be left out unseen."""
        if "token_types" not in self.spec:
            return
        query = f"SELECT DISTINCT coalesce(told_type, '(empty)') FROM {rows.relation} WHERE kind = {sql(UNKNOWN_TYPE)} ORDER BY ALL"
        found = [text for (text,) in self.connection.execute(query).fetchall()]
        if found:
            types = self.spec["token_types"]
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            known = [str(text) for texts in types["values"].values() for text in texts]
            raise InputError(
                f"{self.files[0]}: {types['column']}: found {', '.join(map(repr, found[:3]))}{more}, to which"
                f" {self.place}.token_types gives no meaning; allowed: {one_of(known)}, or a kind of rows (kinds)"
            )

    def _carried(self, rows: Rows) -> Rows:
        """Roles that a row takes from the last earlier row of its file that states them."""
        carried = [identifier(role) for role in self.spec["carried"]]
        window = f"OVER (PARTITION BY filename ORDER BY {rows.microseconds()} ROWS UNBOUNDED PRECEDING)"
        taken = ", ".join(f"last_value({role} IGNORE NULLS) {window} AS {role}" for role in carried)
        path = scratch(self.connection, f"SELECT * REPLACE ({taken}) FROM {rows.relation}")
        return replace(rows, relation=_read(path))

    def _culprit(self) -> str:
        return self.files[0]


def _room(path: str) -> int:
    """Bytes of the largest object that a file of JSON may hold: all of it, unless it has an object per line."""
    with Path(path).open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(-4 if packed and Path(path).stat().st_size > 4 else 0, 2)
        size = int.from_bytes(file.read(4), "little") if packed else Path(path).stat().st_size
    with (gzip.open if packed else open)(path, "rb") as file:
        first = file.readline(SMALLEST_ROOM)
    lines = first.lstrip().startswith(b"{") and first.rstrip().endswith(b"}")
    return SMALLEST_ROOM if lines and len(first) < size / 2 else max(size + 1, SMALLEST_ROOM)


def _texts(values: object) -> str:
    """Texts of SQL to compare with, in small letters."""
    return ", ".join(sql(_text(value)) for value in (values if isinstance(values, list) else [values]))


def _text(value: object) -> str:
    return str(value).strip().lower()


def _read(path: str) -> str:
    return f"(SELECT * FROM read_parquet({sql(path)}))"


def scratch(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The rows of a query as a file in the folder for intermediate data, which is removed with the connection."""
    (folder,) = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    path = f"{folder}/{uuid.uuid4().hex}.parquet"
    connection.execute(f"COPY ({query}) TO {sql(path)} (FORMAT parquet)")
    return path
