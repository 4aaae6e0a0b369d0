"""Differences between two builds: numbers, tables, inputs and settings."""

import json
import re
from dataclasses import dataclass
from typing import Any

import polars as pl

from inference_energy.records.provenance import kind
from inference_energy.records.settings import ABSENT, changed_parameters
from inference_energy.tables.writing import RELATIVE_TOLERANCE

NUMBERS = ("before", "now", "relative", "of_interval", "standard_errors")
MOVES = {"row": pl.String, "column": pl.String} | dict.fromkeys(NUMBERS, pl.Float64)
TEXTS = dict.fromkeys(("row", "column", "before", "now"), pl.String)
QUANTILE = re.compile(r"(?P<of>.*?)_?(?P<which>p\d\d|mean)(?P<rest>_.+)?")
MISSING = "-"


@dataclass(frozen=True, kw_only=True)
class TableChange:
    """Differences between two versions of a table; rows are named by the values of their key."""

    rows_before: int  # their number before
    rows: int  # their number now
    added: list[str]  # rows that are new
    removed: list[str]  # rows that are gone
    # numbers of rows in both: `before`, `now`, `relative` change (none from 0), `of_interval`: the change as a part
    # of the distance from P5 to P95 that the row had, `standard_errors`: as a multiple of the Monte Carlo errors of
    # both together. The largest relative change comes first
    moves: pl.DataFrame
    texts: pl.DataFrame  # texts and truth values of rows in both
    new_columns: list[str]  # columns that are new
    lost_columns: list[str]  # columns that are gone

    @property
    def changed_rows(self) -> list[str]:
        """Rows in both with a number or a text that differs."""
        return list(dict.fromkeys([*self.moves["row"], *self.texts["row"]]))

    def __bool__(self) -> bool:
        differs = self.added or self.removed or self.new_columns or self.lost_columns
        return bool(differs) or bool(len(self.moves)) or bool(len(self.texts))


def table_change(before: pl.DataFrame, now: pl.DataFrame, key: list[str]) -> TableChange:
    """Compare two versions of a table.

    Without a key, or with one that does not name every row, a row that differs in anything is another row.
    """
    shared = [column for column in now.columns if column in before.columns]
    if (
        not key
        or not set(key) <= set(shared)
        or any(_names(frame, key).is_duplicated().any() for frame in (before, now))
    ):
        key = shared
    old, new = (
        frame.select(_names(frame, key).alias("row"), *shared).unique("row", maintain_order=True)
        for frame in (before, now)
    )
    both = old.join(new, on="row", suffix=" now", maintain_order="right")
    numbers, texts = [pl.DataFrame(schema=MOVES)], [pl.DataFrame(schema=TEXTS)]
    for column in shared:
        if column in key:
            continue
        if old[column].dtype.is_numeric() or new[column].dtype.is_numeric():
            numbers.append(_moves(both, column))
        else:
            texts.append(_texts(both, column))
    return TableChange(
        rows_before=len(before),
        rows=len(now),
        added=new.join(old, on="row", how="anti", maintain_order="left")["row"].to_list(),
        removed=old.join(new, on="row", how="anti", maintain_order="left")["row"].to_list(),
        moves=pl.concat(numbers).sort(pl.col("relative").abs(), descending=True, nulls_last=True, maintain_order=True),
        texts=pl.concat(texts),
        new_columns=[column for column in now.columns if column not in before.columns],
        lost_columns=[column for column in before.columns if column not in now.columns],
    )


