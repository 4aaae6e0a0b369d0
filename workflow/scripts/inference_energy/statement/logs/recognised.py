"""Files of logs and bills recognised by their structure, and the usage file that reads them.

Formats are described in resources/usage_formats, each by the columns or keys that its files have, and by the same words
that a usage file has for logs and bills.
"""

import hashlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import polars as pl
import yaml

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.files import write
from inference_energy.common.yaml_files import check, read_yaml
from inference_energy.corpus.names import Names
from inference_energy.statement.logs import bills, reading, shapes, values
from inference_energy.statement.logs.files import UsageFile, files_of, read_usage
from inference_energy.statement.logs.metering import culprit, database
from inference_energy.statement.logs.reading import identifier
from inference_energy.statement.logs.structure import structure

MARK = "# Written by `make statement`, sha256 of what follows: "
UNKNOWN_CLASS = "frontier"
WORLD = "WOR"
ALIKE = 0.6  # share of the columns of a format that a file has, from which it is told what it lacks
# Prices of a million tokens that are possible, in dollars or euros; they tell what a quantity counts.
LEAST_PRICE, MOST_PRICE = 0.001, 2_000
CACHED = re.compile(r"cache[^.]*$", re.IGNORECASE)
NEEDED = ("time", "model", "input_tokens", "output_tokens")
PATTERN_SIGN = re.compile(r"([*?\[])")


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format that files are recognised as."""

    name: str  # of its description
    label: str  # for readers
    format: str  # csv, json or any
    has: frozenset[str]  # columns or keys that every such file has
    one_of: frozenset[str]  # of which it has at least one; may be empty
    kind: str | None  # logs or bills; null if it cannot be read
    spec: dict = field(repr=False)  # entry of a usage file, without the files
    refused: str | None  # why it cannot be read
    counts: dict | None  # columns that tell what a quantity counts
    names: dict[str, list[str]] = field(default_factory=dict)  # that columns may have; empty for a format with its own

    def fits(self, written: str, names: frozenset[str]) -> bool:
        """Whether a file has this format."""
        if self.names:
            return not self.absent(names)
        alike = self.format == "any" or written in (("csv", "parquet") if self.format == "csv" else ("json", "jsonl"))
        return alike and self.has <= names and (not self.one_of or bool(self.one_of & names))

    def absent(self, names: frozenset[str]) -> list[str]:
        """Quantities that a file has no column for, of those that logs need."""
        return [role for role in NEEDED if not set(self.names[role]) & names]

    def of_file(self, names: frozenset[str]) -> "Format":
        """The format with the columns of a file."""
        if not self.names:
            return self
        columns = {role: next((name for name in of if name in names), None) for role, of in self.names.items()}
        spec = {"columns": {role: name for role, name in columns.items() if name}} | self.spec
        if columns["cached_tokens"] is None:
            spec.pop("empty_cached_is_zero")
        return replace(self, spec=spec)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file of the folder, and what it was taken for."""

    path: Path
    name: str  # in the folder
    format: Format | None  # null for a file that is not read
    written: str = ""  # csv, parquet, jsonl or json
    reason: str = ""  # why it is not read

    def told(self) -> str:
        """The file in one line."""
        if self.format is None:
            return f"{self.name}: not read: {self.reason}"
        return f"{self.name}: {self.format.label}, read as {self.format.kind}"


def read_formats(folder: Path, schema: dict) -> list[Format]:
    """All descriptions of formats.

    Raises:
        InputError: one that its schema forbids.
    """
    found = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == "schema.yaml":
            continue
        content = read_yaml(path)
        check(content, schema, path)
        kind = next((kind for kind in ("logs", "bills") if kind in content), None)
        found.append(
            Format(
                name=path.stem,
                label=content["label"],
                format=content["recognise"]["format"],
                has=frozenset(content["recognise"].get("has", [])),
                names=content["recognise"].get("names", {}),
                one_of=frozenset(content["recognise"].get("any", [])),
                kind=kind,
                spec=content.get(kind, {}),
                refused=content.get("refused"),
                counts=content.get("counts"),
            )
        )
    return found


