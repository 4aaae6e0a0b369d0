"""Requests added up exactly: whole numbers per step in time, model, tenant and region, which determine the energy.

The GPU time of a request is a L_in (1 - cached) + b L_out + c L_out (L_in + L_out / 2), so that the energy of any
number of requests follows from five sums: prompt tokens, cached tokens, answer tokens, prompt times answer tokens and
answer tokens squared. All are whole numbers, so that the result does not depend on the order of rows or their
distribution over files and jobs.
"""

import hashlib
import logging
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.statement.logs import repeats, shapes
from inference_energy.statement.logs.faults import checks, faulty_rows, header_checks, stop_at_first
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.kinds import is_gzip, opened
from inference_energy.statement.logs.layout import FILE, NAMED, Layout, rows_in
from inference_energy.statement.logs.progress import Progress
from inference_energy.statement.logs.reading import (
    CUT,
    FIRST_US,
    LAST_US,
    LONGEST_NAME,
    NAMES,
    TOKENS,
    TOKENS_BELOW,
    Rows,
    form_of,
    listed,
    shortened,
    unreadable,
)
from inference_energy.tables.database import frame

US_PER_MINUTE = 60_000_000
KEYS = ("source", "step_start_us", *NAMES)
EXACT = "DECIMAL(38, 0)"  # holds the square of any prompt of 2^27 tokens 10^21 times
_KEY_TYPES = (pl.String, pl.Int64, pl.String, pl.String, pl.String)
SUMS = ("requests", "input_tokens", "cached_tokens", "output_tokens", "input_output_tokens2", "output_tokens2")
_COLUMNS = ", ".join([*(f"{name} VARCHAR" for name in NAMES), *(f"{name} {EXACT}" for name in SUMS)])
BLOCK_BYTES = 2**18  # read at once; more do not stay in the cache of a processor
KINDS = f"""source VARCHAR, kind VARCHAR, model VARCHAR, rows BIGINT, input_tokens {EXACT}, output_tokens {EXACT},
    largest_tokens BIGINT, currency VARCHAR, cost DOUBLE"""
_MARKS = """source VARCHAR, file VARCHAR, id BIGINT, time_us BIGINT, model VARCHAR, input_tokens BIGINT,
    output_tokens BIGINT"""
SAMPLE_BYTES = 65_536  # of a text file, for the length of its rows
MEMORY = "1500MB"  # memory of DuckDB before it writes to disk; its own code and buffers are extra


