"""Figures of resources that are adopted from computed evidence: what the evidence gives now, rounded."""

from collections.abc import Mapping

import polars as pl

from inference_energy.common.errors import InputError, like

DECIMALS = 2  # of adopted figures
ADOPTED = " is adopted; "  # in every line of `differences`


def differences(
    adopted: pl.DataFrame, computed: pl.DataFrame, *, evidence: str, columns: Mapping[str, str], file: str
) -> list[str]:
    """Adopted figures that are no longer the computed ones, rounded to two decimals, a line each.

    A new benchmark may move the evidence: that is told and stops nothing, as adopting another figure is for people.

    Args:
        adopted: rows of a resource; the first column names them. A row that names no evidence is not compared.
        computed: per `evidence`, the figures and the number of benchmark `rows` behind them.
        evidence: column of the resource that names the evidence of a row.
        columns: column of the computed figure, by the column of the adopted one.
        file: of the resource, for the lines.

    Raises:
        InputError: evidence that is not there.
    """
    known = computed.rows_by_key("evidence", named=True, unique=True)
    lines = []
    for row in adopted.filter(pl.col(evidence).is_not_null()).iter_rows(named=True):
        place, name = f"{file}: {row[adopted.columns[0]]}", row[evidence]
        if name not in known:
            raise InputError(f"{place}: {evidence}: found {name!r}; allowed: {like(name, known)}")
        given = {column: round(known[name][figure], DECIMALS) for column, figure in columns.items()}
        lines += [
            f"{place}: {column}: {row[column]:g}{ADOPTED}{known[name]['rows']} rows of {name!r} give {figure:g}"
            for column, figure in given.items()
            if row[column] != figure
        ]
    return lines