def looked_at(folder: Path, formats: Iterable[Format]) -> list[Found]:
    """Every file in a folder and its folders, with what it was taken for.

    Raises:
        InputError: a folder that is not there or holds no file.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: found no such folder; allowed: a folder of logs or bills")
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
    if not paths:
        raise InputError(f"{folder}: found no file in it; allowed: logs or bills")
    return [_looked_at(path, str(path.relative_to(folder)), list(formats)) for path in paths]


def _looked_at(path: Path, name: str, formats: list[Format]) -> Found:
    if any(part.startswith(".") for part in Path(name).parts):
        return Found(path=path, name=name, format=None, reason="its name begins with a dot")
    if path.is_symlink():
        target = os.path.realpath(path)
        return Found(path=path, name=name, format=None, reason=f"a link to {target}; copy it, or name that folder")
    try:
        of = structure(path)
    except InputError as error:
        return Found(path=path, name=name, format=None, reason=str(error).removeprefix(f"{path}: "))
    fitting = [each for each in formats if each.fits(of.format, of.names)]
    if not fitting:
        for each in formats:
            if each.names and len(each.absent(of.names)) == 1:
                reason = f"no column is known to be its {each.absent(of.names)[0]}; name it in a usage file"
                return Found(path=path, name=name, format=None, reason=reason)
        return Found(path=path, name=name, format=None, reason=_unlike(of.names, formats))
    best = max(fitting, key=lambda each: len(each.has))
    if best.refused:
        return Found(path=path, name=name, format=None, reason=f"{best.label}: {best.refused}")
    best = best.of_file(of.names)
    unclear = sorted(set(filter(CACHED.search, of.names)) - set(map(str, best.spec["columns"].values())))
    if best.names and unclear:
        reason = f"{unclear[-1]} may be part of the prompts or not (cached_in_input); say so in a usage file"
        return Found(path=path, name=name, format=None, reason=reason)
    return Found(path=path, name=name, format=best, written=of.format)


def _unlike(names: frozenset[str], formats: list[Format]) -> str:
    """Why a file has no known format: what it lacks of the one that it is most alike, otherwise what it has."""

    def shared(of: Format) -> float:
        return len(of.has & names) / max(len(of.has), 1)

    nearest = max((each for each in formats if each.kind), key=shared)
    if shared(nearest) >= ALIKE:
        lacks = ", ".join(sorted(nearest.has - names))
        return f"almost a {nearest.label}, but without {lacks}; describe it in a usage file"
    shown = ", ".join(sorted(name for name in names if "." not in name)[:8])
    return f"no known format has {shown}; describe it in a usage file"


def usage_of(folder: Path, found: list[Found]) -> dict:
    """The usage file that reads what was recognised.

    Raises:
        InputError: no file that can be read.
    """
    read = [each for each in found if each.format is not None]
    if not read:
        raise InputError(f"{folder}: none of {len(found)} files is read: {found[0].told()}; allowed: logs or bills")
    usage: dict = {
        "title": f"folder {folder.resolve().name}",
        "study": "current",
        "boundary": "datacenter",
        "folder": str(folder),
        "assumptions": [],
    }
    for each in read:
        entries = usage.setdefault(each.format.kind, {})
        base = f"{each.format.name}_parquet" if each.written == "parquet" else each.format.name
        names = itertools.chain([base], (f"{base}_{number}" for number in itertools.count(2)))
        source = next(name for name in names if name not in entries or _is_alike(entries[name], each))
        entry = entries.setdefault(source, {"files": [], "format": each.written, "is": each.format.spec})
        entry["files"].append(_as_pattern(each.name))
        if entry["format"] != each.written:
            entry["format"] = "json"  # which reads JSON lines, too
    for kind in ("logs", "bills"):
        if kind in usage:  # in this order
            entries = usage.pop(kind)
            usage[kind] = {
                name: {key: of for key, of in entry.items() if key != "is"} | deepcopy(entry["is"])
                for name, entry in entries.items()
            }
    if len(usage.get("logs", {})) + len(usage.get("bills", {})) > 1:
        for entry in usage.get("bills", {}).values():
            entry["overlaps"] = "tell"
    usage["models"] = {"unknown": {"class": UNKNOWN_CLASS}}
    usage["regions"] = {"default": {"grid_zone": WORLD}}
    usage["assumptions"] = _assumed(usage, [each for each in found if each.format is None])
    return usage


def _is_alike(entry: dict, found: Found) -> bool:
    """Whether a file can stand in an entry of logs or bills."""
    tables = ("csv", "parquet")
    alike = entry["format"] == found.written or not {entry["format"], found.written} & set(tables)
    return alike and entry["is"] == found.format.spec


def settled(
    usage: dict,
    formats: Iterable[Format],
    place: str,
    registry: Names,
    closed: tuple[pl.DataFrame, Names],
    clouds: Iterable[str],
) -> dict:
    """A usage whose files were read to settle what their structure does not say.

    These are what a quantity counts, the classes of models whose sizes are not public (`closed`, with their names), and
    which regions are those of a cloud (`clouds`, such as aws:eu-central-1).

    Raises:
        InputError: files that cannot be read, or that leave open what they count.
    """
    counts = {each.name: each.counts for each in formats if each.counts}
    names: set[str] = set()
    regions: set[str] = set()
    billed: dict[str, list[reading.Rows]] = {}
    with tempfile.TemporaryDirectory() as folder, database(1, Path(folder)) as connection:
        for kind in ("logs", "bills"):
            files = files_of(usage | {kind: usage.get(kind, {})}, kind, place)
            for source, spec in usage.get(kind, {}).items():
                own = [file for file in files if file.source == source]
                told = f"{place}: {kind}.{source}"
                if of := next((of for name, of in counts.items() if source.startswith(name)), None):
                    usage["assumptions"].append(_count(connection, own, spec, of, told))
                opened = shapes.opened(connection, own, spec, told).rows
                if kind == "bills":
                    billed[source] = opened
                for rows in opened:
                    for role, seen in (("model", names), ("region", regions)):
                        query = f"SELECT DISTINCT trim({rows.name(role)}) FROM {rows.table()}"
                        try:
                            seen |= {name for (name,) in connection.execute(query).fetchall() if name}
                        except duckdb.Error as error:
                            raise InputError(culprit(connection, rows, error)) from None
        _leave_out_repeated(connection, usage, billed)
    zones = {name: zone for name in sorted(regions) if (zone := _cloud_region(name, clouds))}
    if zones:
        usage["regions"] = {name: {"grid_zone": zone} for name, zone in zones.items()} | usage["regions"]
        usage["assumptions"].append(
            f"Regions are taken for those of the clouds that have them: {', '.join(zones.values())}."
        )
    table, known = closed
    classes = dict(table.select("model", "largest_class").iter_rows())
    of = {
        name: classes[known.resolve(name)]
        for name in sorted(names)
        if not registry.resolve(name) and known.resolve(name)
    }
    if of:
        usage["models"] = {"names": of} | usage["models"]
        usage["assumptions"].append(
            f"The sizes of these models are not public: {', '.join(of)}. Each is taken for the largest class that"
            " resources/closed_models.csv allows."
        )
    return usage


def _leave_out_repeated(
    connection: duckdb.DuckDBPyConnection, usage: dict, billed: dict[str, list[reading.Rows]]
) -> None:
    """Leave out bills whose sums another one has: the same usage, exported in two formats.

    Raises:
        InputError: bills that repeat each other in part.
    """
    while True:
        try:
            bills.check_repeats(connection, billed)
        except bills.RepeatedError as error:
            if not error.whole:
                raise
            left_out = ", ".join(usage["bills"].pop(error.second)["files"])
            billed.pop(error.second)
            usage["assumptions"].append(f"Left out: {left_out}: {error.first} has the same tokens at the same times.")
        else:
            return


def _cloud_region(name: str, clouds: Iterable[str]) -> str | None:
    """The cloud region of a name, with or without its provider, if only one has it."""
    wanted = name.strip().lower()
    found = [cloud for cloud in clouds if wanted in (cloud.lower(), cloud.partition(":")[2].lower())]
    return found[0] if len(found) == 1 else None


def _assumed(usage: dict, not_read: list[Found]) -> list[str]:
    found = [
        "Where the files do not say where the electricity comes from, the average of the world is taken.",
        f"Models that are not known are taken for the class {UNKNOWN_CLASS}, the largest.",
        "The study `current` and the boundary `datacenter` are taken.",
    ]
    lengths = sorted({spec["lengths"] for spec in usage.get("bills", {}).values()})
    if lengths:
        found.append(f"Bills have no lengths of requests: they are distributed as in {' and '.join(lengths)}.")
    if any("overlaps" in spec for spec in usage.get("bills", {}).values()):
        found.append(
            "Bills with a month and a model that logs or other bills have too are taken for other requests"
            " (`overlaps`); the limits of the data say how many tokens it concerns."
        )
    zones = [source for source, spec in usage.get("logs", {}).items() if "time_zone" in spec]
    if zones:
        found.append(f"Times without a zone ({', '.join(zones)}) are in UTC, as their format has them.")
    return found + [f"Not read: {each.name}: {each.reason}." for each in not_read]


def _as_pattern(name: str) -> str:
    return PATTERN_SIGN.sub(r"[\1]", name)


def _count(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, of: dict, place: str) -> str:
    """Settle what a quantity counts: tokens, or units of so many; a sentence about how it was settled.

    The cost of a row is its quantity times its price. If the price of a million tokens that follows is possible for one
    of the two readings alone, it is that.

    Raises:
        InputError: quantities that both readings are possible for.
    """
    wholes = [reading.whole_of(connection, file, (), place) for file in files]
    table = "(" + " UNION ALL BY NAME ".join(f"SELECT * FROM {whole.table()}" for whole in wholes) + ")"
    has = set().union(*(whole.types for whole in wholes))
    quantity, unit = (identifier(of[name]) for name in ("quantity", "unit"))
    cost = next((name for name in of["cost"] if name in has), None)
    example = connection.execute(
        f"SELECT {quantity}, {unit} FROM {table} WHERE regexp_matches({unit}, '[KM]') ORDER BY ALL LIMIT 1"
    ).fetchone()
    if example is None:  # units of one leave nothing open
        return f"{place.rpartition('.')[2]}: {of['quantity']} counts tokens, as {of['unit']} is one."
    if cost:
        price = f"TRY_CAST({identifier(cost)} AS DOUBLE) / TRY_CAST({quantity} AS DOUBLE) * 1e6"
        factor = f"(CASE WHEN contains(upper({unit}), 'M') THEN 1e6 ELSE 1e3 END)"
        possible = f"count_if({{}} BETWEEN {LEAST_PRICE} AND {MOST_PRICE})"
        paid = f"TRY_CAST({identifier(cost)} AS DOUBLE) > 0 AND TRY_CAST({quantity} AS DOUBLE) > 0"
        tokens, units, rows = connection.execute(
            f"SELECT {possible.format(price)}, {possible.format(f'{price} / {factor}')}, count(*) FROM {table}"
            f" WHERE {paid} AND regexp_matches({unit}, '[KM]')"
        ).fetchone()
        if rows and units == rows and tokens == 0:
            more = f"as tokens, a million would cost more than {MOST_PRICE:,}"
            return f"{of['quantity']} counts units of {of['unit']}: {more}."
        if rows and tokens == rows and units == 0:
            spec.pop("unit")
            less = f"as units of {of['unit']}, a million would cost less than {LEAST_PRICE}"
            return f"{of['quantity']} counts tokens: {less}."
    number, of_unit = example
    factor = values.unit_factor(of_unit) or 1
    raise InputError(
        f"{files[0].path}: {of['quantity']}: found {number} in {of_unit!r}, which may be"
        f" {float(number) * factor:,.0f} tokens"
        f" or {float(number):,.0f}, and no cost that tells; allowed: with unit in {place}, as it is or left out"
    )


def written(usage: dict) -> str:
    """The text of a usage file."""
    notes = {
        "folder": "where the files lie; make statement LOGS=... replaces it",
        "assumptions": "ASSUMED, as the files do not say it; the statement lists these sentences",
        "logs": "one row per request",
        "bills": "sums of many requests",
        "models": "ASSUMED: see the assumptions; name a model of resources/models.csv where you know it",
        "regions": "ASSUMED: the average of the world; name a zone of resources/grid.csv for each region",
    }
    parts = []
    for key, value in usage.items():
        text = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, width=110)
        parts.append(f"# {notes[key]}\n{text}" if key in notes else text)
    body = "".join(parts)
    return f"{MARK}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def is_own(path: Path) -> bool:
    """Whether a usage file is as it was written, so that it may be written again."""
    first, _, body = path.read_text(encoding="utf-8").partition("\n")
    return first == MARK + hashlib.sha256(body.encode()).hexdigest()


def was_own(path: Path) -> bool:
    """Whether a usage file was written by this module, and perhaps edited since."""
    return path.read_text(encoding="utf-8").startswith(MARK)


def name_of(folder: Path, place: Path) -> str:
    """The name of the usage of a folder: that of the folder, unless a usage file of another origin has it."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", folder.resolve().name).strip("_-") or "logs"
    path = place / f"{name}.yaml"
    return f"{name}_files" if path.is_file() and not was_own(path) else name