@contextmanager
def database(threads: int, folder: Path):
    """A DuckDB connection in memory; data that do not fit go to a folder, which is removed with it."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".spill_") as spill:
        connection = duckdb.connect(config={"threads": threads, "memory_limit": MEMORY, "temp_directory": spill})
        try:
            connection.execute("SET preserve_insertion_order = false")
            connection.execute("SET TimeZone = 'UTC'")  # not the time zone of the machine
            connection.execute("SET enable_progress_bar = true")
            connection.execute("SET enable_progress_bar_print = false")
            yield connection
        finally:
            connection.close()


def metered(
    files: list[UsageFile],
    logs: dict[str, dict],
    *,
    place: str,
    step_minutes: int,
    leave_out: bool,
    threads: int,
    folder: Path,
    logger: logging.Logger,
) -> dict[str, pl.DataFrame]:
    """Exact sums over the requests of some files, and the list of the files.

    `logs` has the entries of the usage file, which `place` names in errors, by source. With `leave_out`, rows with a
    fault are counted and left out instead of stopping the run. DuckDB keeps what does not fit into memory in `folder`.

    Returns:
        `sums`: one row per source, step, model, tenant and region: `KEYS` and `SUMS`, the latter of 38 digits.
        `files`: one per file: `source, file, bytes, rows, rows_left_out, sha256, not_read`.
        `kinds`: one per source, kind of rows and model: what all rows of the files were.
        `marks`: requests by which `repeats` finds those that are counted twice.

    Raises:
        InputError: a file that cannot be read or lacks a column, or rows with faults that are not to be left out.
    """
    with database(threads, folder) as connection:
        listing, every = add(
            connection,
            files,
            logs,
            place=place,
            step_minutes=step_minutes,
            leave_out=leave_out,
            threads=threads,
            logger=logger,
        )
        sums = frame(connection, added_up("sums"), folder)
        kinds = frame(connection, accounted("kinds"), folder)
        marks = frame(connection, marked(), folder)
    called = {file.path: file.name for file in files}
    marks = marks.with_columns(pl.col("file").replace(called), pl.lit(every, pl.Int64).alias("every"))
    return {"sums": sums, "files": listing, "kinds": kinds, "marks": marks}


def add(
    connection: duckdb.DuckDBPyConnection,
    files: list[UsageFile],
    logs: dict[str, dict],
    *,
    place: str,
    step_minutes: int,
    leave_out: bool,
    threads: int,
    logger: logging.Logger,
) -> tuple[pl.DataFrame, int]:
    """Add up files in tables `sums`, `kinds` and `marks` of a database; arguments and errors are those of `metered`.

    Returns:
        The list of the files; and of how many times one was taken for the marks.
    """
    connection.execute(f"CREATE OR REPLACE TABLE sums (source VARCHAR, step_start_us BIGINT, {_COLUMNS})")
    connection.execute(f"CREATE OR REPLACE TABLE kinds ({KINDS})")
    connection.execute(f"CREATE OR REPLACE TABLE marks ({_MARKS})")
    groups = []
    for source in sorted({file.source for file in files}):
        own = [file for file in files if file.source == source]
        opened = shapes.opened(connection, own, logs[source], f"{place}: logs.{source}")
        groups += [(source, rows) for rows in opened.rows]
        add_counted(connection, source, opened)
    counts = {path: count for _, rows in groups for path, count in expected_counts(connection, rows).items()}
    left_out = dict.fromkeys(counts, 0)
    days: dict[str, tuple[str, str]] = {}
    every = repeats.every(sum(counts.values()))
    label = f"meter {len(files)} file{'s' if len(files) != 1 else ''}"
    with (
        checksums_of([file.path for file in files], threads) as checksums,
        Progress(label, sum(counts.values()), "rows", logger, lambda: under_way(connection)) as progress,
    ):
        for source, rows in groups:
            progress.part = sum(counts[path] for path in rows.files)
            found, without = _add(connection, source, rows, step_minutes * US_PER_MINUTE, leave_out, every)
            counts |= found
            left_out |= without
            days |= _days(connection, step_minutes * US_PER_MINUTE)
            progress.finished(sum(found.values()))
        read = {path: fingerprint.result() for path, fingerprint in checksums.items()}
    for _, rows in groups:
        for path in rows.files:
            check_lines(path, rows.layout, read[path].lines, counts[path])
    return facts(files, read, counts, left_out, days), every


def marked() -> str:
    """The marks of all files, equal ones as one, in order."""
    return "SELECT *, count(*) AS rows FROM marks GROUP BY ALL ORDER BY ALL NULLS FIRST"


def facts(
    files: list[UsageFile],
    read: Mapping[str, "Fingerprint"],
    counts: Mapping[str, int],
    left_out: Mapping[str, int],
    days: Mapping[str, tuple[str, str]],
) -> pl.DataFrame:
    """The list of files that were read: `source, file, bytes, rows, rows_left_out, sha256, first_day, last_day,
    not_read`. Rows, those left out, and the first and last day are by path; a file without rows has no days.
    """
    texts, numbers = (
        ("source", "file", "sha256", "first_day", "last_day", "not_read"),
        ("bytes", "rows", "rows_left_out"),
    )
    found = [
        {
            "source": file.source,
            "file": file.name,
            "bytes": Path(file.path).stat().st_size,
            "rows": counts[file.path],
            "rows_left_out": left_out.get(file.path, 0),
            "sha256": read[file.path].sha256,
            "first_day": days.get(file.path, (None, None))[0],
            "last_day": days.get(file.path, (None, None))[1],
            "not_read": None,
        }
        for file in files
    ]
    return pl.DataFrame(found, dict.fromkeys(texts, pl.String) | dict.fromkeys(numbers, pl.Int64))


def add_counted(connection: duckdb.DuckDBPyConnection, source: str, opened: shapes.Opened) -> None:
    """Add what is known of the rows of a source, and what they cost, to the table of kinds."""
    for counted in opened.counted:
        connection.execute("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL)", [source, *counted])
    for kind, model, currency, cost in opened.costs:
        connection.execute(
            "INSERT INTO kinds VALUES (?, ?, ?, 0, 0, 0, NULL, ?, ?)", [source, kind, model, currency, cost]
        )


def _days(connection: duckdb.DuckDBPyConnection, step_us: int) -> dict[str, tuple[str, str]]:
    """The first and the last day in UTC of every file of the group that was counted last."""
    day = f"strftime(make_timestamp({{}}(step) * {step_us}), '%Y-%m-%d')"
    query = f"SELECT file, {day.format('min')}, {day.format('max')} FROM counted GROUP BY file"
    return {path: (first, last) for path, first, last in connection.execute(query).fetchall()}


def added_up(table: str) -> str:
    """Rows with the same keys as one, in order."""
    sums = ", ".join(f"sum({name})::{EXACT} AS {name}" for name in SUMS)
    return f"SELECT {', '.join(KEYS)}, {sums} FROM {table} GROUP BY ALL ORDER BY ALL NULLS FIRST"


def accounted(table: str) -> str:
    """What rows were, by source, kind and model, in order."""
    sums = ", ".join(f"sum({name})::DOUBLE AS {name}" for name in ("rows", "input_tokens", "output_tokens"))
    return (
        f"SELECT source, kind, model, {sums}, max(largest_tokens)::DOUBLE AS largest_tokens, currency,"
        f" sum(cost) AS cost FROM {table} GROUP BY ALL ORDER BY ALL NULLS FIRST"
    )


def under_way(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of the scan of the running query that is done, 0 where DuckDB does not know yet.

    DuckDB gives the output of groups, which takes no time, the same weight as the scan: rows read count half.
    """
    return min(max(connection.query_progress(), 0.0) / 50, 1.0)


