"""All tables of a usage, from exact sums, bills, files, a study and factors."""

import polars as pl

from inference_energy import fleet_factors, lengths, services
from inference_energy.errors import InputError, one_of
from inference_energy.laws import law
from inference_energy.registries import Names
from inference_energy.usage import bills as bill_tables
from inference_energy.usage import energy, evidence, factors, subjects
from inference_energy.usage.metering import SUMS

# What a statement's rows are broken down by, with the keys of each.
BREAKDOWN_KEYS = {
    "total": [],
    "month": ["month"],
    "model": ["model"],
    "month and model": ["month", "model"],
    "tenant": ["tenant"],
    "region": ["region"],
}
LABELS = ("month", "model", "tenant", "region")


def accounts(
    usage: dict,
    study_name: str,
    study: dict,
    *,
    sums: pl.DataFrame,
    bills: pl.DataFrame,
    files: pl.DataFrame,
    tables: services.Tables,
    registry: Names,
    grid: pl.DataFrame,
    draws: int,
    seed: int,
    place: str,
) -> dict[str, pl.DataFrame]:
    """Every table of `usage.result_tables.TABLES` but the files, by name.

    Args:
        usage: a usage file's content.
        study_name: name of its study.
        study: a resolved study of method `nested`.
        sums: table of `metering.metered`, of all shards.
        bills: table of `bills.billed`.
        files: table of the files that were read.
        tables: what studies draw on.
        registry: names and aliases of models.
        grid: table of `input_tables.GridZone`.
        draws: of what requests share.
        seed: of all streams.
        place: names the usage file in errors.

    Raises:
        InputError: no request at all; names of models, regions or workloads that are not known.
    """
    workloads = {source: spec["lengths"] for source, spec in usage["bills"].items()}
    for source, workload in workloads.items():
        if workload not in study["workloads"]:
            raise InputError(
                f"{place}: bills.{source}.lengths: found {workload!r}; allowed: {one_of(study['workloads'])}"
            )
    spread = {
        source: lengths.lengths(
            study["workloads"][workload], f"{place}: bills.{source}", tables.lengths, tables.answers
        )
        for source, workload in workloads.items()
    }
    rows = together(sums, bill_tables.with_spread(bills, spread))
    if rows.is_empty():
        raise InputError(f"{place}: found no request in {len(files)} files; allowed: at least one")
    known = subjects.resolved(rows, usage["models"], list(study["classes"]), registry, place)
    kept = evidence.labelled(rows, known)
    if kept.is_empty():
        raise InputError(
            f"{place}: models: found no name that is known; allowed: at least one, or models.unknown: class"
        )
    used = list(dict.fromkeys(kept["subject"].sort()))
    own = subjects.study_of(study, used, tables.models, usage.get("cached_share"))
    fit = services.fitted(study_name, own, tables)
    service = services.resolved(study_name, own, fit, tables)
    water = study["fleet"].get("onsite_water_l_per_kwh")
    of = energy.Metered(
        service=service,
        shared=fleet_factors.shared_draws(service.given, study_name, draws, seed),
        boundary=usage["boundary"],
        regions=factors.of_regions(kept["region_name"].unique(maintain_order=True), usage["regions"], grid, place),
        onsite_water_l_per_kwh=energy.onsite_water(None if water is None else law(water), study_name, draws, seed),
        gpus_per_node=dict(tables.hardware.select("gpu", "gpus_per_node").iter_rows()),
    )
    statement = pl.concat(
        [
            energy.broken_down(of, kept, keys).with_columns(
                pl.lit(name).alias("breakdown"), **{key: pl.lit(None, pl.String) for key in LABELS if key not in keys}
            )
            for name, keys in BREAKDOWN_KEYS.items()
        ],
        how="diagonal",
    )
    names = evidence.names_table(rows, known)
    kinships = {(row["model"], row["gpu"], row["precision"]): row["kinship"] for row in fit.iter_rows(named=True)}
    logged = kept.filter(pl.col("step_start_utc").is_not_null())
    steps, capacity = energy.over_time(of, logged, step_minutes=usage["step_minutes"], peak_load=usage["peak_load"])
    return {
        "statement": statement,
        "capacity": pl.concat([capacity, energy.per_request(of, kept)]),
        "steps": steps,
        "metered": energy.broken_down(of, kept, ["month", "step_start_utc", "model", "tenant", "region"]),
        "names": names,
        "evidence": evidence.graded(names, of, kinships),
        "quality": quality(of, rows, kept, files, statement, usage),
        "factors": factors_table(of, statement),
    }


