"""Figures of resources that are adopted from computed evidence: what the evidence gives, rounded."""

from collections.abc import Mapping

import polars as pl

from inference_energy.common.errors import InputError, like

DECIMALS = 2  # of adopted figures


def check_adopted(
    adopted: pl.DataFrame, computed: pl.DataFrame, *, evidence: str, columns: Mapping[str, str], file: str
) -> None:
    """Check that adopted figures are the computed ones, rounded to two decimals.

    Args:
        adopted: rows of a resource; the first column names them. A row that names no evidence is not checked.
        computed: per `evidence`, the figures and the number of benchmark `rows` behind them.
        evidence: column of the resource that names the evidence of a row.
        columns: column of the computed figure, by the column of the adopted one.
        file: of the resource, for errors.

    Raises:
        InputError: a figure that the evidence does not support, or evidence that is not there.
    """
    known = computed.rows_by_key("evidence", named=True, unique=True)
    for row in adopted.filter(pl.col(evidence).is_not_null()).iter_rows(named=True):
        place, name = f"{file}: {row[adopted.columns[0]]}", row[evidence]
        if name not in known:
            raise InputError(f"{place}: {evidence}: found {name!r}; allowed: {like(name, known)}")
        for column, figure in columns.items():
            allowed = round(known[name][figure], DECIMALS)
            if row[column] != allowed:
                raise InputError(
                    f"{place}: {column}: found {row[column]:g}; allowed: {allowed:g}, which {known[name]['rows']} rows"
                    f" of {name!r} give, or no {evidence}"
                )
