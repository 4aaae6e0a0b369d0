"""One look for all figures: colour-blind-safe, readable at 800 px, the same in SVG, PNG and Vega-Lite."""

import re

import altair as alt
import polars as pl

from inference_energy.figures import room
from inference_energy.figures.palette import GRID, GROUND, INK, MUTED, PALE

# The first is bundled with the renderer; Arial has the same widths, for readers of an SVG who have only that.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH = 520
PADDING = {"left": 14, "top": 14, "right": 14, "bottom": 14}
TEXT = 680  # px, of a line of the title or of the conditions
TITLE, CONDITIONS, LINES = 17, 12.5, 12  # font sizes in px, and the most lines that either has


def titled(chart: alt.TopLevelMixin, *, finding: str, conditions: str, width: float = TEXT) -> alt.TopLevelMixin:
    """A chart under the theme, its title the finding, its subtitle the conditions, in lines of a width in px."""
    title = alt.TitleParams(
        text=room.lines(_tied(finding), width, TITLE, bold=True, most=LINES),
        subtitle=room.lines(_tied(conditions), width, CONDITIONS, most=LINES),
        anchor="start",
        frame="bounds",
        fontSize=TITLE,
        subtitleFontSize=CONDITIONS,
        subtitleColor=MUTED,
        subtitlePadding=6,
        offset=16,
    )
    # A copy of the top alone: `properties` and `configure` each copy all parts, which takes longer than drawing them.
    drawn = chart.copy(deep=False)
    drawn.title, drawn.padding, drawn.background, drawn.config = title, PADDING, GROUND, alt.Config(**config())
    return drawn


def _tied(text: str) -> str:
    """Text whose lines never part a number from its unit or sign."""
    pattern = r"\d (?=(Wh|GWh|B)\b|%)|> (?=\d)|× (?=\S)"
    return re.sub(pattern, lambda found: found[0].replace(" ", "\u00a0"), text)


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
            "gridColor": GRID,
            "domainColor": PALE,
            "tickColor": PALE,
            "labelLimit": 320,
        },
        "axisLeft": {"titlePadding": 10},  # of numbers in a wider font
        "legend": {
            "labelColor": INK,
            "titleColor": INK,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "orient": "top",
            "direction": "horizontal",
            "columnPadding": 36,  # of labels in a wider font
        },
        "text": {"fontSize": 12, "color": INK},
        "title": {"color": INK},
    }


def message(text: str, *, finding: str, conditions: str) -> alt.TopLevelMixin:
    """What stands in place of a figure that has nothing to show."""
    said = alt.Chart(pl.DataFrame({"said": [text]})).mark_text(align="left")
    said = said.encode(x=alt.value(0), y=alt.value(20), text="said:N").properties(width=WIDTH)
    return titled(said, finding=finding, conditions=conditions)
