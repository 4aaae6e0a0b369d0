"""The columns of logs and bills as SQL: rows of any format as the same few columns."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

import duckdb

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql
from inference_energy.statement.logs.files import UsageFile, start_of
from inference_energy.statement.logs.layout import NAMED, Layout, fault, layout_of

# Tokens of one request; a power of two, so that one comparison tests all of a row at once.
TOKENS_BELOW = 2**27
MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
FIRST_US, LAST_US = 1_420_070_400_000_000, 4_102_444_800_000_000  # 2015 and 2100: times outside them have a wrong unit
WHOLE_TYPES = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
NUMBER_TYPES = WHOLE_TYPES | {"UBIGINT", "HUGEINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}
NAIVE_TYPES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
ZONED_TYPES = {"TIMESTAMP WITH TIME ZONE"}
TOKENS = ("input_tokens", "cached_tokens", "output_tokens")
NAMES = ("model", "tenant", "region")
LONGEST_NAME = 200  # characters; a cell of a workbook holds 32,767
CUT = r"^[\s\S]{187}…[0-9a-f]{12}$"  # the end of a longer name: a checksum tells apart names that begin alike
# Times of text: the database itself would also read dates alone, and times without their AM or PM.
CLOCK = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?"
FORM = re.compile(r"\d{4}-\d\d-\d\d(?P<between>[T ])\d\d:\d\d:\d\d(?P<parts>\.\d{1,6})?(?P<z>Z|[+-]\d\d:\d\d)?")
OFFSET = r" ?(Z|z|UTC|GMT|[+-]\d\d(:?\d\d)?)"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Files of one source that are read alike."""

    files: list[str]  # their paths
    format: str  # of all of them: parquet, csv, jsonl (of JSON in any layout), or table where there is a relation
    types: dict[str, str]  # DuckDB's type of every column, by name; not known for JSON lines
    spec: dict = field(repr=False)  # entry of the usage file
    place: str  # names it in errors
    plain: bool = False  # text has no unusual spaces around values; a value with them is read as NULL
    layout: Layout | None = None  # of text files; none of Parquet
    folders: tuple[str, ...] = ()  # columns that the names of their folders state, as region=eu
    paths: dict[str, str] = field(default_factory=dict)  # where JSON lines hold a column, by its name
    form: str | None = None  # of most times of text, as strptime has it, which takes less time than other readings
    relation: str | None = None  # the rows as a table with columns named by their roles, in place of the files

    def table(self, options: str = "") -> str:
        """The files as a table of SQL."""
        if self.relation is not None:
            return self.relation
        hive = "hive_partitioning = true, hive_types_autocast = false"
        options = (hive if self.folders else "hive_partitioning = false") + options
        if self.layout is None:
            return f"read_parquet({listed(self.files)}, {options})"
        table = self.layout.table(listed(self.files), options)
        if self.format == "csv":
            return table
        # All values of a row at once: every use of ->> parses the row anew.
        asked = ", ".join(sql(self.paths.get(name) or _json_path(name)) for name in self._names())
        values = f"json ->> [{asked}]::VARCHAR[]"
        return f"(SELECT *, {values} AS json_values FROM {table})"

    def documents(self) -> str:
        """The objects of JSON as a table of SQL with a column `json` and the name of the file."""
        return self.layout.table(listed(self.files), "hive_partitioning = false" + NAMED)

    def _names(self) -> list[str]:
        return [name for name in dict.fromkeys(self.spec["columns"].values()) if name not in self.folders]

    def raw(self, role: str) -> str:
        """A column as it is in the files."""
        if self.relation is not None:
            return identifier(role)
        name = self.spec["columns"][role]
        if self.format == "jsonl" and name not in self.folders:
            return f"json_values[{self._names().index(name) + 1}]"
        return identifier(name)

    def type(self, role: str) -> str:
        """Type of a column, without its parameters."""
        found = self.types.get(self.spec["columns"][role], "VARCHAR")
        return found.split("(")[0]

    def whole(self, role: str) -> str:
        """A column of tokens as whole numbers; NULL where it holds none."""
        raw, of = self.raw(role), self.type(role)
        if of not in WHOLE_TYPES:
            number = raw if of in NUMBER_TYPES else self._number(raw)
            # 950.000 is 950 or 950 thousand.
            two = f"(CASE WHEN strlen({raw}) > 4 THEN ends_with({self._trimmed(raw)}, '.000') ELSE false END)"
            sure = "" if of in NUMBER_TYPES else f" AND NOT {two}"
            raw = f"(CASE WHEN {number} = floor({number}){sure} THEN TRY_CAST({number} AS BIGINT) END)"
        if role == "cached_tokens" and self.spec.get("empty_cached_is_zero", False):
            return f"(CASE WHEN {empty(self.raw(role), of)} THEN 0 ELSE {raw} END)"
        return raw

    def microseconds(self) -> str:
        """The time of a row since 1970 in UTC; NULL where it holds none."""
        raw, of = self.raw("time"), self.type("time")
        if "time_unit" in self.spec:
            return self._counted(raw if of in NUMBER_TYPES else self._number(raw))
        if of in ZONED_TYPES:
            return f"epoch_us({raw})"
        zone = self.spec.get("time_zone", "UTC")
        if of in NAIVE_TYPES:
            return _in_utc(f"{raw}::TIMESTAMP", zone)
        text = self._trimmed(raw)
        naive = _in_utc(f"TRY_CAST({text} AS TIMESTAMP)", zone)
        if "time_zone" in self.spec:
            return f"coalesce({_in_utc(self._strict(), zone)}, {naive})" if self.form else naive
        # Reading an offset is slow; a Z, which most times have, is simply dropped.
        # An offset behind a space is not read.
        closed = f"TRY_CAST(replace(replace({text}, ' +', '+'), ' -', '-') AS TIMESTAMPTZ)"
        zoned = f"epoch_us(coalesce(TRY_CAST({text} AS TIMESTAMPTZ), {closed}))"
        found = f"(CASE WHEN ends_with({text}, 'Z') THEN {naive} ELSE {zoned} END)"
        return f"coalesce({_in_utc(self._strict(), 'UTC')}, {found})" if self.form else found

    def _number(self, raw: str) -> str:
        return f"TRY_CAST({self._trimmed(raw)} AS DOUBLE)"

    def _trimmed(self, raw: str) -> str:
        # Casts skip plain spaces themselves; trim, which takes longer than a cast, also removes those of Unicode.
        # Without it DuckDB may hand the cast to its reader of CSV, which stops at what is no number.
        return raw if self.plain else f"trim({raw})"

    def _counted(self, number: str) -> str:
        start = int(start_of(self.spec, self.place).timestamp() * 1_000_000)
        unit = self.spec["time_unit"]
        scaled = f"{number} // 1000" if unit == "ns" else f"{number} * {MICROSECONDS[unit]}"
        factor = 1000 if unit == "ns" else 1 / MICROSECONDS[unit]
        low, high = int((FIRST_US - start) * factor), int((LAST_US - start) * factor)
        return f"(CASE WHEN {number} BETWEEN {low} AND {high} THEN {start} + CAST({scaled} AS BIGINT) END)"

    def written(self, pattern: str) -> str | None:
        """Whether the time of a row is text of a pattern; none where times are no text or numbers of a unit."""
        if "time_unit" in self.spec or self.type("time") != "VARCHAR":
            return None
        return f"regexp_full_match({self._trimmed(self.raw('time'))}, {sql(pattern)})"

    def timed(self) -> str | None:
        """Whether the time of a row is text that states its offset, or none if the usage file does; none as above."""
        pattern = self.written(CLOCK if "time_zone" in self.spec else CLOCK + OFFSET)
        if pattern is None:
            return None
        # The most frequent forms are told by a few of their signs: a pattern takes six times as long. What is no time
        # in spite of them is no time to the database either.
        text = self._trimmed(self.raw("time"))
        third, sixth = (f"substr({text}, -{place}, 1)" for place in (3, 6))
        if "time_zone" in self.spec:
            told = f"strlen({text}) = 19 AND {third} = ':' AND {sixth} = ':'"
            return self._formed(f"(CASE WHEN {told} THEN true ELSE {pattern} END)")
        closed = f"ends_with({text}, 'Z') AND strlen({text}) BETWEEN 20 AND 30"
        offset = f"{third} = ':' AND {sixth} IN ('+', '-') AND strlen({text}) BETWEEN 25 AND 35"
        return self._formed(f"(CASE WHEN {closed} THEN true WHEN {offset} THEN true ELSE {pattern} END)")

    def _formed(self, otherwise: str) -> str:
        return f"(CASE WHEN {self._strict()} IS NOT NULL THEN true ELSE {otherwise} END)" if self.form else otherwise

    def _strict(self) -> str:
        return f"try_strptime({self._trimmed(self.raw('time'))}, {sql(self.form)})"

    def name(self, role: str) -> str:
        """A model, tenant or region; NULL where the files state none."""
        if role in self.spec["columns"]:
            raw = self.raw(role)
            return raw if self.type(role) == "VARCHAR" else f"CAST({raw} AS VARCHAR)"
        constant = self.spec.get("constants", {}).get(role)
        return "NULL::VARCHAR" if constant is None else sql(constant)

    def has(self, role: str) -> bool:
        """Whether the files have a column for it."""
        return role in self.spec["columns"]


