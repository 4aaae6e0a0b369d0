"""The electricity of a study: its grid zone, with carbon and water."""

import polars as pl

from inference_energy.common.errors import InputError, like


def grid_zone(name: str, grid: pl.DataFrame, place: str) -> dict:
    """The row of a zone in the table of grids.

    Raises:
        InputError: a zone that the table does not have.
    """
    rows = grid.filter(pl.col("zone") == name)
    if rows.is_empty():
        raise InputError(
            f"{place}.grid_zone: found {name!r}; allowed: {like(name, grid['zone'])}, which have a row in"
            " resources/grid.csv"
        )
    return rows.row(0, named=True)
