"""Energy, busy nodes, emissions and water per unit of each sum over requests, at every draw of the shared uncertainty.

The energy of any group of requests is linear in its sums, with coefficients that are the same for all requests of a
model and region: their uncertainty (load, attainment, power, PUE, overheads, error of the fit, mix of a class) does
not average out over requests.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy import uncertainty
from inference_energy.energy.service import Member, Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.fleet.planning import emissions_kg_per_kwh, water_m3_per_kwh
from inference_energy.statement.regions import Region
from inference_energy.statistics.distributions import Distribution, draw
from inference_energy.statistics.draws import stream
from inference_energy.throughput.gpu_time import QueryParts, gpu_seconds

# Sums that GPU time is linear in, in the order of a matrix's columns. Prompts whose cached part is not known are kept
# separate: the study's share of them is taken to be in the cache.
UNKNOWN_CACHE = "prompt_tokens_of_unknown_cache"
_NOTHING = QueryParts(prefill=0.0, decode=0.0, context=0.0, growth=0.0)
# Parts of the GPU time that one unit of each takes.
UNITS = {
    "uncached_tokens": replace(_NOTHING, prefill=1.0),
    UNKNOWN_CACHE: replace(_NOTHING, prefill=1.0),
    "output_tokens": replace(_NOTHING, decode=1.0),
    "input_output_tokens2": replace(_NOTHING, context=1.0),
    "output_tokens2": replace(_NOTHING, growth=1.0),
}
FEATURES = tuple(UNITS)
WORKLOAD = "traditional"  # its cached share is taken where logs state none
# Quantities proportional to energy, and their units.
QUANTITIES = {
    "energy_kwh": "kWh",
    "emissions_location_kgco2e": "kg CO2e",
    "emissions_market_kgco2e": "kg CO2e",
    "water_m3": "m3",
}


@formula(unit="s", source="conservation of work")
def node_seconds_per_gpu_second(*, factor: np.ndarray, attainment: np.ndarray, gpus_per_node: float) -> np.ndarray:
    """Seconds of a busy node that a GPU-second of the curve takes.

    Args:
        factor: on the GPU time of the curve: its error, and the cost of a latency target.
        attainment: throughput of a busy node over its offline maximum.
        gpus_per_node: GPUs of a node.
    """
    return factor / (attainment * gpus_per_node)


@dataclass(frozen=True, kw_only=True)
class UnitEnergy:
    """Coefficients that turn the sums of a usage into energy.

    Attributes:
        service: the study, resolved for the subjects in use.
        shared: draws of the shared uncertainty.
        boundary: what is metered.
        regions: factors by region.
        onsite_water_l_per_kwh: of cooling, per kWh of IT energy, one per draw; none where the study states none.
        gpus_per_node: by GPU.
    """

    service: Service
    shared: Shared
    boundary: str
    regions: Mapping[str | None, Region]
    onsite_water_l_per_kwh: np.ndarray | None
    gpus_per_node: Mapping[str, int]
    _known: dict = field(default_factory=dict, repr=False, compare=False)

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.shared.values["load"])

    def _at(self, region: str | None) -> Shared:
        pue = self.regions[region].pue
        return self.shared if pue is None else self.shared.replaced("pue", np.full(self.draws, pue))

    def wh(self, subject: str, region: str | None) -> np.ndarray:
        """Energy per unit of every feature, Wh, shape (features, draws).

        Sum over members of weight x GPU-seconds per unit x Wh per GPU-second, as `Service.mean_wh`.
        """
        # Regions with one PUE have one set of coefficients.
        pue = self.regions[region].pue
        if ("energy", pue) not in self._known:
            self._known["energy", pue] = self.service.per_gpu_second(self._at(region))
        energies = self._known["energy", pue]
        return self._once(("wh", subject, pue), subject, lambda member: energies[member][self.boundary])

    def node_seconds(self, subject: str) -> np.ndarray:
        """Seconds of a busy node per unit of every feature, shape (features, draws): GPU-seconds over attainment."""

        def per_gpu_second(member: Member) -> np.ndarray:
            error = self.service.seconds_factor(self.shared, member)
            return node_seconds_per_gpu_second(
                factor=error, attainment=self.shared.values["attainment"], gpus_per_node=self.gpus_per_node[member[1]]
            )

        return self._once(("nodes", subject), subject, per_gpu_second)

    def _once(self, key: Hashable, subject: str, per_gpu_second: Callable[[Member], np.ndarray]) -> np.ndarray:
        if key not in self._known:
            cached = uncertainty.cached_share(self.shared, WORKLOAD)
            total = np.zeros((len(FEATURES), self.draws))
            for member, weight in self.service.weights(subject, self.shared).items():
                of = self.service.curves[member][0].coefficients()
                factor = weight * per_gpu_second(member)
                for row, (name, parts) in enumerate(UNITS.items()):
                    total[row] += gpu_seconds(of, parts, cached if name == UNKNOWN_CACHE else 0.0) * factor
            self._known[key] = total
        return self._known[key]

    def per_kwh(self, region: str | None) -> dict[str, Quantity | None]:
        """Emissions or water per kWh within the boundary, kg CO2e and m3; none where not known."""
        of = self.regions[region]
        found = {
            "energy_kwh": 1.0,
            "emissions_location_kgco2e": emissions_kg_per_kwh(carbon_gco2e_per_kwh=of.location_gco2e_per_kwh),
            "emissions_market_kgco2e": emissions_kg_per_kwh(carbon_gco2e_per_kwh=of.market_gco2e_per_kwh),
            "water_m3": None,
        }
        if self.onsite_water_l_per_kwh is not None and of.offsite_water_l_per_kwh is not None:
            # Within a boundary that leaves cooling out, the energy is that of the IT.
            facility = self.boundary in ("datacenter", "fleet")
            found["water_m3"] = water_m3_per_kwh(
                pue=self._at(region).values["pue"] if facility else 1.0,
                onsite_l_per_kwh=self.onsite_water_l_per_kwh,
                offsite_l_per_kwh=of.offsite_water_l_per_kwh,
            )
        return found


def onsite_water(distribution: Distribution | None, study: str, draws: int, seed: int) -> np.ndarray | None:
    """Draws of the water that cooling takes, from the stream that a study's fleet uses; none where it states none."""
    return None if distribution is None else draw(distribution, stream(seed, study, "fleet", "onsite water"), draws)
