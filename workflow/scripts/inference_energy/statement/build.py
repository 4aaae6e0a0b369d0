"""All tables of a usage, from exact sums, bills, files, a study and factors."""

import logging
from collections.abc import Mapping

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.names import Names
from inference_energy.energy.service import Tables, resolved
from inference_energy.requests import lengths
from inference_energy.statement import (
    carbon,
    coefficients,
    drivers,
    energy,
    grades,
    inventory,
    model_names,
    quality,
    regions as statement_regions,
    supplied,
)
from inference_energy.statement.carbon_files import Hours
from inference_energy.statement.coefficients import UnitEnergy
from inference_energy.statement.embodied import Making
from inference_energy.statement.logs import bills as bill_tables
from inference_energy.statement.logs.metering import SUMS
from inference_energy.statement.logs.progress import Progress
from inference_energy.statement.logs.telling import check_lengths
from inference_energy.statement.tables import BREAKDOWNS
from inference_energy.statistics.distributions import distribution, draw
from inference_energy.statistics.draws import stream
from inference_energy.studies.study import NestedStudy

LABELS = ("month", "model", "tenant", "region", "source", "supply", "scope")
METERED_KEYS = ["month", "step_start_utc", "model", "tenant", "region"]


def accounts(
    usage: dict,
    study: NestedStudy,
    *,
    sums: pl.DataFrame,
    bills: pl.DataFrame,
    files: pl.DataFrame,
    kinds: pl.DataFrame,
    tables: Tables,
    registry: Names,
    grid: pl.DataFrame,
    clouds: pl.DataFrame,
    servers: pl.DataFrame,
    hours: Mapping[str, Hours],
    draws: int,
    seed: int,
    place: str,
    logger: logging.Logger,
) -> dict[str, pl.DataFrame]:
    """Every table of `statement.tables.TABLES` but the files, by name.

    `usage` is a usage file's content, which `place` names in errors; `sums` a table of `metering.metered`, of all
    shards; `bills` one of `bills.billed`; `files` one of the files that were read; `kinds` one of what their rows were;
    `grid` one of `input_tables.GridZone`, `clouds` of `CloudRegion`, `servers` of `EmbodiedServer`; `hours` are of
    `carbon.read_all`. `draws` counts those of the shared uncertainty; `seed` is of all streams.

    Raises:
        InputError: no request at all; names of models, regions or workloads that are not known; requests that nothing
            of the study serves at its speed.
    """
    study_name = usage["study"]
    workloads = {source: spec["lengths"] for source, spec in usage["bills"].items()}
    for source, workload in workloads.items():
        if workload not in study.workloads:
            raise InputError(f"{place}: bills.{source}.lengths: found {workload!r}; allowed: {one_of(study.workloads)}")
    spread = {
        source: lengths.lengths(
            study.workloads[workload].plain(), f"{place}: bills.{source}", tables.lengths, tables.answers
        )
        for source, workload in workloads.items()
    }
    supplies = supplied.of_sources(usage, place)
    kept_repeats = [name for name, of in (usage["logs"] | usage["bills"]).items() if of.get("repeats") == "keep"]
    rows = supplied.labelled(together(sums, bill_tables.with_spread(bills, spread)), supplies)
    if rows.is_empty():
        raise InputError(
            f"{place}: found no request in {files['not_read'].is_null().sum()} files; allowed: at least one"
        )
    known = model_names.resolved(rows, usage["models"], list(study.classes), registry, place)
    contexts = tables.models.select("model", "context_length_tokens").drop_nulls()
    check_lengths(
        kinds, {name: of.name for name, of in known.items()}, dict(contexts.iter_rows()), usage["logs"], place
    )
    kept = grades.labelled(rows, known)
    if kept.is_empty():
        raise InputError(
            f"{place}: models: found no name that is known; allowed: at least one, or models.unknown: class"
        )
    services = {}
    for subject in kept["subject"].unique().sort():
        own = model_names.study_of(study, subject, tables.models, usage.get("cached_share"))
        services[subject] = resolved(study_name, own, tables, draws=draws, seed=seed)
    services = coefficients.serving(services, kept, study=study_name, place=place)
    water = study.fleet.onsite_water_l_per_kwh
    factors = statement_regions.of_regions(
        kept["region_name"].unique(maintain_order=True), usage["regions"], grid, place, clouds=clouds, hours=hours
    )
    hourly = _hourly(kept, factors, usage["step_minutes"], place)
    making = Making.drawn(servers, usage=usage, draws=draws, seed=seed)
    of = coefficients.unit_energy(
        services,
        boundary=usage["boundary"],
        regions=factors,
        onsite_water_l_per_kwh=None
        if water is None
        else draw(distribution(water), stream(seed, "fleet", "onsite water"), draws),
        gpus_per_node=dict(tables.hardware.select("gpu", "gpus_per_node").iter_rows()),
        making=making,
        hourly=hourly,
    )
    statement = pl.concat(
        [
            energy.broken_down(of, kept, keys).with_columns(
                pl.lit(name).alias("breakdown"), **{key: pl.lit(None, pl.String) for key in LABELS if key not in keys}
            )
            for name, keys in BREAKDOWNS.items()
        ],
        how="diagonal",
    )
    by_region = statement.filter(pl.col("breakdown") == "region")
    regions = quality.energy_shares(of.regions, by_region.select("region", "energy_kwh_mean"))
    names = grades.names_table(rows, known)
    logged = kept.filter(pl.col("step_start_utc").is_not_null())
    steps, capacity = energy.over_time(of, logged, step_minutes=usage["step_minutes"], peak_load=usage["peak_load"])
    capacity = pl.concat([capacity, energy.per_request(of, kept)])
    return {
        "statement": statement,
        "inventory": inventory.inventory(statement),
        "disclosures": inventory.disclosures(statement, capacity),
        "costs": inventory.costs(statement, kinds, usage, supplies),
        "capacity": capacity,
        "steps": steps,
        "metered": _metered(of, kept, logger),
        "names": names,
        "served": coefficients.served_table(services),
        "drivers": drivers.drivers(of, kept),
        "unit_energy": drivers.unit_energies(of),
        "evidence": grades.graded(names, services, tables.effects),
        "quality": quality.shares(
            of.regions,
            rows,
            kept,
            files.filter(pl.col("source").is_in(list(usage["logs"]))),
            regions,
            grades.unmetered_share(names, services, tables.effects),
            hourly=hourly,
            supply_assumed=supplied.assumed(usage),
            twice=bill_tables.most_twice(bill_tables.overlaps(bills, sums, files, supplies, kept_repeats)),
        ),
        "factors": quality.regions_table(of.regions, regions, by_region),
        "servers": making.of_gpus({gpu for gpus in of.of_gpu.values() for gpu in gpus}),
    }


