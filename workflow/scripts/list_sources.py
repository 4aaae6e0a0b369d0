"""Command behind `make sources`: every benchmark source with its age, rows, findings and how to refresh it."""

import datetime
from pathlib import Path

import polars as pl
from inference_energy.common import escaped
from inference_energy.corpus.source_list import source_lines

RESULTS = Path("results")

counts = escaped.read_csv(
    RESULTS / "benchmark_sources.csv", schema_overrides={"read_on": pl.String, "version": pl.String}
)
files = pl.read_parquet(RESULTS / "validated/sources.parquet")
escaped.show(*source_lines(counts, files, datetime.datetime.now(tz=datetime.UTC).date()))