def form_of(text: str, *, zoned: bool) -> str | None:
    """The form of a time as strptime has it; none for a form that is read otherwise.

    `zoned` says that the usage file states the zone; otherwise a time must have its Z or its offset.
    """
    found = FORM.fullmatch(text.strip())
    if found is None or bool(found["z"]) == zoned:
        return None
    zone = {None: "", "Z": "Z"}.get(found["z"], "%z")
    return f"%Y-%m-%d{found['between']}%H:%M:%S{'.%f' if found['parts'] else ''}{zone}"


def _in_utc(naive: str, zone: str) -> str:
    return f"epoch_us({naive})" if zone == "UTC" else f"epoch_us({naive} AT TIME ZONE {sql(zone)})"


def _json_path(name: str) -> str:
    return "$" + "".join(f'."{part}"' for part in name.split("."))


def shortened(name: str) -> str:
    """A name without spaces around it, cut if it is too long; NULL if nothing is left."""
    name = f"nullif(trim({name}), '')"
    cut = f"left({name}, {LONGEST_NAME - 13}) || '…' || left(sha256({name}), 12)"
    return f"(CASE WHEN length({name}) > {LONGEST_NAME} THEN {cut} ELSE {name} END)"


def listed(paths: Iterable[str]) -> str:
    """Paths as a list of SQL; the database takes none of their signs for a pattern."""
    return "[" + ", ".join(sql(re.sub(r"[*?\[]", r"[\g<0>]", path)) for path in paths) + "]"


