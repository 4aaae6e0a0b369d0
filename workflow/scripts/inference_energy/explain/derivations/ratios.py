"""Statistics over many ratios, as steps of a derivation."""

import polars as pl

from inference_energy.explain.step import Node, number


def typical_factor(ratios: pl.Series, listed: Node) -> dict:
    """Formula and children of exp(root mean square logarithm) of ratios.

    Args:
        ratios: predicted over observed.
        listed: the ratios one by one.
    """
    squares = float((ratios.log() ** 2).sum())
    children = [
        number("S", "sum of the squared logarithms of the ratios", squares, children=(listed,)),
        number("n", "number of ratios", len(ratios)),
    ]
    return {"formula": "exp(sqrt(S / n))", "children": children}
