"""Draws of time, board power and energy of runs that the model may or may not have seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy.serving import step
from inference_energy.serving.fit import Part, ServingModel, level_names
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import Step
from inference_energy.statistics.draws import stratified, stream

LARGEST_BOARD_SHARE = 1.05  # boards exceed their rated power by their measuring error only


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Everything uncertain about some runs: a row per draw, a column per run."""

    time: Mapping[str, np.ndarray]  # fixed parameters of the time, a column each of length `draws`
    time_effects: Mapping[str, np.ndarray]  # sums of its effects, by term; those of cell and row included
    power: Mapping[str, np.ndarray]  # fixed parameters of the power
    power_effect: np.ndarray  # sum of its effects


def drawn(
    model: ServingModel, runs: pl.DataFrame, draws: int, seed: int, *names: str, keys: Sequence[str] | None = None
) -> Drawn:
    """Draws for runs; levels that the model has not seen are drawn from their prior, once per level.

    With `keys`, a name for every run, the draws of a run are the same whatever other runs there are.
    """
    time, sums = _part(model.time, runs, draws, (seed, "serving", "time", *names), keys)
    power, effects = _part(model.power, runs, draws, (seed, "serving", "power", *names), keys)
    return Drawn(time=time, time_effects=step.NO_EFFECTS | sums, power=power, power_effect=effects["power"])


def _part(part: Part, runs: pl.DataFrame, draws: int, place: tuple, keys: Sequence[str] | None):
    fit, generator = part.fit, stream(*place)

    def normal(of: str, of_which: Sequence[str]) -> np.ndarray:
        """Standard normal draws, a column each: from one stream, or from one of its own for each that has a name."""
        if keys is None:
            return generator.standard_normal((draws, len(of_which)))
        columns = [ndtri(stratified(stream(*place, of, name), draws)) for name in of_which]
        return np.stack(columns, axis=1) if columns else np.empty((draws, 0))

    values = fit.values + normal("parameter", list(map(str, range(len(fit.values))))) @ fit.root.T
    sums: dict[str, np.ndarray] = {}
    for effect in part.effects:
        places = {level: place for place, level in enumerate(part.levels[effect.name])}
        names = level_names(runs, effect)
        unseen = sorted(set(names) - places.keys())
        new = {level: len(places) + place for place, level in enumerate(unseen)}
        other = normal(effect.name, unseen) * fit.deviations[effect.name]
        of_levels = np.concatenate([values[:, part.slices()[effect.name]], other], axis=1)
        chosen = of_levels[:, [(places | new)[name] for name in names]]
        sums[effect.on] = sums.get(effect.on, 0.0) + chosen
    both = np.hypot(fit.cell_sd, fit.row_sd)
    last = "time" if "time" in sums else "power"
    sums[last] = sums[last] + both * normal("run", keys or [""] * len(runs))
    fixed = {parameter.name: values[:, [place]] for place, parameter in enumerate(part.parameters)}
    return fixed, sums


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Draws of runs at a batch: a row per draw, a column per run."""

    seconds: np.ndarray  # of the replica per output token
    board_share: np.ndarray  # mean power of a board over its rated power
    prefill_share: np.ndarray  # share of the time that goes to prompts
    attention_share: np.ndarray  # share that grows with the context
    j_per_token: np.ndarray  # energy of all boards of the replica per output token


def drawn_step(of: Replicas, uncertain: Drawn) -> Step:
    """What a step takes in every draw."""
    return step.step(of, uncertain.time, uncertain.time_effects)


def energy(of: Replicas, batch: np.ndarray, uncertain: Drawn) -> Energy:
    """Energy of the boards per output token at a batch, no draw outside physics."""
    return energy_of(drawn_step(of, uncertain), batch, uncertain)


def energy_of(taken: Step, batch: np.ndarray, uncertain: Drawn) -> Energy:
    """The same of replicas whose steps are known."""
    of, time = taken.of, taken.at(batch)
    seconds = np.maximum(time.seconds, step.floor_seconds(of, time.bytes_per_token, time.flop_per_token))
    share = step.board_share(of, time, seconds, uncertain.power, uncertain.power_effect)
    share = np.minimum(share, LARGEST_BOARD_SHARE)
    j_per_token = of.gpus * of.tdp_w * share * seconds
    return Energy(
        seconds=seconds,
        board_share=share,
        prefill_share=time.prefill_share,
        attention_share=time.attention_share,
        j_per_token=j_per_token,
    )
