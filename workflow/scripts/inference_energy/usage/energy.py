"""Energy, emissions, water and power of a usage from its exact sums, everything that requests share drawn once for all.

The energy of any group of requests is linear in its sums, with coefficients that are the same for all requests of a
model and region: what is not known of them (load, attainment, power, PUE, overheads, what a fit misses, the mix of a
class) does not average out, however many requests there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from inference_energy import fleet_factors, quantiles
from inference_energy.fleet_factors import Shared
from inference_energy.laws import Law, draw
from inference_energy.nested import Service
from inference_energy.random_streams import stream
from inference_energy.usage.factors import Region

# Sums that GPU time is linear in, in the order of a matrix's columns. Prompts whose cached part is not known stand
# apart: of them the study's share is taken to be in the cache.
FEATURES = (
    "uncached_tokens",
    "prompt_tokens_of_unknown_cache",
    "output_tokens",
    "input_output_tokens2",
    "output_tokens2",
)
WORKLOAD = "traditional"  # its cached share is taken where logs say none
CHUNK_ROWS = 1000  # of energies at every draw: 80 MB of 10,000 draws
WH_PER_KWH, G_PER_KG, L_PER_M3, W_PER_MW = 1e3, 1e3, 1e3, 1e6
SECONDS_PER_HOUR = 3600
# Quantities of a statement's rows, and their units.
QUANTITIES = {
    "energy_kwh": "kWh",
    "emissions_location_kgco2e": "kg CO2e",
    "emissions_market_kgco2e": "kg CO2e",
    "water_m3": "m3",
}
COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")


def features() -> list[pl.Expr]:
    """The sums of a row that GPU time is linear in."""
    unknown = pl.col("cached_tokens").is_null()
    prompt = pl.col("input_tokens").cast(pl.Float64)
    return [
        pl.when(unknown).then(0.0).otherwise(prompt - pl.col("cached_tokens").cast(pl.Float64)).alias(FEATURES[0]),
        pl.when(unknown).then(prompt).otherwise(0.0).alias(FEATURES[1]),
        *(pl.col(name).cast(pl.Float64) for name in FEATURES[2:]),
    ]


@dataclass(frozen=True, kw_only=True)
class Metered:
    """A usage and everything that turns its sums into energy.

    Attributes:
        service: the study, resolved for the subjects in use.
        shared: draws of what requests share.
        boundary: what is metered.
        regions: factors by region.
        onsite_water_l_per_kwh: of cooling, per kWh of IT energy, one per draw; none where the study says none.
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

        def per_gpu_second(member: tuple[str, str, str]) -> np.ndarray:
            model, gpu, _ = member
            error = fleet_factors.fit_factor(self.shared, model, self.service.curves[member][1])
            error = error * fleet_factors.latency_factor(self.shared, gpu)
            return error / (self.shared.values["attainment"] * self.gpus_per_node[gpu])

        return self._once(("nodes", subject), subject, per_gpu_second)

    def _once(self, key: tuple, subject: str, per_gpu_second) -> np.ndarray:
        if key not in self._known:
            missed = 1 - fleet_factors.cached_share(self.shared, WORKLOAD)
            total = np.zeros((len(FEATURES), self.draws))
            for member, weight in self.service.weights(subject, self.shared).items():
                of = self.service.curves[member][0].coefficients()
                factor = weight * per_gpu_second(member)
                total[0] += of["prefill"] * factor
                total[1] += of["prefill"] * missed * factor
                for row, part in enumerate(("decode", "context", "growth"), 2):
                    total[row] += of[part] * factor
            self._known[key] = total
        return self._known[key]

    def per_kwh(self, region: str | None) -> dict[str, np.ndarray | float | None]:
        """What goes with one kWh within the boundary: kg CO2e and m3; none where it is not known."""
        of = self.regions[region]
        found = {
            "energy_kwh": 1.0,
            "emissions_location_kgco2e": of.location_gco2e_per_kwh / G_PER_KG,
            "emissions_market_kgco2e": of.market_gco2e_per_kwh / G_PER_KG,
            "water_m3": None,
        }
        if self.onsite_water_l_per_kwh is not None and of.offsite_water_l_per_kwh is not None:
            # Within a boundary that leaves cooling out, the energy is that of the IT.
            facility = self.boundary in ("datacenter", "fleet")
            pue = self._at(region).values["pue"] if facility else 1.0
            found["water_m3"] = (self.onsite_water_l_per_kwh / pue + of.offsite_water_l_per_kwh) / L_PER_M3
        return found


def onsite_water(law: Law | None, study: str, draws: int, seed: int) -> np.ndarray | None:
    """Draws of the water that cooling takes, from the stream that a study's fleet uses; none where it says none."""
    return None if law is None else draw(law, stream(seed, study, "fleet", "onsite water"), draws)


def _groups(
    rows: pl.DataFrame, keys: list[str]
) -> tuple[pl.DataFrame, list[tuple[str, str | None, np.ndarray, np.ndarray]]]:
    """Keys in order with counts; and per subject and region the positions of keys and their features."""
    exact = [pl.col(name).sum() for name in FEATURES]
    known = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).cast(pl.Float64).alias(name)
        for name in COUNTS
    ]
    heads = rows.group_by(keys).agg(known).sort(keys, nulls_last=False) if keys else rows.select(known)
    heads = heads.with_row_index("row")
    by_pair = rows.select(*keys, "subject", "region_name", *features())
    places = [*keys, "subject", "region_name"]
    parts = []
    summed = by_pair.group_by(places, maintain_order=True).agg(exact)
    summed = (
        summed.join(heads.select("row", *keys), on=keys, nulls_equal=True)
        if keys
        else summed.with_columns(row=pl.lit(0))
    )
    for (subject, region), part in summed.sort("row").group_by("subject", "region_name", maintain_order=True):
        parts.append((subject, region, part["row"].to_numpy(), part.select(FEATURES).to_numpy()))
    return heads.drop("row"), parts


