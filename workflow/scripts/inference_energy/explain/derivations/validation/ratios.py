"""Statistics over many ratios, as steps of a derivation."""

import polars as pl

from inference_energy.common.step import Node, number
from inference_energy.explain.asked import Asked

LOGARITHMIC = {
    "geometric_error": ("exp(sqrt(S / n))", "sum of the squared", lambda logs: (logs**2).sum()),
    "geometric_sd": ("exp(S)", "standard deviation of the", pl.Series.std),
    "geometric_mean": ("exp(S)", "mean of the", pl.Series.mean),
}


def statistic(asked: Asked, name: str, ratios: pl.Series, behind: Node) -> Node:
    """The number as a statistic of ratios, one of `LOGARITHMIC` or `min`, `max`, `median`; behind it, each of them."""
    if name not in LOGARITHMIC:
        return asked.stated(f"{name} of {len(ratios)} ratios", getattr(ratios, name)(), behind)
    formula, words, of = LOGARITHMIC[name]
    found = number("S", f"{words} logarithms of the ratios", float(of(ratios.log())), children=(behind,))
    return asked.node(formula, [found, number("n", "ratios", len(ratios))])


def share(asked: Asked, counted: int, of: int, behind: Node) -> Node:
    """The number as the share of rows that are counted."""
    part = number("k", f"counted: {asked.node().note}", counted, children=(behind,))
    return asked.node("k / n", [part, number("n", "all", of)])
