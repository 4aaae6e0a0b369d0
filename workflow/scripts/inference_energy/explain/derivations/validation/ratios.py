"""Statistics over many ratios, as steps of a derivation."""

import polars as pl

from inference_energy.explain.step import Node, number


def geometric_error(ratios: pl.Series, listed: Node) -> dict:
    """Formula and children of the geometric error of ratios: exp of the root mean square of their logarithms.

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
