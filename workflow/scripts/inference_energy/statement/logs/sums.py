"""Sums of many requests told from single ones, where a usage file has them under `logs`.

The energy of attention grows with the square of lengths, so that a sum taken for one request has far too much of it.
"""

from collections.abc import Mapping

import duckdb
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.statement.logs import paths, reading
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.paths import Name
from inference_energy.statement.logs.reading import identifier, listed

# What columns with a number of requests are called.
COUNTS = ("num_model_requests", "num_requests", "n_requests", "nb_requests", "request_count", "requests", "total_requests")


def check_counts(connection: duckdb.DuckDBPyConnection, files: list[UsageFile], spec: dict, place: str) -> None:
    """Rows of logs that state a number of requests are sums.

    Raises:
        InputError: a row with more than one request.
    """
    if not files or "month" in spec["columns"] or "records" in spec:
        return
    file = files[0]  # the others are read alike
    try:
        if file.format in ("json", "jsonl"):
            table = "read_ndjson_objects" if file.format == "jsonl" else "read_json_objects"
            relation = f"{table}({listed([file.path])})"
            found = paths.located(connection, f"(SELECT json FROM {relation} LIMIT {paths.SAMPLE_ROWS})", map(Name, COUNTS))
            values = {name.text: f"json ->> {sql(path)}" for name, path in (found or {}).items() if path}
        else:
            types = reading._types(connection, file, place)
            relation = reading.Rows(files=[file.path], format=file.format, types=types, spec=spec, place=place).table()
            values = {name: identifier(name) for name in COUNTS if name in types}
        for column, value in values.items():
            (most,) = connection.execute(f"SELECT max(TRY_CAST({value} AS DOUBLE)) FROM {relation}").fetchone()
            if most is not None and most > 1:
                raise InputError(
                    f"{file.path}: {column}: found {most:,.0f} requests in a row; allowed: one, as {place} has requests;"
                    f" sums stand under bills (month: {spec['columns']['time']}, requests: {column})"
                )
    except duckdb.Error as error:
        raise InputError(reading.unreadable(file.path, file.format, error)) from None


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
    for source, name, tokens in single.sort("largest_tokens", descending=True).select("source", "model", "largest_tokens").iter_rows():
        limit = contexts.get(models.get(name) or "", longest)
        if limit is not None and tokens > limit and logs[source].get("long_requests") != "keep":
            raise InputError(
                f"{place}: logs.{source}: found {tokens:,.0f} tokens of {name} in one row, more than one request can have"
                f" ({limit:,}); allowed: single requests; sums of many stand under bills (long_requests: keep if the"
                " context was extended)"
            )
