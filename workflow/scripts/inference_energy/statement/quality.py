"""Quality of the data of a usage, as shares; and the factors of its regions."""

from collections.abc import Mapping
from dataclasses import asdict

import polars as pl

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
) -> pl.DataFrame:
    """Shares that limit the quality of a statement: `aspect, meaning, share`.

    `kept` are the rows of names that are not left out, `energies` is of `energy_shares`, and `unmetered` of
    `grades.unmetered_share`.
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
        "unmetered": ("tokens served on GPUs whose boards no run metered; their power is predicted", unmetered),
        "market_factor": (
            "energy with a market-based factor of its own; the grid's average for the rest",
            sum(share for name, share in energies.items() if regions[name].market_source is not None),
        ),
        "default_region": (
            "energy of regions without an entry of their own",
            sum(share for name, share in energies.items() if regions[name].by_default),
        ),
    }
    # Sums of shares may differ from 0 or 1 in the last bit.
    within = [(aspect, meaning, min(max(share, 0.0), 1.0)) for aspect, (meaning, share) in found.items()]
    types = {"aspect": pl.String, "meaning": pl.String, "share": pl.Float64}
    return pl.DataFrame(within, types, orient="row")


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
