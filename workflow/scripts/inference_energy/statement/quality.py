"""Quality of the data of a usage, as shares; and the factors of its regions."""

from collections.abc import Collection, Mapping

import polars as pl

from inference_energy.common.conversions import G_PER_KG
from inference_energy.statement.grades import NONE
from inference_energy.statement.model_names import tokens
from inference_energy.statement.regions import Region


def energy_shares(regions: Mapping[str | None, Region], by_region: pl.DataFrame) -> dict[str | None, float]:
    """Share of the mean energy of every region; `by_region` names regions as readers see them."""
    energies = dict(by_region.iter_rows())
    total = sum(energies.values()) or 1.0
    return {name: energies[NONE if name is None else name] / total for name in regions}


def shares(
    regions: Mapping[str | None, Region],
    rows: pl.DataFrame,
    kept: pl.DataFrame,
    files: pl.DataFrame,
    energies: Mapping[str | None, float],
    unmetered: float,
    *,
    hourly: pl.DataFrame | None = None,
    supply_assumed: Collection[str] = (),
    twice: float = 0.0,
) -> pl.DataFrame:
    """Shares that limit the quality of a statement: `aspect, meaning, share`.

    `kept` are the rows of names that are not left out, `energies` is of `energy_shares`, `unmetered` of
    `grades.unmetered_share`, `hourly` of `carbon.located`, `supply_assumed` of `supplied.assumed`, and `twice` of
    `bills.most_twice`.
    """
    total = _tokens(rows) or 1.0
    read, left_out = (int(files[name].sum() or 0) for name in ("rows", "rows_left_out"))
    found = {
        "left_out_rows": ("rows of logs with a fault, left out", left_out / read if read else 0.0),
        "left_out_tokens": (
            "tokens of models that are left out: not known, or not of a chat",
            1 - _tokens(kept) / total,
        ),
        "billed": (
            "tokens from bills, whose requests have the distribution of lengths of a workload",
            _tokens(rows.filter(pl.col("step_start_utc").is_null())) / total,
        ),
        "cache_not_said": (
            "tokens of rows that do not say what was in the cache; a share of their prompts is assumed",
            _tokens(rows.filter(pl.col("cached_tokens").is_null())) / total,
        ),
        "overlap": (
            "tokens, at most, that a bill and a log or another bill of the same month and model may both have",
            twice / total,
        ),
        "unmetered": ("tokens served on GPUs whose boards no run metered; their power is predicted", unmetered),
        "market_factor": (
            "energy with a market-based factor of its own; the grid's average for the rest",
            sum(share for name, share in energies.items() if regions[name].market_source is not None),
        ),
        "default_region": (
            "energy of regions without an entry of their own",
            sum(share for name, share in energies.items() if regions[name].by_default),
        ),
        "hourly_factor": (
            "energy with the carbon intensity of its hour; a yearly average for the rest",
            sum(share for name, share in energies.items() if regions[name].hours is not None),
        ),
        "hourly_gap": (
            "tokens at hours that a file of carbon intensity does not cover; the yearly average stands in",
            _tokens(_in_gaps(kept, hourly)) / total,
        ),
        "supply_assumed": (
            "tokens whose supply the usage file does not state; they are taken to be bought",
            _tokens(rows.filter(pl.col("source").is_in(list(supply_assumed)))) / total,
        ),
    }
    # Sums of shares may differ from 0 or 1 in the last bit.
    within = [(aspect, meaning, min(max(share, 0.0), 1.0)) for aspect, (meaning, share) in found.items()]
    types = {"aspect": pl.String, "meaning": pl.String, "share": pl.Float64}
    return pl.DataFrame(within, types, orient="row")


def _in_gaps(kept: pl.DataFrame, hourly: pl.DataFrame | None) -> pl.DataFrame:
    """Rows at steps for which the yearly average stands in."""
    if hourly is None:
        return kept.clear()
    keys = ["region_name", "month", "step_start_utc"]
    return kept.join(hourly.filter("gap"), on=keys, how="semi", nulls_equal=True)


def _tokens(rows: pl.DataFrame) -> float:
    return float(rows.select(tokens().sum()).item() or 0.0)


def regions_table(
    regions: Mapping[str | None, Region], energies: Mapping[str | None, float], by_region: pl.DataFrame
) -> pl.DataFrame:
    """Factors of every region, with its share of the mean energy.

    Where a region has a carbon intensity over time, its factor is the one that results: mean emissions over mean
    energy of `by_region`, the rows of the statement by region.
    """
    results = {row["region"]: row for row in by_region.iter_rows(named=True)}
    rows = []
    for name, of in regions.items():
        label = NONE if name is None else name
        row = {
            "region": label,
            "energy_share": energies[name],
            "grid_zone": of.grid_zone,
            "location_gco2e_per_kwh": of.location_gco2e_per_kwh,
            "location_basis": of.location_basis,
            "location_source": of.location_source,
            "carbon_hours": None,
            "market_gco2e_per_kwh": of.market_gco2e_per_kwh,
            "market_source": of.market_source,
            "offsite_water_l_per_kwh": of.offsite_water_l_per_kwh,
            "pue": of.pue,
            "pue_source": of.pue_source,
        }
        if of.hours is not None and results[label]["energy_kwh_mean"]:
            for method in ("location", "market"):
                result = results[label][f"emissions_{method}_kgco2e_mean"] / results[label]["energy_kwh_mean"]
                row[f"{method}_gco2e_per_kwh"] = result * G_PER_KG
            row["location_basis"] = of.hours.basis
            row["location_source"] = f"{of.hours.publisher}; water: {of.location_source}"
            row["carbon_hours"] = (
                f"{of.hours.name}, intervals of {of.hours.minutes} minutes"
                f"{f', zone {of.hours.zone}' if of.hours.zone else ''}, SHA-256 {of.hours.sha256[:12]}"
            )
        rows.append(row)
    numbers = ("location_gco2e_per_kwh", "market_gco2e_per_kwh", "offsite_water_l_per_kwh", "pue")
    types = dict.fromkeys(numbers, pl.Float64) | dict.fromkeys(
        ("carbon_hours", "market_source", "pue_source"), pl.String
    )
    return pl.DataFrame(rows, schema_overrides=types).sort("region")
