"""Axes and colours of figures: named rows and columns, logarithmic axes with round ticks, a colour for every name."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import altair as alt
import numpy as np

DECADES = 100  # a logarithmic axis that spans more has ticks at powers of ten alone


def rows_axis(field: str, order: list[str], **axis: object) -> alt.Y:
    """Axis of named rows in an order."""
    axis = alt.Axis(**({"ticks": False, "domain": False, "labelPadding": 6} | axis))
    return alt.Y(field, sort=order, scale=alt.Scale(domain=order), title=None, axis=axis)


def columns_axis(field: str, order: list[str], **axis: object) -> alt.X:
    """Axis of named columns in an order, their names slanted."""
    axis = alt.Axis(labelAngle=-40, ticks=False, domain=False, **axis)
    return alt.X(field, sort=order, scale=alt.Scale(domain=order), title=None, axis=axis)


def ticks(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: 1, 2 and 5 of every decade, or powers of ten where it spans many."""
    steps = (1,) if high / low > DECADES else (1, 2, 5)
    found = [float(f"{step}e{power}") for power in range(-9, 10) for step in steps]
    return [value for value in found if low <= value <= high]


def log_axis(
    ends: Sequence[float], title: str | None = None, *, of: type = alt.X, shown: bool | None = None, **style: object
) -> tuple[Callable, Callable]:
    """Two encodings of a column on a logarithmic axis with exactly these ends: with the axis, and without.

    A panel needs the axis in one of its layers.

    Args:
        ends: of the axis.
        title: of the axis.
        of: `alt.X` or `alt.Y`.
        shown: whether it has labels and title, in one of several panels side by side.
        style: of `alt.Axis`; `values` are the ticks where those of `ticks` do not suit.
    """
    if shown is not None:
        style, title = style | {"labels": shown}, title if shown else None
    scale = alt.Scale(type="log", domain=list(ends), nice=False)
    axis = alt.Axis(**({"values": ticks(*ends), "format": ",~g", "title": title} | style))

    def encoded(column: str, **facts: object) -> alt.X | alt.Y:
        return of(f"{column}:Q", scale=scale, **facts)

    return partial(encoded, axis=axis), encoded


def colours(field: str, by_name: Mapping[str, str], legend: alt.Legend | None = None) -> alt.Color:
    """A colour for every name, in the order of the names; without a legend unless one is given."""
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(by_name), range=list(by_name.values())), legend=legend)


def shapes(field: str, by_name: Mapping[str, str], **style: object) -> alt.Shape:
    """A shape for every name, in the order of the names, with a legend."""
    scale = alt.Scale(domain=list(by_name), range=list(by_name.values()))
    return alt.Shape(f"{field}:N", scale=scale, legend=alt.Legend(title=None, **style))


def line_legend(**style: object) -> alt.Legend:
    """A legend of thick lines."""
    return alt.Legend(title=None, symbolType="stroke", symbolStrokeWidth=4, symbolOpacity=1, **style)


def either(test: str, yes: str, no: str) -> dict:
    """One of two colours, by a test of the datum."""
    return alt.condition(test, alt.value(yes), alt.value(no))


def apart(places: np.ndarray, distance: float) -> np.ndarray:
    """Places at least some distance apart, as near as can be to those asked for, the lowest first: least squares."""
    # Less a distance for every place below, places that are far enough apart are those that do not fall: runs that
    # do are set to their mean (pool adjacent violators; Barlow et al. 1972, isotonic regression).
    steps = distance * np.arange(len(places))
    runs: list[tuple[float, int]] = []  # mean, and number of places
    for wanted in places - steps:
        mean, count = float(wanted), 1
        while runs and runs[-1][0] > mean:
            before, size = runs.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        runs.append((mean, count))
    return np.repeat([mean for mean, _ in runs], [count for _, count in runs]) + steps
