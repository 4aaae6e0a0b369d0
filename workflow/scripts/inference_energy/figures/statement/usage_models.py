"""Energy of a usage by model, with its interval."""

import altair as alt
import polars as pl

from inference_energy.figures.palette import BLUE, INK, PALE
from inference_energy.figures.theme import WIDTH, titled
from inference_energy.statement.wording import quantity, scale, share

SHOWN = 20


def draw(*, statement: pl.DataFrame, usage: dict) -> alt.LayerChart:
    """Energy of every model: expected value and P5–P95, with its share of the energy."""
    models = statement.filter(pl.col("breakdown") == "model").sort("energy_kwh_mean", "model", descending=[True, False])
    total = statement.filter(pl.col("breakdown") == "total").row(0, named=True)
    first = models.row(0, named=True)
    size, unit = scale(models["energy_kwh_p95"].max(), "kWh")
    drawn = models.head(SHOWN).with_columns(
        *(pl.col(f"energy_kwh_{q}") / size for q in ("p05", "mean", "p95")),
        energy_share=(pl.col("energy_kwh_mean") / (total["energy_kwh_mean"] or 1.0)).map_elements(share, pl.String),
    )
    drawn = drawn.select("model", "energy_share", "energy_kwh_p05", "energy_kwh_mean", "energy_kwh_p95")
    order = drawn["model"].to_list()
    base = alt.Chart(drawn).encode(y=alt.Y("model:N", sort=order, title=None))
    bars = base.mark_bar(color=PALE, height={"band": 0.7}).encode(
        x=alt.X("energy_kwh_mean:Q", title=f"Energy, {unit}", scale=alt.Scale(zero=True))
    )
    spans = base.mark_rule(color=BLUE, strokeWidth=2.5).encode(x="energy_kwh_p05:Q", x2="energy_kwh_p95:Q")
    middles = base.mark_point(color=BLUE, filled=True, size=70, opacity=1).encode(x="energy_kwh_mean:Q")
    texts = base.mark_text(align="left", dx=8, color=INK).encode(x="energy_kwh_p95:Q", text="energy_share:N")
    of_mean = first["energy_kwh_mean"] / total["energy_kwh_mean"]
    finding = (
        f"{first['model']} takes {share(of_mean)} of {quantity(total, 'energy_kwh', 'kWh')}"
        if len(models) > 1
        else f"{quantity(total, 'energy_kwh', 'kWh')} of {first['model']}"
    )
    more = f" The {SHOWN} largest of {len(models)}." if len(models) > SHOWN else ""
    return titled(
        (bars + spans + middles + texts).properties(width=WIDTH, height=alt.Step(34)),
        finding=finding,
        conditions=f"{usage['title']}, boundary {usage['boundary']}. Bar and point: expected value, line: P5–P95 of"
        f" shared uncertainty; percentages: share of energy.{more}",
    )
