"""Known errors of published rows, corrected where a study asks for it; the published row itself is kept."""

from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.per_gpu import output_tok_per_s_per_gpu
from inference_energy.corpus.tables import ACCEPTED, Throughput
from inference_energy.tables.rows import checked

ROW = ["source", "row_id"]


def corrected(throughput: pl.DataFrame, corrections: pl.DataFrame, place: Path) -> pl.DataFrame:
    """The throughput table with every correction made and what is derived from it computed again.

    `place` is the file of the corrections, for errors.

    Raises:
        InputError: a correction of a row or column that is not there, of a cell that holds something else than it
            says, or to a value that the column cannot hold.
    """
    types = {name: column.dtype.type for name, column in Throughput.to_schema().columns.items() if name not in ROW}
    for row in corrections.iter_rows(named=True):
        name, at = row["column"], f"{place}: {row['source']} {row['row_id']}"
        if name not in types:
            raise InputError(f"{at}: column: found {name!r}; allowed: {one_of(types)}")
        here = (pl.col("source") == row["source"]) & (pl.col("row_id") == row["row_id"])
        found = throughput.filter(here)[name]
        if found.is_empty():
            raise InputError(f"{at}: no such row in the throughput table")
        published, right = (_typed(row[key], types[name], f"{at}: {key}") for key in ("published", "corrected"))
        if not found.eq_missing(published).all():
            raise InputError(f"{at}: {name}: published: found {row['published']!r}; the row says {found[0]!r}")
        throughput = throughput.with_columns(
            pl.when(here).then(pl.lit(right[0], right.dtype)).otherwise(name).alias(name)
        )
    return checked(throughput.with_columns(output_tok_per_s_per_gpu()), ACCEPTED["throughput"], str(place))


def _typed(text: str | None, dtype: pl.DataType, place: str) -> pl.Series:
    value = pl.Series([text], dtype=pl.String).cast(dtype, strict=False)
    if text is not None and value[0] is None:
        raise InputError(f"{place}: found {text!r}; allowed: a value of the column")
    return value
