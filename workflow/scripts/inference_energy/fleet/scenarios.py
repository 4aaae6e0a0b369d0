"""Energy of a fleet in a day per scenario, hour by hour, and what the fleet needs and emits."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.energy import interventions
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import overhead_share
from inference_energy.fleet import planning
from inference_energy.fleet.grid import grid_zone
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import distribution, draw
from inference_energy.statistics.draws import by_replicate, in_place, replicate_of, resampled, standard_error, stream
from inference_energy.studies.study import WORKLOADS


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """A fleet that serves queries of some workloads, every draw of its shared uncertainty."""

    service: Service  # the resolved study, interventions applied
    queries_per_day: Mapping[str, float]  # by workload; only those that there are

    @classmethod
    def of(cls, service: Service, long_share: float) -> "Fleet":
        """The fleet of a study in which a share of the queries is long."""
        queries = queries_of(long_share, service.study.fleet.queries_per_day)
        return cls(service=service, queries_per_day={name: count for name, count in queries.items() if count > 0})

    @property
    def subject(self) -> str:
        """Class of models that serves it."""
        return self.service.study.fleet.subject

    @cached_property
    def draws(self) -> dict[str, np.ndarray]:
        """By workload its draws, as places: each as often as it counts, so that all of them count equally.

        Draws of several workloads are added place by place, and most are the same draw of all of them. So a fleet takes
        what its workloads take alone. Those that are repeated or left out are spread over the energies: in any other
        order they add a third to the standard deviation of the mean.
        """
        found = {}
        for name in self.queries_per_day:
            energies, weights = self.service.mean_wh(self.subject, name)
            order = np.argsort(energies[self.service.study.boundary.fleet], kind="stable")
            found[name] = in_place(order[resampled(weights[order])]) if weights.any() else np.empty(0, int)
        return found

    @property
    def served(self) -> bool:
        """Whether its models reach the operating point with all of its queries."""
        return all(len(self.draws[name]) for name in self.queries_per_day)

    def energy_gwh_per_day(self, boundary: str) -> dict[str, np.ndarray]:
        """Energy per day at every draw, GWh, by workload."""
        return {
            name: planning.energy_gwh_per_day(
                queries_per_day=queries,
                energy_wh=self.service.mean_wh(self.subject, name)[0][boundary][self.draws[name]],
            )
            for name, queries in self.queries_per_day.items()
        }

    def mean_se_gwh_per_day(self, boundary: str) -> float:
        """Standard error of the mean of all workloads, GWh, from the replicates of the draws before any is repeated."""
        off = 0.0
        for name, queries in self.queries_per_day.items():
            energies, weights = self.service.mean_wh(self.subject, name)
            off_wh = by_replicate(energies[boundary], weights, replicate_of(len(weights)))
            off = off + planning.energy_gwh_per_day(queries_per_day=queries, energy_wh=off_wh)
        return standard_error(off)

    def total_gwh_per_day(self, boundary: str) -> np.ndarray:
        """Energy per day at every draw, GWh, of all workloads."""
        return sum(self.energy_gwh_per_day(boundary).values())

    def pue(self, workload: str) -> np.ndarray:
        """PUE at every draw of a workload."""
        return self.service.shared.values["pue"][self.draws[workload]]

    def gpus(self) -> dict[str, np.ndarray]:
        """GPUs that are installed at every draw, by GPU."""
        found: dict[str, np.ndarray] = {}
        for workload in self.queries_per_day:
            for (_, gpu, _), count in zip(self.service.members.names, self._installed(workload).T, strict=True):
                found[gpu] = found.get(gpu, 0.0) + count[self.draws[workload]]
        return found

    def _installed(self, workload: str) -> np.ndarray:
        """GPUs by draw and member, before draws are chosen."""
        shares, _ = self.service.serving(self.subject, workload)
        at = self.service.at(workload)
        return planning.gpus_needed(
            queries_per_day=self.queries_per_day[workload] * shares,
            gpu_seconds_per_query=at.mean_seconds(),
            capacity=at.day.capacity[:, None],
        )

    @cached_property
    def hours_mw(self) -> np.ndarray:
        """Power at the fleet boundary in every hour, MW, shape (hours, draws)."""
        total = 0.0
        for workload, chosen in self.draws.items():
            powers = (self.service.at(workload).hours_w * self._installed(workload)).sum(axis=2)
            total = total + planning.power_mw(power_w=powers[:, chosen])
        return total

    def hours_on(self) -> np.ndarray:
        """GPUs that are on in every hour, shape (hours, draws)."""
        return sum(
            (self.service.at(workload).day.kept * self._installed(workload).sum(axis=1))[:, chosen]
            for workload, chosen in self.draws.items()
        )


def queries_of(long_share: float, queries_per_day: float) -> dict[str, float]:
    """Queries per day of each workload, of which a share is long."""
    given = {"queries_per_day": queries_per_day, "long_share": long_share}
    return {
        "traditional": planning.traditional_queries_per_day(**given),
        "long": planning.long_queries_per_day(**given),
    }


def fleets(service: Service) -> dict[str, Fleet]:
    """The fleet of every scenario of a study.

    Raises:
        InputError: an intervention that the study does not have, or a scenario that nothing serves.
    """
    spec = service.study.fleet
    service = service.narrowed(spec.subject)
    levers = interventions.chosen(service, spec.levers, f"config/studies/{service.name}.yaml: fleet.levers")
    after = interventions.applied(service, levers.values()) if levers else service
    found = {
        name: Fleet.of(after if scenario.interventions else service, scenario.long_share)
        for name, scenario in spec.scenarios.items()
    }
    for name, fleet in found.items():
        if not fleet.served:
            raise InputError(
                f"config/studies/{service.name}.yaml: fleet.scenarios.{name}: found queries that no model of"
                f" {spec.subject} serves at the operating point; allowed: one that some reach"
            )
    return found


def scenario_aggregates(service: Service, of: Mapping[str, Fleet]) -> pl.DataFrame:
    """Energy of the fleet per day, one row per scenario: P5, P50, P95 and mean over the shared uncertainty."""
    spec, boundary = service.study.fleet, service.study.boundary.fleet
    rows = []
    for name, scenario in spec.scenarios.items():
        fleet = of[name]
        parts = fleet.energy_gwh_per_day(boundary)
        total = sum(parts.values())
        found = fleet.service
        overhead = 1 + float(np.mean(overhead_share(found.given, found.shared))) if boundary == "fleet" else 1.0
        rows.append(
            {
                "study": service.name,
                "scenario": name,
                "label": scenario.label,
                "boundary": boundary,
                "queries_per_day": float(spec.queries_per_day),
                "long_share": float(scenario.long_share),
                "interventions": scenario.interventions,
                "overhead_traditional": overhead,
                "overhead_long": overhead,
                **quantiles.columns("energy_gwh_per_day", quantiles.of_draws(total, quantiles.PERCENTILES)),
                **{f"energy_gwh_per_day_mean_{name}": float(np.mean(parts.get(name, 0.0))) for name in WORKLOADS},
                "energy_gwh_per_day_mean_se": fleet.mean_se_gwh_per_day(boundary),
            }
        )
    return pl.DataFrame(rows)


def fleet_hours(service: Service, of: Mapping[str, Fleet]) -> pl.DataFrame:
    """Every hour of a scenario's day: power, and GPUs that are on, P5, P50, P95 and mean."""
    rows = []
    for name, fleet in of.items():
        power, on = fleet.hours_mw, fleet.hours_on()
        for hour, rate in enumerate(service.rates):
            place = {"study": service.name, "scenario": name, "hour": hour, "relative_rate": float(rate)}
            rows.append(
                place
                | quantiles.columns("power_mw", quantiles.of_draws(power[hour], quantiles.PERCENTILES))
                | quantiles.columns("gpus_on", quantiles.of_draws(on[hour], quantiles.PERCENTILES))
            )
    return pl.DataFrame(rows)