def identifier(name: str) -> str:
    """The name of a column as SQL."""
    return '"' + name.replace('"', '""') + '"'


def alike(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> list[Rows]:
    """The files of one source, in groups that are read alike: one format, the same columns and types.

    Raises:
        InputError: a file that cannot be read, or without a column that the usage file names.
    """
    groups: dict[tuple, list[str]] = {}
    for file in files:
        rows = _alone(connection, file, spec, place)
        key = (rows.format, rows.layout, rows.folders, tuple(sorted(rows.types.items())))
        groups.setdefault(key, []).append(file.path)
    found = []
    for (format_, layout, folders, types), paths in groups.items():
        rows = Rows(
            files=paths, format=format_, types=dict(types), spec=spec, place=place, layout=layout, folders=folders
        )
        _check_types(rows)
        found.append(rows)
    return found


def _alone(connection: duckdb.DuckDBPyConnection, file: UsageFile, spec: dict, place: str) -> Rows:
    """One file as rows."""
    stated = {name: value for name, value in folders_of(file.path).items() if name in spec["columns"].values()}
    wanted = {role: column for role, column in spec["columns"].items() if column not in stated}
    rows = Rows(files=[file.path], format=_read_as(file), types={}, spec=spec, place=place)
    if file.format == "parquet":
        types = _types(connection, rows)
        for role, column in wanted.items():
            if column not in types:
                raise InputError(
                    f"{file.path}: no column {column!r} for {role} ({place}.columns); allowed: {one_of(list(types))}"
                )
        rows = replace(rows, types={name: types[name] for name in spec["columns"].values() if name in types})
    else:
        rows = replace(rows, layout=layout_of(file.path, file.format, wanted, place))
    return _with_folders(connection, rows, stated)


def _read_as(file: UsageFile) -> str:
    return "jsonl" if file.format == "json" else file.format


def whole_of(connection: duckdb.DuckDBPyConnection, file: UsageFile, names: Collection[str], place: str) -> Rows:
    """One file with all its columns, or the documents of JSON, whatever a usage file names of it.

    `names` are columns that the header of CSV or the names of folders must state.

    Raises:
        InputError: a file that cannot be read or lacks such a header; a column that holds another value than the
            folder's name.
    """
    rows = Rows(files=[file.path], format=_read_as(file), types={}, spec={"columns": {}}, place=place)
    stated = {name: value for name, value in folders_of(file.path).items() if name in names}
    if file.format == "parquet":
        rows = replace(rows, types=_types(connection, rows))
    else:
        wanted = dict(enumerate(name for name in names if name not in stated))
        layout = layout_of(file.path, file.format, wanted, place)
        rows = replace(rows, layout=layout, types=dict.fromkeys(layout.columns, "VARCHAR"))
    if rows.format == "jsonl":
        return rows
    return _with_folders(connection, rows, stated)


def _with_folders(connection: duckdb.DuckDBPyConnection, rows: Rows, stated: dict[str, str]) -> Rows:
    """One file with those columns of its folders that it does not hold itself."""
    folders = tuple(name for name, value in stated.items() if not _holds(connection, rows, name, value))
    return replace(rows, folders=folders, types=rows.types | dict.fromkeys(folders, "VARCHAR"))


def folders_of(path: str) -> dict[str, str]:
    """Columns that the names of the folders of a file state, as region=eu."""
    parts = (part.split("=", 1) for part in Path(path).parts[:-1] if part.count("=") == 1)
    return {name: unquote(value) for name, value in parts if name and value}


def _holds(connection: duckdb.DuckDBPyConnection, rows: Rows, name: str, stated: str) -> bool:
    """Whether a file has itself a column that its folder states, too.

    Raises:
        InputError: a column that holds another value than the folder's name.
    """
    columns = rows.types if rows.layout is None else rows.layout.columns
    if rows.format != "jsonl" and name not in columns:
        return False
    value = f"json ->> {sql(_json_path(name))}" if rows.format == "jsonl" else f"CAST({identifier(name)} AS VARCHAR)"
    table = replace(rows, spec={"columns": {}}).table()
    try:
        found = connection.execute(
            f"SELECT DISTINCT trim({value}) AS value FROM {table} ORDER BY ALL LIMIT 3"
        ).fetchall()
    except duckdb.Error as error:
        raise InputError(unreadable(rows, error)) from None
    values = [value for (value,) in found]
    if rows.format == "jsonl" and values in ([], [None]):
        return False
    if values and values != [stated]:
        raise InputError(
            f"{rows.files[0]}: found {one_of([repr(value) for value in values])} in column {name}, but {name}={stated}"
            " in the name of its folder; allowed: the same in both"
        )
    return True


def _types(connection: duckdb.DuckDBPyConnection, rows: Rows) -> dict[str, str]:
    try:
        described = connection.execute(f"DESCRIBE FROM {rows.table()}").fetchall()
    except duckdb.Error as error:
        raise InputError(unreadable(rows, error)) from None
    return {name: kind for name, kind, *_ in described}


def unreadable(rows: Rows, error: Exception) -> str:
    """A fault of the first of some files as a whole, in one line: the first cause, if one is found."""
    path = rows.files[0]
    found = None if rows.layout is None else fault(path, rows.layout)
    line = str(error).strip().splitlines()[0].split(": ", 1)[-1]
    if found:
        return found
    return f"{path}: cannot be read as {rows.format}: {line}; allowed: a whole file, or `format` in the usage file"


def _check_types(rows: Rows) -> None:
    """Columns whose type cannot hold the values declared for them."""
    first = rows.files[0]
    for role in (role for role in TOKENS if rows.has(role)):
        if rows.type(role) not in NUMBER_TYPES | {"VARCHAR"}:
            raise InputError(
                f"{first}: {role} (column {rows.spec['columns'][role]}): found values of type {rows.type(role)};"
                " allowed: whole numbers"
            )
    if not rows.has("time"):
        return
    of, column = rows.type("time"), rows.spec["columns"]["time"]
    numbers = of in NUMBER_TYPES
    if "time_unit" in rows.spec and not (numbers or of == "VARCHAR"):
        raise InputError(
            f"{first}: time (column {column}): found values of type {of}; allowed: numbers, as {rows.place}"
            " has a time_unit"
        )
    if "time_unit" not in rows.spec:
        if numbers:
            raise InputError(
                f"{first}: time (column {column}): found numbers; allowed: with {rows.place}.time_unit, one"
                " of s, ms, us or ns"
            )
        if of not in NAIVE_TYPES | ZONED_TYPES | {"VARCHAR"}:
            raise InputError(f"{first}: time (column {column}): found values of type {of}; allowed: date and time")
        if of in NAIVE_TYPES and "time_zone" not in rows.spec:
            raise InputError(
                f"{first}: time (column {column}): found times without an offset; allowed: with"
                f" {rows.place}.time_zone, such as UTC or Europe/Berlin"
            )


def empty(raw: str, type_: str) -> str:
    """Condition of a column that is empty."""
    return f"({raw} IS NULL OR trim({raw}) = '')" if type_ == "VARCHAR" else f"({raw} IS NULL)"