def together(sums: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
    """Rows of logs and of bills in one table: `month, step_start_utc, model, tenant, region` and the sums."""
    moment = pl.from_epoch("step_start_us", time_unit="us")
    logged = sums.select(
        moment.dt.strftime("%Y-%m").alias("month"),
        moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("step_start_utc"),
        *("model", "tenant", "region", *SUMS),
    )
    if bills.is_empty():
        return logged
    numbers = pl.col(*SUMS).cast(pl.Float64)
    billed = bills.select(
        "month", pl.lit(None, pl.String).alias("step_start_utc"), "model", "tenant", "region", numbers
    )
    return pl.concat([logged.with_columns(numbers), billed])


def quality(
    of: energy.Metered,
    rows: pl.DataFrame,
    kept: pl.DataFrame,
    files: pl.DataFrame,
    statement: pl.DataFrame,
    usage: dict,
) -> pl.DataFrame:
    """Shares that say how good the data are: lengths, caches, bills, rows and factors."""
    total = float(rows.select(subjects.tokens().sum()).item()) or 1.0

    def of_tokens(frame: pl.DataFrame) -> float:
        return float(frame.select(subjects.tokens().sum()).item() or 0.0) / total

    read = int(files["rows"].sum() or 0)
    by_region = statement.filter(pl.col("breakdown") == "region")
    contracted = [name or "(none)" for name, region in of.regions.items() if region.market_source is not None]
    energy_of = pl.col("energy_kwh_mean")
    with_contract = by_region.filter(pl.col("region").is_in(contracted)).select(energy_of.sum()).item()
    defaulted = [name or "(none)" for name in of.regions if name not in usage["regions"]]
    by_default = by_region.filter(pl.col("region").is_in(defaulted)).select(energy_of.sum()).item()
    whole = by_region.select(energy_of.sum()).item() or 1.0
    found = [
        (
            "left_out_rows",
            "rows of logs with a fault, left out",
            float(files["rows_left_out"].sum() or 0) / read if read else 0.0,
        ),
        ("left_out_tokens", "tokens of models that are not known, left out", 1 - of_tokens(kept)),
        (
            "billed",
            "tokens from bills, whose requests have the spread of lengths of a workload",
            of_tokens(rows.filter(pl.col("step_start_utc").is_null())),
        ),
        (
            "cache_not_said",
            "tokens of rows that do not say what was in the cache; a share of their prompts is assumed",
            of_tokens(rows.filter(pl.col("cached_tokens").is_null())),
        ),
        (
            "outside_lengths",
            "tokens of steps, models, tenants and regions whose mean prompt or answer is outside the benchmarks'",
            evidence.outside_share(kept, of),
        ),
        (
            "market_factor",
            "energy with a market-based factor of its own; the grid's average for the rest",
            with_contract / whole,
        ),
        ("default_region", "energy of regions without an entry of their own", by_default / whole),
    ]
    return pl.DataFrame(
        [{"aspect": aspect, "meaning": meaning, "share": min(max(share, 0.0), 1.0)} for aspect, meaning, share in found]
    )


def factors_table(of: energy.Metered, statement: pl.DataFrame) -> pl.DataFrame:
    """Factors of every region, with its share of the mean energy."""
    energies = dict(statement.filter(pl.col("breakdown") == "region").select("region", "energy_kwh_mean").iter_rows())
    total = sum(energies.values()) or 1.0
    rows = [
        {
            "region": name or "(none)",
            "energy_share": energies[name or "(none)"] / total,
            "grid_zone": f"{region.zone_label} ({region.zone})",
            "location_gco2e_per_kwh": float(region.location_gco2e_per_kwh),
            "location_basis": region.location_basis,
            "location_source": region.location_source,
            "market_gco2e_per_kwh": float(region.market_gco2e_per_kwh),
            "market_source": region.market_source,
            "offsite_water_l_per_kwh": region.offsite_water_l_per_kwh,
            "pue": region.pue,
            "pue_source": region.pue_source,
        }
        for name, region in of.regions.items()
    ]
    schema = {
        "market_source": pl.String,
        "offsite_water_l_per_kwh": pl.Float64,
        "pue": pl.Float64,
        "pue_source": pl.String,
    }
    return pl.DataFrame(rows, schema_overrides=schema).sort("region")
