"""Energy and equipment of a fleet for a day: scenarios of studies of method `nested`, their hours, and plans."""

from collections.abc import Mapping

import numpy as np

from inference_energy.energy.assumptions import overhead_name
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions, oviedo_fleet
from inference_energy.explain.derivations.medians import OVER_SHARED, Situation, drawn
from inference_energy.explain.derivations.oviedo_fleet import DAY
from inference_energy.explain.step import Node
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.fleet import planning
from inference_energy.fleet.scenarios import queries_of
from inference_energy.statistics.distributions import distribution, median
from inference_energy.studies.study import WORKLOADS

FLEET = "fleet"  # the boundary of plans and hours


def scenario(asked: Asked) -> Node:
    """A number of `scenario_aggregates`."""
    column, row = asked.column, asked.row
    if column == "queries_per_day":
        return asked.same(asked.entry("fleet", column))
    if column == "long_share":
        return asked.same(asked.entry("fleet", "scenarios", row["scenario"], column))
    if asked.entries.method == "published":
        return oviedo_fleet.scenario(asked)
    if column.startswith("overhead_"):
        return _overhead(asked)
    if column.endswith("_se"):
        note = "deviation over the draws over the root of the number of equal draws that they are worth"
        return asked.node(children=[asked.beside(f"{DAY}_mean")], note=note)
    parts = day_by_workload(asked)
    only = column.removeprefix(f"{DAY}_mean_")
    if only in parts and not parts[only].value:
        return asked.follows(parts[only], note="no such queries")
    found = parts[only] if only in parts else sum(parts.values())
    form = found.step("closed form: energy of a day", unit="GWh/day")
    return asked.node(children=[form, *drawn(asked)], note=f"{asked.quantile.upper()} {OVER_SHARED}")


def day_by_workload(asked: Asked, **changes: str) -> dict[str, Traced]:
    """Energy of a day of every workload of a scenario, every input at its median, GWh.

    Args:
        asked: a number of the scenario.
        changes: of what its row says: `study`, `scenario`, `boundary`.
    """
    facts = {"boundary": FLEET} | asked.row | changes
    fleets = situations(asked, **facts)
    return {
        name: planning.energy_gwh_per_day(queries_per_day=queries, energy_wh=fleets[name].energy())
        for name, queries in _queries(asked, facts["study"], facts["scenario"]).items()
    }


def situations(asked: Asked, *, study: str, scenario: str, boundary: str, **_: object) -> dict[str, Situation]:
    """Every workload of a scenario where it is served, interventions applied where the scenario has them."""
    fleet = asked.build.typed_study(study).fleet

    def found() -> dict[str, Situation]:
        levers = tuple(fleet.levers) if fleet.scenarios[scenario].interventions else ()
        facts = {"study": study, "subject": fleet.subject, "boundary": boundary}
        plain = {name: Situation.of(asked, workload=name, **facts) for name in WORKLOADS}
        return {name: of.changed(levers) if levers else of for name, of in plain.items()}

    return asked.build.once("fleet", study, scenario, boundary, read=found)


def _queries(asked: Asked, study: str, scenario: str) -> dict[str, Traced]:
    """Queries per day of every workload of a scenario."""
    long = leaf(asked.entry("fleet", "scenarios", scenario, "long_share", study=study, symbol="long_share"))
    return of_shares(asked, study, long)


def of_shares(asked: Asked, study: str, long_share: Traced) -> dict[str, Traced]:
    """Queries per day of every workload of a study's fleet, of which a share is long."""
    queries = leaf(asked.entry("fleet", "queries_per_day", study=study, symbol="queries"))
    return queries_of(long_share, queries)


def _overhead(asked: Asked) -> Node:
    key = asked.entry("overheads")
    if asked.row["boundary"] != FLEET:
        return asked.node(children=[key], note="1: overheads are outside this boundary")
    one = next(iter(situations(asked, **asked.row).values()))
    found = 1.0 + sum(one.ingredient(overhead_name(name), "overhead") for name in one.service.given.overheads)
    note = "1 + the mean over the draws of the overheads that are switched on; the closed form has their medians"
    if not isinstance(found, Traced):
        return asked.node(children=[key], note=note)
    return asked.follows(found, key, exact=False, note=note)


# Hours and equipment


def hour(asked: Asked) -> Node:
    """A number of `fleet_hours`."""
    fleet = situations(asked, boundary=FLEET, **asked.row)
    one, place = next(iter(fleet.values())), asked.row["hour"]
    if asked.column == "relative_rate":
        return asked.follows(one.rate(place, "rate"))
    of = _hours_mw if asked.column.startswith("power") else _gpus_on
    form = of(asked, fleet, place).step(f"closed form: hour {place}")
    return asked.node(children=[form, *drawn(asked)], note=f"{asked.quantile} {OVER_SHARED}")


