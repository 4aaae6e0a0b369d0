"""Outdated data: models and GPUs without newer rows, registries not checked for long, sources that never change."""

from collections.abc import Mapping

import polars as pl

from inference_energy.corpus.checks.finding import findings


def stale(throughput: pl.DataFrame, sources: pl.DataFrame, after_days: int) -> pl.DataFrame:
    """Models and GPUs whose newest throughput row is older than a given age.

    Age counts to the day the newest source was read, so that results do not change with the calendar. A date
    known to the year or month counts as its last day.
    """
    as_of = _last_day(pl.col("read_on"))
    today = sources.select(as_of.max()).item()
    dated = ["model", "gpu", "published_on"]
    newest = (
        throughput.select(dated)
        .unique()
        .with_columns(days=(pl.lit(today) - _last_day(pl.col("published_on"))).dt.total_days())
        .filter(pl.col("days") == pl.min("days").over("model", "gpu"), pl.col("days") > after_days)
        .join(throughput.select(*dated, "source", "row_id", "file", "line"), on=dated)
        .sort("model", "gpu", "source", "row_id")
        .group_by("model", "gpu", maintain_order=True)
        .last()
    )
    return findings(
        newest,
        check="stale",
        found=pl.col("days"),
        expected=pl.lit(after_days),
        unit="days",
        message=pl.format(
            "the newest throughput of {} on {} is of {}, {} days before {}",
            "model",
            "gpu",
            "published_on",
            "days",
            pl.lit(str(today)),
        ),
    )


def registry_age(registries: Mapping[str, pl.Series], sources: pl.DataFrame, after_days: int) -> pl.DataFrame:
    """Registries whose newest row is older than a given age, on the day the newest source was read.

    Given are the dates of the rows, by the file of the registry.
    """
    today = sources.select(_last_day(pl.col("read_on")).max()).item()
    dated = [dates.to_frame("dated").select(_last_day(pl.col("dated")).max()).item() for dates in registries.values()]
    newest = pl.DataFrame(
        {"registry": list(registries), "dated": dated}, schema={"registry": pl.String, "dated": pl.Date}
    ).with_columns(days=(pl.lit(today) - pl.col("dated")).dt.total_days())
    return findings(
        newest.filter(pl.col("days") > after_days),
        check="registry_age",
        found=pl.col("days"),
        expected=pl.lit(after_days),
        unit="days",
        message=pl.format(
            "the newest row of {} is of {}, {} days before {}: are models or GPUs missing?",
            "registry",
            pl.col("dated").cast(pl.String),
            "days",
            pl.lit(str(today)),
        ),
    )


def refreshed_but_unchanged(sources: pl.DataFrame) -> pl.DataFrame:
    """Files read again on a later day that hold the very same bytes as before."""
    same = sources.filter(
        pl.col("previous_sha256") == pl.col("sha256"), pl.col("previous_read_on") != pl.col("read_on")
    )
    return findings(
        same,
        check="refreshed_but_unchanged",
        line=pl.lit(1),
        message=pl.format(
            "read on {} and again on {} with the same content: is it still being updated?",
            "previous_read_on",
            "read_on",
        ),
    )


def _last_day(text: pl.Expr) -> pl.Expr:
    year, month = text.str.slice(0, 4), text.str.slice(5, 2)
    last_of_year = pl.concat_str(year, pl.lit("-12-31")).str.to_date("%Y-%m-%d")
    last_of_month = (
        pl.concat_str(year, pl.lit("-"), month, pl.lit("-01")).str.to_date("%Y-%m-%d", strict=False).dt.month_end()
    )
    exact = text.str.to_date("%Y-%m-%d", strict=False)
    return pl.coalesce(exact, last_of_month, last_of_year)
