"""Files of one format with the same columns, written as one plain table with a column per role."""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace

import duckdb

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql
from inference_energy.statement.logs import paths
from inference_energy.statement.logs.layout import FILE, NAMED
from inference_energy.statement.logs.paths import Name
from inference_energy.statement.logs.reading import FIRST_US, LAST_US, Rows, identifier, unreadable
from inference_energy.statement.logs.values import DECIMAL, WHOLE, holds, is_unit, texts, unit_factor, unit_of

TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "other_tokens")
COUNTS = (*TOKENS, "requests")
COST, CURRENCY = "cost", "currency"
ESTIMATED = ("request", "batch")
# What a row may be besides a request, in the order in which a row is tested.
KINDS = ("failure", "cache_hit", "embedding", "rerank", "moderation", "image", "audio", "other", "batch")
NO_REQUEST, REPEATED, OTHER_TOKENS, UNKNOWN_TYPE = "no request", "repeated", "other tokens", "unknown type"
VALUES = ("stringValue", "intValue", "doubleValue", "boolValue")  # of an attribute of OpenTelemetry


def named(spec: Mapping) -> dict[str, str]:
    """Every column that an entry of a usage file names, with the key that names it last."""
    found = {}
    for role, columns in spec["columns"].items():
        found |= dict.fromkeys([columns] if isinstance(columns, str) else columns, f"columns.{role}")
    found |= dict.fromkeys(spec.get("where", {}), "where")
    for kind, condition in spec.get("kinds", {}).items():
        found |= dict.fromkeys(condition, f"kinds.{kind}")
    found |= dict.fromkeys(_unique(spec), "unique") | dict.fromkeys(spec.get("parts", {}), "parts")
    types, unit = spec.get("token_types"), spec.get("unit")
    found |= {types[key]: f"token_types.{key}" for key in ("column", "amount")} if types else {}
    return found | ({unit["column"]: "unit.column"} if isinstance(unit, dict) else {})


def headed(spec: Mapping) -> list[str]:
    """Columns that a table must have by these names: may not be missing, are not entered and no part of others."""
    made = {group for pattern in spec.get("parts", {}).values() for group in re.compile(pattern).groupindex}
    return [name for name in named(spec) if name not in made and not {".", '"'} & set(name) and name[-1] != "?"]


def _unique(spec: Mapping) -> list[str]:
    return list(spec.get("unique", {}).get("columns", []))


