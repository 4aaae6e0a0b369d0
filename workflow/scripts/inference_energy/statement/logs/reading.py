"""The columns of logs and bills as SQL: rows of any format as the same few columns."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.escaped import sql
from inference_energy.statement.logs.files import UsageFile, start_of

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
# Times of text carry an offset where their end, behind the date, has a sign or a Z.
OFFSET = r"(Z|z|[+-]\d\d(:?\d\d)?)$"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Files of one source that are read alike."""

    files: list[str]  # their paths
    format: str  # of all of them
    types: dict[str, str]  # DuckDB's type of every column, by name; not known for JSON lines
    spec: dict = field(repr=False)  # entry of the usage file
    place: str  # names it in errors
    plain: bool = False  # text has no unusual spaces around values; a value with them is read as NULL
    paths: dict[str, str] = field(default_factory=dict)  # where JSON lines hold a column, by its name
    relation: str | None = None  # the rows as a table with columns named by their roles, in place of the files

    def table(self, options: str = "") -> str:
        """The files as a table of SQL."""
        if self.relation is not None:
            return self.relation
        paths, hive = listed(self.files), "hive_partitioning = true, hive_types_autocast = false"
        if self.format == "parquet":
            return f"read_parquet({paths}, {hive}{options})"
        if self.format == "csv":
            return f"read_csv({paths}, header = true, all_varchar = true, {hive}{options})"
        # All values of a row at once: every use of ->> parses the row anew.
        asked = ", ".join(sql(self.paths.get(name) or _json_path(name)) for name in self._names())
        values = f"json ->> [{asked}]::VARCHAR[]"
        return f"(SELECT *, {values} AS json_values FROM read_ndjson_objects({paths}{options}))"

    def _names(self) -> list[str]:
        return list(dict.fromkeys(self.spec["columns"].values()))

    def raw(self, role: str) -> str:
        """A column as it is in the files."""
        if self.relation is not None:
            return identifier(role)
        name = self.spec["columns"][role]
        if self.format == "jsonl":
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
            raw = f"(CASE WHEN {number} = floor({number}) THEN TRY_CAST({number} AS BIGINT) END)"
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
            return naive
        # Reading an offset is slow; a Z, which most times have, is simply dropped.
        zoned = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
        return f"(CASE WHEN ends_with({text}, 'Z') THEN {naive} ELSE {zoned} END)"

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

    def zoned(self) -> str | None:
        """Whether the time of a row states its offset; none where the type or the usage file states it for all."""
        if "time_unit" in self.spec or self.type("time") != "VARCHAR":
            return None
        return f"regexp_matches({self.raw('time')}, {sql(OFFSET)})"

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


def _in_utc(naive: str, zone: str) -> str:
    return f"epoch_us({naive})" if zone == "UTC" else f"epoch_us({naive} AT TIME ZONE {sql(zone)})"


def _json_path(name: str) -> str:
    return "$" + "".join(f'."{part}"' for part in name.split("."))


def shortened(name: str) -> str:
    """A name, cut if it is too long."""
    cut = f"left({name}, {LONGEST_NAME - 13}) || '…' || left(sha256({name}), 12)"
    return f"(CASE WHEN length({name}) > {LONGEST_NAME} THEN {cut} ELSE {name} END)"


def listed(paths: Iterable[str]) -> str:
    """Paths as a list of SQL."""
    return "[" + ", ".join(map(sql, paths)) + "]"


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
        types = _types(connection, file, place)
        if file.format != "jsonl":
            for role, column in spec["columns"].items():
                if column not in types:
                    raise InputError(
                        f"{file.path}: no column {column!r} for {role} ({place}.columns);"
                        f" allowed: {one_of(list(types))}"
                    )
        used = {column: types[column] for column in spec["columns"].values() if column in types}
        groups.setdefault((file.format, tuple(sorted(used.items()))), []).append(file.path)
    found = []
    for (format_, used), paths in groups.items():
        rows = Rows(files=paths, format=format_, types=dict(used), spec=spec, place=place)
        _check_types(rows)
        found.append(rows)
    return found


def _types(connection: duckdb.DuckDBPyConnection, file: UsageFile, place: str) -> dict[str, str]:
    rows = Rows(files=[file.path], format=file.format, types={}, spec={"columns": {}}, place=place)
    try:
        described = connection.execute(f"DESCRIBE FROM {rows.table()}").fetchall()
    except duckdb.Error as error:
        raise InputError(unreadable(file.path, file.format, error)) from None
    return {name: kind for name, kind, *_ in described}


def unreadable(path: str, format_: str, error: Exception) -> str:
    """A fault of a whole file in one line."""
    line = str(error).strip().splitlines()[0].split(": ", 1)[-1]
    if 'filename adds column "filename"' in line:
        return f"{path}: found a column called filename, which stands for the file itself; allowed: another name"
    return f"{path}: cannot be read as {format_}: {line}; allowed: a whole file, or `format` in the usage file"


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
