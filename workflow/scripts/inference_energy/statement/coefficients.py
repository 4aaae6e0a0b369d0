"""Energy, busy nodes, emissions and water per unit of each sum over requests, at every draw of the shared uncertainty.

The energy of any group of requests is linear in its sums, with coefficients that are the same for all requests of a
model and region. They belong to the operating point at which the model serves all its requests of the usage, so that
their uncertainty does not average out over requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.formulas import Quantity
from inference_energy.energy import uncertainty
from inference_energy.energy.operated import QueryMeans, context_tokens2
from inference_energy.energy.per_query import operation
from inference_energy.energy.service import Service
from inference_energy.fleet.planning import emissions_kg_per_kwh, nodes_needed, water_m3_per_kwh
from inference_energy.statement.embodied import Making, embodied_kg
from inference_energy.statement.regions import Region
from inference_energy.statistics.draws import in_place, resampled

# Sums that GPU time is linear in, in the order of a matrix's columns. Prompts whose cached part is not known are kept
# separate: the study's share of them is taken to be in the cache.
FEATURES = (
    "uncached_tokens",
    "prompt_tokens_of_unknown_cache",
    "output_tokens",
    "input_output_tokens2",
    "output_tokens2",
)
WORKLOAD = "traditional"  # its cached share is taken where logs state none
REQUESTS = "requests of the usage"  # workload of a service: what a subject serves
FACILITY = ("datacenter", "fleet")  # boundaries that the PUE is part of
# Quantities that are linear in the sums, and their units.
QUANTITIES = {
    "energy_kwh": "kWh",
    "emissions_location_kgco2e": "kg CO2e",
    "emissions_market_kgco2e": "kg CO2e",
    "embodied_kgco2e": "kg CO2e",
    "water_m3": "m3",
    "water_onsite_m3": "m3",
    "water_offsite_m3": "m3",
}
# Those that follow the carbon intensity of the hour where a region has it.
BY_HOUR = {"emissions_location_kgco2e": "location_gco2e_per_kwh", "emissions_market_kgco2e": "market_gco2e_per_kwh"}


def features() -> list[pl.Expr]:
    """The sums that GPU time is linear in, over the rows of a group: added up exactly, then as numbers."""
    prompt, cached = pl.col("input_tokens"), pl.col("cached_tokens")
    sums = (prompt - cached, prompt.filter(cached.is_null()), *map(pl.col, FEATURES[2:]))
    return [each.sum().cast(pl.Float64).alias(name) for name, each in zip(FEATURES, sums, strict=True)]


def query_parts(sums: np.ndarray, cached_share: Quantity) -> tuple[Quantity, Quantity, Quantity]:
    """Uncached tokens, answer tokens and the contexts of these in tokens^2, which GPU time depends on.

    `sums` has a number for each of `FEATURES`; the share is of prompts whose cached part is not known.
    """
    uncached, unknown, output, products, squares = sums
    return uncached + (1 - cached_share) * unknown, output, products + squares / 2


def query_means(of: Mapping[str, float], cached_share: np.ndarray) -> QueryMeans:
    """Means over requests from their sums: `requests`, `input_tokens` and `FEATURES`."""
    requests = max(of["requests"], 1.0)
    prompt = max(of["input_tokens"] / requests, 1.0)
    uncached, output, context = query_parts(np.array([of[name] for name in FEATURES]) / requests, cached_share[:, None])
    # ASSUME: requests without an answer, such as embeddings, run as those with an answer of one token.
    answer = max(output, 1.0)
    return QueryMeans(
        input_tokens=prompt,
        uncached_tokens=uncached,
        output_tokens=answer,
        context_tokens2=context if output >= 1 else context_tokens2(input_tokens=prompt, output_tokens=answer),
    )


def serving(services: Mapping[str, Service], rows: pl.DataFrame, *, study: str, place: str) -> dict[str, Service]:
    """Every subject where it serves its requests of a usage, which are the workload `REQUESTS` of its service.

    `rows` are `labelled` sums.

    Raises:
        InputError: requests that nothing of the study serves at its operating point.
    """
    found = {}
    totals = rows.group_by("subject").agg(
        *(pl.col(name).sum().cast(pl.Float64) for name in ("requests", "input_tokens")), *features()
    )
    for row in totals.sort("subject").iter_rows(named=True):
        subject = row["subject"]
        service = services[subject]
        means = query_means(row, uncertainty.cached_share(service.shared, WORKLOAD))
        found[subject] = service.with_queries(REQUESTS, means)
        if not found[subject].serving(subject, REQUESTS)[1].any():
            raise InputError(
                f"{place}: study: nothing of {study!r} serves {subject!r} at its operating point, prompts of"
                f" {means.input_tokens:,.0f} and answers of {means.output_tokens:,.0f} tokens; allowed: a"
                " study with a lower serving.speed_tok_per_s, larger serving.replica_gpus or other hardware"
            )
    return found


def served_table(of: Mapping[str, Service]) -> pl.DataFrame:
    """Where every subject serves its requests: mean lengths, batch and GPUs of a replica, what reaches the speed."""
    rows = []
    for subject, service in of.items():
        means = service.at(REQUESTS).queries
        lengths = {"input_tokens_mean": means.input_tokens, "output_tokens_mean": means.output_tokens}
        rows.append({"subject": subject} | lengths | operation(service, subject, REQUESTS))
    return pl.DataFrame(rows)


@dataclass(frozen=True, kw_only=True)
class UnitEnergy:
    """Coefficients that turn the sums of a usage into energy; all draws count equally."""

    boundary: str  # what is metered
    # by subject, energy per unit of every feature, Wh, shape (features, draws); with a PUE of 1
    energy_wh: Mapping[str, np.ndarray]
    # by subject, seconds of a busy node per unit of every feature, shape (features, draws)
    node_seconds: Mapping[str, np.ndarray]
    # by subject, share of the making of servers per unit of every feature, kg CO2e, shape (features, draws); none where
    # no footprint is known of a GPU that serves it
    embodied_kg: Mapping[str, np.ndarray | None]
    # by subject and GPU, the part of `energy_wh` that the GPU takes, and its share of the requests, one per draw
    of_gpu: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]]
    pue: np.ndarray  # the study's, one per draw
    # of cooling, per kWh of IT energy, one per draw; none where the study states none
    onsite_water_l_per_kwh: np.ndarray | None
    regions: Mapping[str | None, Region]  # factors by region
    hourly: pl.DataFrame | None = None  # of `carbon.located`, for the regions that have a carbon intensity over time

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.pue)

    def pue_of(self, region: str | None) -> Quantity:
        """PUE of a region; 1 within a boundary that leaves the building out, where the energy is that of the IT."""
        if self.boundary not in FACILITY:
            return 1.0
        own = self.regions[region].pue
        return self.pue if own is None else own

    def wh(self, subject: str, region: str | None) -> np.ndarray:
        """Energy per unit of every feature with the PUE of a region, Wh, shape (features, draws)."""
        return self.energy_wh[subject] * self.pue_of(region)

    def follows_hours(self, quantity: str, region: str | None) -> bool:
        """Whether a quantity of a region is computed with the carbon intensity of every step."""
        of = self.regions[region]
        if quantity not in BY_HOUR or of.hours is None or self.hourly is None:
            return False
        return quantity == "emissions_location_kgco2e" or of.market_source is None

    def per_kwh(self, region: str | None) -> dict[str, Quantity | None]:
        """Emissions or water per kWh within the boundary, kg CO2e and m3; none where not known.

        Emissions are those at the average of the grid; `follows_hours` says where they are not.
        """
        of = self.regions[region]
        found = {
            "energy_kwh": 1.0,
            "emissions_location_kgco2e": emissions_kg_per_kwh(carbon_gco2e_per_kwh=of.location_gco2e_per_kwh),
            "emissions_market_kgco2e": emissions_kg_per_kwh(carbon_gco2e_per_kwh=of.market_gco2e_per_kwh),
        }
        onsite, offsite = self.onsite_water_l_per_kwh, of.offsite_water_l_per_kwh
        water = {"onsite_l_per_kwh": onsite, "offsite_l_per_kwh": offsite}
        parts = {
            "water_m3": water,
            "water_onsite_m3": water | {"offsite_l_per_kwh": 0.0},
            "water_offsite_m3": water | {"onsite_l_per_kwh": 0.0},
        }
        for name, given in parts.items():
            known = all(value is not None for value in given.values())
            found[name] = water_m3_per_kwh(pue=self.pue_of(region), **given) if known else None
        return found


def unit_energy(
    of: Mapping[str, Service],
    *,
    boundary: str,
    regions: Mapping[str | None, Region],
    onsite_water_l_per_kwh: np.ndarray | None,
    gpus_per_node: Mapping[str, int],
    making: Making,
    hourly: pl.DataFrame | None = None,
) -> UnitEnergy:
    """The coefficients of a usage, from the subjects of `serving`."""
    energy_wh, node_seconds, embodied, of_gpu = {}, {}, {}, {}
    for subject, service in of.items():
        shares, weights = service.serving(subject, REQUESTS)
        # ASSUME: what models share is the same for all of them, but where the speed of a draw is improbable for a
        # model: there another draw stands in for it, so that the energy of a model does not depend on the others.
        places = in_place(resampled(weights))
        at, shared = service.at(REQUESTS), service.shared
        cached = uncertainty.cached_share(shared, WORKLOAD)[:, None]
        gpus = [gpu for _, gpu, _ in service.members.names]
        in_node = np.array([gpus_per_node[gpu] for gpu in gpus])
        seconds = [at.seconds(*query_parts(unit, cached)) * shares for unit in np.eye(len(FEATURES))]
        wh = at.wh_per_gpu_second[boundary] / (shared.values["pue"][:, None] if boundary in FACILITY else 1.0)
        energy = [each * wh for each in seconds]
        energy_wh[subject] = np.stack([each.sum(axis=1)[places] for each in energy])
        of_gpu[subject] = {
            gpu: (
                np.stack([each[:, members].sum(axis=1)[places] for each in energy]),
                shares[:, members].sum(axis=1)[places],
            )
            for gpu, members in _members_by_gpu(gpus).items()
            if shares[:, members].any()
        }
        nodes = [nodes_needed(gpus=each, gpus_per_node=in_node) for each in seconds]
        node_seconds[subject] = np.stack([each.sum(axis=1)[places] for each in nodes])
        embodied[subject] = _embodied(making, gpus, in_node, nodes, at.day.capacity[:, None], places)
    return UnitEnergy(
        boundary=boundary,
        energy_wh=energy_wh,
        node_seconds=node_seconds,
        embodied_kg=embodied,
        of_gpu=of_gpu,
        pue=shared.values["pue"],
        onsite_water_l_per_kwh=onsite_water_l_per_kwh,
        regions=regions,
        hourly=hourly,
    )


def _embodied(
    making: Making,
    gpus: list[str],
    in_node: np.ndarray,
    nodes: list[np.ndarray],
    capacity: np.ndarray,
    places: np.ndarray,
) -> np.ndarray | None:
    """Making of servers per unit of every feature, from busy node-seconds of shape (draws, members)."""
    serving = [member for member in range(len(gpus)) if any(each[:, member].any() for each in nodes)]
    used = [gpus[member] for member in serving]
    if not making.known(used):
        return None
    given = {
        "kg_per_node": making.kg_per_node(used, in_node[serving]),
        "lifetime_years": making.lifetime_years(used),
        "utilisation": making.utilisation or capacity,
    }
    kg = [embodied_kg(busy_node_seconds=each[:, serving], **given) for each in nodes]
    return np.stack([each.sum(axis=1)[places] for each in kg])


def _members_by_gpu(gpus: list[str]) -> dict[str, list[int]]:
    return {gpu: [place for place, each in enumerate(gpus) if each == gpu] for gpu in dict.fromkeys(gpus)}
