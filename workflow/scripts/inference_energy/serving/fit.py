"""The serving model fitted to runs: time per token, then board power given the measured time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from inference_energy.serving import slopes, step
from inference_energy.serving.parameters import POWER, POWER_EFFECTS, TIME, TIME_EFFECTS, Effect, Parameter
from inference_energy.serving.replicas import Replicas
from inference_energy.statistics.empirical_bayes import Fit, Function, Levels, Problem, fitted

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
    of_columns = {by: of.to_list() for by, of in _levels(frame, every).items()}
    return {effect.name: of_columns[tuple(effect.by)] for effect in effects}


def _levels(frame: pl.DataFrame, every: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], pl.Series]:
    """The values of some columns together, of every row."""
    every = list(every)
    found = frame.select(
        pl.concat_str([pl.col(name).fill_null("") for name in by], separator=" / ").alias(str(place))
        for place, by in enumerate(every)
    )
    return dict(zip(every, found, strict=True))


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
    levels = start.levels if start else {name: sorted(set(of)) for name, of in levels_of(known, effects).items()}
    of_runs = _levels(runs, [tuple(effect.by) for effect in effects])
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
                level=of_runs[tuple(effect.by)].cast(pl.Enum(levels[effect.name])).to_physical().to_numpy().astype(int),
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


def _time_function(runs: pl.DataFrame) -> Function:
    replicas, batch, names = Replicas.of(runs), runs["batch"].to_numpy(), _names(TIME)

    def function(values, sums):
        return slopes.log_time(replicas, batch, dict(zip(names, values, strict=True)), step.NO_EFFECTS | sums)

    return function


def _power_function(runs: pl.DataFrame, time_parameters: dict[str, float]) -> Function:
    replicas, batch, names = Replicas.of(runs), runs["batch"].to_numpy(), _names(POWER)
    work = step.time_per_token(replicas, batch, time_parameters)  # only its bytes and FLOP
    seconds = runs["seconds_per_token"].to_numpy()

    def function(values, sums):
        return slopes.log_power(replicas, work, seconds, dict(zip(names, values, strict=True)), sums)

    return function
