"""Quality of the data of a usage, as shares; and the factors of its regions."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import polars as pl

from inference_energy.statement.coefficients import UnitEnergy
from inference_energy.statement.grades import NONE, outside_share
from inference_energy.statement.model_names import tokens
from inference_energy.statement.regions import Region


def energy_shares(regions: Mapping[str | None, Region], by_region: pl.DataFrame) -> dict[str | None, float]:
    """Share of the mean energy of every region; `by_region` names regions as readers see them."""
    energies = dict(by_region.iter_rows())
    total = sum(energies.values()) or 1.0
    return {name: energies[NONE if name is None else name] / total for name in regions}


def shares(
    of: UnitEnergy, rows: pl.DataFrame, kept: pl.DataFrame, files: pl.DataFrame, energies: Mapping[str | None, float]
) -> pl.DataFrame:
    """Shares that limit the quality of a statement: `aspect, meaning, share`.

    Args:
        of: coefficients of the usage.
        rows: sums of logs and bills.
        kept: those of names that are not left out, `evidence.labelled`.
        files: table of the files that were read.
        energies: share of the energy by region, `energy_shares`.
    """
    found = _shares(of, rows, kept, files, energies)
    return pl.DataFrame(
        # Sums of shares may differ from 0 or 1 in the last bit.
        [{"aspect": aspect, "meaning": meaning, "share": min(max(share, 0.0), 1.0)} for aspect, meaning, share in found]
    )


def _shares(
    of: UnitEnergy, rows: pl.DataFrame, kept: pl.DataFrame, files: pl.DataFrame, energies: Mapping[str | None, float]
) -> Iterator[tuple[str, str, float]]:
    total = _tokens(rows) or 1.0
    read, left_out = (int(files[name].sum() or 0) for name in ("rows", "rows_left_out"))
    yield "left_out_rows", "rows of logs with a fault, left out", left_out / read if read else 0.0
    yield "left_out_tokens", "tokens of models that are not known, left out", 1 - _tokens(kept) / total
    yield (
        "billed",
        "tokens from bills, whose requests have the spread of lengths of a workload",
        _tokens(rows.filter(pl.col("step_start_utc").is_null())) / total,
    )
    yield (
        "cache_not_said",
        "tokens of rows that do not say what was in the cache; a share of their prompts is assumed",
        _tokens(rows.filter(pl.col("cached_tokens").is_null())) / total,
    )
    yield (
        "outside_lengths",
        "tokens of steps, models, tenants and regions whose mean prompt or answer is outside the benchmarks'",
        outside_share(kept, of),
    )
    yield (
        "market_factor",
        "energy with a market-based factor of its own; the grid's average for the rest",
        sum(share for name, share in energies.items() if of.regions[name].market_source is not None),
    )
    yield (
        "default_region",
        "energy of regions without an entry of their own",
        sum(share for name, share in energies.items() if of.regions[name].by_default),
    )


def _tokens(rows: pl.DataFrame) -> float:
    return float(rows.select(tokens().sum()).item() or 0.0)


def regions_table(regions: Mapping[str | None, Region], energies: Mapping[str | None, float]) -> pl.DataFrame:
    """Factors of every region, with its share of the mean energy."""
    rows = [
        {"region": NONE if name is None else name, "energy_share": energies[name]} | asdict(region)
        for name, region in regions.items()
    ]
    numbers = ("location_gco2e_per_kwh", "market_gco2e_per_kwh", "offsite_water_l_per_kwh", "pue")
    types = dict.fromkeys(numbers, pl.Float64) | dict.fromkeys(("market_source", "pue_source"), pl.String)
    return pl.DataFrame(rows, schema_overrides=types).drop("by_default").sort("region")
