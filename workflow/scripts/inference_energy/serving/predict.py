"""Draws of time, board power and energy of runs that the model may or may not have seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy.serving import step
from inference_energy.serving.fit import Part, ServingModel, level_names
from inference_energy.serving.replicas import Replicas, columns_of
from inference_energy.serving.step import Pace, Step, Time
from inference_energy.statistics.draws import stratified, stream

LARGEST_BOARD_SHARE = 1.05  # boards exceed their rated power by their measuring error only


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Everything uncertain about some runs: a row per draw, a column per run."""

    time: Mapping[str, np.ndarray]  # fixed parameters of the time, a column each of length `draws`
    time_effects: Mapping[str, np.ndarray]  # sums of its effects, by term; those of cell and row included
    power: Mapping[str, np.ndarray]  # fixed parameters of the power
    power_effect: np.ndarray  # sum of its effects

    def columns(self, places: np.ndarray) -> Self:
        """Those of some runs, in their order, repeated where a place is."""
        runs = self.power_effect.shape[-1]

        def of(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: columns_of(each, places, runs) for name, each in values.items()}

        return Drawn(
            time=of(self.time),
            time_effects=of(self.time_effects),
            power=of(self.power),
            power_effect=columns_of(self.power_effect, places, runs),
        )


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
        return _named(place, of, tuple(of_which), draws)

    of_values = tuple(map(str, range(len(fit.values))))
    independent = normal("parameter", of_values) if keys is None else _kept(place, "parameter", of_values, draws)
    names = {effect.name: level_names(runs, effect) for effect in part.effects}
    fixed = [parameter.name for parameter in part.parameters]
    places = {(name,): at for at, name in enumerate(fixed)} | {
        (effect, level): of.start + at
        for effect, of in part.slices().items()
        for at, level in enumerate(part.levels[effect])
    }
    # Only what the runs need of the fitted values.
    used = [(name,) for name in fixed] + [
        (effect, level) for effect, of in names.items() for level in sorted(set(of)) if (effect, level) in places
    ]
    at = [places[each] for each in used]
    fitted = fit.values[at] + independent @ fit.root[at].T
    column = {each: place for place, each in enumerate(used)}
    sums: dict[str, np.ndarray] = {}
    for effect in part.effects:
        levels = names[effect.name]
        unseen = [level for level in sorted(set(levels)) if (effect.name, level) not in places]
        other = normal(effect.name, unseen) * fit.deviations[effect.name]
        of_levels = {level: fitted[:, column[effect.name, level]] for level in set(levels) - set(unseen)}
        of_levels |= {level: other[:, place] for place, level in enumerate(unseen)}
        chosen = np.stack([of_levels[level] for level in levels], axis=1) if levels else np.empty((draws, 0))
        sums[effect.on] = sums.get(effect.on, 0.0) + chosen
    both = np.hypot(fit.cell_sd, fit.row_sd)
    last = "time" if "time" in sums else "power"
    sums[last] = sums[last] + both * normal("run", keys or [""] * len(runs))
    return {name: fitted[:, [place]] for place, name in enumerate(fixed)}, sums


def _named(place: tuple, of: str, names: tuple[str, ...], draws: int) -> np.ndarray:
    """Standard normal draws of a stratified sample, a column for each name from a stream of its own."""
    columns = [ndtri(stratified(stream(*place, of, name), draws)) for name in names]
    return np.stack(columns, axis=1) if columns else np.empty((draws, 0))


_kept = lru_cache(maxsize=4)(_named)  # draws of all values of a fit, which services with the same draws share


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Draws of runs at a batch: a row per draw, a column per run."""

    seconds: np.ndarray  # of the replica per output token
    board_share: np.ndarray  # mean power of a board over its rated power
    prefill_share: np.ndarray  # share of the time that goes to prompts
    attention_share: np.ndarray  # share that grows with the context
    j_per_token: np.ndarray  # energy of all boards of the replica per output token


def drawn_pace(of: Replicas, uncertain: Drawn) -> Pace:
    """How fast GPUs work in every draw."""
    return step.pace(of, uncertain.time, uncertain.time_effects)


def drawn_step(of: Replicas, uncertain: Drawn) -> Step:
    """What a step takes in every draw."""
    return step.step_at(of, drawn_pace(of, uncertain))


def energy(of: Replicas, batch: np.ndarray, uncertain: Drawn) -> Energy:
    """Energy of the boards per output token at a batch, no draw outside physics."""
    return energy_of(drawn_step(of, uncertain), batch, uncertain)


def energy_of(taken: Step, batch: np.ndarray, uncertain: Drawn) -> Energy:
    """The same of replicas whose steps are known."""
    of, time = taken.of, taken.at(batch)
    seconds, share = _load(of, time, uncertain)
    return Energy(
        seconds=seconds,
        board_share=share,
        prefill_share=time.prompt_share,
        attention_share=time.growing_share,
        j_per_token=of.gpus * of.tdp_w * share * seconds,
    )


def load_of(taken: Step, batch: np.ndarray, uncertain: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Of that energy, the seconds of the replica per output token and the power of a board over its rated power."""
    return _load(taken.of, taken.at(batch), uncertain)


def _load(of: Replicas, time: Time, uncertain: Drawn) -> tuple[np.ndarray, np.ndarray]:
    seconds = np.maximum(time.seconds, step.floor_seconds(of, time.bytes_per_token, time.flop_per_token))
    share = step.board_share(of, time, seconds, uncertain.power, uncertain.power_effect)
    return seconds, np.minimum(share, LARGEST_BOARD_SHARE)
