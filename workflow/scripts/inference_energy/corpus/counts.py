"""Number of rows of every source, and findings of the checks in it."""

import polars as pl

from inference_energy.corpus.checks.finding import SEVERITIES

TABLE_COUNTS = ["throughput_rows", "measured_energies", "energies_set_apart", "published_estimates"]


def benchmark_sources(files: pl.DataFrame, tables: list[pl.DataFrame], checks: pl.DataFrame) -> pl.DataFrame:
    """One row per source, in the columns of `tables.BENCHMARK_SOURCES`.

    `tables` are accepted throughput rows, measured energies, those kept apart and published estimates.
    """
    counted = ("rows_accepted", "rows_rejected", "records_left_out")
    sources = files.group_by("source").agg(
        *(pl.col(name).first() for name in ("publisher", "version", "read_on", "licence")),
        pl.len().cast(pl.Int64).alias("files"),
        *(pl.col(name).sum() for name in counted),
    )
    counts = [*zip(TABLE_COUNTS, tables, strict=True)]
    counts += [(f"{severity}s", checks.filter(pl.col("severity") == severity)) for severity in SEVERITIES]
    for name, frame in counts:
        number = frame.group_by("source").agg(pl.len().cast(pl.Int64).alias(name))
        sources = sources.join(number, on="source", how="left").with_columns(pl.col(name).fill_null(0))
    return sources.sort("source")
