"""Points of distributions that figures are drawn from, and the quantiles of assumed answer lengths."""

import numpy as np

from inference_energy.common.step import Node, number
from inference_energy.energy import per_query
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import assumed, constant
from inference_energy.oviedo import energy
from inference_energy.oviedo.token_lengths import NAMED_SHARES, bins
from inference_energy.statistics.distributions import ExponentialTokens, output_tokens


def _median(asked: Asked) -> Node:
    keys = ("workloads", asked.row["workload"], "output_tokens", "median")
    return asked.entry(*keys, symbol="median", label="median answer")


def quantile(asked: Asked) -> Node:
    """A number of `token_length_quantiles`."""
    part = number("p", f"share of answers below {asked.row['name']}", NAMED_SHARES[asked.row["name"]])
    children = [_median(asked), part, *assumed(ExponentialTokens.quantile)]
    note = "quantile of an exponential, then rounded to whole tokens"
    return asked.node("ln(1 / (1 - p)) * median / ln(2)", children, exact=False, note=note)


def token_density(asked: Asked) -> Node:
    """A number of `token_length_density`: a bin of a distribution that is drawn."""
    spec = asked.entries.workloads[asked.row["workload"]].output_tokens
    probabilities = output_tokens(spec).probabilities()
    lows, highs = bins(len(probabilities))
    middles = np.sqrt(lows * (highs - 1.0))
    place = int(np.argmin(np.abs(np.log(middles / asked.row["output_tokens"]))))
    low, high = int(lows[place]), int(highs[place])
    ends = [number("low", "shortest answer of the bin", low), number("high", "shortest answer beyond it", high)]
    if asked.column == "output_tokens":
        return asked.node("sqrt(low * (high - 1))", [*ends, _median(asked)], note="geometric middle of the bin")
    share = float(probabilities[low - 1 : high - 1].sum())
    part = number("share", "share of answers in the bin, exponential distribution", share, children=(_median(asked),))
    return asked.node("share / ln(high / low)", [part, *ends], note="a point of a distribution that is drawn")


def energy_density(asked: Asked) -> Node:
    """A number of `energy_density`: a bin of the histogram of the draws."""
    method = energy if asked.entries.method == "published" else per_query
    per_octave = constant(method, "DENSITY_BINS_PER_OCTAVE", "bins per factor of 2", symbol="bins")
    key = {name: asked.row[name] for name in ("study", "workload", "subject")} | {"spread": "untrimmed"}
    row = asked.build.row("energy_per_query", **key)
    median = asked.of("energy_per_query", row, "energy_wh_p50", label="median of the same distribution")
    if asked.column == "energy_wh":
        note = "geometric middle of a bin: a point of a distribution that is drawn, not a result of its own"
        return asked.node(children=[per_octave, median], note=note)
    key = "draws" if asked.entries.method == "published" else "service_draws"
    draws, share = asked.setting(key), asked.value * np.log(2) / per_octave.value
    part = number("share", "share of the draws in the bin", float(share), children=(draws,))
    note = "a point of a distribution that is drawn: share of queries per factor of e in energy"
    return asked.node("share * bins / ln(2)", [part, per_octave, median], note=note)
