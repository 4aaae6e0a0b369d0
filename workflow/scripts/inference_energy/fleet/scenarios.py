"""Energy of a fleet in a day per scenario, and what the fleet needs and emits."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.energy import gpu_second, interventions, uncertainty
from inference_energy.energy.power import node_power_kw
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.fleet import planning
from inference_energy.fleet.grid import grid_zone
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import distribution, draw
from inference_energy.statistics.draws import stream
from inference_energy.studies.study import WORKLOADS

_SATURATED = 1.0


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """One fleet with every draw of its shared uncertainty.

    Attributes:
        service: the resolved study.
        shared: draws, interventions applied.
        energies: Wh per GPU-second by member and boundary.
        by: what the interventions divide the parts of the GPU time by.
    """

    service: Service
    shared: Shared
    energies: dict
    by: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, service: Service, shared: Shared, by: Mapping[str, np.ndarray]) -> "Fleet":
        """The fleet with interventions applied."""
        return cls(
            service=service,
            shared=interventions.applied(shared, by),
            energies=interventions.per_gpu_second(service, shared, by),
            by=by,
        )

    def mean_wh(self, workload: str, boundary: str) -> np.ndarray:
        """Mean energy of a query at every draw, Wh."""
        subject = self.service.study.fleet.subject
        return self.service.mean_wh(self.shared, subject, workload, self.energies, self.by)[boundary]

    def gpus(self, queries_per_day: Mapping[str, float]) -> dict[tuple[str, str], np.ndarray]:
        """GPUs needed at every draw, by model and GPU."""
        found: dict[tuple[str, str], np.ndarray] = {}
        for member, weight in self.service.weights(self.service.study.fleet.subject, self.shared).items():
            model, gpu, _ = member
            error = self.service.seconds_factor(self.shared, member)
            found[model, gpu] = found.get((model, gpu), 0.0) + sum(
                planning.gpus_needed(
                    queries_per_day=queries * weight,
                    gpu_seconds_per_query=self.service.mean_seconds(self.shared, workload, member, self.by) * error,
                    attainment=self.shared.values["attainment"],
                    load=self.shared.values["load"],
                )
                for workload, queries in queries_per_day.items()
            )
        return found

    def peak_power_mw(
        self, nodes: Mapping[tuple[str, str], np.ndarray], per_node: Mapping[str, int], overhead_share: np.ndarray
    ) -> np.ndarray:
        """Power with every node saturated at every draw, MW.

        Args:
            nodes: at every draw, by model and GPU.
            per_node: GPUs of a node, by GPU.
            overhead_share: IT energy beyond these nodes as a share of theirs.
        """
        given, shared = self.service.given, self.shared
        peak = sum(
            planning.peak_power_mw(
                nodes=count,
                node_saturated_power_kw=node_power_kw(
                    w_per_gpu=gpu_second.powers_w(given, shared, model, gpu, _SATURATED)["node"],
                    gpus_per_node=per_node[gpu],
                ),
                pue=shared.values["pue"],
                overhead_share=overhead_share,
            )
            for (model, gpu), count in nodes.items()
        )
        return interventions.with_interventions(value=peak, **interventions.of_power(self.by))


def fleets(service: Service, table: pl.DataFrame, *, draws: int, seed: int) -> dict[bool, Fleet]:
    """The fleet without and with the study's interventions.

    Raises:
        InputError: an intervention that the table does not have, or one that benchmarks already contain.
    """
    spec = service.study.fleet
    place = f"config/studies/{service.name}.yaml: fleet.levers"
    chosen = interventions.chosen(spec.levers, table, place)
    for name, intervention in chosen.items():
        if intervention.in_benchmarks:
            raise InputError(
                f"{place}: found {name!r}; allowed: interventions that today's benchmarks do not contain already"
                " (resources/interventions.csv: in_benchmarks)"
            )
    service = of_the_fleet(service)
    multipliers = interventions.drawn(chosen, service.name, draws, seed)
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    # ASSUME: which intervention of a group saves most is decided on the fleet's traditional queries.
    alone = interventions.savings(service, shared, spec.subject, "traditional", chosen, multipliers)
    by = interventions.divisors(chosen, multipliers, service.study.interventions.overlap, alone)
    return {False: Fleet.of(service, shared, {}), True: Fleet.of(service, shared, by)}


def of_the_fleet(service: Service) -> Service:
    """The service of the fleet's class and workloads, at the boundaries of its study and the widest one."""
    boundary = service.study.boundary
    return service.narrowed(service.study.fleet.subject, WORKLOADS, [boundary.query, boundary.fleet, "fleet"])


def queries_of(long_share: float, queries_per_day: float) -> dict[str, float]:
    """Queries per day of each workload, of which a share is long."""
    given = {"queries_per_day": queries_per_day, "long_share": long_share}
    return {
        "traditional": planning.traditional_queries_per_day(**given),
        "long": planning.long_queries_per_day(**given),
    }


def energy_gwh_per_day(fleet: Fleet, queries_per_day: Mapping[str, float], boundary: str) -> dict[str, np.ndarray]:
    """Energy per day at every draw, GWh, by workload."""
    return {
        workload: planning.energy_gwh_per_day(queries_per_day=queries, energy_wh=fleet.mean_wh(workload, boundary))
        for workload, queries in queries_per_day.items()
    }


