"""From one statement to another, cause by cause."""

import altair as alt
import polars as pl

from inference_energy.figures.palette import BLUE, INK, ORANGE, PALE
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.statement.comparison import EMISSIONS
from inference_energy.statement.comparison_text import LABELS, change
from inference_energy.statement.wording import number, scale, signed

LEAST = 1e-3  # change that is drawn, over the larger of the two amounts


def draw(*, parts: pl.DataFrame, before: str, after: str) -> alt.LayerChart:
    """A waterfall of expected emissions between two statements; `parts` is a table of `comparison.difference`."""
    of = parts.filter(pl.col("quantity") == EMISSIONS)
    first, last, unit = of.row(0, named=True)["before"], of.row(0, named=True)["after"], of.row(0, named=True)["unit"]
    size, name = scale(max(first, last), unit)
    # The largest changes first; causes that change next to nothing are left out.
    causes = of.filter(pl.col("difference").abs() >= LEAST * max(first, last)).sort(
        pl.col("difference").abs(), "cause", descending=[True, False]
    )
    ends = pl.Series([first, *causes["difference"]]).cum_sum() / size
    rows = causes.with_columns(
        label=pl.col("cause").replace_strict(LABELS),
        low=pl.min_horizontal(ends[:-1], ends[1:]),
        high=pl.max_horizontal(ends[:-1], ends[1:]),
        text=pl.Series([signed(value / size) for value in causes["difference"]], dtype=pl.String),
        colour=pl.when(pl.col("difference") < 0).then(pl.lit(BLUE)).otherwise(pl.lit(ORANGE)),
    ).select("label", "low", "high", "text", "colour")
    whole = pl.DataFrame(
        {
            "label": ["before", "after"],
            "low": [0.0, 0.0],
            "high": [first / size, last / size],
            "text": [number(first / size), number(last / size)],
            "colour": [PALE, PALE],
        }
    )
    drawn = pl.concat([whole.head(1), rows, whole.tail(1)])
    base = alt.Chart(drawn).encode(
        y=alt.Y("label:N", sort=drawn["label"].to_list(), title=None, axis=alt.Axis(labelLimit=330))
    )
    bars = base.mark_bar(height={"band": 0.7}).encode(
        x=alt.X(
            "low:Q",
            title=f"Emissions of electricity, location-based, {name}",
            scale=alt.Scale(zero=True),
            axis=alt.Axis(tickCount=6),
        ),
        x2="high:Q",
        color=alt.Color("colour:N", scale=None),
    )
    texts = base.mark_text(align="left", dx=6, color=INK).encode(x="high:Q", text="text:N")
    return titled(
        (bars + texts).properties(width=WIDTH, height=alt.Step(30)),
        finding=f"Emissions {change(first, last, unit)}",
        conditions=f"Before: {before}. After: {after}. Expected values. Each cause: its contribution"
        " averaged over all orders in which the causes may change; the contributions add up to the difference. Blue:"
        " lower, orange: higher.",
    )
