"""Draws of the shared uncertainty of a fleet, and its medians."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy.assumptions import CACHED, Assumptions, cached_name, fit_error_name, latency_name
from inference_energy.statistics.distributions import draw
from inference_energy.statistics.draws import stream


def latency_factor(shared: "Shared", gpu: str) -> np.ndarray:
    """Factor on the energy of a GPU's queries for the latency that the study asks for: 1 where it asks for none."""
    return shared.values.get(latency_name(gpu), np.ones(()))


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Values of the shared uncertainty: one per draw, shape (draws,), or the medians.

    Attributes:
        values: by ingredient. `boards` and `host` are the share of nodes that draw less when saturated, `fit_error`
            the share of curves that lie below: the same share for all GPUs of a node type or of a model.
        mix: by class, weight of every model, each shaped like a value; they sum to 1.
        derived: what was computed from one ingredient alone, by its name and what for; see `once`.
    """

    values: dict[str, np.ndarray]
    mix: dict[str, dict[str, np.ndarray]]
    derived: dict[tuple, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def once(self, name: str, purpose: Hashable, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Result that depends on one ingredient only, kept when interventions and sweeps replace others."""
        if (name, purpose) not in self.derived:
            self.derived[name, purpose] = compute(self.values[name])
        return self.derived[name, purpose]

    def replaced(self, name: str, value: Quantity) -> "Shared":
        """The same with one ingredient set."""
        kept = {place: found for place, found in self.derived.items() if place[0] != name}
        return Shared(values=self.values | {name: value}, mix=self.mix, derived=kept)

    def slice(self, of: slice) -> "Shared":
        """Some of the draws."""
        return Shared(
            values={name: value[of] for name, value in self.values.items()},
            mix={name: {model: w[of] for model, w in weights.items()} for name, weights in self.mix.items()},
        )


def shared_draws(given: Assumptions, study_name: str, draws: int, seed: int) -> Shared:
    """Draws of the shared uncertainty, each ingredient from its own named stream."""
    # ASSUME: the ingredients are independent of each other. What makes boards (hosts) draw more is the same on all
    # GPU types of a fleet, and what a fit misses about a model is the same on all its GPUs: the wider choice, as
    # errors then do not average out over the fleet.
    # All workloads share one cache: its hit rates are high or low together.
    values = {
        name: draw(of, stream(seed, study_name, "fleet", CACHED if name.startswith(CACHED) else name), draws)
        for name, of in given.distributions.items()
    }
    mix = {
        name: _dirichlet(
            weights,
            concentration,
            {model: stream(seed, study_name, "fleet", "mix", name, model) for model in weights},
            draws,
        )
        for name, (weights, concentration) in given.mix.items()
    }
    return Shared(values=values, mix=mix)


def _dirichlet(
    weights: dict[str, float], concentration: float | None, generators: dict[str, np.random.Generator], draws: int
) -> dict[str, np.ndarray]:
    if concentration is None or len(weights) == 1:
        return {model: np.full(draws, weight) for model, weight in weights.items()}
    # ASSUME: which models of a class serve how many queries is not known; the weights are Dirichlet around those of
    # the study. A concentration as large as the number of models makes every mix equally likely.
    drawn = {
        model: generators[model].standard_gamma(weight * concentration, draws) for model, weight in weights.items()
    }
    return mixed(drawn)


def mixed(gammas: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Dirichlet weights from gamma draws: each over their sum."""
    total = np.maximum(sum(gammas.values()), np.finfo(float).tiny)
    return {model: value / total for model, value in gammas.items()}


def central(given: Assumptions) -> Shared:
    """Every ingredient at its median, models at the weights of the study."""
    return Shared(
        values={name: of.quantile(np.array(0.5)) for name, of in given.distributions.items()},
        mix={name: dict(weights) for name, (weights, _) in given.mix.items()},
    )


@formula(unit="factor", source="this work")
def missed_by_fit(*, log_sd: float, score: Quantity) -> Quantity:
    """Factor on the GPU-seconds of a model for what its fit misses: log-normal around 1.

    Args:
        log_sd: log deviation of left-out runs from their fit.
        score: standard score of the model among others.
    """
    return np.exp(log_sd * score)


def fit_factor(shared: Shared, model: str, fit_error_log_sd: float) -> np.ndarray:
    """`missed_by_fit` of a model at every draw; 1 where the study counts no fit errors."""
    name = fit_error_name(model)
    if name not in shared.values:
        return np.ones(())
    return shared.once(
        name, fit_error_log_sd, lambda shares: missed_by_fit(log_sd=fit_error_log_sd, score=ndtri(shares))
    )


def cached_share(shared: Shared, workload: str) -> np.ndarray:
    """Share of a workload's prompts that is in the cache, on top of what its trace says per request."""
    return shared.values[cached_name(workload)]
