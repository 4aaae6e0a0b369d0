"""Tables between stages: Parquet and CSV, checked before they are written, the same bytes every time."""

from pathlib import Path

import pandera.polars as pa
import polars as pl

from inference_energy.tables.rows import checked

# ASSUME: seeds and draws being equal, another processor or libm differs by some last bits before results are rounded
# to nine digits: by one unit of the ninth at most, 1e-8, and ten times that where a curve is fitted in between.
RELATIVE_TOLERANCE = 1e-7

SIGNIFICANT_DIGITS = 9  # far below any uncertainty here, far above the last-bit noise of sums


def write(frame: pl.DataFrame, path: str, schema: pa.DataFrameSchema | type[pa.DataFrameModel]) -> None:
    """Write a table that its schema accepts, floats rounded to nine significant digits.

    Raises:
        InputError: a column or value that the schema forbids; nothing is written.
    """
    rounded = frame.with_columns(pl.selectors.float().round_sig_figs(SIGNIFICANT_DIGITS))
    checked(rounded, schema, path)
    target = Path(path)
    unfinished = target.with_name(f".{target.name}")
    if target.suffix == ".csv":
        rounded.write_csv(unfinished)
    else:
        rounded.write_parquet(unfinished)
    unfinished.replace(target)
