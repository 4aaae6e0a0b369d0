"""The fitted model as tables, and back."""

from collections import Counter

import numpy as np
import polars as pl

from inference_energy.serving.fit import Part, ServingModel, level_names, metered
from inference_energy.serving.parameters import POWER, POWER_EFFECTS, TIME, TIME_EFFECTS
from inference_energy.statistics.empirical_bayes import Fit

NAMES = ("parameters", "effects", "covariance", "errors")


def tables(model: ServingModel, runs: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The fit as tables `parameters`, `effects`, `covariance` and `errors`; their schemas are in `serving.tables`."""
    parts = {"time": (model.time, runs), "power": (model.power, metered(runs))}
    return {
        "parameters": pl.concat(_parameters(name, part) for name, (part, _) in parts.items()),
        "effects": pl.concat(_effects(part, used) for part, used in parts.values()),
        "covariance": pl.concat(_covariance(name, part) for name, (part, _) in parts.items()),
        "errors": pl.DataFrame(
            [
                {"part": name, "rows": len(used), "cells": used["cell"].n_unique()}
                | {"cell_sd": part.fit.cell_sd, "row_sd": part.fit.row_sd}
                for name, (part, used) in parts.items()
            ]
        ),
    }


def _parameters(name: str, part: Part) -> pl.DataFrame:
    sds = np.sqrt(np.diag(part.fit.covariance))
    return pl.DataFrame(
        [
            {
                "part": name,
                "parameter": parameter.name,
                "meaning": parameter.meaning,
                "unit": parameter.unit or None,
                "scale": parameter.scale,
                "prior": parameter.prior,
                "prior_sd": parameter.prior_sd,
                "fitted": float(part.fit.values[place]),
                "fitted_sd": float(sds[place]),
                "value": float(np.exp(part.fit.values[place]) if parameter.scale == "log" else part.fit.values[place]),
                "source": parameter.source,
            }
            for place, parameter in enumerate(part.parameters)
        ]
    )


def _effects(part: Part, used: pl.DataFrame) -> pl.DataFrame:
    sds, found = np.sqrt(np.diag(part.fit.covariance)), []
    for effect in part.effects:
        place, levels, rows = part.slices()[effect.name], part.levels[effect.name], Counter(level_names(used, effect))
        found.append(
            pl.DataFrame(
                {
                    "effect": [effect.name] * len(levels),
                    "term": [effect.on] * len(levels),
                    "level": levels,
                    "rows": [rows[level] for level in levels],
                    "fitted": part.fit.values[place],
                    "fitted_sd": sds[place],
                    "deviation": [part.fit.deviations[effect.name]] * len(levels),
                }
            )
        )
    return pl.concat(found)


def _covariance(name: str, part: Part) -> pl.DataFrame:
    names = [parameter.name for parameter in part.parameters]
    names += [f"{effect.name}: {level}" for effect in part.effects for level in part.levels[effect.name]]
    later, first = np.tril_indices(len(names))
    of = np.array(names)
    values = part.fit.covariance[later, first]
    return pl.DataFrame({"part": [name] * len(values), "first": of[first], "second": of[later], "covariance": values})


def from_tables(
    parameters: pl.DataFrame, effects: pl.DataFrame, covariance: pl.DataFrame, errors: pl.DataFrame
) -> ServingModel:
    """The fit that `tables` made them of."""
    parts = {}
    for name, known, random in (("time", TIME, TIME_EFFECTS), ("power", POWER, POWER_EFFECTS)):
        here = pl.col("part") == name
        of_effect = {effect.name: effects.filter(pl.col("effect") == effect.name) for effect in random}
        fixed = parameters.filter(here)["fitted"].to_numpy()
        values = np.concatenate([fixed, *(of["fitted"].to_numpy() for of in of_effect.values())])
        below = np.zeros((len(values), len(values)))
        below[np.tril_indices(len(values))] = covariance.filter(here)["covariance"].to_numpy()
        error = errors.filter(here).row(0, named=True)
        fit = Fit(
            values=values,
            deviations={effect: float(of["deviation"][0]) for effect, of in of_effect.items()},
            cell_sd=error["cell_sd"],
            row_sd=error["row_sd"],
            covariance=below + np.tril(below, -1).T,
            converged=True,
        )
        levels = {effect: of["level"].to_list() for effect, of in of_effect.items()}
        parts[name] = Part(parameters=known, effects=random, levels=levels, fit=fit)
    return ServingModel(**parts)
