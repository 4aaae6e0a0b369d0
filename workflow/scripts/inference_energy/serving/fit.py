"""The serving model fitted to runs: time per token, then board power given the measured time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from inference_energy.serving import step
from inference_energy.serving.parameters import POWER, POWER_EFFECTS, TIME, TIME_EFFECTS, Effect, Parameter
from inference_energy.serving.replicas import Replicas
from inference_energy.statistics.empirical_bayes import Fit, Levels, Problem, fitted

STEPS = 60
STEPS_OF_REFITS = 6  # that start from a fit: predictions then differ by 0.2 % at the median from those of 60
# Shares of the rated power outside these are of runs whose power and time do not belong together.
LEAST_SHARE, LARGEST_SHARE = 0.1, 1.2


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of the two fitted parts, time or power."""

    parameters: Sequence[Parameter]  # the fixed ones
    effects: Sequence[Effect]  # the random ones
    levels: dict[str, list[str]]  # by effect, its levels in order
    fit: Fit  # values and their covariance

    @cached_property
    def places(self) -> dict[tuple[str, ...], int]:
        """Place among the values: of parameters by their name, of levels by their effect and name."""
        return {(parameter.name,): at for at, parameter in enumerate(self.parameters)} | {
            (effect, level): of.start + at
            for effect, of in self.slices().items()
            for at, level in enumerate(self.levels[effect])
        }

    @cached_property
    def drawn(self) -> dict[tuple, np.ndarray]:
        """Draws of single values that are kept, see `predict.drawn`."""
        return {}

    def slices(self) -> dict[str, slice]:
        """Places of the levels of every effect among the values."""
        found, place = {}, len(self.parameters)
        for effect in self.effects:
            found[effect.name] = slice(place, place + len(self.levels[effect.name]))
            place += len(self.levels[effect.name])
        return found


@dataclass(frozen=True, kw_only=True)
class ServingModel:
    """Both parts."""

    time: Part
    power: Part


def level_names(frame: pl.DataFrame, effect: Effect) -> list[str]:
    """The level of an effect that each row belongs to."""
    return levels_of(frame, [effect])[effect.name]


def levels_of(frame: pl.DataFrame, effects: Sequence[Effect]) -> dict[str, list[str]]:
    """The same of several effects, by name."""
    every = dict.fromkeys(tuple(effect.by) for effect in effects)  # several effects have the same levels
    levels = frame.select(
        pl.concat_str([pl.col(name).fill_null("") for name in by], separator=" / ").alias(str(place))
        for place, by in enumerate(every)
    )
    of_columns = dict(zip(every, levels.to_dict(as_series=False).values(), strict=True))
    return {effect.name: of_columns[tuple(effect.by)] for effect in effects}


def fit_model(runs: pl.DataFrame, known: pl.DataFrame | None = None, start: ServingModel | None = None) -> ServingModel:
    """The model fitted to runs of `runs.runs`.

    `known` are the runs whose levels the model has, seen or not; by default those that it is fitted to. From `start`, a
    fit of the same `known`, few steps are needed.
    """
    known = runs if known is None else known
    time = _fit(runs, known, TIME, TIME_EFFECTS, _time_function(runs), "seconds_per_token", start and start.time)
    with_power = metered(runs)
    function = _power_function(with_power, dict(zip(_names(TIME), time.fit.values, strict=False)))
    power = _fit(with_power, known, POWER, POWER_EFFECTS, function, "board_share", start and start.power)
    return ServingModel(time=time, power=power)


def metered(runs: pl.DataFrame) -> pl.DataFrame:
    """Runs whose boards were metered, without those whose power and time do not belong together."""
    return runs.filter(pl.col("board_share").is_between(LEAST_SHARE, LARGEST_SHARE))


def _names(parameters: Sequence[Parameter]) -> list[str]:
    return [parameter.name for parameter in parameters]


def _fit(runs, known, parameters, effects, function, column: str, start: Part | None) -> Part:
    levels = {name: sorted(set(of)) for name, of in levels_of(known, effects).items()}
    places = {name: {level: place for place, level in enumerate(of)} for name, of in levels.items()}
    of_runs = levels_of(runs, effects)
    cells = runs["cell"].rank("dense").cast(pl.Int64).to_numpy() - 1
    problem = Problem(
        y=np.log(runs[column].to_numpy()),
        function=function,
        prior=np.array([parameter.prior for parameter in parameters]),
        prior_sd=np.array([parameter.prior_sd for parameter in parameters]),
        effects=[
            Levels(
                name=effect.name,
                term=effect.on,
                level=np.array([places[effect.name][level] for level in of_runs[effect.name]], dtype=int),
                count=len(levels[effect.name]),
                floor=effect.floor,
                held=effect.held,
            )
            for effect in effects
        ],
        cell=cells,
    )
    first = start.fit if start else problem.start({effect.name: effect.sd for effect in effects})
    return Part(
        parameters=parameters,
        effects=effects,
        levels=levels,
        fit=fitted(problem, first, STEPS_OF_REFITS if start else STEPS),
    )


def _time_function(runs: pl.DataFrame):
    replicas, batch, names = Replicas.of(runs), runs["batch"].to_numpy(), _names(TIME)

    def function(values, sums):
        time = step.time_per_token(replicas, batch, dict(zip(names, values, strict=True)), step.NO_EFFECTS | sums)
        slopes = {"overhead": time.overhead_share, "roofline": time.roofline_share, "time": np.ones(len(batch))}
        return np.log(time.seconds), slopes

    return function


def _power_function(runs: pl.DataFrame, time_parameters: dict[str, float]):
    replicas, batch, names = Replicas.of(runs), runs["batch"].to_numpy(), _names(POWER)
    work = step.time_per_token(replicas, batch, time_parameters)  # only its bytes and FLOP
    seconds = runs["seconds_per_token"].to_numpy()

    def function(values, sums):
        share = step.board_share(step.boards(replicas, dict(zip(names, values, strict=True))), work, seconds)
        return np.log(share) + sums["power"], {"power": np.ones(len(batch))}

    return function