def recognise(
    folder: Path,
    place: Path,
    formats: list[Format],
    schema: dict,
    registry: Names,
    closed: tuple[pl.DataFrame, Names],
    clouds: Iterable[str],
) -> tuple[str, list[str]]:
    """Write the usage file of a folder to `place`, unless one was edited there.

    Returns:
        The name of the usage, and lines that say what every file was taken for.

    Raises:
        InputError: no file that can be read; one that lacks something; files that an edited usage file does not name.
    """
    found = looked_at(folder, formats)
    name = name_of(folder, place)
    path = place / f"{name}.yaml"
    lines = [each.told() for each in found]
    if path.is_file() and not is_own(path):
        usage = read_usage(name, place, schema)
        named = {file.path for kind in ("logs", "bills") for file in files_of(usage, kind, str(path), str(folder))}
        absent = [each.name for each in found if each.format is not None and str(each.path) not in named]
        if absent:
            raise InputError(f"{path}: found no entry for {one_of(absent)}; allowed: one, or no such file in {folder}")
        return name, [*lines, f"{path} was edited and is used as it is"]
    usage = usage_of(folder, found)
    text = written(usage)
    check(yaml.safe_load(text), schema, path)
    write(path, text)  # before the files are read: a fault of theirs may be mended in it
    usage = settled(usage, formats, str(path), registry, closed, clouds)
    write(path, written(usage))
    left_out = [text for text in usage["assumptions"] if text.startswith("Left out: ")]
    return name, [*lines, *left_out, f"Written: {path}"]
