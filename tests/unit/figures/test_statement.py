"""Figures of a statement: power over time or energy by month, and models with their shares of the energy."""

import polars as pl
import pytest
from inference_energy.figures.statement import usage_models, usage_power

USAGE = {"title": "T", "boundary": "node", "step_minutes": 60}
SHAPE = {"p05": 0.5, "p50": 1.0, "p95": 2.0, "mean": 1.25}


def row(breakdown, kwh, **keys):
    labels = {"breakdown": breakdown, "month": None, "model": None} | keys
    return labels | {f"energy_kwh_{q}": kwh * factor for q, factor in SHAPE.items()}


STATEMENT = pl.DataFrame(
    [
        row("total", 100.0),
        row("month", 40.0, month="2026-01"),
        row("month", 60.0, month="2026-02"),
        row("model", 25.0, model="B"),
        row("model", 75.0, model="A"),
    ],
    schema_overrides={"month": pl.String, "model": pl.String},
)
CAPACITY = pl.DataFrame([{"quantity": name} | SHAPE for name in ("average_power", "peak_power")])


def steps(*power_kw):
    starts = [f"2026-01-01T{hour:02d}:00:00Z" for hour in range(len(power_kw))]
    columns = {f"power_kw_{q}": [kw * factor for kw in power_kw] for q, factor in SHAPE.items()}
    types = {"step_start_utc": pl.String} | dict.fromkeys(columns, pl.Float64)
    return pl.DataFrame({"step_start_utc": starts} | columns, types)


def drawn(chart):
    specification = chart.to_dict()
    title = specification["title"]["text"]
    return " ".join(title).replace("\u00a0", " "), [row for of in specification["datasets"].values() for row in of]


@pytest.mark.parametrize("power", [(), (20.0, 29.0)])
def test_energy_by_month_stands_for_a_usage_that_is_mostly_billed(power):
    """Logs of 49 of 100 kWh are the smaller part."""
    title, rows = drawn(usage_power.draw(steps=steps(*power), capacity=CAPACITY, statement=STATEMENT, usage=USAGE))
    assert title == "120 kWh (50–200) in 2 months"
    assert [(of["month"], of["energy_kwh_mean"], of["share"]) for of in rows] == [
        ("2026-01", 50.0, "40.0 %"),
        ("2026-02", 75.0, "60.0 %"),
    ]


def test_power_over_time_stands_for_a_usage_that_is_mostly_logged():
    title, rows = drawn(usage_power.draw(steps=steps(30.0, 70.0), capacity=CAPACITY, statement=STATEMENT, usage=USAGE))
    assert title.startswith("Power peaks at ")
    assert [of["power_kw_mean"] for of in rows] == pytest.approx([37.5, 87.5, 87.5])


def test_models_have_their_share_of_the_energy():
    title, rows = drawn(usage_models.draw(statement=STATEMENT, usage=USAGE))
    assert title == "A takes 75.0 % of 120 kWh (50–200)"
    assert [(of["model"], of["energy_share"]) for of in rows] == [("A", "75.0 %"), ("B", "25.0 %")]
