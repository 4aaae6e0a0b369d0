"""Power of a usage over time, with its interval; or its energy by month, where most of it has no times."""

from datetime import timedelta

import altair as alt
import polars as pl

from inference_energy.common.conversions import KW_PER_MW
from inference_energy.figures.palette import BLUE, INK, PALE
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.statement.wording import TOTAL, interval, number, quantity, scale, share

# Spans whose axis has hours instead of days, and those with a tick every day.
SHORT, FEW_DAYS = timedelta(days=2), timedelta(days=10)
LEAST_LOGGED = 0.5  # share of the energy that logs have, for their power to stand for the usage


def draw(
    *, steps: pl.DataFrame, capacity: pl.DataFrame, statement: pl.DataFrame, usage: dict
) -> alt.LayerChart | alt.Chart:
    """Mean power in every step, expected value and P5–P95; energy by month where bills have most."""
    total = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)
    logged = float(steps["power_kw_mean"].sum()) * usage["step_minutes"] / 60
    if logged < LEAST_LOGGED * total["energy_kwh_mean"] or steps.is_empty():
        return _months(statement, total, logged, usage)
    return _power(steps, capacity, usage)


def _months(statement: pl.DataFrame, total: dict, logged: float, usage: dict) -> alt.LayerChart:
    months = statement.filter(pl.col("breakdown") == "month").sort("month")
    size, unit = scale(months["energy_kwh_p95"].max(), "kWh")
    kwh = total["energy_kwh_mean"] or 1.0
    drawn = months.select(
        "month",
        *(pl.col(f"energy_kwh_{q}") / size for q in ("p05", "mean", "p95")),
        share=(pl.col("energy_kwh_mean") / kwh).map_elements(share, pl.String),
    )
    base = alt.Chart(drawn).encode(y=alt.Y("month:N", sort=drawn["month"].to_list(), title=None))
    bars = base.mark_bar(color=PALE, height={"band": 0.7}).encode(
        x=alt.X("energy_kwh_mean:Q", title=f"Energy, {unit}", scale=alt.Scale(zero=True))
    )
    spans = base.mark_rule(color=BLUE, strokeWidth=2.5).encode(x="energy_kwh_p05:Q", x2="energy_kwh_p95:Q")
    middles = base.mark_point(color=BLUE, filled=True, size=70, opacity=1).encode(x="energy_kwh_mean:Q")
    texts = base.mark_text(align="left", dx=8, color=INK).encode(x="energy_kwh_p95:Q", text="share:N")
    return titled(
        (bars + spans + middles + texts).properties(width=WIDTH, height=alt.Step(34)),
        finding=f"{quantity(total, 'energy_kwh', 'kWh')} in {len(months)} {'month' if len(months) == 1 else 'months'}",
        conditions=f"{usage['title']}, boundary {usage['boundary']}. Bar and point: expected value, line: P5–P95 of"
        " shared uncertainty; percentages: share of energy. Only the logs have times:"
        f" {share(logged / kwh)} of the energy.",
    )


def _power(steps: pl.DataFrame, capacity: pl.DataFrame, usage: dict) -> alt.LayerChart:
    size, unit = scale(steps["power_kw_p95"].max() / KW_PER_MW, "MW")
    powers = [f"power_kw_{q}" for q in ("p05", "mean", "p95")]
    moments = steps.select(
        pl.col("step_start_utc").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").alias("time"),
        *(pl.col(power) / KW_PER_MW / size for power in powers),
    )
    step = pl.duration(minutes=usage["step_minutes"])
    # A step is drawn over its whole length, the last too; in a gap between steps power is 0.
    ends = moments.with_columns(pl.col("time") + step).join(moments, on="time", how="anti")
    last = pl.col("time") == pl.col("time").max()
    ends = ends.with_columns(pl.when(last).then(pl.col(power)).otherwise(0.0).alias(power) for power in powers)
    drawn = pl.concat([moments, ends]).sort("time")
    span = drawn["time"].max() - drawn["time"].min()
    drawn = drawn.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S"))
    days = {"tickCount": {"interval": "day", "step": 1}} if SHORT <= span < FEW_DAYS else {}
    axis = alt.Axis(format="%H:%M" if span < SHORT else "%d %b", labelOverlap=True, grid=False, **days)
    x = alt.X("time:T", title="Time, UTC", axis=axis)
    base = alt.Chart(drawn).encode(x=x)
    band = base.mark_area(color=BLUE, opacity=0.22, interpolate="step-after").encode(
        y=alt.Y("power_kw_p05:Q", title=f"Mean power, {unit}", scale=alt.Scale(zero=True)), y2="power_kw_p95:Q"
    )
    line = base.mark_line(color=BLUE, strokeWidth=2, interpolate="step-after").encode(y="power_kw_mean:Q")
    peak = capacity.row(by_predicate=pl.col("quantity") == "peak_power", named=True)
    average = capacity.row(by_predicate=pl.col("quantity") == "average_power", named=True)
    when = steps.sort("power_kw_mean", descending=True)["step_start_utc"][0].replace("T", " ")[:16]
    ratio = peak["mean"] / average["mean"]
    return titled(
        (band + line).properties(width=WIDTH + 120, height=260),
        finding=f"Power peaks at {interval(peak, 'MW')}, {number(ratio, TOTAL)} times the average, on {when} UTC",
        conditions=f"{usage['title']}. Mean over steps of {usage['step_minutes']} minutes, boundary"
        f" {usage['boundary']}. Line: expected value, band: P5–P95 of shared uncertainty, which does not average out.",
    )