def _names(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    """Name of every row; two spellings of one number, 500 and 500.0, are one name."""
    values = [pl.col(name).cast(pl.Float64) if frame[name].dtype.is_numeric() else pl.col(name) for name in key]
    return frame.select(
        pl.concat_str([value.cast(pl.String).fill_null(MISSING) for value in values], separator=", ")
    ).to_series()


def _moves(both: pl.DataFrame, column: str) -> pl.DataFrame:
    before, now = _number(column), _number(f"{column} now")
    width = errors = pl.lit(None)
    ends = _interval(column)
    if ends and set(ends) <= set(both.columns):
        width = _number(ends[1]) - _number(ends[0])
    if f"{column}_se" in both.columns:
        errors = (_number(f"{column}_se") ** 2 + _number(f"{column}_se now") ** 2).sqrt()
    same = (now - before).abs() <= RELATIVE_TOLERANCE * before.abs()
    same = pl.when(before.is_null() | now.is_null()).then(before.is_null() & now.is_null()).otherwise(same)
    return both.filter(~same).select(
        "row",
        pl.lit(column).alias("column"),
        before.alias("before"),
        now.alias("now"),
        *(
            pl.when(scale != 0).then((now - before) / scale).cast(pl.Float64).alias(name)
            for name, scale in (("relative", before), ("of_interval", width), ("standard_errors", errors))
        ),
    )


def _interval(column: str) -> tuple[str, str] | None:
    """The columns that hold P5 and P95 of what a column is a quantile or mean of; none for a standard error."""
    if column.endswith("_se"):
        return None
    parts = QUANTILE.fullmatch(column)
    of, rest = (parts["of"], parts["rest"] or "") if parts else (column, "")
    start = f"{of}_" if of else ""
    return f"{start}p05{rest}", f"{start}p95{rest}"


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64, strict=False)  # a column without any value is read as text


def _texts(both: pl.DataFrame, column: str) -> pl.DataFrame:
    before, now = (pl.col(name).cast(pl.String) for name in (column, f"{column} now"))
    return both.filter(before.ne_missing(now)).select(
        "row", pl.lit(column).alias("column"), before.alias("before"), now.alias("now")
    )


# The public tables that hold benchmark rows, and where in the file a row stood: not part of its content.
BENCHMARK_TABLES = ("throughput", "measured_energy", "published_estimate")
KEY = {"source", "row_id"}
PLACE = ("file", "line", "read_on")
WHOLE = "a study"


def changed_files(before: dict[str, str], now: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Paths `added`, `removed` and `changed`, by what the files are; only what differs. Given are checksums by path."""
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

    Given are public tables by name.
    """
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for table in BENCHMARK_TABLES:
        if not all(KEY.issubset(build.get(table, pl.DataFrame()).columns) for build in (before, now)):
            continue  # missing, or of a version whose rows had no names
        for source in sorted({*before[table]["source"], *now[table]["source"]}):
            versions = (frame.filter(source=source).drop(PLACE, strict=False) for frame in (before[table], now[table]))
            change = table_change(*versions, ["row_id"])
            rows = {"added": change.added, "removed": change.removed, "changed": change.changed_rows}
            rows = {what: names for what, names in rows.items() if names}
            if rows:
                found.setdefault(source, {})[table] = rows
    return found


def changed_rows(before: pl.DataFrame, now: pl.DataFrame) -> TableChange:
    """Differences between two versions of a registry; rows are named by as few leading columns as are unique."""
    shared = [column for column in now.columns if column in before.columns]
    for end in range(1, len(shared) + 1):
        if not any(frame.select(shared[:end]).is_duplicated().any() for frame in (before, now)):
            return table_change(before, now, shared[:end])
    return table_change(before, now, [])


def changed_settings(before: dict[str, dict], now: dict[str, dict]) -> list[dict[str, Any]]:
    """Keys of configuration and studies that differ, as `changed_parameters`; a whole study in one line."""
    whole = {name: {"before": WHOLE, "now": ABSENT} for name in before.keys() - now}
    whole |= {name: {"before": ABSENT, "now": WHOLE} for name in now.keys() - before}
    shared = [{name: build[name] for name in before.keys() & now} for build in (before, now)]
    return [{"key": name, **whole[name]} for name in sorted(whole)] + changed_parameters(*shared)


def changed_packages(before: dict, now: dict) -> list[dict[str, Any]]:
    """Python and packages whose version differs, as `changed_parameters`."""
    old, new = ({"python": software["python"], **software["packages"]} for software in (before, now))
    return changed_parameters(old, new)


def shown(value: Any) -> str:
    """A value of a parameter as text."""
    return "-" if value is ABSENT else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
