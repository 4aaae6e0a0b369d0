"""Which inputs differ between two builds: files, benchmark rows, rows of registries, parameters, packages."""

import json
from typing import Any

import polars as pl

from inference_energy.changes import TableChange, table_change
from inference_energy.provenance import kind

# The public tables that hold benchmark rows, and where in the file a row stood: no part of what it says.
BENCHMARK_TABLES = ("throughput", "measured_energy", "published_estimate")
KEY = {"source", "row_id"}
PLACE = ("file", "line", "read_on")
ABSENT, WHOLE = None, "a study"


def changed_files(before: dict[str, str], now: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Paths `added`, `removed` and `changed`, by what the files are; only what differs.

    Args:
        before: checksum of every input by path.
        now: likewise.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(before.keys() | now):
        if before.get(path) != now.get(path):
            what = "added" if path not in before else "removed" if path not in now else "changed"
            found.setdefault(kind(path), {}).setdefault(what, []).append(path)
    return found


def changed_benchmarks(
    before: dict[str, pl.DataFrame], now: dict[str, pl.DataFrame]
) -> dict[str, dict[str, dict[str, list[str]]]]:
    """Benchmark rows `added`, `removed` and `changed`, by source and table; only what differs.

    Args:
        before: public tables by name.
        now: likewise.
    """
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for table in BENCHMARK_TABLES:
        if not all(KEY.issubset(build.get(table, pl.DataFrame()).columns) for build in (before, now)):
            continue  # not there, or of a version whose rows had no names
        for source in sorted({*before[table]["source"], *now[table]["source"]}):
            versions = (frame.filter(source=source).drop(PLACE, strict=False) for frame in (before[table], now[table]))
            change = table_change(*versions, ["row_id"])
            rows = {"added": change.added, "removed": change.removed, "changed": change.changed_rows}
            rows = {what: names for what, names in rows.items() if names}
            if rows:
                found.setdefault(source, {})[table] = rows
    return found


def changed_rows(before: pl.DataFrame, now: pl.DataFrame) -> TableChange:
    """What differs between two versions of a registry, whose rows are named by as few leading columns as it takes."""
    shared = [column for column in now.columns if column in before.columns]
    for end in range(1, len(shared) + 1):
        if not any(frame.select(shared[:end]).is_duplicated().any() for frame in (before, now)):
            return table_change(before, now, shared[:end])
    return table_change(before, now, [])


def changed_settings(before: dict[str, dict], now: dict[str, dict]) -> list[dict[str, Any]]:
    """Keys of configuration and studies that differ, as `changed_parameters`; a whole study in one line.

    Args:
        before: configuration and resolved studies, each by name.
        now: likewise.
    """
    whole = {name: {"before": WHOLE, "now": ABSENT} for name in before.keys() - now}
    whole |= {name: {"before": ABSENT, "now": WHOLE} for name in now.keys() - before}
    shared = [{name: build[name] for name in before.keys() & now} for build in (before, now)]
    return [{"key": name, **whole[name]} for name in sorted(whole)] + changed_parameters(*shared)


def changed_parameters(before: dict, now: dict) -> list[dict[str, Any]]:
    """Keys that differ, each with its value `before` and `now`; none where the key is not there.

    Args:
        before: nested mappings of keys to values.
        now: likewise.
    """
    old, new = (dict(_leaves(content, "")) for content in (before, now))
    return [
        {"key": key, "before": old.get(key, ABSENT), "now": new.get(key, ABSENT)}
        for key in sorted(old.keys() | new)
        if old.get(key, ABSENT) != new.get(key, ABSENT)
    ]


def _leaves(node: Any, key: str) -> list[tuple[str, Any]]:
    if not isinstance(node, dict):
        return [(key, node)]
    return [leaf for name, child in node.items() for leaf in _leaves(child, f"{key}.{name}" if key else str(name))]


def changed_packages(before: dict, now: dict) -> list[dict[str, Any]]:
    """Python and packages whose version differs, as `changed_parameters`."""
    old, new = ({"python": software["python"], **software["packages"]} for software in (before, now))
    return changed_parameters(old, new)


def shown(value: Any) -> str:
    """A value of a parameter as text."""
    return "-" if value is ABSENT else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
