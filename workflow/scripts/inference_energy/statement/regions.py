"""Electricity of a usage: grid, contracts, water and PUE of every region."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.fleet.grid import grid_zone
from inference_energy.statement.carbon import FAIL
from inference_energy.statement.carbon_files import Hours

DEFAULT = "default"
PROVIDERS = ("aws", "azure", "gcp")  # of cloud regions


@dataclass(frozen=True, kw_only=True)
class Region:
    """Factors of a region's electricity."""

    grid_zone: str  # of the grid, for readers
    location_gco2e_per_kwh: float  # average of the grid, for the location-based method
    location_basis: str  # coverage of that factor
    location_source: str  # its publisher
    # of contracts or the residual mix, for the market-based method; the grid's where none is given
    market_gco2e_per_kwh: float
    market_source: str | None  # who states it; none where it is the grid's
    offsite_water_l_per_kwh: float | None  # of power plants; none where not known
    pue: float | None  # of these datacenters; none for that of the study
    pue_source: str | None  # who states it
    by_default: bool  # whether it has no entry of its own
    hours: Hours | None = None  # carbon intensity over time, in place of the average; none where no file is named
    gaps: str = FAIL  # what steps that it does not cover do, `carbon.FAIL` or `carbon.YEARLY`


def of_regions(
    names: Iterable[str | None],
    spec: dict,
    grid: pl.DataFrame,
    place: str,
    *,
    clouds: pl.DataFrame | None = None,
    hours: Mapping[str, Hours] = MappingProxyType({}),
) -> dict[str | None, Region]:
    """The factors of every region that logs and bills name.

    `clouds` is a table of `input_tables.CloudRegion`, whose names may stand for zones; `hours` are of
    `carbon.read_all`.

    Raises:
        InputError: a region without an entry, or a zone that the grid does not have.
    """
    entries = {
        name: _region(entry, grid, clouds, hours.get(name), f"{place}: regions.{name}") for name, entry in spec.items()
    }
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


def _region(entry: dict, grid: pl.DataFrame, clouds: pl.DataFrame | None, hours: Hours | None, place: str) -> Region:
    label, row = _zone(entry["grid_zone"], grid, clouds, place)
    if "location_gco2e_per_kwh" in entry:
        row = row | {
            "carbon_gco2e_per_kwh": entry["location_gco2e_per_kwh"],
            "carbon_basis": entry["location_basis"],
            "source": f"{entry['location_source']}; water: {row['source']}",
        }
    # ASSUME: without a contract or a residual mix the average of the grid stands in for the market-based factor, as the
    # GHG Protocol Scope 2 Guidance allows (table 6.3, last of the hierarchy); the statement says for how much energy.
    return Region(
        grid_zone=label,
        location_gco2e_per_kwh=row["carbon_gco2e_per_kwh"],
        location_basis=row["carbon_basis"],
        location_source=row["source"],
        market_gco2e_per_kwh=entry.get("market_gco2e_per_kwh", row["carbon_gco2e_per_kwh"]),
        market_source=entry.get("market_source"),
        offsite_water_l_per_kwh=row["water_l_per_kwh"],
        pue=entry.get("pue"),
        pue_source=entry.get("pue_source"),
        by_default=False,
        hours=hours,
        gaps=entry.get("carbon", {}).get("gaps", FAIL),
    )


def _zone(name: str, grid: pl.DataFrame, clouds: pl.DataFrame | None, place: str) -> tuple[str, dict]:
    """A zone for readers and its row of the grid; a cloud region that has a carbon intensity of its own keeps it."""
    provider = name.partition(":")[0]
    if clouds is None or provider not in PROVIDERS:
        row = grid_zone(name, grid, place)
        return f"{row['label']} ({row['zone']})", row
    found = clouds.filter(pl.col("cloud_region") == name)
    if found.is_empty():
        known = clouds["cloud_region"].filter(clouds["cloud_region"].str.starts_with(f"{provider}:"))
        raise InputError(
            f"{place}.grid_zone: found {name!r}; allowed: {like(name, known)}, which have a row in"
            " resources/cloud_regions.csv"
        )
    cloud = found.row(0, named=True)
    row = grid_zone(cloud["grid_zone"], grid, place)
    label = f"{name}, {cloud['location']}, {row['label']} ({row['zone']})"
    if cloud["carbon_gco2e_per_kwh"] is None:
        return label, row
    own = {"carbon_gco2e_per_kwh": cloud["carbon_gco2e_per_kwh"], "carbon_basis": cloud["carbon_basis"]}
    return label, row | own | {"source": f"{cloud['source']}; water: {row['source']}"}