def expected_counts(connection: duckdb.DuckDBPyConnection, rows: Rows) -> dict[str, int]:
    """Rows of every file before it is read: of Parquet from its footer, of text as its size suggests."""
    if rows.format == "parquet":
        return row_counts(connection, rows)
    found = dict.fromkeys(rows.files, 0)
    for path in rows.files:
        with suppress(OSError), Path(path).open("rb") as file:  # one that cannot be read is reported when it is metered
            start = file.read(SAMPLE_BYTES)
            found[path] = round(start.count(b"\n") * Path(path).stat().st_size / max(len(start), 1))
    return found


def row_counts(connection: duckdb.DuckDBPyConnection, rows: Rows) -> dict[str, int]:
    """Rows of every file; of Parquet from its footers, otherwise counted."""
    if rows.format == "parquet":
        query = f"SELECT file_name, num_rows FROM parquet_file_metadata({listed(rows.files)})"
    else:
        query = f"SELECT {FILE}, count(*) FROM {rows.table(NAMED)} GROUP BY ALL"
    try:
        counted = dict(connection.execute(query).fetchall())
    except duckdb.Error as error:
        raise InputError(culprit(connection, rows, error)) from None
    return {path: counted.get(path, 0) for path in rows.files}


def _add(
    connection: duckdb.DuckDBPyConnection, source: str, rows: Rows, step_us: int, leave_out: bool, every: int
) -> tuple[dict[str, int], dict[str, int]]:
    """Add the sums of files that are read alike to the table of sums.

    Returns:
        Rows by file, and rows left out, by file, where there are any.
    """
    rows = _with_form(connection, rows)
    counts, left_out = _counted_if_plain(connection, rows, step_us, every), {}
    if counts is None:
        counts = row_counts(connection, rows)
        left_out = _counted(connection, rows, step_us, sum(counts.values()), leave_out, every)
    connection.execute(
        f"INSERT INTO sums SELECT {sql(source)}, step * {step_us}, model, tenant, region, {', '.join(SUMS)}"
        " FROM counted"
    )
    connection.execute(
        f"INSERT INTO kinds SELECT {sql(source)}, 'request', model, sum(requests), sum(input_tokens),"
        " sum(output_tokens), max(largest_tokens), NULL, NULL FROM counted GROUP BY model"
    )
    connection.execute(
        f"INSERT INTO marks SELECT {sql(source)}, file, NULL, mark.time_us, model, mark.input_tokens,"
        " mark.output_tokens FROM (SELECT file, model, unnest(marks) AS mark FROM counted)"
    )
    for query in repeats.ids(rows, every):
        connection.execute(f"INSERT INTO marks SELECT {sql(source)}, file, id, NULL, NULL, NULL, NULL FROM ({query})")
    return counts, left_out


