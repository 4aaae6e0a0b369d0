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
from inference_energy.common.yaml_files import read_checked
from inference_energy.statement.logs.kinds import format_of, is_copy
from inference_energy.studies import files as studies_files
from inference_energy.studies.physical import CARBON, PUE, check_range

MINUTES_PER_DAY = 1440
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


@dataclass(frozen=True, order=True, kw_only=True)
class NotRead:
    """A file or folder beside those that are read."""

    source: str  # as of `UsageFile`
    name: str  # likewise
    reason: str  # why it is not read


def read_usage(name: str, folder: Path, schema: dict) -> dict:
    """One usage file, checked, with defaults for optional entries.

    Raises:
        InputError: no such file, or a key or value that the schema or the meaning forbids.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = [file.stem for file in folder.glob("*.yaml")]
        raise InputError(f"usage: no usage file {name!r} ({path} does not exist); allowed: {one_of(known)}")
    usage = DEFAULTS | read_checked(path, schema)
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
    for region, entry in usage["regions"].items():
        for key, of in (("pue", PUE), ("market_gco2e_per_kwh", CARBON), ("location_gco2e_per_kwh", CARBON)):
            if key in entry:
                check_range(entry[key], of, f"{path}: regions.{region}.{key}")
    for kind in ("logs", "bills"):
        for source, spec in usage[kind].items():
            place = f"{path}: {kind}.{source}"
            _check_shape(spec, place)
            both = spec["columns"].keys() & spec.get("constants", {}).keys()
            if both:
                raise InputError(f"{place}: constants: found {one_of(list(both))}, which columns have too")
            stated = spec["columns"].keys() | spec.get("constants", {}).keys()
            if "cost" in spec["columns"] and "currency" not in stated:
                raise InputError(f"{place}: missing key currency; allowed: in columns, or in constants for all rows")
            if "currency" in stated and "cost" not in spec["columns"]:
                raise InputError(f"{place}: currency: found without columns.cost; allowed: only with it")
            if "model" not in stated:
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
    """Every file of the logs or of the bills of a usage, sorted; as `found_of`."""
    return found_of(usage, kind, place, folder)[0]


def found_of(usage: dict, kind: str, place: str, folder: str | None = None) -> tuple[list[UsageFile], list[NotRead]]:
    """Every file of the logs or of the bills of a usage, sorted, and what lies beside them and is not read.

    `kind` is `logs` or `bills`; `folder` is where the files lie, in place of the usage's own.

    Raises:
        InputError: a pattern without a file, a file of no known format, or one that is named twice.
    """
    root = Path(folder or usage["folder"]).expanduser()
    found: dict[str, UsageFile] = {}
    passed_over: dict[str, NotRead] = {}
    for source, spec in usage[kind].items():
        for pattern in spec["files"]:
            follow = usage.get("links") == "follow"
            stated = spec.get("format")
            paths, others = _matching(root, pattern, f"{place}: {kind}.{source}.files", follow, stated)
            for path, (name, format_) in paths.items():
                file = UsageFile(source=source, path=path, format=format_, name=name)
                before = found.setdefault(path, file)
                if before is not file and before.source != source:
                    raise InputError(
                        f"{place}: {kind}: found {path} in {before.source} and in {source}; allowed: in one"
                    )
            for path, (name, reason) in others.items():
                passed_over.setdefault(path, NotRead(source=source, name=name, reason=reason))
    for path in [path for path in found if path[:-3] in found and is_copy(Path(path))]:
        copy = found.pop(path)
        reason = f"the compressed copy of {Path(path[:-3]).name}, which is read"
        passed_over[path] = NotRead(source=copy.source, name=copy.name, reason=reason)
    files, called = [], Counter()
    for file in sorted(found.values()):
        called[file.name] += 1
        count = called[file.name]  # folders elsewhere may have one name
        files.append(file if count == 1 else replace(file, name=f"{file.name} ({count})"))
    return files, sorted(other for path, other in passed_over.items() if path not in found)


def _matching(
    root: Path, pattern: str, place: str, follow: bool, stated: str | None
) -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    """Paths that match a pattern, each with its name for readers and its format; and others with name and reason.

    A pattern that is the name of a file or folder is this name: `usage[1].csv`.
    """
    given = Path(pattern).expanduser()
    is_name = not PATTERN.search(pattern) or (root / given).exists()
    start, parts, refused = root, given.parts, []
    others: dict[Path, str] = {}
    if given.is_absolute() or ".." in parts:  # the usage file itself names another folder
        plain = next((place for place, part in enumerate(parts) if PATTERN.search(part) and not is_name), len(parts))
        start, parts = root.joinpath(*parts[:plain]), parts[plain:]

    def enters(path: Path) -> bool:
        if follow or not path.is_symlink() or not leads_out(path, start):
            return True
        refused.append(path)
        return False

    of_folder = is_name and (root / given).is_dir()
    wild = [not is_name] * len(parts)
    if of_folder:
        parts, wild = (*parts, "**", "*"), [*wild, True, True]
    steps = tuple(zip(parts, wild, strict=True))
    found = _found(start, steps, enters, set(), others if of_folder else None) if not parts or start.is_dir() else ()
    wanted = {path for path in found if not path.is_dir()}
    formats: dict[Path, str] = {}
    for path in wanted:
        format_, reason = format_of(path.name, stated)
        if not of_folder and stated:  # what the usage file itself names is as it says
            format_ = stated
        if format_ is not None:
            formats[path] = format_
        elif is_name and not of_folder:
            raise InputError(f"{path}: found a file that is not read: {reason}")
        else:
            others[path] = reason
    paths = sorted(path for path in formats if (path.is_file() or path.is_symlink()) and enters(path))
    others |= {path: "no file" for path in formats if not (path.is_file() or path.is_symlink())}
    if refused:
        first, more = min(refused), f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise InputError(
            f"{place}: found the link {first} -> {os.path.realpath(first)} out of the folder {start}{more};"
            " allowed: files in it, or `links: follow`"
        )
    if not paths:
        beside = [f"{path.name} ({reason})" for path, reason in sorted(others.items())[:3]]
        unread = f"; not read: {', '.join(beside)}" if beside else ""
        raise InputError(
            f"{place}: found no file for {pattern!r} in {root}{unread}; allowed: files, patterns or folders there"
            " (another folder: make statement LOGS=...)"
        )
    if not of_folder and not is_name:
        others |= _beside(paths)
    return (
        {str(path): (_name(path, start, root), formats[path]) for path in paths},
        {str(path): (_name(path, start, root), reason) for path, reason in others.items()},
    )


def _beside(paths: list[Path]) -> dict[Path, str]:
    """Files that look like logs in the folders of those that a pattern matches."""
    chosen = set(paths)
    return {
        path: "the pattern of the usage file does not match it"
        for folder in {path.parent for path in paths}
        for path in folder.iterdir()
        if path not in chosen and path.is_file() and format_of(path.name)[0] is not None
    }


def _found(
    within: Path,
    steps: tuple[tuple[str, bool], ...],
    enters: Callable[[Path], bool],
    entered: set,
    hidden: dict[Path, str] | None,
) -> Iterator[Path]:
    """What matches the parts of a pattern in a folder; `**` enters every folder once, wherever links lead.

    A part is a name, or a pattern where its second entry says so. Hidden folders are not entered but go to `hidden`;
    where this is none they are as others.
    """
    if not steps:
        yield within
        return
    (first, wild), rest = steps[0], steps[1:]
    if wild and first == "**":
        here = os.path.realpath(within), steps
        if here in entered:
            return
        entered.add(here)
        yield from _found(within, rest, enters, entered, hidden)
        first, rest = "*", steps
    searched = wild and PATTERN.search(first)
    for child in sorted(within.iterdir()) if searched else [within / first]:
        if searched and not fnmatchcase(child.name, first):
            continue
        if not rest and (searched or child.exists() or child.is_symlink()):
            yield child
        elif rest and child.is_dir():
            if hidden is not None and searched and child.name.startswith("."):
                hidden[child] = "a hidden folder"
            elif enters(child):
                yield from _found(child, rest, enters, entered, hidden)


def _name(path: Path, start: Path, root: Path) -> str:
    """The path in the folder of the project, of the files, or of what the usage file names: none of the machine."""
    path, root, start = (Path(os.path.normpath(Path.cwd() / each)) for each in (path, root, start))
    return str(path.relative_to(next(each for each in (Path.cwd(), root, start.parent) if path.is_relative_to(each))))


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
    """The files of a usage's logs and bills, and under `not_read` what lies beside them, as plain values.

    Raises:
        InputError: as `found_of`.
    """
    place = f"config/usage/{name}.yaml"
    found = {kind: found_of(usage, kind, place, folder) for kind in ("logs", "bills")}
    # What one source passes over may be what another one reads.
    names = {file.name for files, _ in found.values() for file in files}
    others = [asdict(other) for _, not_read in found.values() for other in not_read if other.name not in names]
    return {kind: [asdict(file) for file in files] for kind, (files, _) in found.items()} | {"not_read": others}


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
