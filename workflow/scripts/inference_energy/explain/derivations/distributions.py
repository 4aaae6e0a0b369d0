"""Quantiles of assumed quantities: formula of the distribution, entry of the study, rows, sources."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from operator import getitem

import numpy as np
from scipy.special import ndtri

from inference_energy.common.step import Node, Value, computed, number
from inference_energy.energy import assumptions
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import constant
from inference_energy.explain.trace import Traced, leaf
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import (
    Beta,
    Constant,
    Distribution,
    Interpolated,
    LogNormal,
    ShiftedLogNormal,
    lognormal,
)

Entry = Callable[..., Node]  # an entry of a study by its keys
SECTIONS = {
    "speed": ("serving", "speed_tok_per_s"),
    "headroom": ("day", "headroom"),
    "released_share": ("day", "released_share"),
    "utilisation": ("power", "utilisation"),
    "board_factor": ("power", "board_factor"),
    assumptions.DISAGGREGATED: ("serving", "disaggregated"),
}


def at_share(asked: Asked, study: str, name: str, share: float, symbol: str) -> Node:
    """A shared uncertain ingredient at a share of its distribution (0.5 is the median), with the source of that."""
    distribution = asked.build.service(study).given.distributions[name]
    return ingredient(asked, distribution, name, share, symbol, partial(asked.entry, study=study))


def ingredient(asked: Asked, distribution: Distribution, name: str, share: float, symbol: str, entry: Entry) -> Node:
    """The same of any distribution; `entry` gives entries of the study that it is of."""
    behind = _behind(asked, name, entry)
    return quantile_of(distribution, share, f"{name}, {at_words(share)}", behind, symbol=symbol)


def of_entry(
    asked: Asked, distribution: Distribution, label: str, *keys: str, share: float = 0.5, **facts: Value
) -> Node:
    """A quantile of a distribution that an entry of the study gives."""
    return quantile_of(distribution, share, label, with_ends(asked.entry, *keys), **facts)


def median_of(asked: Asked, *keys: str) -> Traced:
    """Median of a log-normal distribution that an entry of the study gives."""
    distribution, label = lognormal(_value(asked, keys)), f"{' '.join(keys).replace('_', ' ')}, median"
    return leaf(of_entry(asked, distribution, label, *keys, symbol=keys[-1]), distribution.percentile(0.0))


def moment_of(asked: Asked, order: int, *keys: str) -> Traced:
    """Mean of a power of a log-normal quantity, whose distribution an entry of the study gives."""
    distribution, words = lognormal(_value(asked, keys)), " ".join(keys).replace("_", " ")
    formula = f"sqrt(p05 * p95) ** {order} * exp((ln(p95 / p05) / (2 * z)) ** 2 / 2)"
    label = f"{words}, mean" if order == 1 else f"mean of 1 / {words}"
    behind = [*with_ends(asked.entry, *keys), z()]
    node = computed(label, formula, behind, symbol=keys[-1], note="log-normal")
    return leaf(node, distribution.moment(order))


def _value(asked: Asked, keys: tuple[str, ...]) -> dict:
    return reduce(getitem, keys, asked.build.study(asked.study))


def at_words(share: float) -> str:
    """The name of a quantile."""
    return "median" if share == 0.5 else f"P{100 * share:g}"


def quantile_of(distribution: Distribution, share: float, label: str, behind: tuple[Node, ...], **facts: Value) -> Node:
    """A quantile of a distribution, with its formula where it has a closed form.

    The percentiles among the steps `behind` it, where it comes from, have the symbols `p05` and `p95`.
    """
    value, score, note = float(distribution.quantile(np.array(share))), float(ndtri(share)), ""
    bounded = {"p05", "p95"} <= {node.symbol for node in behind}
    scores = [] if score == 0.0 else [number("q", f"standard score of {share:g}", score), z()]
    match distribution:
        case Constant() if len(behind) == 1 and behind[0].value == value:
            return computed(label, "x", [replace(behind[0], symbol="x")], **facts)
        case ShiftedLogNormal() if bounded:
            above = number("low", "lower bound of the distribution", distribution.above)
            formula = "low + sqrt((p05 - low) * (p95 - low))"
            formula += " * ((p95 - low) / (p05 - low)) ** (q / (2 * z))" if scores else ""
            return computed(label, formula, [above, *scores, *behind], **facts | {"note": "shifted log-normal"})
        case LogNormal() if bounded:
            formula = "sqrt(p05 * p95)" + (" * (p95 / p05) ** (q / (2 * z))" if scores else "")
            return computed(label, formula, [*behind, *scores], **facts | {"note": "log-normal"})
        case Beta(a=a, b=b, low=low, high=high):
            note = f"beta distribution with a = {a:.6g}, b = {b:.6g} between {low:g} and {high:g}"
        case Interpolated(shares=shares, values=values):
            points = (f"{part:g}: {at:.4g}" for part, at in zip(shares, values, strict=True))
            note = f"log-linear between quantiles {', '.join(points)}"
    return Node(label=label, value=value, children=behind, **{"note": note} | facts)


def z() -> Node:
    """The standard score of P95 with which distributions are read."""
    return constant(quantiles, "Z_P95", "normal P95, as the publication rounds it", symbol="z")


def _behind(asked: Asked, name: str, entry: Entry) -> tuple[Node, ...]:
    """Study keys and rows of resources that an ingredient rests on."""
    kind, _, what = name.partition(": ")
    if kind == "overhead":
        ends = (
            asked.resource("overheads.csv", {"overhead": what}, f"share_{end}", symbol=end, note="meaning")
            for end in ("p05", "p95")
        )
        return (*ends, entry("overheads", label="switched on in the study"))
    if kind == assumptions.SPECULATIVE:
        return (entry("serving", "speculative_share"),)
    keys = ("workloads", what, "cached_share") if kind == assumptions.CACHED else SECTIONS.get(name, (name,))
    return with_ends(entry, *keys)


def with_ends(entry: Entry, *keys: str) -> tuple[Node, ...]:
    """An entry that gives a distribution, its percentiles first."""
    whole = entry(*keys)
    ends = [
        entry(*keys, end, symbol=end, label=f"{keys[-1]}, {end}", note="")
        for end in ("p05", "p95")
        if isinstance(whole.value, str) and f"{end} " in whole.value
    ]
    return (*ends, whole)