def _installed(asked: Asked, fleet: Mapping[str, Situation]) -> dict[tuple[str, int], Traced]:
    """GPUs that are installed for every workload, by place of a model and GPU."""
    queries = _queries(asked, asked.study, asked.row["scenario"])
    return {
        (workload, place): planning.gpus_needed(
            queries_per_day=queries[workload] * of.share(place),
            gpu_seconds_per_query=of.seconds(place),
            capacity=named(of.needed, "work of the day over what all replicas can do", "capacity"),
        )
        for workload, of in fleet.items()
        if isinstance(queries[workload], Traced) and queries[workload].value
        for place in of.places
    }


def _hours_mw(asked: Asked, fleet: Mapping[str, Situation], hour: int) -> Traced:
    """Power of the fleet in an hour."""
    total = sum(
        count
        * given(
            "P",
            f"power per installed GPU in hour {hour}",
            fleet[workload].at(fleet[workload].hour_w(hour), place),
            fleet[workload].rate(hour, "rate").step(),
            fleet[workload].power_w(place).step("mean power of the day"),
            about=fleet[workload].about(place),
            unit="W",
        )
        for (workload, place), count in _installed(asked, fleet).items()
    )
    return planning.power_mw(power_w=named(total, "power of all GPUs", "P", unit="W"))


def _gpus_on(asked: Asked, fleet: Mapping[str, Situation], hour: int) -> Traced:
    return sum(fleet[workload].kept_at(hour) * count for (workload, _), count in _installed(asked, fleet).items())


def plan(asked: Asked) -> Node:
    """A number of `fleet_plan`."""
    quantity = asked.row["quantity"]
    if quantity in EQUIPMENT:
        fleet = situations(asked, boundary=FLEET, **asked.row)
        label = f"closed form: {quantity.replace('_', ' ')}"
        form = EQUIPMENT[quantity](asked, fleet).step(label, unit=asked.row["unit"])
        return asked.node(children=[form, *drawn(asked)], note=OVER_SHARED)
    row = asked.build.row("scenario_aggregates", study=asked.study, scenario=asked.row["scenario"])
    same, column = row["boundary"] == FLEET, f"{DAY}_{asked.column}"
    energy = {"energy_gwh_per_day": leaf(asked.of("scenario_aggregates", row, column))}
    if quantity == "average_power":
        return asked.follows(planning.average_power_mw(**energy), exact=same)
    if quantity == "energy_per_year":
        return asked.follows(planning.energy_twh_per_year(**energy), exact=same)
    key = asked.entry("fleet", "grid_zone")
    if quantity == "emissions":
        carbon = {"carbon_gco2e_per_kwh": _of_the_grid(asked, "carbon_gco2e_per_kwh")}
        return asked.follows(planning.emissions_t_per_day(**energy, **carbon), key, exact=same)
    water = planning.water_m3_per_day(
        **energy,
        pue=next(iter(situations(asked, boundary=FLEET, **asked.row).values())).ingredient("pue"),
        onsite_l_per_kwh=_onsite_water(asked),
        offsite_l_per_kwh=_of_the_grid(asked, "water_l_per_kwh"),
    )
    note = "over draws of energy, PUE and on-site water; the closed form has PUE and on-site water at their medians"
    return asked.follows(water, key, exact=False, note=note)


def _nodes(asked: Asked, fleet: Mapping[str, Situation]) -> Traced:
    total = 0.0
    for (workload, place), count in _installed(asked, fleet).items():
        _, gpu = fleet[workload].about(place)
        per_node = leaf(asked.resource("hardware.csv", {"gpu": gpu}, "gpus_per_node"), about=(gpu,))
        total = total + planning.nodes_needed(gpus=count, gpus_per_node=per_node)
    return total


def _mean_on(asked: Asked, fleet: Mapping[str, Situation]) -> Traced:
    return sum(_on(fleet[workload]) * count for (workload, _), count in _installed(asked, fleet).items())


def _on(of: Situation) -> Traced:
    """Share of the replicas that are on, mean over the day."""
    return named(of.needed / of.load, "share of the replicas that are on, mean over the day", "on")


def _peak(asked: Asked, fleet: Mapping[str, Situation]) -> Traced:
    rates = next(iter(fleet.values())).service.rates
    return _hours_mw(asked, fleet, int(np.argmax(rates)))


EQUIPMENT = {
    "gpus": lambda asked, fleet: sum(_installed(asked, fleet).values()),
    "nodes": _nodes,
    "gpus_on": _mean_on,
    "peak_power": _peak,
}


def _of_the_grid(asked: Asked, column: str) -> Traced:
    return leaf(asked.resource("grid.csv", {"zone": asked.entries.fleet.grid_zone}, column))


def _onsite_water(asked: Asked) -> Traced:
    of = distribution(asked.entries.fleet.onsite_water_l_per_kwh)
    node = distributions.of_entry(asked, of, "on-site water, median", "fleet", "onsite_water_l_per_kwh")
    return leaf(node, median(of))
