"""Usage files: the logs and bills of a statement, the meaning of their columns, and the treatment of unknown names."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.files import leads_out
from inference_energy.common.yaml_files import check, read_yaml
from inference_energy.studies import files as studies_files

MINUTES_PER_DAY = 1440
FORMATS = {
    "parquet": (".parquet", ".pq"),
    "csv": (".csv", ".csv.gz", ".tsv", ".tsv.gz"),
    "jsonl": (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"),
    "json": (".json", ".json.gz"),
}
ENDINGS = tuple(ending for of_format in FORMATS.values() for ending in of_format)
# Optional entries of a usage file.
DEFAULTS = {"folder": ".", "logs": {}, "bills": {}, "peak_load": 1.0, "step_minutes": 60, "invalid_rows": "fail"}
PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, order=True, kw_only=True)
class UsageFile:
    """One file of logs or bills."""

    source: str  # name in the usage file of the logs or bills it belongs to
    path: str  # of the file
    format: str  # one of `FORMATS`
    name: str  # path in the folder of the project or of the files, without those of the machine


def read_usage(name: str, folder: Path, schema: dict) -> dict:
    """One usage file, checked, with defaults for optional entries.

    Raises:
        InputError: no such file, or a key or value that the schema or the meaning forbids.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = [file.stem for file in folder.glob("*.yaml")]
        raise InputError(f"usage: no usage file {name!r} ({path} does not exist); allowed: {one_of(known)}")
    usage = read_yaml(path)
    check(usage, schema, path)
    usage = DEFAULTS | usage
    _check_meaning(usage, path)
    return usage


def _check_meaning(usage: dict, path: Path) -> None:
    if MINUTES_PER_DAY % usage["step_minutes"]:
        raise InputError(f"{path}: step_minutes: found {usage['step_minutes']}; allowed: a divisor of 1440, a day")
    twice = usage["logs"].keys() & usage["bills"].keys()
    if twice:
        raise InputError(f"{path}: bills: found {one_of(list(twice))}, which logs have too; allowed: names used once")
    cached = usage.get("cached_share")
    if isinstance(cached, dict) and cached["p05"] >= cached["p95"]:
        raise InputError(f"{path}: cached_share: found p05 {cached['p05']} >= p95 {cached['p95']}; allowed: p05 < p95")
    for kind in ("logs", "bills"):
        for source, spec in usage[kind].items():
            place = f"{path}: {kind}.{source}"
            _check_shape(spec, place)
            both = spec["columns"].keys() & spec.get("constants", {}).keys()
            if both:
                raise InputError(f"{place}: constants: found {one_of(list(both))}, which columns have too")
            if "model" not in spec["columns"].keys() | spec.get("constants", {}).keys():
                raise InputError(f"{place}: missing key model; allowed: in columns, or in constants for all rows")
            for key in ("empty_cached_is_zero", "cached_in_input"):
                if key in spec and "cached_tokens" not in roles(spec):
                    raise InputError(f"{place}: {key}: found without columns.cached_tokens; allowed: only with it")
            if kind == "logs":
                _check_times(spec, place)


def roles(spec: dict) -> set[str]:
    """What the columns of some logs or bills are for."""
    return spec["columns"].keys() | spec.get("token_types", {}).get("values", {}).keys()


def _check_shape(spec: dict, place: str) -> None:
    absent = {"input_tokens", "output_tokens"} - roles(spec)
    if absent:
        raise InputError(f"{place}: columns: missing key {one_of(sorted(absent))}")
    twice = spec["columns"].keys() & spec.get("token_types", {}).get("values", {}).keys()
    if twice:
        raise InputError(f"{place}: token_types.values: found {one_of(sorted(twice))}, which columns have too")
    for column, pattern in spec.get("parts", {}).items():
        try:
            groups = re.compile(pattern)
        except re.error as error:
            raise InputError(
                f"{place}: parts.{column}: found {pattern!r}: {error}; allowed: a regular expression"
            ) from None
        if not groups.groups or len(groups.groupindex) != groups.groups:
            raise InputError(
                f"{place}: parts.{column}: found {pattern!r}; allowed: groups with names, as (?P<model>.+)"
            )
    if "attributes" in spec and "records" not in spec and spec.get("format") in ("csv", "parquet"):
        raise InputError(f"{place}: attributes: found for a table; allowed: for JSON")


def _check_times(spec: dict, place: str) -> None:
    zone = spec.get("time_zone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InputError(
            f"{place}: time_zone: found {zone!r}; allowed: a name of the IANA database such as UTC or Europe/Berlin"
        ) from None
    if "time_unit" not in spec:
        if "time_start" in spec:
            raise InputError(f"{place}: time_start: found without time_unit; allowed: only for times that are numbers")
        return
    if "time_zone" in spec:
        raise InputError(
            f"{place}: time_zone: found together with time_unit; allowed: one of them (numbers count in UTC)"
        )
    start_of(spec, place)


def start_of(spec: dict, place: str) -> datetime:
    """The time from which numbers count.

    Raises:
        InputError: no time with an offset.
    """
    text = spec.get("time_start", "1970-01-01T00:00:00Z")
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise InputError(
            f"{place}: time_start: found {text!r}; allowed: a time with its offset, as 2024-06-01T00:00:00Z"
        )
    return start