def _with_form(connection: duckdb.DuckDBPyConnection, rows: Rows) -> Rows:
    """The rows with the form of the first time, if it is text."""
    if rows.timed() is None:
        return rows
    try:
        first = connection.execute(f"SELECT {rows.raw('time')} FROM {rows.table()} LIMIT 1").fetchone()
    except duckdb.Error:  # found, and told with its place, where all rows are read
        return rows
    return replace(rows, form=form_of((first or [None])[0] or "", zoned="time_zone" in rows.spec))


def _counted(
    connection: duckdb.DuckDBPyConnection, rows: Rows, step_us: int, total: int, leave_out: bool, every: int
) -> dict[str, int]:
    """Count the sound rows of files; the total of rows tells whether there are others.

    Returns:
        Rows left out, by file, where there are any.
    """
    try:
        _count(connection, sums_query(rows, step_us, every))
    except duckdb.Error as error:
        raise InputError(culprit(connection, rows, error)) from None
    (sound,) = connection.execute("SELECT coalesce(sum(requests), 0) FROM counted").fetchone()
    if sound == total:
        return {}
    stop_at_first(connection, rows, header_checks(rows) if leave_out else checks(rows))
    left_out = faulty_rows(connection, rows, checks(rows))
    if sum(left_out.values()) != total - sound:
        raise RuntimeError(
            f"{total - sound} rows of {rows.files[0]} and others are not sound, {left_out} by the checks"
        )
    return left_out


def _counted_if_plain(
    connection: duckdb.DuckDBPyConnection, rows: Rows, step_us: int, every: int
) -> dict[str, int] | None:
    """Count text files in one pass, which ends at the first row that is not both plain and sound.

    Returns:
        Rows by file; none for Parquet, or if there is such a row or any other fault, which slower passes find.
    """
    if rows.format == "parquet":
        return None
    try:
        _count(connection, sums_query(replace(rows, plain=True), step_us, every))
    except duckdb.Error:
        return None
    counted = connection.execute("SELECT file, sum(requests)::BIGINT FROM counted GROUP BY file").fetchall()
    return dict.fromkeys(rows.files, 0) | dict(counted)


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE counted (file VARCHAR, step BIGINT, {_COLUMNS}, largest_tokens BIGINT,"
        f" marks {repeats.MARK})"
    )
    connection.execute(f"INSERT INTO counted {query}")


