"""Differences between two builds, for machines and as Markdown for a pull request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from inference_energy.common.escaped import markdown
from inference_energy.publish import catalogue
from inference_energy.records import builds, diff
from inference_energy.records.builds import Build
from inference_energy.records.diff import TableChange, table_change

HEADLINE = "headline"
REGISTRIES = "resources"
SHOWN = {"headline": 15, "table": 3, "parameters": 40, "rows": 20}
WIDEST_CELL = 90
TOLD = 5  # headline numbers in a terminal


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Differences between two builds; a part is none where one of them does not record it."""

    base: str  # name of the build that the other is compared with
    labels: dict[str, str]  # label and unit of the headline numbers, by the name of the row
    tables: dict[str, TableChange]  # by name, every public table that both have
    new_tables: list[str]  # tables that only the other has
    lost_tables: list[str]  # tables that only the base has
    # files, benchmarks, parameters, packages: as `diff.changed_files`, `changed_benchmarks`, `changed_settings` and
    # `changed_packages`
    files: dict[str, dict[str, list[str]]] | None
    benchmarks: dict[str, dict[str, dict[str, list[str]]]]
    registries: dict[str, TableChange]  # by path, changed files of `resources`
    parameters: list[dict[str, Any]] | None
    packages: list[dict[str, Any]] | None


def compare(base: Build, now: Build) -> Changes:
    """Everything that differs between two builds.

    Raises:
        InputError: a file of one of them that cannot be read.
    """
    before, after = builds.tables(base), builds.tables(now)
    keys = {name: table.key() for name, table in catalogue.BY_NAME.items()}
    old_inputs, new_inputs = builds.inputs(base), builds.inputs(now)
    if base.recorded is None and base.project is not None and now.project is not None:
        # An older version records no inputs, so that all files in both folders are compared.
        new_inputs = builds.inputs_of_folder(now.project)
    known = old_inputs is not None and new_inputs is not None
    files = diff.changed_files(old_inputs, new_inputs) if known else None
    registries = {}
    for path in (files or {}).get(REGISTRIES, {}).get("changed", []):
        versions = builds.resource(base, path), builds.resource(now, path)
        if all(version is not None for version in versions):
            registries[path] = diff.changed_rows(*versions)
    settings = builds.settings(base), builds.settings(now)
    recorded = base.recorded is not None and now.recorded is not None
    headline = after.get(HEADLINE, pl.DataFrame())
    return Changes(
        base=base.name,
        labels={
            f"{row['study']}, {row['quantity']}": f"{row['label']} [{row['unit']}]"
            for row in headline.iter_rows(named=True)
        },
        tables={name: table_change(before[name], after[name], keys[name]) for name in after if name in before},
        new_tables=[name for name in after if name not in before],
        lost_tables=[name for name in before if name not in after],
        files=files,
        benchmarks=diff.changed_benchmarks(before, after),
        registries=registries,
        parameters=None if None in settings else diff.changed_settings(*settings),
        packages=diff.changed_packages(base.recorded["software"], now.recorded["software"]) if recorded else None,
    )


def as_json(changes: Changes) -> dict:
    """Everything, down to each number."""
    return {
        "base": changes.base,
        "tables": {name: _table_json(name, change) for name, change in changes.tables.items() if change},
        "tables_compared": sorted(changes.tables),
        "tables_new": changes.new_tables,
        "tables_gone": changes.lost_tables,
        "inputs": {
            "files": changes.files,
            "benchmark_rows": changes.benchmarks,
            "registries": {path: _table_json(path, change) for path, change in changes.registries.items()},
            "parameters": changes.parameters,
            "packages": changes.packages,
        },
    }


def _table_json(name: str, change: TableChange) -> dict:
    found = vars(change) | {"moves": change.moves.to_dicts(), "texts": change.texts.to_dicts()}
    if name in catalogue.BY_NAME and catalogue.BY_NAME[name].drawn:
        # Points of curves have no names, rows behind a fit are many: only their number is reported.
        found |= {"added": len(change.added), "removed": len(change.removed)}
    return found


def verdict(changes: Changes) -> list[str]:
    """What differs, in a few lines for a terminal: headline numbers with the largest moves, tables, inputs."""
    change = changes.tables.get(HEADLINE)
    lines = [_bare(line) for line in (_headline(changes)[0], _tables(changes)[0])]
    moves = change.moves.filter(column="computed").head(TOLD) if change else pl.DataFrame()
    for row in moves.iter_rows(named=True):
        study, _, _ = row["row"].partition(", ")
        before, now, relative, _ = _numbers(row)
        lines.insert(-1, f"  {study}  {changes.labels.get(row['row'], row['row'])}: {before} -> {now} ({relative})")
    inputs = [name for name, found in (("files", changes.files), ("parameters", changes.parameters)) if found]
    inputs += [
        name for name, found in (("benchmark rows", changes.benchmarks), ("packages", changes.packages)) if found
    ]
    return [*lines, f"Inputs that differ: {', '.join(inputs) or 'none'}."]


def _bare(markdown_line: str) -> str:
    return markdown_line.replace("**", "")


