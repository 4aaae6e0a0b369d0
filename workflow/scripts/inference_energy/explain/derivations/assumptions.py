"""Shared uncertainty that a study assumes: a row per ingredient, from its distribution or its curves."""

import numpy as np
from scipy.special import ndtri

from inference_energy.energy.uncertainty import missed_by_fit
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions
from inference_energy.explain.derivations.medians import power_of
from inference_energy.explain.step import Node
from inference_energy.explain.trace import leaf
from inference_energy.statistics.quantiles import QUANTILES


def explained(asked: Asked) -> Node:
    """A number of `assumptions`."""
    name, share = asked.row["ingredient"], QUANTILES[asked.column]
    if name in asked.build.service(asked.study).given.distributions:
        return asked.same(distributions.at_share(asked, asked.study, name, share, "x"))
    if name.startswith("throughput fit, "):
        return _fit_factor(asked, float(ndtri(share)))
    what, gpu = name.split(", ", 1)
    power = power_of(asked, asked.study, gpu)
    if what == "saturated boards":
        return asked.follows(power.tdp_w * power.board_saturated.quantile(np.array(share)))
    if what == "saturated host":
        return asked.follows(power.host_saturated.quantile(np.array(share)))
    return asked.follows(power.tdp_w * power.board_idle + power.host_idle_w)


def _fit_factor(asked: Asked, score: float) -> Node:
    for row in asked.build.rows("throughput_fit", study=asked.study).iter_rows(named=True):
        label = f"throughput fit, {row['model']} on {row['gpu']} ({row['kinship'].replace('_', ' ')})"
        if label == asked.row["ingredient"]:
            log_sd = asked.of("throughput_fit", row, "fit_error_log_sd")
            if score:
                return asked.follows(missed_by_fit(log_sd=leaf(log_sd), score=score), note="log-normal around 1")
            return asked.node(children=[log_sd], note="log-normal around 1, at its median")
    return asked.node()
