"""Monthly bills: tokens per model and month, and the distribution of lengths that a bill does not state."""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.requests.lengths import Lengths
from inference_energy.statement.logs.faults import Check, stop_at_first, token_checks
from inference_energy.statement.logs.files import UsageFile
from inference_energy.statement.logs.metering import EXACT, SUMS, check_lines, database, fingerprint, row_counts
from inference_energy.statement.logs.reading import NAMES, TOKENS, Rows, alike, shortened, unreadable
from inference_energy.tables.database import frame

TOKENS_BELOW = 10**16  # a thousand times the tokens of the largest services in a month
MONTH = r"^\d{4}-(0[1-9]|1[0-2])(-|$)"
COLUMNS = ("requests", *TOKENS)


def billed(files: list[UsageFile], bills: dict[str, dict], *, place: str, folder: Path) -> pl.DataFrame:
    """The rows of all bills, added up: one per source, month, model, tenant and region.

    `bills` are the entries of the usage file by source; `folder` is for intermediate files.

    Returns:
        `source, month, model, tenant, region, requests, input_tokens, cached_tokens, output_tokens`; requests and
        cached tokens are null where a bill does not state them.

    Raises:
        InputError: a file that cannot be read or lacks a column, or a row with a fault.
    """
    keys = ["source", "month", *NAMES]
    found = [pl.DataFrame(schema=dict.fromkeys(keys, pl.String) | dict.fromkeys(COLUMNS, pl.Decimal(38, 0)))]
    with database(1, folder) as connection:
        for source, spec in bills.items():
            own = [file for file in files if file.source == source]
            for rows in alike(connection, own, spec, f"{place}: bills.{source}"):
                try:
                    stop_at_first(connection, rows, _checks(rows))
                    for path, count in row_counts(connection, rows).items():
                        check_lines(path, rows.layout, fingerprint(Path(path)).lines, count)
                except duckdb.Error as error:
                    raise InputError(unreadable(rows, error)) from None
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
                found.append(part.select(pl.lit(source).alias("source"), "month", *NAMES, *COLUMNS))
    # A sum with an unknown part is unknown.
    sums = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name) for name in COLUMNS
    ]
    added = pl.concat(found).group_by(keys).agg(sums).sort(keys, nulls_last=False)
    _check_requests(added, place)
    return added


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
    months = Check("month", wrong, "not such", "months as 2026-01")
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
