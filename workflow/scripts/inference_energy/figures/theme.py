"""One look for all figures: colour-blind-safe, readable at 800 px, the same in SVG, PNG and Vega-Lite."""

import re
import textwrap

import altair as alt
import polars as pl

# The first is bundled with the renderer; Arial has the same widths, for readers of an SVG who have only that.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
# Okabe and Ito (2008)
BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
PALETTE = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY]
INK, MUTED, PALE = "#1B1F23", "#57606A", "#C9D1D9"
WIDTH = 520
TITLE_CHARACTERS, SUBTITLE_CHARACTERS, LINES = 74, 112, 12


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
    # A copy of the top alone: `properties` and `configure` each copy all parts, which takes longer than drawing them.
    drawn = chart.copy(deep=False)
    drawn.title, drawn.padding, drawn.background, drawn.config = title, 14, "white", alt.Config(**config())
    return drawn


def _lines(text: str, width: int) -> list[str]:
    """Text in lines, a number never parted from its unit or sign."""
    pattern = r"\d (?=(Wh|GWh|B)\b|%)|> (?=\d)|× (?=\S)"
    return textwrap.wrap(re.sub(pattern, lambda found: found[0].replace(" ", "\u00a0"), text), width, max_lines=LINES)


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


def message(text: str, *, finding: str, conditions: str) -> alt.TopLevelMixin:
    """What stands in place of a figure that has nothing to show."""
    said = alt.Chart(pl.DataFrame({"said": [text]})).mark_text(align="left")
    said = said.encode(x=alt.value(0), y=alt.value(20), text="said:N").properties(width=WIDTH)
    return titled(said, finding=finding, conditions=conditions)
