"""Greenhouse gases of making the servers of a usage: a share of each by how long it works for the requests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.conversions import DAYS_PER_YEAR, SECONDS_PER_DAY
from inference_energy.common.formulas import Quantity, formula
from inference_energy.statistics.distributions import LogNormal
from inference_energy.statistics.draws import stratified, stream

NOT_SHOWN = ("derivation", "checked_on")  # columns of the table that a statement leaves out


@formula(unit="kg CO2e per node", source="arithmetic")
def node_making_kg(*, gpu_kg: Quantity, gpus_per_node: Quantity, host_kg: Quantity) -> Quantity:
    """Greenhouse gases of making one node.

    Args:
        gpu_kg: of one GPU with its share of the baseboard, kg CO2e.
        gpus_per_node: GPUs of the node.
        host_kg: of the rest of the node, kg CO2e.
    """
    return gpu_kg * gpus_per_node + host_kg


@formula(
    unit="kg CO2e",
    source="ISO/IEC 21031:2024, Software Carbon Intensity: embodied emissions x time share x resource share",
)
def embodied_kg(
    *, busy_node_seconds: Quantity, kg_per_node: Quantity, lifetime_years: Quantity, utilisation: Quantity
) -> Quantity:
    """Share of the making of nodes that falls on the time in which they work.

    Args:
        busy_node_seconds: time in which nodes work for the requests, s.
        kg_per_node: making of a node, kg CO2e.
        lifetime_years: how long a node is used, years.
        utilisation: work of a node over what it could do in its lifetime; idle time is charged to the requests.
    """
    # ASSUME: making a server is spread evenly over the work that it does in its lifetime, idle time included, and all
    # kinds of node are used alike. Source: ISO/IEC 21031:2024, time share and resource share.
    return busy_node_seconds * kg_per_node / (lifetime_years * DAYS_PER_YEAR * SECONDS_PER_DAY * utilisation)


@dataclass(frozen=True, kw_only=True)
class Making:
    """What is drawn about the making of servers, one value per draw; the same for all GPUs but for their ranges."""

    servers: pl.DataFrame  # table of `input_tables.EmbodiedServer`
    gpu: np.ndarray  # share of probability of the footprint of a GPU
    host: np.ndarray  # of the footprint of a host
    life: np.ndarray  # of the lifetime
    own_lifetime_years: float | None = None  # as the usage file states it
    utilisation: float | None = None  # likewise; none for that of the study's day

    @classmethod
    def drawn(cls, servers: pl.DataFrame, *, usage: dict, draws: int, seed: int) -> "Making":
        """Draws of a usage, whose entry `servers` may state a lifetime and a utilisation."""
        given = usage.get("servers", {})
        gpu, host, life = (stratified(stream(seed, "embodied", part), draws) for part in ("gpu", "host", "lifetime"))
        return cls(
            servers=servers,
            gpu=gpu,
            host=host,
            life=life,
            own_lifetime_years=given.get("lifetime_years"),
            utilisation=given.get("utilisation"),
        )

    def known(self, gpus: Iterable[str]) -> bool:
        """Whether the making of all of some GPUs is known."""
        return set(gpus) <= set(self.servers["gpu"])

    def of_gpus(self, gpus: Iterable[str]) -> pl.DataFrame:
        """Ranges and sources of some GPUs, those without a footprint left out."""
        shown = [name for name in self.servers.columns if name not in NOT_SHOWN]
        return self.servers.filter(pl.col("gpu").is_in(sorted(gpus))).select(shown).sort("gpu")

    def _of(self, gpus: Sequence[str], column: str, shares: np.ndarray) -> np.ndarray:
        ranges = {row[0]: row[1:] for row in self.servers.select("gpu", f"{column}_p05", f"{column}_p95").iter_rows()}
        drawn = [LogNormal.from_percentiles(p05=low, p95=high) for low, high in map(ranges.__getitem__, gpus)]
        return np.column_stack([each.quantile(shares) for each in drawn])

    def kg_per_node(self, gpus: Sequence[str], gpus_per_node: np.ndarray) -> np.ndarray:
        """Making of the nodes of some GPUs, kg CO2e, shape (draws, GPUs)."""
        return node_making_kg(
            gpu_kg=self._of(gpus, "gpu_kgco2e", self.gpu),
            gpus_per_node=gpus_per_node,
            host_kg=self._of(gpus, "host_kgco2e_per_node", self.host),
        )

    def lifetime_years(self, gpus: Sequence[str]) -> np.ndarray:
        """Years of use of the nodes of some GPUs, shape (draws, GPUs)."""
        if self.own_lifetime_years is not None:
            return np.full((len(self.life), len(gpus)), self.own_lifetime_years)
        return self._of(gpus, "lifetime_years", self.life)