def scenario_aggregates(service: Service, of: dict[bool, Fleet]) -> pl.DataFrame:
    """Energy of the fleet per day, one row per scenario: P5, P50, P95 and mean over the shared uncertainty."""
    spec, boundary = service.study.fleet, service.study.boundary.fleet
    rows = []
    for name, scenario in spec.scenarios.items():
        fleet = of[scenario.interventions]
        parts = energy_gwh_per_day(fleet, queries_of(scenario.long_share, spec.queries_per_day), boundary)
        total = sum(parts.values())
        overhead = 1 + float(np.mean(gpu_second.overhead_share(service.given, fleet.shared)))
        rows.append(
            {
                "study": service.name,
                "scenario": name,
                "label": scenario.label,
                "boundary": boundary,
                "queries_per_day": float(spec.queries_per_day),
                "long_share": float(scenario.long_share),
                "interventions": scenario.interventions,
                "overhead_traditional": overhead if boundary == "fleet" else 1.0,
                "overhead_long": overhead if boundary == "fleet" else 1.0,
                **quantiles.columns("energy_gwh_per_day", quantiles.of_draws(total, quantiles.PERCENTILES)),
                "energy_gwh_per_day_mean_traditional": float(parts["traditional"].mean()),
                "energy_gwh_per_day_mean_long": float(parts["long"].mean()),
                "energy_gwh_per_day_mean_se": float(total.std() / np.sqrt(len(total))),
            }
        )
    return pl.DataFrame(rows)


def fleet_plan(
    service: Service, of: dict[bool, Fleet], *, hardware: pl.DataFrame, grid: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """What a planner asks about every scenario: GPUs, nodes, power, energy, and where the study says how CO2e, water.

    Returns:
        One row per scenario and quantity with its unit, P5, P50, P95, mean and what it rests on.

    Raises:
        InputError: a grid zone that the table does not have.
    """
    spec = service.study.fleet
    place = f"config/studies/{service.name}.yaml: fleet"
    zone = None if spec.grid_zone is None else grid_zone(spec.grid_zone, grid, place)
    per_node = dict(hardware.select("gpu", "gpus_per_node").iter_rows())
    rows = []
    for name, scenario in spec.scenarios.items():
        fleet = of[scenario.interventions]
        queries = queries_of(scenario.long_share, spec.queries_per_day)
        for quantity, (unit, values, basis) in _quantities(service, fleet, queries, per_node, zone, seed).items():
            place = {"study": service.name, "scenario": name, "label": scenario.label}
            found = {"quantity": quantity, "unit": unit} | quantiles.of_draws(values, quantiles.PERCENTILES)
            rows.append(place | found | {"basis": basis})
    return pl.DataFrame(rows)


def needs(fleet: Fleet, queries_per_day: Mapping[str, float], per_node: Mapping[str, int]) -> dict[str, np.ndarray]:
    """GPUs, nodes and peak power (MW) that a fleet needs at every draw; `per_node` has the GPUs of a node by GPU."""
    gpus = fleet.gpus(queries_per_day)
    nodes = {
        place: planning.nodes_needed(gpus=count, gpus_per_node=per_node[place[1]]) for place, count in gpus.items()
    }
    overhead = gpu_second.overhead_share(fleet.service.given, fleet.shared)
    peak = fleet.peak_power_mw(nodes, per_node, overhead)
    return {"gpus": sum(gpus.values()), "nodes": sum(nodes.values()), "peak_power": peak}


def _quantities(
    service: Service, fleet: Fleet, queries: dict[str, float], per_node: dict[str, int], zone: dict | None, seed: int
) -> dict[str, tuple[str, np.ndarray, str]]:
    spec, pue = service.study.fleet, fleet.shared.values["pue"]
    need, energy = needs(fleet, queries, per_node), sum(energy_gwh_per_day(fleet, queries, "fleet").values())
    found = {
        "gpus": ("GPUs", need["gpus"], "busy at the study's load and attainment"),
        "nodes": ("nodes", need["nodes"], "of the class's GPUs"),
        "average_power": ("MW", planning.average_power_mw(energy_gwh_per_day=energy), "at the fleet boundary"),
        "peak_power": ("MW", need["peak_power"], "all nodes saturated at once, PUE and overheads included"),
        "energy_per_year": ("TWh/year", planning.energy_twh_per_year(energy_gwh_per_day=energy), "365 such days"),
    }
    if zone is not None:
        carbon = zone["carbon_gco2e_per_kwh"]
        emitted = planning.emissions_t_per_day(energy_gwh_per_day=energy, carbon_gco2e_per_kwh=carbon)
        found["emissions"] = (
            "t CO2e/day",
            emitted,
            f"location-based, {zone['label']}: {carbon:g} g CO2e/kWh, {zone['carbon_basis']}",
        )
    if zone is not None and spec.onsite_water_l_per_kwh is not None and zone["water_l_per_kwh"] is not None:
        onsite = draw(
            distribution(spec.onsite_water_l_per_kwh), stream(seed, service.name, "fleet", "onsite water"), len(pue)
        )
        water = planning.water_m3_per_day(
            energy_gwh_per_day=energy, pue=pue, onsite_l_per_kwh=onsite, offsite_l_per_kwh=zone["water_l_per_kwh"]
        )
        offsite = f"{zone['label']} off site {zone['water_l_per_kwh']:g} L/kWh"
        basis = f"on site {np.median(onsite):.2g} L/kWh (median), {offsite}"
        found["water"] = ("m3/day", water, basis)
    return found
