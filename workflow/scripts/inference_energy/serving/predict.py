"""Draws of time, board power and energy of runs that the model may or may not have seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy.serving import step
from inference_energy.serving.fit import Part, ServingModel, levels_of
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import Boards, Pace, Step, Time
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
    levels = levels_of(runs, [*model.time.effects, *model.power.effects])
    time, sums = _part(model.time, levels, len(runs), draws, (seed, "serving", "time", *names), keys)
    power, effects = _part(model.power, levels, len(runs), draws, (seed, "serving", "power", *names), keys)
    return Drawn(time=time, time_effects=step.NO_EFFECTS | sums, power=power, power_effect=effects["power"])


def _part(
    part: Part,
    levels: Mapping[str, Sequence[str]],
    runs: int,
    draws: int,
    place: tuple,
    keys: Sequence[str] | None,
):
    fit, generator = part.fit, stream(*place) if keys is None else None

    def normal(of: str, of_which: Sequence[str]) -> np.ndarray:
        """Standard normal draws, a row each: from one stream, or from one of its own for each that has a name."""
        if generator is not None:
            return generator.standard_normal((draws, len(of_which))).T
        return _named(place, of, tuple(of_which), draws)

    # Only what the runs need of the fitted values.
    fixed = [(parameter.name,) for parameter in part.parameters]
    used = fixed + [
        (effect.name, level)
        for effect in part.effects
        for level in sorted(set(levels[effect.name]))
        if (effect.name, level) in part.places
    ]
    if generator is not None:
        at = [part.places[each] for each in used]
        fitted = fit.values[at][:, None] + fit.root[at] @ normal("parameter", range(len(fit.values)))
        drawn = dict(zip(used, fitted, strict=True))
    else:
        drawn = _kept(part, used, place, draws)
    sums: dict[str, np.ndarray] = {}
    for effect in part.effects:
        of_runs = [(effect.name, level) for level in levels[effect.name]]
        unseen = sorted(set(of_runs) - drawn.keys())
        if unseen:
            independent = normal(effect.name, [level for _, level in unseen])
            drawn |= zip(unseen, independent * fit.deviations[effect.name], strict=True)
        chosen = np.stack([drawn[each] for each in of_runs], axis=1) if of_runs else np.empty((draws, 0))
        sums[effect.on] = sums.get(effect.on, 0.0) + chosen
    both = np.hypot(fit.cell_sd, fit.row_sd)
    last = "time" if "time" in sums else "power"
    sums[last] = sums[last] + both * normal("run", keys or [""] * runs).T
    return {name: drawn[name,][:, None] for (name,) in fixed}, sums


def _named(place: tuple, of: str, names: tuple[str, ...], draws: int) -> np.ndarray:
    """Standard normal draws of a stratified sample, a row for each name from a stream of its own."""
    rows = [_normal(place, of, name, draws) for name in names]
    return np.stack(rows) if rows else np.empty((0, draws))


@lru_cache(maxsize=1024)  # services with the same draws share levels that the model has not seen
def _normal(place: tuple, of: str, name: str, draws: int) -> np.ndarray:
    return ndtri(stratified(stream(*place, of, name), draws))


_independent = lru_cache(maxsize=4)(_named)  # draws of all values of a fit, which they share, too


def _kept(part: Part, used: Sequence[tuple[str, ...]], place: tuple, draws: int) -> dict[tuple[str, ...], np.ndarray]:
    """Draws of some fitted values; they are kept, as most services need the same."""
    fit, known = part.fit, part.drawn.setdefault((place, draws), {})
    new = [each for each in used if each not in known]
    if new:
        at = [part.places[each] for each in new]
        independent = _independent(place, "parameter", tuple(map(str, range(len(fit.values)))), draws)
        known |= zip(new, fit.values[at][:, None] + fit.root[at] @ independent, strict=True)
    return {each: known[each] for each in used}


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


def drawn_boards(of: Replicas, uncertain: Drawn) -> Boards:
    """How the power of boards follows from what they do in every draw."""
    return step.boards(of, uncertain.power, uncertain.power_effect)


@dataclass(frozen=True, kw_only=True)
class Working:
    """Replicas at work in every draw, whatever their size and their requests."""

    pace: Pace  # how fast their GPUs work
    boards: Boards  # how the power of their boards follows

    @classmethod
    def of(cls, replicas: Replicas, uncertain: Drawn) -> Self:
        """From what is uncertain about them."""
        return cls(pace=drawn_pace(replicas, uncertain), boards=drawn_boards(replicas, uncertain))


def energy(of: Replicas, batch: np.ndarray, uncertain: Drawn) -> Energy:
    """Energy of the boards per output token at a batch, no draw outside physics."""
    return energy_of(drawn_step(of, uncertain), batch, drawn_boards(of, uncertain))


def energy_of(taken: Step, batch: np.ndarray, boards: Boards) -> Energy:
    """The same of replicas whose steps and boards are known."""
    of, time = taken.of, taken.at(batch)
    seconds, share = _load(of, time, boards)
    return Energy(
        seconds=seconds,
        board_share=share,
        prefill_share=time.prompt_share,
        attention_share=time.growing_share,
        j_per_token=of.gpus * of.tdp_w * share * seconds,
    )


def load_of(taken: Step, batch: np.ndarray, boards: Boards) -> tuple[np.ndarray, np.ndarray]:
    """Of that energy, the seconds of the replica per output token and the power of a board over its rated power."""
    return _load(taken.of, taken.at(batch), boards)


def _load(of: Replicas, time: Time, boards: Boards) -> tuple[np.ndarray, np.ndarray]:
    seconds = np.maximum(time.seconds, step.floor_seconds(of, time.bytes_per_token, time.flop_per_token))
    return seconds, np.minimum(step.board_share(boards, time, seconds), LARGEST_BOARD_SHARE)
