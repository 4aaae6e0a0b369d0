"""Statements that were made, read again to be compared."""

import json
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.statement.comparison import Usage
from inference_energy.statement.run_end import FOLDER

ALLOWED = "a usage with a statement, a month of it as in example@2026-03, or a folder with a statement"


def read(given: str, variable: str) -> Usage:
    """One side of a comparison: the name of a usage or the path of a folder, and after `@` a month.

    Raises:
        InputError: nothing given; no statement there, or one that is older than comparisons; no such month.
    """
    if not given:
        raise InputError(f"{variable}: found nothing; allowed: {ALLOWED}")
    place, _, month = given.partition("@")
    folder = Path(place) if Path(place).is_dir() else FOLDER / place
    about, drivers, units = (folder / name for name in ("statement.json", "drivers.parquet", "unit_energy.parquet"))
    if not all(path.is_file() for path in (about, drivers, units)):
        made = sorted(path.parent.name for path in FOLDER.glob("*/statement.json"))
        raise InputError(
            f"{variable}: found {given!r}, but no statement in {folder}; allowed: {ALLOWED}; made so far:"
            f" {one_of(made)}. `make statement USAGE={place}` makes one"
        )
    told = json.loads(about.read_text(encoding="utf-8"))["about"]
    return Usage.of(
        pl.read_parquet(drivers),
        pl.read_parquet(units),
        name=f"{told['title']}, {month or told['period']}",
        about=told,
        month=month or None,
    )
