"""Electricity of a usage: grid, contracts, water and PUE of every region."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.fleet.grid import grid_zone

DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Region:
    """Factors of a region's electricity."""

    grid_zone: str  # of the grid, for readers
    location_gco2e_per_kwh: float  # average of the grid, for Scope 2 location-based
    location_basis: str  # coverage of that factor
    location_source: str  # its publisher
    # of contracts or the residual mix, for Scope 2 market-based; the grid's where none is given
    market_gco2e_per_kwh: float
    market_source: str | None  # who states it; none where it is the grid's
    offsite_water_l_per_kwh: float | None  # of power plants; none where not known
    pue: float | None  # of these datacenters; none for that of the study
    pue_source: str | None  # who states it
    by_default: bool  # whether it has no entry of its own


def of_regions(names: Iterable[str | None], spec: dict, grid: pl.DataFrame, place: str) -> dict[str | None, Region]:
    """The factors of every region that logs and bills name.

    Raises:
        InputError: a region without an entry, or a zone that the grid does not have.
    """
    entries = {name: _region(entry, grid, f"{place}: regions.{name}") for name, entry in spec.items()}
    names = list(names)
    letters: dict[str, list[str]] = {}
    for name in entries:
        letters.setdefault(name.strip().lower(), []).append(name)
    for name in names:  # in other letters, if only one is meant
        alike = [] if name is None else letters.get(name.strip().lower(), [])
        if name not in entries and len(alike) == 1:
            entries[name] = entries[alike[0]]
    unknown = sorted(name or "(none)" for name in names if name not in entries)
    if unknown and DEFAULT not in entries:
        raise InputError(
            f"{place}: regions: found no entry for {one_of(unknown)}, which logs or bills name; allowed: one for each,"
            " or `default` for all others"
        )
    others = replace(entries[DEFAULT], by_default=True) if DEFAULT in entries else None
    return {name: entries.get(name, others) for name in names}


def _region(entry: dict, grid: pl.DataFrame, place: str) -> Region:
    row = grid_zone(entry["grid_zone"], grid, place)
    # ASSUME: without a contract or a residual mix the average of the grid stands in for the market-based factor, as the
    # GHG Protocol Scope 2 Guidance allows (table 6.3, last of the hierarchy); the statement says for how much energy.
    return Region(
        grid_zone=f"{row['label']} ({row['zone']})",
        location_gco2e_per_kwh=row["carbon_gco2e_per_kwh"],
        location_basis=row["carbon_basis"],
        location_source=row["source"],
        market_gco2e_per_kwh=entry.get("market_gco2e_per_kwh", row["carbon_gco2e_per_kwh"]),
        market_source=entry.get("market_source"),
        offsite_water_l_per_kwh=row["water_l_per_kwh"],
        pue=entry.get("pue"),
        pue_source=entry.get("pue_source"),
        by_default=False,
    )