def sums_query(rows: Rows, step_us: int, every: int = 1) -> str:
    """One pass over files that are read alike: sums over sound rows by step and names.

    Sums are by file. With them go the tokens of the largest request, and those requests of every so-many-th time that
    are compared.

    Rows that are not sound are left out, before products of their values could stop the scan. Where files are read as
    plain, the first such row is an error, so that the requests of a file are all of its rows.
    """
    tokens = [role for role in TOKENS if rows.has(role)]
    # Of a column alone DuckDB would leave the check out where statistics in the file claim that all values pass it.
    sound = f"timed AND us BETWEEN {FIRST_US} AND {LAST_US - 1}"
    sound += f" AND ({' | '.join(tokens)}) BETWEEN 0 AND {TOKENS_BELOW - 1}"
    prompt = "input_tokens"
    if rows.has("cached_tokens") and rows.spec.get("cached_in_input", True):
        sound += " AND cached_tokens <= input_tokens"
    elif rows.has("cached_tokens"):
        prompt = "(input_tokens::BIGINT + cached_tokens)"
    columns = [f"{rows.microseconds()} AS us", f"{rows.timed() or 'true'} AS timed"]
    columns += [f"{rows.name(role)} AS {role}" for role in NAMES] + [f"{rows.whole(role)} AS {role}" for role in tokens]
    step = f"us // {step_us}"
    # To group by a column that is the same in all rows takes a tenth of the time.
    alone = len(rows.files) == 1
    file, table = (sql(rows.files[0]), rows.table()) if alone else (FILE, rows.table(NAMED))
    columns += [] if alone else [FILE]
    if rows.plain:
        step, sound = f"(CASE WHEN {sound} THEN {step} ELSE error('not sound') END)", "true"
    names = ", ".join(f"{shortened(role)} AS {role}" for role in NAMES)  # of groups, which are few
    return f"""
        SELECT {file} AS file, * {"" if alone else f"EXCLUDE ({FILE})"} REPLACE ({names})
        FROM (
            SELECT {"" if alone else f"{FILE}, "}{step} AS step, model, tenant, region, count(*), sum({prompt}),
                {"sum(cached_tokens)" if rows.has("cached_tokens") else "NULL"}, sum(output_tokens),
                sum({prompt}::BIGINT * output_tokens), sum(output_tokens::BIGINT * output_tokens),
                max({prompt}::BIGINT + output_tokens), {repeats.marked(every, prompt)}
            FROM (SELECT {", ".join(columns)} FROM {table})
            WHERE {sound}
            GROUP BY ALL
        )"""


def culprit(connection: duckdb.DuckDBPyConnection, rows: Rows, error: duckdb.Error) -> str:
    """The line about the first file that cannot be read to its end, of those that a query failed on."""
    for path in rows.files:
        alone = replace(rows, files=[path])
        try:
            connection.execute(f"SELECT count(*) FROM ({sums_query(alone, US_PER_MINUTE)})").fetchall()
        except duckdb.Error as found:
            return unreadable(alone, found)
    return unreadable(rows, error)


@dataclass(frozen=True)
class Fingerprint:
    """What is known of a file whose bytes were read once."""

    sha256: str
    lines: int  # of text line breaks, and one more if the last line has none


def fingerprint(path: Path) -> Fingerprint:
    """Checksum and lines of a file; lines are those of the content if it is compressed.

    Raises:
        InputError: compressed content that is cut off or damaged.
    """
    checksum, compressed, breaks, end, text = hashlib.sha256(), False, 0, b"\n", True
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            if file.tell() == len(block):
                compressed = is_gzip(block)
                text = not compressed and not block.startswith(b"PAR1")
            checksum.update(block)
            breaks += _breaks(block) if text else 0
            end = block[-1:]
    if compressed:
        try:
            with opened(str(path)) as content:
                while block := content.read(BLOCK_BYTES):
                    breaks += _breaks(block)
                    end = block[-1:]
        except (EOFError, zlib.error, OSError) as error:
            raise InputError(
                f"{path}: compressed content is cut off or damaged: {error}; allowed: a whole file"
            ) from None
    return Fingerprint(checksum.hexdigest(), breaks + (end != b"\n"))


def _breaks(block: bytes) -> int:
    """Line breaks of some bytes; `bytes.count` takes eight times as long where lines are short."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))


def check_lines(path: str, layout: Layout | None, lines: int, rows: int) -> None:
    """Compare the rows of a text file that the database found with its lines.

    Raises:
        RuntimeError: the file has others: a fault of the database or of this module, not of the file.
    """
    if (
        layout is None
        or layout.array
        or layout.document_bytes
        or lines - layout.skipped - len(layout.columns[:1]) == rows
    ):
        return
    # There are blank lines, or line breaks within cells.
    found = rows_in(path, layout)
    if found != rows:
        raise RuntimeError(f"{path}: read {rows:,} rows of {found:,}")


@contextmanager
def checksums_of(paths: list[str], threads: int) -> Iterator[dict[str, Future[Fingerprint]]]:
    """Fingerprint of every file, computed on cores that are idle; Python releases its lock while it computes one."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield {path: pool.submit(fingerprint, Path(path)) for path in paths}
    finally:
        pool.shutdown(cancel_futures=True)


