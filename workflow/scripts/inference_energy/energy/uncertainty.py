"""Draws of the shared uncertainty of a fleet."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import gammaincinv

from inference_energy.common.formulas import Quantity
from inference_energy.energy.assumptions import CACHED, Assumptions, cached_name, overhead_name
from inference_energy.statistics.distributions import Distribution, draw
from inference_energy.statistics.draws import stratified, stream


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Values of the shared uncertainty: one per draw, shape (draws,)."""

    # by ingredient. `host` is the share of nodes whose hosts draw less: the same for all GPUs
    values: Mapping[str, np.ndarray]
    # by class, weight of every model, each shaped like a value; they sum to 1
    mix: Mapping[str, Mapping[str, np.ndarray]]
    # by class, share of every GPU and number format among its GPUs, likewise
    gpus: Mapping[str, Mapping[tuple[str, str], np.ndarray]]

    @property
    def draws(self) -> int:
        """Number of draws."""
        return max(np.size(value) for value in self.values.values())

    def replaced(self, name: str, value: Quantity) -> "Shared":
        """The same with one ingredient set to one value."""
        values = {**self.values, name: np.broadcast_to(np.asarray(value, float), (self.draws,))}
        return Shared(values=values, mix=self.mix, gpus=self.gpus)


def shared_draws(given: Assumptions, draws: int, seed: int) -> Shared:
    """Draws of the shared uncertainty, each ingredient from its own named stream.

    No stream has the name of a study: studies with the same assumptions have the same draws, so that what a study
    changes is not mixed with sampling error.
    """
    # ASSUME: the ingredients are independent of each other. All workloads share one cache: its hit rates are high or
    # low together.
    values = {
        name: np.broadcast_to(_drawn(of, CACHED if name.startswith(CACHED) else name, draws, seed), (draws,))
        for name, of in given.distributions.items()
    }
    return Shared(
        values=values,
        mix={name: _dirichlet(*of, (seed, "fleet", "mix", name), draws) for name, of in given.mix.items()},
        gpus={name: _dirichlet(*of, (seed, "fleet", "gpus"), draws) for name, of in given.gpus.items()},
    )


@lru_cache(maxsize=256)  # most services share most of their ingredients
def _drawn(of: Distribution, name: str, draws: int, seed: int) -> np.ndarray:
    return draw(of, stream(seed, "fleet", name), draws)


def _dirichlet(weights: Mapping, concentration: float | None, place: tuple, draws: int) -> dict:
    if concentration is None or len(weights) == 1:
        return {name: np.full(draws, weight) for name, weight in weights.items()}
    # ASSUME: shares that are not known are Dirichlet around those of the study. A concentration as large as the number
    # of names makes every mix equally likely.
    streams = {name: stream(*place, *((name,) if isinstance(name, str) else name)) for name in weights}
    return mixed(
        {
            name: gammaincinv(weight * concentration, stratified(streams[name], draws))
            for name, weight in weights.items()
        }
    )


def mixed(gammas: Mapping) -> dict:
    """Dirichlet weights from gamma draws: each over their sum."""
    total = np.maximum(sum(gammas.values()), np.finfo(float).tiny)
    return {name: value / total for name, value in gammas.items()}


def cached_share(shared: Shared, workload: str) -> np.ndarray:
    """Share of a workload's prompts that is in the cache, on top of what its trace says per request.

    0 for a workload that the study does not have.
    """
    return shared.values.get(cached_name(workload), np.zeros(shared.draws))


def overhead_share(given: Assumptions, shared: Shared) -> np.ndarray:
    """Sum of the overheads that are switched on, share of the datacenter's energy for the serving nodes."""
    return sum((shared.values[overhead_name(name)] for name in given.overheads), start=np.zeros(shared.draws))
