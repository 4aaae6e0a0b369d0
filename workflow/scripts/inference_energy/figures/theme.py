"""One look for all figures: colour-blind-safe, readable at 800 px, the same in SVG, PNG and Vega-Lite."""

import re
import textwrap
from collections.abc import Sequence

import altair as alt
import polars as pl

# The first is bundled with the renderer; Arial has the same widths, for readers of an SVG who have only that.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
# Okabe and Ito (2008)
BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
PALETTE = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY]
INK, MUTED, PALE = "#1B1F23", "#57606A", "#C9D1D9"
WIDTH = 520
DECADES = 100  # a logarithmic axis that spans more has ticks at powers of ten alone
TITLE_CHARACTERS, SUBTITLE_CHARACTERS = 74, 112


def titled(chart: alt.TopLevelMixin, *, finding: str, conditions: str) -> alt.TopLevelMixin:
    """A chart under the theme, its title the finding, its subtitle the conditions."""
    title = alt.TitleParams(
        text=_lines(finding, TITLE_CHARACTERS),
        subtitle=_lines(conditions, SUBTITLE_CHARACTERS),
        anchor="start",
        frame="bounds",
        fontSize=17,
        subtitleFontSize=12.5,
        subtitleColor=MUTED,
        subtitlePadding=6,
        offset=16,
    )
    return chart.properties(title=title, padding=14, background="white").configure(**config())


def _lines(text: str, width: int) -> list[str]:
    """Text in lines, a number never parted from its unit or sign."""
    pattern = r"\d (?=(Wh|GWh|B)\b|%)|> (?=\d)|× (?=\S)"
    return textwrap.wrap(re.sub(pattern, lambda found: found[0].replace(" ", "\u00a0"), text), width)


def config() -> dict:
    """Vega-Lite configuration shared by all figures."""
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": 12,
            "titleFontSize": 12.5,
            "titleFontWeight": "normal",
            "labelColor": INK,
            "titleColor": INK,
            "gridColor": "#EAEEF2",
            "domainColor": PALE,
            "tickColor": PALE,
            "labelLimit": 320,
        },
        "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "top", "direction": "horizontal"},
        "text": {"fontSize": 12, "color": INK},
        "title": {"color": INK},
    }


def number(value: float) -> str:
    """Three significant digits, without exponents: 0.341, 4.32, 1,300."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def interval(low: float, high: float) -> str:
    """A range as text: 0.112–0.839."""
    return f"{number(low)}–{number(high)}"


def times(factor: float) -> str:
    """A factor as text: 1.83×."""
    return f"{number(factor)}×"


def median_and_range(row: dict, name: str, unit: str) -> str:
    """Median, P5 and P95 as text: 1.04 GWh (0.525–3.24)."""
    return f"{number(row[f'{name}_p50'])} {unit} ({interval(row[f'{name}_p05'], row[f'{name}_p95'])})"


def log_scale(ends: Sequence[float]) -> alt.Scale:
    """A logarithmic scale with exactly these ends."""
    return alt.Scale(type="log", domain=list(ends), nice=False)


def rows_axis(field: str, order: list[str], **axis: object) -> alt.Y:
    """Axis of named rows in an order."""
    axis = alt.Axis(ticks=False, domain=False, **axis)
    return alt.Y(field, sort=order, scale=alt.Scale(domain=order), title=None, axis=axis)


def panel_title(text: str, **style: object) -> alt.TitleParams:
    """Title of one panel of a figure."""
    return alt.TitleParams(text, anchor="start", **({"fontSize": 13, "offset": 5} | style))


def message(text: str, *, finding: str, conditions: str) -> alt.TopLevelMixin:
    """What stands in place of a figure that has nothing to show."""
    said = alt.Chart(pl.DataFrame({"said": [text]})).mark_text(align="left")
    said = said.encode(x=alt.value(0), y=alt.value(20), text="said:N").properties(width=WIDTH)
    return titled(said, finding=finding, conditions=conditions)


def ticks(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: 1, 2 and 5 of every decade, or powers of ten where it spans many."""
    steps = (1,) if high / low > DECADES else (1, 2, 5)
    found = [float(f"{step}e{power}") for power in range(-9, 10) for step in steps]
    return [value for value in found if low <= value <= high]
