"""Monthly bills: tokens per model and month, and the distribution of lengths that a bill does not state."""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import sql
from inference_energy.requests.lengths import Lengths
from inference_energy.statement.logs import shapes
from inference_energy.statement.logs.faults import Check, stop_at_first, token_checks
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.metering import (
    EXACT,
    KINDS,
    SUMS,
    accounted,
    check_lines,
    database,
    fingerprint,
    row_counts,
)
from inference_energy.statement.logs.reading import NAMES, TOKENS, Rows, shortened, unreadable
from inference_energy.tables.database import frame

TELLING_TOKENS = 1_000  # of a row that is not the same as another by chance
TOKENS_BELOW = 10**16  # a thousand times the tokens of the largest services in a month
MONTH = r"^\d{4}-(0[1-9]|1[0-2])(-|$)"
COLUMNS = ("requests", *TOKENS)


def billed(
    files: list[UsageFile], bills: dict[str, dict], *, place: str, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of all bills, added up: one per source, month, model, tenant and region.

    `bills` are the entries of the usage file by source; `folder` is for intermediate files.

    Returns:
        `source, month, model, tenant, region, requests, input_tokens, cached_tokens, output_tokens`, where requests and
        cached tokens are null if a bill does not state them; and what all rows of the bills were, by source, kind and
        model.

    Raises:
        InputError: a file that cannot be read or lacks a column, a row with a fault, or one that two files have.
    """
    keys = ["source", "month", *NAMES]
    found = [pl.DataFrame(schema=dict.fromkeys(keys, pl.String) | dict.fromkeys(COLUMNS, pl.Decimal(38, 0)))]
    with database(1, folder) as connection:
        connection.execute(f"CREATE TABLE kinds ({KINDS})")
        for source, spec in bills.items():
            own = [file for file in files if file.source == source]
            opened = shapes.opened(connection, own, spec, f"{place}: bills.{source}")
            for counted in opened.counted:
                connection.execute("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, NULL)", [source, *counted])
            for rows in opened.rows:
                try:
                    stop_at_first(connection, rows, _checks(rows))
                    for path, count in row_counts(connection, rows).items():
                        check_lines(path, rows.layout, fingerprint(Path(path)).lines, count)
                except duckdb.Error as error:
                    raise InputError(unreadable(rows, error)) from None
                connection.execute(_counted(rows, source))
                names = ", ".join(f"{shortened(rows.name(role))} AS {role}" for role in NAMES)
                sums = ", ".join(
                    f"sum({rows.whole(role)})::{EXACT} AS {role}" if rows.has(role) else f"NULL::{EXACT} AS {role}"
                    for role in COLUMNS
                )
                month = f"left(CAST({rows.raw('month')} AS VARCHAR), 7) AS month"
                query = f"SELECT {month}, {names}, {sums} FROM {rows.table()}"
                part = frame(connection, f"{query} GROUP BY ALL ORDER BY ALL NULLS FIRST", folder)
                if rows.has("cached_tokens") and not spec.get("cached_in_input", True):
                    part = part.with_columns(pl.col("input_tokens") + pl.col("cached_tokens"))
                if "token_types" in spec:  # no row that counts requests is no number of them
                    part = part.with_columns(pl.when(pl.col("requests") != 0).then("requests"))
                found.append(part.select(pl.lit(source).alias("source"), "month", *NAMES, *COLUMNS))
            if spec.get("repeats") != "keep":
                _check_repeats(connection, opened.rows)
        kinds = frame(connection, accounted("kinds"), folder)
    # A sum with an unknown part is unknown.
    sums = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name) for name in COLUMNS
    ]
    added = pl.concat(found).group_by(keys).agg(sums).sort(keys, nulls_last=False)
    _check_requests(added, place)
    return added, kinds


def _counted(rows: Rows, source: str) -> str:
    """What the estimated rows of a bill were, by model, added to the table of kinds."""
    requests = f"sum({rows.whole('requests')})" if rows.has("requests") else "NULL"
    prompt = rows.whole("input_tokens")
    if rows.has("cached_tokens") and not rows.spec.get("cached_in_input", True):
        prompt = f"({prompt} + {rows.whole('cached_tokens')})"
    return (
        f"INSERT INTO kinds SELECT {sql(source)}, 'request', {shortened(rows.name('model'))} AS model, {requests},"
        f" sum({prompt}), sum({rows.whole('output_tokens')}), NULL FROM {rows.table()} GROUP BY ALL"
    )


def _check_repeats(connection: duckdb.DuckDBPyConnection, groups: list[Rows]) -> None:
    """Rows of two files with the same time, names and many tokens are counted twice."""
    tokens = ("input_tokens", "output_tokens")
    parts = []
    for rows in groups:
        names = ", ".join(f"{rows.name(role)} AS {role}" for role in NAMES)
        amounts = ", ".join(f"{rows.whole(role)} AS {role}" for role in tokens)
        table = rows.table(options=", filename = true")
        parts.append(f"SELECT CAST({rows.raw('month')} AS VARCHAR) AS month, {names}, {amounts}, filename FROM {table}")
    if not parts:
        return
    found = connection.execute(
        "SELECT count(*), min(files[1]), min(files[2]) FROM (SELECT list_sort(list(DISTINCT filename)) AS files"
        f" FROM ({' UNION ALL '.join(parts)}) WHERE input_tokens + output_tokens >= {TELLING_TOKENS}"
        " GROUP BY month, model, tenant, region, input_tokens, output_tokens HAVING count(DISTINCT filename) > 1)"
    ).fetchone()
    if found[0]:
        number, first, second = found
        raise InputError(
            f"{second}: found {number:,} rows that {first} has too, with the same time, names and tokens; allowed:"
            " every row once (or `repeats: keep` in the usage file if they are different ones)"
        )


def _check_requests(added: pl.DataFrame, place: str) -> None:
    """Tokens without a request, or more requests than prompt tokens: their number would decide the energy."""
    prompts, answers = pl.col("input_tokens"), pl.col("output_tokens")
    faults = {
        "the number of requests, or no column for it": pl.col("requests") == 0,
        "a prompt token for each request at least (are columns exchanged?)": pl.col("requests") > prompts,
    }
    for allowed, fault in faults.items():
        wrong = added.filter(fault & (prompts + answers > 0))
        if not wrong.is_empty():
            row = wrong.row(0, named=True)
            raise InputError(
                f"{place}: bills.{row['source']}: requests: found {int(row['requests']):,} with"
                f" {int(row['input_tokens']):,} prompt and {int(row['output_tokens']):,} answer tokens of"
                f" {row['model'] or 'no model'} in {row['month']}; allowed: {allowed}"
            )


def _checks(rows: Rows) -> list[Check]:
    month = f"CAST({rows.raw('month')} AS VARCHAR)"
    wrong = f"NOT coalesce(regexp_matches({month}, '{MONTH}'), false)"
    hint = "" if "time_unit" in rows.spec else ", or numbers with time_unit"
    months = Check("month", wrong, "not such", f"months as 2026-01{hint}")
    return [months, *token_checks(rows, TOKENS_BELOW, COLUMNS)]


def with_spread(bills: pl.DataFrame, lengths: dict[str, Lengths]) -> pl.DataFrame:
    """Bills with the sums that their energy needs, from the distribution of a workload's lengths.

    A workload's mean of prompt times answer and of answer squared, scaled to the mean prompt and answer of the bill.
    Where a bill does not state its requests, answers have the workload's mean length; without answers, prompts do.
    The `lengths` are those of the workload, by source.

    Returns:
        The bills with `requests` and all of `metering.SUMS`, as numbers that are not whole any more.
    """
    # ASSUME: request lengths behind a bill vary around their means as those of the named workload do.
    factors = {source: _spread(of) for source, of in lengths.items()}

    def of(name: str) -> pl.Expr:
        return pl.col("source").replace_strict({source: found[name] for source, found in factors.items()}, default=None)

    whole = bills.with_columns(pl.col(*COLUMNS).cast(pl.Float64))
    by_answers, by_prompts = pl.col("output_tokens") / of("output"), pl.col("input_tokens") / of("input")
    estimated = pl.when(pl.col("output_tokens") > 0).then(by_answers).otherwise(by_prompts)
    whole = whole.with_columns(requests=pl.coalesce("requests", estimated))
    product = pl.col("input_tokens") * pl.col("output_tokens") / pl.col("requests")
    square = pl.col("output_tokens") ** 2 / pl.col("requests")
    served = pl.col("requests") > 0
    return whole.with_columns(
        pl.when(served).then(product * of("product")).otherwise(0.0).alias("input_output_tokens2"),
        pl.when(served).then(square * of("square")).otherwise(0.0).alias("output_tokens2"),
    ).select("source", "month", *NAMES, *SUMS)


def _spread(of: Lengths) -> dict[str, float]:
    weights = of.weights / of.weights.sum()
    means = {name: float(weights @ getattr(of, name)) for name in ("input_tokens", "output_tokens")}
    product = float(weights @ (of.input_tokens * of.output_tokens))
    return {
        "input": means["input_tokens"],
        "output": means["output_tokens"],
        "product": product / (means["input_tokens"] * means["output_tokens"]),
        "square": float(weights @ np.square(of.output_tokens)) / means["output_tokens"] ** 2,
    }