def broken_down(of: Metered, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Every quantity for every value of some keys: P5, P50, P95 and mean over what requests share.

    Args:
        of: the usage.
        rows: table of `labelled` sums.
        keys: columns to break down by; none for the total.

    Returns:
        Keys, `COUNTS`, and of every one of `QUANTITIES` four columns; a quantity that is not known is null.
    """
    heads, parts = _groups(rows, keys)
    per_kwh = {region: of.per_kwh(region) for _, region, _, _ in parts}
    found: dict[str, list] = {name: [] for name in QUANTITIES}
    for start in range(0, len(heads), CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, len(heads))
        totals = {name: np.zeros((stop - start, of.draws)) for name in QUANTITIES}
        unknown = {name: np.zeros(stop - start, bool) for name in QUANTITIES}
        for subject, region, places, values in parts:
            here = slice(*np.searchsorted(places, [start, stop]))
            if here.start == here.stop:
                continue
            energy = values[here] @ of.wh(subject, region) / WH_PER_KWH
            for name, factor in per_kwh[region].items():
                if factor is None:
                    unknown[name][places[here] - start] = True
                else:
                    totals[name][places[here] - start] += energy * factor
        for name, values in totals.items():
            found[name].append(np.where(unknown[name][:, None], np.nan, summaries(values)))
    return heads.with_columns(
        pl.Series(f"{name}_{q}", np.concatenate(values)[:, column]).fill_nan(None)
        for name, values in found.items()
        for column, q in enumerate((*quantiles.INTERVAL, "mean"))
    )


def summaries(values: np.ndarray) -> np.ndarray:
    """P5, P50, P95 and mean of every row of draws, shape (rows, 4)."""
    found = np.quantile(values, list(quantiles.INTERVAL.values()), axis=1)
    return np.column_stack([*found, values.mean(axis=1)])


def over_time(
    of: Metered, rows: pl.DataFrame, *, step_minutes: int, peak_load: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Power and busy nodes in every step of the logs, and what that asks of the grid connection and the fleet.

    Args:
        of: the usage.
        rows: table of labelled sums, those of logs.
        step_minutes: length of a step.
        peak_load: share of the time that nodes may be busy in the step with the most work.

    Returns:
        One row per step with requests: `step_start_utc, requests, power_kw_*, busy_nodes_*`; and one row per quantity:
        average and peak power, nodes for the peak. The peak is of the mean power in a step; power and nodes of every
        draw have a peak of their own.
    """
    heads, parts = _groups(rows, ["step_start_utc"])
    starts = heads["step_start_utc"].str.to_datetime()
    hours = step_minutes / 60
    power, nodes = [], []
    peak_mw = np.zeros(of.draws)
    peak_nodes = np.zeros(of.draws)
    energy_kwh = np.zeros(of.draws)
    for start in range(0, len(heads), CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, len(heads))
        kw, busy = (np.zeros((stop - start, of.draws)) for _ in range(2))
        for subject, region, places, values in parts:
            here = slice(*np.searchsorted(places, [start, stop]))
            if here.start < here.stop:
                kw[places[here] - start] += values[here] @ of.wh(subject, region) / (WH_PER_KWH * hours)
                busy[places[here] - start] += values[here] @ of.node_seconds(subject) / (SECONDS_PER_HOUR * hours)
        power.append(summaries(kw))
        nodes.append(summaries(busy))
        energy_kwh += kw.sum(axis=0) * hours
        peak_mw = np.maximum(peak_mw, kw.max(axis=0) / 1000)
        peak_nodes = np.maximum(peak_nodes, busy.max(axis=0) / peak_load)
    steps = heads.select("step_start_utc", "requests").with_columns(
        pl.Series(f"{name}_{q}", np.concatenate([np.empty((0, 4)), *values])[:, column])
        for name, values in (("power_kw", power), ("busy_nodes", nodes))
        for column, q in enumerate((*quantiles.INTERVAL, "mean"))
    )
    if heads.is_empty():  # bills alone: they say nothing of when
        return steps, _quantities([])
    span = (starts.max() - starts.min()).total_seconds() / SECONDS_PER_HOUR + hours
    capacity = [
        ("average_power", "MW", energy_kwh / 1000 / span),
        ("peak_power", "MW", peak_mw),
        ("nodes_at_peak", "nodes", peak_nodes),
    ]
    return steps, _quantities(capacity)


def per_request(of: Metered, rows: pl.DataFrame) -> pl.DataFrame:
    """Mean energy of a request and of a thousand answer tokens, which a service can be compared by."""
    total = np.zeros(of.draws)
    _, parts = _groups(rows, [])
    for subject, region, _, values in parts:
        total += (values @ of.wh(subject, region))[0]
    requests = float(rows["requests"].cast(pl.Float64).sum())
    answers = float(rows["output_tokens"].cast(pl.Float64).sum())
    found = [("energy_per_request", "Wh", total / requests)] if requests else []
    found += [("energy_per_1000_output_tokens", "Wh", total / answers * 1000)] if answers else []
    return _quantities(found)


def _quantities(found: Iterable[tuple[str, str, np.ndarray]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"quantity": name, "unit": unit} | quantiles.of_draws(values, quantiles.INTERVAL)
            for name, unit, values in found
        ],
        schema={"quantity": pl.String, "unit": pl.String, **dict.fromkeys((*quantiles.INTERVAL, "mean"), pl.Float64)},
    )