def files_of(usage: dict, kind: str, place: str, folder: str | None = None) -> list[UsageFile]:
    """Every file of the logs or of the bills of a usage, sorted.

    `kind` is `logs` or `bills`; `folder` is where the files lie, in place of the usage's own.

    Raises:
        InputError: a pattern without a file, a file of no known format, or one that is named twice.
    """
    root = Path(folder or usage["folder"]).expanduser()
    found: dict[str, UsageFile] = {}
    for source, spec in usage[kind].items():
        for pattern in spec["files"]:
            follow = usage.get("links") == "follow"
            for path, name in _matching(root, pattern, f"{place}: {kind}.{source}.files", follow).items():
                file = UsageFile(source=source, path=path, format=spec.get("format") or _format(path), name=name)
                before = found.setdefault(path, file)
                if before is not file and before.source != source:
                    raise InputError(
                        f"{place}: {kind}: found {path} in {before.source} and in {source}; allowed: in one"
                    )
    files, called = [], Counter()
    for file in sorted(found.values()):
        called[file.name] += 1
        count = called[file.name]  # folders elsewhere may have one name
        files.append(file if count == 1 else replace(file, name=f"{file.name} ({count})"))
    return files


def _matching(root: Path, pattern: str, place: str, follow: bool) -> dict[str, str]:
    """Paths that match a pattern, each with its name for readers."""
    given = Path(pattern).expanduser()
    start, parts, refused = root, given.parts, []
    if given.is_absolute() or ".." in parts:  # the usage file itself names another folder
        plain = next((place for place, part in enumerate(parts) if PATTERN.search(part)), len(parts))
        start, parts = root.joinpath(*parts[:plain]), parts[plain:]

    def enters(path: Path) -> bool:
        if follow or not path.is_symlink() or not leads_out(path, start):
            return True
        refused.append(path)
        return False

    of_folder = not PATTERN.search(pattern) and (root / given).is_dir()
    parts = (*parts, "**", "*") if of_folder else parts
    found = _found(start, parts, enters, set()) if not parts or start.is_dir() else ()
    wanted = {path for path in found if not path.is_dir() and (not of_folder or str(path).endswith(ENDINGS))}
    paths = sorted(path for path in wanted if (path.is_file() or path.is_symlink()) and enters(path))
    if refused:
        first, more = min(refused), f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise InputError(
            f"{place}: found the link {first} -> {os.path.realpath(first)} out of the folder {start}{more};"
            " allowed: files in it, or `links: follow`"
        )
    if not paths:
        raise InputError(
            f"{place}: found no file for {pattern!r} in {root}; allowed: files, patterns or folders there"
            " (another folder: make statement LOGS=...)"
        )
    return {str(path): _name(path, start, root) for path in paths}


def _found(within: Path, parts: tuple[str, ...], enters: Callable[[Path], bool], entered: set) -> Iterator[Path]:
    """What matches the parts of a pattern in a folder; `**` enters every folder once, wherever links lead."""
    if not parts:
        yield within
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        here = os.path.realpath(within), parts
        if here in entered:
            return
        entered.add(here)
        yield from _found(within, rest, enters, entered)
        first, rest = "*", parts
    for child in sorted(within.iterdir()) if PATTERN.search(first) else [within / first]:
        if not rest and fnmatchcase(child.name, first):
            yield child
        elif rest and fnmatchcase(child.name, first) and child.is_dir() and enters(child):
            yield from _found(child, rest, enters, entered)


def _name(path: Path, start: Path, root: Path) -> str:
    """The path in the folder of the project, of the files, or of what the usage file names: none of the machine."""
    path, root, start = (Path(os.path.normpath(Path.cwd() / each)) for each in (path, root, start))
    return str(path.relative_to(next(each for each in (Path.cwd(), root, start.parent) if path.is_relative_to(each))))


def _format(path: str) -> str:
    for name, endings in FORMATS.items():
        if path.lower().endswith(endings):
            return name
    raise InputError(f"{path}: found no known ending; allowed: {one_of(ENDINGS)}, or `format` in the usage file")


def read_usages(names: list[str] | str, folder: Path, schema: dict) -> dict[str, dict]:
    """The usage files of some names: a list, or one name as the command line gives it.

    Raises:
        InputError: as `read_usage`.
    """
    names = [names] if isinstance(names, str) else names
    return {name: read_usage(name, folder, schema) for name in names}


def study_of(name: str, usage: dict, folder: Path, schemas: dict[str, dict]) -> dict:
    """The study of a usage.

    Raises:
        InputError: one that is not there, or of another method.
    """
    study = studies_files.read_study(usage["study"], folder, schemas)
    if study["method"] != "nested":
        raise InputError(
            f"config/usage/{name}.yaml: study: found {usage['study']!r} of method {study['method']}; allowed: one of"
            " method nested, whose energy follows from sums over requests"
        )
    return study


def listed(name: str, usage: dict, folder: str | None) -> dict[str, list[dict]]:
    """The files of a usage's logs and bills, as plain values.

    Raises:
        InputError: as `files_of`.
    """
    place = f"config/usage/{name}.yaml"
    return {kind: [asdict(file) for file in files_of(usage, kind, place, folder)] for kind in ("logs", "bills")}


def undivided(usage: dict) -> list[str]:
    """Logs whose files are metered by one job, as their rows may repeat each other."""
    return [source for source, spec in usage["logs"].items() if "unique" in spec]


def dealt(files: list, shards: int, whole: Collection[str] = ()) -> list[list]:
    """The files of every shard, dealt in turn; no shard is empty. Those of a source in `whole` stay together."""
    together: dict[str, list] = {}
    parts: list[list] = []
    for file in files:
        source = file["source"] if whole else None
        if source in together:
            together[source].append(file)
        else:
            parts.append([file])
            if source in whole:
                together[source] = parts[-1]
    count = max(1, min(shards, len(parts)))
    return [[file for part in parts[number::count] for file in part] for number in range(count)]
