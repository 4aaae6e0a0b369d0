"""What services do, read from files: requests by hour, lengths, tokens by kind, speed."""

from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.requests.service_tables import KINDS, ServiceLengths, ServiceRates, ServiceSpeed, ServiceTokens
from inference_energy.requests.sources import read_folder

FORMATS = {
    "service_rates_csv": ServiceRates,
    "service_lengths_csv": ServiceLengths,
    "service_tokens_csv": ServiceTokens,
    "service_speed_csv": ServiceSpeed,
}
HOURS = 24  # of a day


def read_services(folder: Path, origin_schema: dict) -> dict[str, pl.DataFrame]:
    """The tables of all sources of services by format, each row with its source, file and line.

    Raises:
        InputError: a fault of an origin, of a file or of a row; a workload that lacks an hour of its days.
    """
    tables = read_folder(folder, origin_schema, FORMATS)
    _hours_are_complete(tables["service_rates_csv"])
    return tables


def _hours_are_complete(rates: pl.DataFrame) -> None:
    for (file, workload), rows in rates.sort("hour").group_by("file", "workload", maintain_order=True):
        hours = rows["hour"].to_list()
        days = -(-len(hours) // HOURS)
        missing = sorted(set(range(days * HOURS)) - set(hours))
        if missing or hours[-1] >= days * HOURS:
            lacking = missing[0] if missing else days * HOURS
            raise InputError(
                f"{file}: workload {workload}: found no hour {lacking}; allowed: every hour of whole days, from 0"
            )


def with_relative_rate(rates: pl.DataFrame) -> pl.DataFrame:
    """Hourly rates with `relative_rate`: the rate over its mean over all hours of the workload.

    Hours that the trace lacks count neither in the mean nor get a value.
    """
    # ASSUME: a published trace may be a sample of all requests of a service, so only the shape of its rates over time
    # is taken from it, and not their size.
    mean = pl.mean("requests_per_s").over("source", "workload")
    return rates.with_columns(relative_rate=pl.col("requests_per_s") / mean)


def tokens_by_month(tokens: pl.DataFrame) -> pl.DataFrame:
    """Tokens of every model and month by kind, with shares of cache and reasoning and tokens per request.

    A week counts in the month in which its sums were read. Kinds, shares and tokens per request are of those weeks
    that are split by kind, and null where a month has none.
    """
    split = pl.col("prompt_tokens").is_not_null()
    months = (
        tokens.group_by("source", pl.col("read_on_day").str.slice(0, 7).alias("month"), "model")
        .agg(
            pl.len().cast(pl.Int64).alias("weeks"),
            split.sum().cast(pl.Int64).alias("weeks_by_kind"),
            pl.sum("total_tokens"),
            *(pl.col(name).sum() for name in KINDS),
        )
        .with_columns(pl.when(pl.col("weeks_by_kind") > 0).then(pl.col(name)).alias(name) for name in KINDS)
    )
    return months.with_columns(
        cached_prompt_share=_over("cached_prompt_tokens", "prompt_tokens"),
        reasoning_share=_over("reasoning_tokens", "completion_tokens"),
        prompt_tokens_per_request=_over("prompt_tokens", "requests"),
        completion_tokens_per_request=_over("completion_tokens", "requests"),
    ).sort("source", "month", "model")


def _over(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))