def as_markdown(changes: Changes) -> str:
    """A page for a pull request: headline numbers, then tables, then inputs; long lists can be unfolded."""
    parts = [
        f"## Changes relative to {_cell(changes.base)}",
        *_headline(changes),
        *_tables(changes),
        "### Inputs",
        *_inputs(changes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(changes: Changes) -> list[str]:
    change = changes.tables.get(HEADLINE)
    if change is None:
        return ["The base has no headline numbers."]
    values = change.moves.filter(column="computed")
    other = len(change.moves) - len(values)
    if not change:
        return [f"**Headline numbers: none of {change.rows} moved.**"]
    verdicts = change.texts.filter(column="within")
    others = ((change.added, "new"), (change.removed, "gone"), (verdicts, "verdicts on printed values changed"))
    counts = [f"{len(values)} of {change.rows} moved", *(f"{len(of)} {what}" for of, what in others if len(of))]
    rows = [
        [row["row"].partition(", ")[0], changes.labels.get(row["row"], row["row"]), *_numbers(row)]
        for row in values.head(SHOWN["headline"]).iter_rows(named=True)
    ]
    table = _table(["study", "quantity", "before", "now", "change", "of its P5–P95"], rows)
    more = len(values) - len(rows)
    others_of_headline = [
        *(f"- new: {_cell(row)}" for row in change.added),
        *(f"- gone: {_cell(row)}" for row in change.removed),
        *(
            f"- {_cell(row)}: is reproduced: {before or '-'} -> {now or '-'}"
            for row, _, before, now in verdicts.iter_rows()
        ),
    ]
    return [
        f"**Headline numbers: {', '.join(counts)}.**" + (f" Their other columns: {other} numbers." if other else ""),
        table + (f"\n\n{more} more, smaller, in `changes.json`." if more > 0 else ""),
        *_folded("Headline numbers that are new, gone, or changed in whether they are reproduced", others_of_headline),
    ]


FORMATS = {"before": ".6g", "now": ".6g", "relative": "+.2%", "of_interval": "+.2%"}


def _numbers(move: dict, formats: Mapping[str, str] = FORMATS) -> list[str]:
    return ["-" if move[name] is None else format(move[name], of) for name, of in formats.items()]


def _tables(changes: Changes) -> list[str]:
    different = {name: change for name, change in changes.tables.items() if change}
    lines = [f"**Tables: {len(different)} of {len(changes.tables)} differ.**"]
    for what, names in (("new", changes.new_tables), ("gone", changes.lost_tables)):
        if names:
            lines.append(f"Tables that are {what}: {', '.join(names)}.")
    rows, largest = [], []
    for name, change in different.items():
        columns = [f"+{column}" for column in change.new_columns] + [f"-{column}" for column in change.lost_columns]
        top = change.moves.head(1)["relative"].drop_nulls().to_list()
        counts = [change.rows, *map(len, (change.added, change.removed, change.changed_rows, change.moves))]
        rows.append([name, *map(str, counts), f"{top[0]:+.2%}" if top else "-", ", ".join(columns)])
        largest += [
            [name, move["row"], move["column"], *_numbers(move, FORMATS | {"standard_errors": "+.1f"})]
            for move in change.moves.head(SHOWN["table"]).iter_rows(named=True)
        ]
    head = ["table", "rows", "new", "gone", "changed", "numbers moved", "largest", "columns"]
    lines += _folded("Each table", [_table(head, rows)] if rows else [])
    head = ["table", "row", "column", "before", "now", "change", "of its P5–P95", "Monte Carlo errors"]
    return lines + _folded("The largest moves of each table", [_table(head, largest)] if largest else [])


def _inputs(changes: Changes) -> list[str]:
    lines = [
        f"benchmark rows of {source}: {'; '.join(f'{table}: {_lengths(rows)}' for table, rows in tables.items())}"
        for source, tables in changes.benchmarks.items()
    ]
    lines += [f"`{path}`: {_counts(change)}" for path, change in changes.registries.items()]
    cells = [
        [path, text["row"], text["column"], text["before"] or "-", text["now"] or "-"]
        for path, change in changes.registries.items()
        for text in change.texts.iter_rows(named=True)
    ]
    parts = []
    if changes.files is None:
        lines.append("The base does not record its other inputs.")
    elif changes.files:
        lines += [f"{name}: {_lengths(files)}" for name, files in changes.files.items()]
        named = [
            f"{what}: `{path}`" for files in changes.files.values() for what, paths in files.items() for path in paths
        ]
        parts += _folded("Files", _items(named))
    if changes.parameters:
        lines.append(f"parameters of studies and configuration: {len(changes.parameters)} differ")
        rows = [[one["key"], diff.shown(one["before"]), diff.shown(one["now"])] for one in changes.parameters]
        parts += _folded("Parameters", [_table(["key", "before", "now"], rows, SHOWN["parameters"])])
    lines += [
        f"{package['key']}: {package['before'] or '-'} -> {package['now'] or '-'}" for package in changes.packages or []
    ]
    if cells:
        table = _table(["file", "row", "column", "before", "now"], cells, SHOWN["rows"])
        parts += _folded("Rows of registries", [table])
    return ["\n".join(_items(lines)) or "None changed.", *parts]


def _items(lines: list[str]) -> list[str]:
    return [f"- {markdown(line)}" for line in lines]


def _lengths(of: dict[str, list[str]]) -> str:
    return ", ".join(f"{len(names)} {what}" for what, names in of.items())


def _counts(change: TableChange) -> str:
    counts = {"new": len(change.added), "gone": len(change.removed), "changed": len(change.changed_rows)}
    return ", ".join(f"{count} rows {what}" for what, count in counts.items() if count) or "other columns"


def _table(head: list[str], rows: list[list[str]], shown: int | None = None) -> str:
    """A table of the first rows, and how many more there are."""
    if not rows:
        return ""
    lines = [list(map(_cell, line)) for line in (head, *rows[:shown])]
    lines.insert(1, ["---"] * len(head))
    more = f"\n\n{len(rows) - shown} more in `changes.json`." if shown and len(rows) > shown else ""
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + more


def _cell(text: str) -> str:
    """Text escaped so that it stays inside one cell of a table."""
    return markdown(text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 3] + "...")


def _folded(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    return [f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"]