def fleet_plan(
    service: Service, of: Mapping[str, Fleet], *, hardware: pl.DataFrame, grid: pl.DataFrame
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
    for name, fleet in of.items():
        place = {"study": service.name, "scenario": name, "label": spec.scenarios[name].label}
        for quantity, (unit, values, basis) in _quantities(fleet, per_node, zone).items():
            found = {"quantity": quantity, "unit": unit} | quantiles.of_draws(values, quantiles.PERCENTILES)
            rows.append(place | found | {"basis": basis})
    return pl.DataFrame(rows)


def _quantities(fleet: Fleet, per_node: Mapping[str, int], zone: dict | None) -> dict:
    service = fleet.service
    spec, gpus = service.study.fleet, fleet.gpus()
    nodes = sum(planning.nodes_needed(gpus=count, gpus_per_node=per_node[gpu]) for gpu, count in gpus.items())
    parts = fleet.energy_gwh_per_day("fleet")
    energy = sum(parts.values())
    found = {
        "gpus": ("GPUs", sum(gpus.values()), "of the nodes that are installed"),
        "nodes": ("nodes", nodes, "installed for the busiest hour, headroom included"),
        "gpus_on": ("GPUs", fleet.hours_on().mean(axis=0), "on, mean over the day"),
        "average_power": ("MW", planning.average_power_mw(energy_gwh_per_day=energy), "at the fleet boundary"),
        "peak_power": ("MW", fleet.hours_mw.max(axis=0), "in the busiest hour, PUE and overheads included"),
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
            distribution(spec.onsite_water_l_per_kwh),
            stream(service.seed, "fleet", "onsite water"),
            service.shared.draws,
        )
        water = sum(
            planning.water_m3_per_day(
                energy_gwh_per_day=part,
                pue=fleet.pue(workload),
                onsite_l_per_kwh=onsite,
                offsite_l_per_kwh=zone["water_l_per_kwh"],
            )
            for workload, part in parts.items()
        )
        offsite = f"{zone['label']} off site {zone['water_l_per_kwh']:g} L/kWh"
        found["water"] = ("m3/day", water, f"on site {np.median(onsite):.2g} L/kWh (median), {offsite}")
    return found