def together(kinds: pl.DataFrame) -> pl.DataFrame:
    """What the rows of all shards were: one row per source, kind and model."""
    sums = pl.col("rows", "input_tokens", "output_tokens").sum()
    cost = pl.when(pl.col("cost").is_not_null().any()).then(pl.col("cost").sum()).alias("cost")
    groups = kinds.group_by("source", "kind", "model", "currency", maintain_order=True)
    return groups.agg(sums, pl.col("largest_tokens").max(), cost).select(kinds.columns)


def gathered(shards: Iterable[str], folder: Path) -> pl.DataFrame:
    """The sums of all shards together: the same whatever their number; data beyond memory go to `folder`."""
    shards = list(shards)
    if not shards:  # bills alone
        return pl.DataFrame(schema=dict(zip(KEYS, _KEY_TYPES, strict=True)) | dict.fromkeys(SUMS, pl.Decimal(38, 0)))
    with database(1, folder) as connection:
        return frame(connection, added_up(f"read_parquet({listed(shards)})"), folder)


def check_repeats(files: pl.DataFrame, kept: Collection[str] = ()) -> None:
    """Compare the files of all shards with each other, but for those of some sources.

    Raises:
        InputError: two files with the same content.
    """
    repeats = (
        files.filter((pl.col("rows") > 0) & ~pl.col("source").is_in(list(kept)))
        .group_by("sha256")
        .agg(pl.col("file").sort(), pl.col("rows").first())
    )
    repeats = repeats.filter(pl.col("file").list.len() > 1).sort(pl.col("file").list.first())
    if not repeats.is_empty():
        first = repeats.row(0, named=True)
        raise InputError(
            f"{first['file'][1]}: found the same {first['rows']:,} rows as in {first['file'][0]}; allowed: every file"
            f" once ({repeats['file'].list.len().sum() - len(repeats)} files repeat another)"
        )


def cut_names(sums: pl.DataFrame, bills: pl.DataFrame) -> list[str]:
    """A line for every column with names that were too long."""
    names = {role: pl.concat([sums[role], bills[role]]).unique() for role in NAMES}
    counts = {role: found.str.contains(CUT).sum() for role, found in names.items()}
    return [
        f"{role}: {count:,} names of more than {LONGEST_NAME} characters are cut; each ends in a checksum of the whole"
        for role, count in counts.items()
        if count
    ]


def with_not_read(files: pl.DataFrame, not_read: list[dict]) -> pl.DataFrame:
    """The files that were read, and those beside them that were not (`files.NotRead` as plain values), sorted."""
    others = [
        {"source": other["source"], "file": other["name"], "rows": 0, "rows_left_out": 0, "not_read": other["reason"]}
        for other in not_read
    ]
    types = {name: files.schema[name] for name in ("source", "file", "rows", "rows_left_out", "not_read")}
    return pl.concat([files, pl.DataFrame(others, types)], how="diagonal").sort("source", "file")


def told(files: pl.DataFrame) -> str:
    """Files read, in one line; files without rows, rows that were left out and files that were not read are named."""
    read, others = files.filter(pl.col("not_read").is_null()), files.filter(pl.col("not_read").is_not_null())
    empty = read.filter(pl.col("rows") == 0)["file"].to_list()
    line = f"{len(read)} files, {read['rows'].sum() or 0:,} rows"
    if empty:
        line += f"; {len(empty)} without rows: {', '.join(empty[:3])}{' and others' if len(empty) > 3 else ''}"
    left_out = read["rows_left_out"].sum() or 0
    line += f"; {left_out:,} rows with a fault left out" if left_out else ""
    if len(others):
        named = [f"{name} ({reason})" for name, reason in others.select("file", "not_read").head(5).iter_rows()]
        line += f"; {len(others)} not read: {', '.join(named)}{' and others' if len(others) > 5 else ''}"
    return line