class Shape:
    """Files of one format with the same columns, as one plain table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, whole: Rows, spec: dict, place: str):
        """`whole` are the files with all their columns, as `reading.whole_of` has them."""
        self.connection, self.spec, self.place, self.whole = connection, spec, place, whole
        self.files, self.types = whole.files, whole.types
        self.columns = {
            role: [column] if isinstance(column, str) else list(column) for role, column in spec["columns"].items()
        }
        for pattern in patterns_of(spec):
            _check_pattern(connection, pattern, place)
        self.patterns = {column: re.compile(pattern) for column, pattern in spec.get("parts", {}).items()}
        self.parts = {group: column for column, pattern in self.patterns.items() for group in pattern.groupindex}
        self.levels = spec.get("records", "").split("[]")[:-1]
        self.json = whole.format == "jsonl"

    def written(self) -> Rows:
        """The rows as a file of intermediate data, those that are no request with their kind."""
        try:
            names = self._expressions()
            columns = {role: self._role(role, names) for role in self.columns}
            columns |= self._by_type(names)
            keys = [f"{names[column]} AS unique_{place}" for place, column in enumerate(_unique(self.spec))]
            selected = [f"{sql_} AS {identifier(role)}" for role, sql_ in columns.items()] + keys
            path = scratch(
                self.connection,
                f"SELECT {FILE}, {self._kind(names)} AS kind, {self._told_type(names)} AS told_type,"
                f" {', '.join(selected)} FROM ({self._source(names)})",
            )
        except duckdb.Error as error:
            raise InputError(unreadable(self.whole, error)) from None
        labels = {role: " + ".join(named) for role, named in self.columns.items()}
        labels |= dict.fromkeys(self._by_type(names), self.spec.get("token_types", {}).get("amount"))
        kept = self.spec | {"columns": labels}
        if "month" in kept["columns"]:
            kept.pop("time_unit", None)
        rows = Rows(files=self.files, format="table", types={}, spec=kept, place=self.place, relation=read_table(path))
        self._check_types(rows)
        return self._carried(rows) if "carried" in self.spec else rows

    # Columns of the files.

    def _expressions(self) -> dict[str, str]:
        """Every column as SQL on the source."""
        wanted = {column: key for column, key in named(self.spec).items() if column not in self.parts}
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
            holder = holder_of(name.text, self.types)
            if name.text in self.types:
                found[column] = f"CAST({identifier(name.text)} AS VARCHAR)"
            elif holder:
                inside = name.text[len(holder) + 1 :]
                found[column] = self._within(holder, Name(inside, optional=name.optional), f"{self.place}.{key}")
            elif name.optional:
                found[column] = "NULL::VARCHAR"
            else:
                raise InputError(
                    f"{self.files[0]}: no column {name.text!r} ({self.place}.{key});"
                    f" allowed: {one_of(list(self.types))}"
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
        return self.whole.table(NAMED)

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
                    attribute = self._attribute(name, located is None) or self._in_text(name, relation, f"l{level}")
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

    def _in_text(self, name: Name, relation: str, record: str) -> str | None:
        """A value in JSON that a record holds as text; null if none does."""
        keys = name.text.split(".")
        if '"' in name.text:
            return None
        for count in range(len(keys) - 1, 0, -1):
            holder, inside = Name(".".join(keys[:count])), Name(".".join(keys[count:]))
            for path in paths.candidates(holder.text):
                text = f"({{}} ->> {sql(path)})"
                document = "(CASE WHEN json_valid({0}) THEN {0}::JSON END)"
                here, there = (document.format(text.format(of)) for of in ("json", record))
                rows = f"(SELECT {here} AS json FROM {relation} WHERE {here} IS NOT NULL)"
                found = paths.located(self.connection, rows, [inside])
                if found and found[inside]:
                    return f"({there} ->> {sql(found[inside])})"
        return None

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
        tables = [f"(SELECT {FILE}, json AS l0 FROM {self.whole.documents()})"]
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
        if role == COST:
            return self._cost(values)
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
            sound += f" AND {is_unit(unit)}"
            shown += f" || ' in ' || coalesce({unit}, 'no unit')"
        return f"(CASE WHEN {empty} THEN NULL WHEN {sound} THEN {whole} ELSE {shown} END)"

    def _cost(self, values: list[str]) -> str:
        """The sum of those amounts that a row states, as text; the text of one that is no number."""
        stated = [f"nullif(trim({value}), '')" for value in values]
        sound = " AND ".join(f"({value} IS NULL OR TRY_CAST({value} AS DOUBLE) IS NOT NULL)" for value in stated)
        total = " + ".join(f"coalesce(TRY_CAST({value} AS DOUBLE), 0)" for value in stated)
        empty = " AND ".join(f"{value} IS NULL" for value in stated)
        shown = f"concat_ws(' + ', {', '.join(stated)})"
        return f"(CASE WHEN {empty} THEN NULL WHEN {sound} THEN CAST({total} AS VARCHAR) ELSE {shown} END)"

    def _unit(self, names: Mapping[str, str]) -> str:
        """Tokens of a unit, of all rows or of each."""
        unit = self.spec["unit"]
        if isinstance(unit, str):
            factor = unit_factor(unit)
            if factor is None:
                raise InputError(f"{self.place}.unit: found {unit!r}; allowed: such as 1K tokens or 1M tokens")
            return str(factor)
        return unit_of(names[unit["column"]])

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
        for role, of in types["values"].items():
            amount = self._sum(role, [names[types["amount"]]], names)
            found[role] = f"(CASE WHEN {kind} IN ({texts(of)}) THEN {amount} ELSE '0' END)"
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
            known = [text for of in types["values"].values() for text in of]
            kind = f"lower(trim({names[types['column']]}))"
            # Before a batch, whose tokens are estimated too.
            position = next((place for place, case in enumerate(cases) if case.endswith(sql("batch"))), len(cases))
            cases.insert(position, f"WHEN ({kind} IN ({texts(known)})) IS NOT TRUE THEN {sql(UNKNOWN_TYPE)}")
        return f"(CASE {' '.join(cases)} ELSE 'request' END)" if cases else "'request'"

    def _holds(self, condition: Mapping, names: Mapping[str, str]) -> str:
        """A condition on the columns of a row as SQL; all parts of it must hold."""
        return " AND ".join(
            holds(f"trim({names[column]})", word, of)
            for column, wanted in condition.items()
            for word, of in (wanted.items() if isinstance(wanted, dict) else [("in", wanted)])
        )

    def _check_types(self, rows: Rows) -> None:
        """Types of tokens without a meaning are an error, as their tokens would be left out unseen."""
        if "token_types" not in self.spec:
            return
        unknown = f"FROM {rows.relation} WHERE kind = {sql(UNKNOWN_TYPE)}"
        query = f"SELECT DISTINCT coalesce(told_type, '(empty)') {unknown} ORDER BY ALL"
        found = [text for (text,) in self.connection.execute(query).fetchall()]
        if found:
            types = self.spec["token_types"]
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            known = [str(text) for of in types["values"].values() for text in of]
            raise InputError(
                f"{self.files[0]}: {types['column']}: found {', '.join(map(repr, found[:3]))}{more}, to which"
                f" {self.place}.token_types gives no meaning; allowed: {one_of(known)}, or a kind of rows (kinds)"
            )

    def _carried(self, rows: Rows) -> Rows:
        """Roles that a row takes from the last earlier row of its file that states them."""
        carried = [identifier(role) for role in self.spec["carried"]]
        window = f"OVER (PARTITION BY {FILE} ORDER BY {rows.microseconds()} ROWS UNBOUNDED PRECEDING)"
        taken = ", ".join(f"last_value({role} IGNORE NULLS) {window} AS {role}" for role in carried)
        path = scratch(self.connection, f"SELECT * REPLACE ({taken}) FROM {rows.relation}")
        return replace(rows, relation=read_table(path))


def holder_of(text: str, types: Mapping[str, str]) -> str | None:
    """The longest column that a name with dots enters."""
    keys = text.split(".")
    starts = (".".join(keys[:count]) for count in range(len(keys) - 1, 0, -1))
    return next((start for start in starts if start in types), None)


def patterns_of(spec: Mapping) -> Iterator[str]:
    """Every regular expression of a usage file's entry."""
    yield from spec.get("parts", {}).values()
    for condition in (spec.get("where", {}), *spec.get("kinds", {}).values()):
        yield from (of["matches"] for of in condition.values() if isinstance(of, dict) and "matches" in of)


def _check_pattern(connection: duckdb.DuckDBPyConnection, pattern: str, place: str) -> None:
    try:
        connection.execute(f"SELECT regexp_matches('', {sql(pattern)})").fetchall()
    except duckdb.Error as error:
        told = str(error).strip().splitlines()[0].split(": ", 1)[-1]
        raise InputError(f"{place}: found {pattern!r}: {told}; allowed: a regular expression (RE2)") from None


def read_table(path: str) -> str:
    """A file of intermediate data as a table of SQL."""
    return f"(SELECT * FROM read_parquet({sql(path)}))"


def scratch(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The rows of a query as a file in the folder for intermediate data, which is removed with the connection."""
    (folder,) = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    path = f"{folder}/{uuid.uuid4().hex}.parquet"
    connection.execute(f"COPY ({query}) TO {sql(path)} (FORMAT parquet)")
    return path
