"""Columns of a file, and lengths of requests, that tell that a usage file reads it wrongly.

Rows that are sums of many requests, requests that are written several times, and tokens that no role of the usage file
has. Each is an error, as the energy would be wrong by a factor and nothing else would show it.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.statement.logs import paths, reading
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.paths import is_name
from inference_energy.statement.logs.reading import identifier
from inference_energy.statement.logs.shape import headed
from inference_energy.statement.logs.structure import structure

# What columns are called, at the end of their paths.
COUNTS = re.compile(r"(?:^|\.)(?:num_model_requests|(?:num_|n_|nb_|total_)?requests|request_count)$")
IDS = re.compile(r"(?:^|\.)(?:request_?id|generation_id|completion_id|message\.id|response\.id)$", re.IGNORECASE)
CACHE_WRITES = re.compile(r"cache_?(?:creation|write).*(?:tokens|tokencount|_5m|_1h)$", re.IGNORECASE)
CACHE_READS = re.compile(r"(?:cache_?read|(?<!un)cached|cache_?hit).*(?:tokens|tokencount)$", re.IGNORECASE)
LIFETIMES = re.compile(r"_?(?:5m|1h)(?=_|$)")  # of what is written to the cache, in names of columns beside each other
IDS_LOOKED_AT = 100_000  # rows


def check_columns(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> None:
    """Columns of the first file of a source, which the others are like.

    Raises:
        InputError: rows that state a number of requests, ids that several rows have, or tokens of the cache without
            a role.
    """
    if not files or "records" in spec:
        return
    first = files[0]
    whole = reading.whole_of(connection, first, headed(spec), place)
    if whole.format == "jsonl":
        relation = whole.documents()
        values = {
            name: f"(json ->> {sql(_path(connection, relation, name))})"
            for name in sorted(structure(Path(first.path)).names)
            if _telling(name)
        }
    else:
        relation = whole.table()
        values = {name: f"CAST({identifier(name)} AS VARCHAR)" for name in whole.types if _telling(name)}
    for name, value in values.items():
        if COUNTS.search(name) and "month" not in spec["columns"]:
            _check_counts(connection, relation, name, value, first, spec, place)
        elif (
            IDS.search(name)
            and "unique" not in spec
            and spec.get("repeats") != "keep"
            and "month" not in spec["columns"]
        ):
            _check_ids(connection, relation, name, value, first)
        elif CACHE_WRITES.search(name) or CACHE_READS.search(name):
            _check_cached(connection, relation, name, value, first, spec, place, list(values))


def _telling(name: str) -> bool:
    return (
        "[]" not in name
        and is_name(name)
        and any(pattern.search(name) for pattern in (COUNTS, IDS, CACHE_WRITES, CACHE_READS))
    )


def _path(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> str:
    found = paths.located(connection, f"(SELECT json FROM {relation} LIMIT {paths.SAMPLE_ROWS})", [paths.Name(name)])
    return next(iter((found or {}).values()), None) or paths.candidates(name)[0]


def _check_counts(connection, relation: str, name: str, value: str, file: UsageFile, spec: dict, place: str) -> None:
    (most,) = connection.execute(f"SELECT max(TRY_CAST({value} AS DOUBLE)) FROM {relation}").fetchone()
    if most is not None and most > 1:
        raise InputError(
            f"{file.path}: {name}: found {most:,.0f} requests in a row; allowed: one, as {place} has requests; sums"
            f" stand under bills (month: {spec['columns']['time']}, requests: {name})"
        )


def _check_ids(connection, relation: str, name: str, value: str, file: UsageFile) -> None:
    some = f"SELECT {value} AS id FROM {relation} WHERE {value} <> '' LIMIT {IDS_LOOKED_AT}"
    rows, ids = connection.execute(f"SELECT count(*), count(DISTINCT id) FROM ({some})").fetchone()
    if ids < rows:
        raise InputError(
            f"{file.path}: {name}: found {ids:,} values in {rows:,} rows; allowed: one row per request, or"
            f" unique: {{columns: [{name}]}} in the usage file, which keeps the last one (or repeats: keep if they are"
            " different requests)"
        )


def _check_cached(
    connection, relation: str, name: str, value: str, file: UsageFile, spec: dict, place: str, names: list[str]
) -> None:
    """Tokens of the cache that no role has are part of the prompts if there are more of them than input tokens.

    Cache writes that live five minutes and those that live an hour have columns of their own: where one has a role, the
    other needs one.
    """
    used = [
        column.rstrip("?")
        for role in ("input_tokens", "cached_tokens")
        for column in _listed(spec["columns"].get(role, []))
    ]
    prompt = [column.rstrip("?") for column in _listed(spec["columns"].get("input_tokens", []))]
    writes = CACHE_WRITES.search(name) is not None
    pattern = CACHE_WRITES if writes else CACHE_READS
    alike = [column for column in used if pattern.search(column)]
    if name in used or not prompt:
        return
    if alike and not any(LIFETIMES.sub("", name) == LIFETIMES.sub("", column) for column in alike):
        return  # the same tokens by another name
    if alike:
        more = f"TRY_CAST({value} AS DOUBLE) > 0"
    else:
        column = next((column for column in prompt if not CACHE_WRITES.search(column)), prompt[0])
        if file.format in ("json", "jsonl"):
            of = f"(json ->> {sql(_path(connection, relation, column))})"
        else:
            of = identifier(column)
        more = f"TRY_CAST({value} AS DOUBLE) > TRY_CAST({of} AS DOUBLE)"
    (tokens,) = connection.execute(f"SELECT sum(TRY_CAST({value} AS DOUBLE)) FROM {relation} WHERE {more}").fetchone()
    if not tokens:
        return
    beside = [each for each in names if LIFETIMES.sub("", each) == LIFETIMES.sub("", name) and each not in used]
    allowed = (
        f"input_tokens: [{', '.join([*prompt, *beside])}]"
        if writes
        else f"cached_tokens: {name} with cached_in_input: false"
    )
    raise InputError(
        f"{file.path}: {name}: found {tokens:,.0f} tokens {'written to' if writes else 'read from'} the cache, which"
        f" are part of the prompts and which {place} does not have; allowed: {allowed}"
    )


def _listed(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def check_lengths(
    kinds: pl.DataFrame, models: Mapping[str | None, str | None], contexts: Mapping[str, int], logs: dict, place: str
) -> None:
    """Requests that are longer than their model's context are sums.

    `kinds` is a table of what rows were; `models` has the model of the registry, or a class, of every name, and
    `contexts` the longest context of every model, in tokens.

    Raises:
        InputError: the longest such request.
    """
    longest = max(contexts.values(), default=None)  # of what is no model of the registry
    single = kinds.filter((pl.col("kind") == "request") & pl.col("largest_tokens").is_not_null())
    for source, name, tokens in _largest(single):
        limit = contexts.get(models.get(name) or "", longest)
        if limit is not None and tokens > limit and logs[source].get("long_requests") != "keep":
            raise InputError(
                f"{place}: logs.{source}: found {tokens:,.0f} tokens of {name} in one row, more than one request can"
                f" have ({limit:,}); allowed: single requests; sums of many stand under bills (long_requests: keep if"
                " the context was extended)"
            )


def _largest(single: pl.DataFrame) -> Iterable[tuple]:
    order = single.sort("largest_tokens", "source", "model", descending=[True, False, False])
    return order.select("source", "model", "largest_tokens").iter_rows()
