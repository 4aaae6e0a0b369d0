"""Energy and equipment of a fleet for a day: scenarios of studies of method `nested`, their hours, and plans."""

from collections.abc import Mapping

import numpy as np

from inference_energy.common.step import Node
from inference_energy.energy.assumptions import overhead_name
from inference_energy.explain.asked import Asked, shared
from inference_energy.explain.derivations import distributions, oviedo_fleet
from inference_energy.explain.derivations.medians import Situation, over_draws
from inference_energy.explain.derivations.oviedo_fleet import DAY
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.fleet import planning
from inference_energy.fleet.scenarios import queries_of
from inference_energy.statistics.distributions import distribution, median
from inference_energy.statistics.draws import REPLICATES
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
        note = f"standard error from the means of {REPLICATES} independent replicates of the draws"
        return asked.node(children=[asked.beside(f"{DAY}_mean")], note=note)
    parts = day_by_workload(asked)
    only = column.removeprefix(f"{DAY}_mean_")
    if only in parts and not parts[only].value:
        return asked.follows(parts[only], note="no such queries")
    found = parts[only] if only in parts else sum(parts.values())
    form = found.step("closed form: energy of a day", unit="GWh/day")
    return over_draws(asked, form)


def day_by_workload(asked: Asked, **changes: str) -> dict[str, Traced]:
    """Energy of a day of every workload of a scenario, every input at its median, GWh.

    `changes` are of what its row says: `study`, `scenario`, `boundary`.
    """
    facts = {"boundary": FLEET} | asked.row | changes
    fleets = _situations(asked, *(facts[name] for name in ("study", "scenario", "boundary")))
    return {
        name: planning.energy_gwh_per_day(queries_per_day=queries, energy_wh=fleets[name].energy())
        for name, queries in _queries(asked, facts["study"], facts["scenario"]).items()
    }


@shared
def _situations(asked: Asked, study: str, scenario: str, boundary: str) -> dict[str, Situation]:
    """Every workload of a scenario where it is served, interventions applied where the scenario has them."""
    fleet = asked.build.typed_study(study).fleet
    levers = tuple(fleet.levers) if fleet.scenarios[scenario].interventions else ()
    facts = {"study": study, "subject": fleet.subject, "boundary": boundary}
    plain = {name: Situation.of(asked, workload=name, **facts) for name in WORKLOADS}
    return {name: of.changed(levers) if levers else of for name, of in plain.items()}


def _fleet(asked: Asked) -> dict[str, Situation]:
    """The same of a row, within the boundary of fleets."""
    return _situations(asked, asked.study, asked.row["scenario"], FLEET)


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
    one = next(iter(_fleet(asked).values()))
    found = 1.0 + sum(one.ingredient(overhead_name(name), "overhead") for name in one.service.given.overheads)
    note = "1 + the mean over the draws of the overheads that are switched on; the closed form has their medians"
    if not isinstance(found, Traced):
        return asked.node(children=[key], note=note)
    return asked.follows(found, key, exact=False, note=note)


# Hours and equipment


def hour(asked: Asked) -> Node:
    """A number of `fleet_hours`."""
    fleet = _fleet(asked)
    one, place = next(iter(fleet.values())), asked.row["hour"]
    if asked.column == "relative_rate":
        return asked.follows(one.rate(place, "rate"))
    of = _hours_mw if asked.column.startswith("power") else _gpus_on
    form = of(asked, fleet, place).step(f"closed form: hour {place}")
    return over_draws(asked, form)


def _installed(asked: Asked, fleet: Mapping[str, Situation]) -> dict[tuple[str, int], Traced]:
    """GPUs that are installed for every workload, by place of a model and GPU."""
    found, words = {}, "work of the day over what all replicas can do"
    for workload, queries in _queries(asked, asked.study, asked.row["scenario"]).items():
        of = fleet[workload]
        for place in of.places if isinstance(queries, Traced) and queries.value else ():
            found[workload, place] = planning.gpus_needed(
                queries_per_day=queries * of.share(place),
                gpu_seconds_per_query=of.seconds(place),
                capacity=named(of.needed, words, "capacity"),
            )
    return found


def _hours_mw(asked: Asked, fleet: Mapping[str, Situation], hour: int) -> Traced:
    """Power of the fleet in an hour."""

    def of_gpu(of: Situation, place: int) -> Traced:
        label, value = f"power per installed GPU in hour {hour}", of.at(of.hour_w(hour), place)
        behind = (of.rate(hour, "rate").step(), of.power_w(place).step("mean power of the day"))
        return given("P", label, value, *behind, about=of.about(place), unit="W")

    installed = _installed(asked, fleet).items()
    total = sum(count * of_gpu(fleet[workload], place) for (workload, place), count in installed)
    return planning.power_mw(power_w=named(total, "power of all GPUs", "P", unit="W"))


def _gpus_on(asked: Asked, fleet: Mapping[str, Situation], hour: int) -> Traced:
    return sum(fleet[workload].kept_at(hour) * count for (workload, _), count in _installed(asked, fleet).items())


def plan(asked: Asked) -> Node:
    """A number of `fleet_plan`."""
    quantity = asked.row["quantity"]
    if quantity in EQUIPMENT:
        fleet = _fleet(asked)
        label = f"closed form: {quantity.replace('_', ' ')}"
        form = EQUIPMENT[quantity](asked, fleet).step(label, unit=asked.row["unit"])
        return over_draws(asked, form)
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
        pue=next(iter(_fleet(asked).values())).ingredient("pue"),
        onsite_l_per_kwh=_onsite_water(asked),
        offsite_l_per_kwh=_of_the_grid(asked, "water_l_per_kwh"),
    )
    note = "over draws of energy, PUE and on-site water; the closed form has PUE and on-site water at their medians"
    return asked.follows(water, key, exact=False, note=note)


def _nodes(asked: Asked, fleet: Mapping[str, Situation]) -> Traced:
    def per_node(workload: str, place: int) -> Traced:
        _, gpu = fleet[workload].about(place)
        return leaf(asked.resource("hardware.csv", {"gpu": gpu}, "gpus_per_node"), about=(gpu,))

    installed = _installed(asked, fleet).items()
    return sum(planning.nodes_needed(gpus=count, gpus_per_node=per_node(*where)) for where, count in installed)


def _mean_on(asked: Asked, fleet: Mapping[str, Situation]) -> Traced:
    label = "share of the replicas that are on, mean over the day"
    on = {workload: named(of.needed / of.load, label, "on") for workload, of in fleet.items()}
    return sum(on[workload] * count for (workload, _), count in _installed(asked, fleet).items())


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
