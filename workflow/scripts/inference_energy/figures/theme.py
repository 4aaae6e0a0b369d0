"""One look for all figures: colour-blind-safe, readable at 800 px, the same in SVG, PNG and Vega-Lite."""

import re
import textwrap

import altair as alt

# The first is bundled with the renderer; Arial has the same widths, for readers of an SVG who have only that.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito (2008)
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
    return textwrap.wrap(
        re.sub(r"\d (?=(Wh|GWh|x|B)\b|%)|> (?=\d)", lambda m: m[0].replace(" ", "\u00a0"), text), width
    )


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
    """A range as text: 0.112-0.839."""
    return f"{number(low)}-{number(high)}"


def ticks(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: 1, 2 and 5 of every decade, or powers of ten where it spans many."""
    steps = (1,) if high / low > DECADES else (1, 2, 5)
    found = [float(f"{step}e{power}") for power in range(-9, 10) for step in steps]
    return [value for value in found if low <= value <= high]
