"""Energy and equipment of a fleet for a day: scenarios of studies of method `nested`, and plans."""

from inference_energy.energy.service import Service
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions, interventions, oviedo_fleet
from inference_energy.explain.derivations.medians import OVER_SHARED, medians, traced
from inference_energy.explain.derivations.oviedo_fleet import DAY
from inference_energy.explain.step import Node
from inference_energy.explain.trace import Traced, leaf
from inference_energy.fleet import planning, scenarios as fleet_scenarios
from inference_energy.fleet.scenarios import Fleet
from inference_energy.statistics.distributions import distribution, median
from inference_energy.studies.study import WORKLOADS


def scenario(asked: Asked) -> Node:
    """A number of `scenario_aggregates`."""
    column, row = asked.column, asked.row
    if column == "queries_per_day":
        return asked.same(asked.entry("fleet", column))
    if column == "long_share":
        return asked.same(asked.entry("fleet", "scenarios", row["scenario"], column))
    if column == f"{DAY}_mean":
        return asked.of_columns("traditional + long", {name: f"{DAY}_mean_{name}" for name in WORKLOADS})
    if asked.entries.method == "published":
        return oviedo_fleet.scenario(asked)
    if column.startswith("overhead_"):
        return _overhead(asked)
    if column.endswith("_se"):
        return asked.node(children=[asked.beside(f"{DAY}_mean")], note="deviation over the draws over sqrt(draws)")
    part = column.removeprefix(f"{DAY}_mean_") if column.startswith(f"{DAY}_mean_") else None
    alone = part or {0.0: "traditional", 1.0: "long"}.get(row["long_share"])
    if alone and not row["interventions"]:
        key = {"workload": alone, "boundary": row["boundary"], "spread": "shared"}
        energy = energy_of(asked, f"energy_wh_{asked.quantile}", **key)
        day = planning.energy_gwh_per_day(queries_per_day=_queries(asked)[alone], energy_wh=energy)
        note = f"the {asked.quantile} over queries of every draw, within boundary {row['boundary']}"
        return asked.follows(day, note=note)
    parts = day_by_workload(asked)
    if part:
        note = "the mean over draws; the closed form has every input at its median, interventions included"
        return asked.follows(parts[part], exact=False, note=note)
    day = sum(parts.values()).step("closed form: energy of a day", note="shared uncertainty at its median")
    note = f"{asked.quantile.upper()} {OVER_SHARED}"
    return asked.node(children=[day, asked.beside(f"{DAY}_mean")], note=note)


def day_by_workload(asked: Asked) -> dict[str, Traced]:
    """Energy of a day of every workload of a scenario, every input at its median, GWh."""
    return fleet_scenarios.energy_gwh_per_day(_fleet(asked), _queries(asked), asked.row["boundary"])


def energy_of(asked: Asked, column: str, **key: str) -> Traced:
    """Mean energy of the queries of a study's fleet, as its table of boundaries has it."""
    subject = asked.entries.fleet.subject
    found = asked.look_up("energy_by_boundary", column, "E", study=asked.study, subject=subject, **key)
    return leaf(found, about=(key["workload"],))


def _overhead(asked: Asked) -> Node:
    added = (
        leaf(distributions.at_share(asked, asked.study, f"overhead: {name}", 0.5, "overhead"))
        for name in asked.entries.overheads
    )
    found, key = 1.0 + sum(added), asked.entry("overheads")
    note = "1 + the mean over the draws of the overheads that are switched on; the closed form has their medians"
    if not isinstance(found, Traced):
        return asked.node(children=[key], note=note)
    return asked.follows(found, key, exact=False, note=note)


def _fleet(asked: Asked) -> Fleet:
    """The fleet of a scenario with every input at its median, interventions applied where the scenario has them."""

    def found() -> Fleet:
        fleet, applied, service = asked.entries.fleet, {}, of_a_fleet(asked)
        if fleet.scenarios[asked.row["scenario"]].interventions:
            # The queries that decide which intervention of a group saves most.
            applied = interventions.divisors(asked, fleet.levers, "overlap", fleet.subject, "traditional")
        return Fleet.of(service, medians(service), applied)

    return asked.build.once("fleet", asked.study, asked.row["scenario"], read=found)


def of_a_fleet(asked: Asked) -> Service:
    """The part of a study that its fleet is made of, traced."""
    return fleet_scenarios.of_the_fleet(traced(asked, asked.study, asked.entries.fleet.subject))


def _queries(asked: Asked) -> dict[str, Traced]:
    """Queries per day of every workload of a scenario."""
    fleet = of_a_fleet(asked).study.fleet
    return fleet_scenarios.queries_of(fleet.scenarios[asked.row["scenario"]].long_share, fleet.queries_per_day)


def plan(asked: Asked) -> Node:
    """A number of `fleet_plan`."""
    quantity = asked.row["quantity"]
    if quantity in ("gpus", "nodes", "peak_power"):
        per_node = {
            gpu: leaf(asked.resource("hardware.csv", {"gpu": gpu}, "gpus_per_node"), about=(gpu,))
            for gpu in of_a_fleet(asked).given.power
        }
        need = fleet_scenarios.needs(_fleet(asked), _queries(asked), per_node)[quantity]
        form = need.step(f"closed form: {quantity.replace('_', ' ')}", unit=asked.row["unit"])
        return asked.node(children=[form], note=OVER_SHARED)
    row = asked.build.row("scenario_aggregates", study=asked.study, scenario=asked.row["scenario"])
    same, column = row["boundary"] == "fleet", f"{DAY}_{asked.column}"
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
        pue=medians(of_a_fleet(asked)).values["pue"],
        onsite_l_per_kwh=_onsite_water(asked),
        offsite_l_per_kwh=_of_the_grid(asked, "water_l_per_kwh"),
    )
    note = "over draws of energy, PUE and on-site water; the closed form has PUE and on-site water at their medians"
    return asked.follows(water, key, exact=False, note=note)


def _of_the_grid(asked: Asked, column: str) -> Traced:
    return leaf(asked.resource("grid.csv", {"zone": asked.entries.fleet.grid_zone}, column))


def _onsite_water(asked: Asked) -> Traced:
    of = distribution(asked.entries.fleet.onsite_water_l_per_kwh)
    node = distributions.of_entry(asked, of, "on-site water, median", "fleet", "onsite_water_l_per_kwh")
    return leaf(node, median(of))
