"""Tables between stages: Parquet and CSV, checked before they are written, the same bytes every time."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from inference_energy.common import files
from inference_energy.common.escaped import write_csv
from inference_energy.tables.columns import Schema, columns_of
from inference_energy.tables.rows import checked

# ASSUME: seeds and draws being equal, another processor or libm differs by some last bits before results are rounded
# to nine digits: by one unit of the ninth at most, 1e-8, and ten times that where a curve is fitted in between.
RELATIVE_TOLERANCE = 1e-7

SIGNIFICANT_DIGITS = 9  # far below any uncertainty here, far above the last-bit noise of sums


def write(frame: pl.DataFrame, path: str, schema: Schema) -> None:
    """Write a table that its schema accepts, floats rounded to nine significant digits.

    Raises:
        InputError: a column or value that the schema forbids; nothing is written.
    """
    _write([(frame, path, schema)])


def write_all(outputs: Mapping[str, str], **tables: tuple[pl.DataFrame, Schema]) -> None:
    """Write all tables of a job, or none of them.

    Columns that a schema does not know are left out, the others put in its order.

    Raises:
        InputError: a table that its schema forbids; nothing is written.
    """
    _write(
        [
            (frame.select(name for name in columns_of(schema) if name in frame.columns), outputs[name], schema)
            for name, (frame, schema) in tables.items()
        ]
    )


def _write(tables: list[tuple[pl.DataFrame, str, Schema]]) -> None:
    rounded = [frame.with_columns(pl.selectors.float().round_sig_figs(SIGNIFICANT_DIGITS)) for frame, _, _ in tables]
    for frame, (_, path, schema) in zip(rounded, tables, strict=True):
        checked(frame, schema, path)
    with files.complete(*(Path(path) for _, path, _ in tables)) as unfinished:
        for frame, target in zip(rounded, unfinished, strict=True):
            if target.suffix == ".csv":
                write_csv(frame, target)
            else:
                frame.write_parquet(target)
