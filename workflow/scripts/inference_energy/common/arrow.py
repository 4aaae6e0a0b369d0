"""Rows handed between polars and DuckDB without a file."""

from types import SimpleNamespace

import duckdb
import polars as pl


def batches(rows: pl.DataFrame | duckdb.DuckDBPyRelation) -> SimpleNamespace:
    """Rows as Arrow batches alone, which polars and DuckDB exchange without a file.

    Not the rows themselves: for a frame DuckDB asks for a further package, and polars remembers the class of what it
    reads, so that DuckDB reports at exit that its own rows were not freed.
    """
    return SimpleNamespace(__arrow_c_stream__=rows.__arrow_c_stream__)
