"""Panels of figures and the marks that they have in common: intervals, dots, labels, columns of numbers."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from inference_energy.figures.palette import INK, MUTED, PALE


def panel(*layers: alt.Chart, size: tuple[float, float], title: str | None = None, **style: object) -> alt.LayerChart:
    """Layers, from the lowest up, as one panel with width and height in px, and with a title of some style if any."""
    look = {"fontSize": 13, "offset": 5} | style
    titled = {} if title is None else {"title": alt.TitleParams(title, anchor="start", **look)}
    return alt.layer(*layers, width=size[0], height=size[1], **titled)


def in_rows(panels: Sequence[alt.Chart], columns: int, **style: object) -> list[alt.HConcatChart]:
    """Panels side by side, so many in a row."""
    return [alt.hconcat(*panels[i : i + columns], **style) for i in range(0, len(panels), columns)]


def constant(**values: object) -> alt.Chart:
    """A chart of one row of data."""
    return alt.Chart(pl.DataFrame({name: [value] for name, value in values.items()}))


def span(base: alt.Chart, low: alt.X, high: str, **style: object) -> alt.Chart:
    """Intervals, as lines from one column to another."""
    return base.mark_rule(**style).encode(x=low, x2=f"{high}:Q")


def dot(base: alt.Chart, x: alt.X, shape: str = "circle", **style: object) -> alt.Chart:
    """Filled marks."""
    return base.mark_point(**({"shape": shape, "filled": True, "opacity": 1} | style)).encode(x=x)


def label(base: alt.Chart, x: alt.X | dict, column: str, *, align: str = "left", **style: object) -> alt.Chart:
    """Texts of a column."""
    return base.mark_text(align=align, **style).encode(x=x, text=f"{column}:N")


def small_label(base: alt.Chart, x: alt.X | dict, column: str, **style: object) -> alt.Chart:
    """Texts of a column, small and in grey."""
    return label(base, x, column, **({"fontSize": 12, "color": MUTED} | style))


def head(text: str, place: float) -> alt.Chart:
    """Head of a column of numbers that ends at a place."""
    return small_label(constant(head=text).encode(y=alt.value(-9)), alt.value(place), "head", align="right")


def numbers(base: alt.Chart, column: str, place: float, text: str, color: str = INK) -> list[alt.Chart]:
    """A column of numbers that ends at a place, with its head."""
    return [label(base, alt.value(place), column, align="right", fontSize=12, color=color), head(text, place)]


def printed_range(x: alt.X, ends: tuple[float, float], opacity: float) -> list[alt.Chart]:
    """A pale band that the paper prints, with a text above it; `x` encodes its column `low`."""
    base = constant(low=ends[0], high=ends[1], said=f"Paper: {ends[0]:g}–{ends[1]:g}×")
    band = base.mark_rect(color=PALE, opacity=opacity).encode(x=x, x2="high:Q")
    return [band, small_label(base.encode(y=alt.value(-7)), x, "said")]