def _hourly(
    kept: pl.DataFrame, regions: Mapping[str | None, statement_regions.Region], step_minutes: int, place: str
) -> pl.DataFrame | None:
    """Carbon intensity at the steps of the regions that have it over time."""
    return carbon.located(
        {
            name: carbon.at_steps(
                of.hours,
                kept.filter(pl.col("region_name").eq_missing(pl.lit(name, pl.String))),
                step_minutes=step_minutes,
                gaps=of.gaps,
                yearly=of.location_gco2e_per_kwh,
                place=f"{place}: regions.{name or statement_regions.DEFAULT}.carbon",
            )
            for name, of in regions.items()
            if of.hours is not None
        }
    )


def _metered(of: UnitEnergy, kept: pl.DataFrame, logger: logging.Logger) -> pl.DataFrame:
    total = kept.select(METERED_KEYS).n_unique()
    with Progress("energy by step, model, tenant and region", total, "rows", logger) as progress:
        # There may be many, so emissions are left out: they are the energy times the factors of the region.
        return energy.broken_down(of, kept, METERED_KEYS, ["energy_kwh"], progress.advance)


def together(sums: pl.DataFrame, bills: pl.DataFrame) -> pl.DataFrame:
    """Rows of logs and of bills in one table: `source, month, step_start_utc, model, tenant, region` and the sums."""
    moment = pl.from_epoch("step_start_us", time_unit="us")
    logged = sums.select(
        moment.dt.strftime("%Y-%m").alias("month"),
        moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("step_start_utc"),
        *("source", "model", "tenant", "region", *SUMS),
    )
    if bills.is_empty():
        return logged
    numbers = pl.col(*SUMS).cast(pl.Float64)
    billed = bills.select(
        "month", pl.lit(None, pl.String).alias("step_start_utc"), "source", "model", "tenant", "region", numbers
    )
    return pl.concat([logged.with_columns(numbers), billed])
