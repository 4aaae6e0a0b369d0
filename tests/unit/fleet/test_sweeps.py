"""Sweeps: at the study's own value the study's number, and in the direction that each assumption works in."""

import numpy as np
import pytest
from inference_energy.energy.per_query import energy_per_query
from inference_energy.fleet.scenarios import fleets, scenario_aggregates
from inference_energy.fleet.sweeps import PER_DAY_UNIT, PER_QUERY_UNIT, grids, sweeps
from inference_energy.fleet.tables import SWEEP_GRIDS, SWEEPS
from tiny_service import POWER_W, WH, points, tables, tiny_service
from varied_service import VARIED, varied_service

RANGES = {
    "speed_tok_per_s": [15, 25, 50, 100],
    "speculative_share": [0, 0.5, 1],
    "pue": [1.0, 1.1, 1.2, 1.6, 3.0],
    "headroom": [1, 1.5, 3],
    "released_share": [0, 0.5, 1],
    "cached_share": [0, 0.2, 0.5, 1],
    "input_tokens": [1, 100, 1000, 30_000],
    "output_tokens": [1, 100, 500, 10_000],
    "long_share": [0, 0.1, 0.5, 1],
}
FALLING = ("released_share", "cached_share", "speculative_share")
QUANTITIES = ("p05", "p50", "p95", "mean")
WORKLOADS = ("traditional", "long")


def swept(parameter, values, service=tiny_service, **arguments):
    """Rows by value and workload."""
    table = sweeps(service(sweeps={parameter: values}, **arguments))
    SWEEPS.validate(table)
    return {(row["value"], row["workload"]): row for row in table.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        *(("pue", 1.2), ("headroom", 1), ("released_share", 0), ("cached_share", 0.0), ("speculative_share", 0)),
        *(("input_tokens", 1000), ("output_tokens", 500)),
    ],
)
def test_at_its_own_value_it_is_the_number_of_the_study(parameter, value):
    rows = swept(parameter, [value])
    assert set(rows) == {(value, "traditional")} | ({(value, "long")} if "tokens" not in parameter else set())
    for (_, workload), row in rows.items():
        assert row["unit"] == PER_QUERY_UNIT
        assert [row[name] for name in QUANTITIES] == pytest.approx([WH[workload]] * 4, rel=1e-6)


# What the study says of each, and where.
KNOWN = {
    "pue": (1.2, {"pue": 1.2}),
    "headroom": (1.5, {"day": VARIED["day"] | {"headroom": 1.5}}),
    "released_share": (0.4, {"day": VARIED["day"] | {"released_share": 0.4}}),
    "speed_tok_per_s": (40, {"serving": VARIED["serving"] | {"speed_tok_per_s": 40}}),
    "speculative_share": (0.3, {"serving": VARIED["serving"] | {"speculative_share": 0.3}}),
    "cached_share": (
        0.4,
        {"workloads": {name: of | {"cached_share": 0.4} for name, of in VARIED["workloads"].items()}},
    ),
}


@pytest.mark.parametrize("parameter", KNOWN)
def test_at_a_value_the_table_of_a_study_that_says_so(parameter):
    value, study = KNOWN[parameter]
    table = energy_per_query(varied_service(100, **study))[0]
    rows = swept(parameter, [value], varied_service, draws=100)
    for workload in WORKLOADS:
        of = {"subject": "frontier", "workload": workload, "boundary": "datacenter", "spread": "shared"}
        known = table.filter(**of).row(0, named=True)
        for name in QUANTITIES:
            assert rows[value, workload][name] == pytest.approx(known[f"energy_wh_{name}"], rel=1e-9)


def test_a_day_at_the_share_of_a_scenario_is_that_scenario():
    service = varied_service(100)
    row = swept("long_share", [0.1], varied_service, draws=100)[0.1, "all"]
    known = scenario_aggregates(service, fleets(service)).filter(scenario="mixed").row(0, named=True)
    assert row["unit"] == PER_DAY_UNIT
    for name in QUANTITIES:
        assert row[name] == pytest.approx(known[f"energy_gwh_per_day_{name}"], rel=1e-9)


def test_by_hand():
    wh = POWER_W["datacenter"] / 3600
    assert swept("pue", [1.6])[1.6, "traditional"]["mean"] == pytest.approx(WH["traditional"] * 1.6 / 1.2, rel=1e-6)
    assert swept("headroom", [2])[2, "long"]["mean"] == pytest.approx(2 * WH["long"], rel=1e-6)
    day = {"headroom": 2, "released_share": 0}
    found = swept("released_share", [0.5], day=day)[0.5, "long"]["mean"]
    assert found == pytest.approx(1.5 * WH["long"], rel=1e-6)
    assert swept("cached_share", [0.5])[0.5, "long"]["mean"] == pytest.approx(0.7 * wh, rel=1e-6)
    # Prompts of 100 tokens: 0.01 + 0.0625 s, and attention to 350 of context.
    found = swept("input_tokens", [100])[100, "traditional"]["mean"]
    assert found == pytest.approx((0.01 + 0.0625 + 500 * 350e-7) * wh, rel=1e-6)
    assert swept("output_tokens", [2000])[2000, "traditional"]["mean"] == pytest.approx(WH["long"], rel=1e-6)
    # Two tokens per step.
    twice = tables({"accepted_tokens": np.log(2)})
    found = swept("speculative_share", [1], of=twice)[1, "traditional"]["mean"]
    assert found == pytest.approx((0.1 + 0.0625) * wh, rel=1e-6)


@pytest.mark.parametrize("parameter", RANGES)
def test_monotone(parameter):
    accepting = tables({"accepted_tokens": np.log(2)}, {"roofline_network": 0.1, "time_network_gpu": 0.1})
    rows = swept(parameter, RANGES[parameter], varied_service, draws=100, of=accepting)
    sign = -1 if parameter in FALLING else 1
    for workload in {workload for _, workload in rows}:
        for name in QUANTITIES:
            energies = [rows[value, workload][name] for value in RANGES[parameter]]
            assert (np.diff(energies) * sign > 0).all()


def test_linear_in_pue_and_the_long_share():
    rows = swept("pue", [1, 1.5, 2], varied_service, draws=100)
    for workload in WORKLOADS:
        for name in QUANTITIES:
            first, middle, last = (rows[value, workload][name] for value in (1, 1.5, 2))
            assert (middle, last) == pytest.approx((1.5 * first, 2 * first))
    rows = swept("long_share", [0, 0.25, 1])
    traditional, quarter, long = (rows[value, "all"]["mean"] for value in (0, 0.25, 1))
    assert quarter == pytest.approx(0.75 * traditional + 0.25 * long)


@pytest.mark.parametrize("boundary", POWER_W)
def test_day_by_hand_within_the_boundary_of_fleets(boundary):
    rows = swept("long_share", [0, 0.1, 1], boundary={"query": "node", "fleet": boundary})
    for share in (0, 0.1, 1):
        wh = ((1 - share) * WH["traditional"] + share * WH["long"]) * POWER_W[boundary] / POWER_W["datacenter"]
        assert rows[share, "all"]["mean"] == pytest.approx(wh, rel=1e-6)  # 1e9 Wh are 1 GWh


def test_cached_share_takes_the_place_of_what_a_trace_says_per_request():
    service = tiny_service(
        lengths={"traditional": points([1000, 1000], [500, 500], [3, 1], cached=0.4)},
        sweeps={"cached_share": [0, 0.4, 0.5, 1]},
    )
    found = sweeps(service).filter(workload="traditional")["mean"].to_list()
    seconds = [0.225, 0.185, 0.175, 0.125]
    assert found == pytest.approx([each * POWER_W["datacenter"] / 3600 for each in seconds], rel=1e-6)
    assert (service.lengths["traditional"].cached_share == 0.4).all()


@pytest.mark.parametrize("given", [None, {}])
def test_study_without_sweeps_has_empty_tables_of_the_same_columns(given):
    for table, schema in (
        (sweeps(tiny_service(sweeps=given)), SWEEPS),
        (grids(tiny_service(grids=given)), SWEEP_GRIDS),
    ):
        assert table.is_empty()
        schema.validate(table)


def test_an_ingredient_that_is_set_adds_nothing_to_the_interval():
    row = swept("pue", [1.3], pue=VARIED["pue"])[1.3, "traditional"]
    assert row["p05"] == pytest.approx(row["p95"])
    other = swept("headroom", [1], draws=5000, pue=VARIED["pue"])[1, "traditional"]
    per_pue = WH["traditional"] / 1.2
    assert (other["p05"], other["p95"]) == pytest.approx((per_pue * 1.08, per_pue * 1.40), rel=0.01)


def test_lengths_are_set_for_every_query_whatever_they_were():
    lengths = {"traditional": points([100, 5000], [500, 500], [1, 3])}
    row = swept("input_tokens", [1000], lengths=lengths)[1000, "traditional"]
    assert row["mean"] == pytest.approx(WH["traditional"], rel=1e-6)


def test_a_speed_that_nothing_reaches_has_no_row():
    serving = {"speed_tok_per_s": 40, "replica_gpus": [1]}
    rows = swept("speed_tok_per_s", [40, 1e6], serving=serving)
    assert set(rows) == {(40, "traditional"), (40, "long")}


def test_one_row_per_value_and_parameter_and_the_service_as_it_was():
    service = varied_service(20, sweeps=RANGES)
    table = sweeps(service)
    assert table.select("parameter", "value", "workload").is_duplicated().sum() == 0
    assert len(table) == 2 * (4 + 3 + 5 + 3 + 3 + 4) + 4 + 4 + 4
    assert sweeps(service).equals(table)


# Two at a time.


def test_a_grid_by_hand():
    service = tiny_service(grids={"both": {"pue": [1.2, 2.4], "headroom": [1, 2, 4]}})
    table = grids(service)
    SWEEP_GRIDS.validate(table)
    assert len(table) == 2 * 3 * 2
    assert table.select("grid", "x_parameter", "y_parameter").unique().rows() == [("both", "pue", "headroom")]
    # A replica of which a quarter is used waits without a request now and then: headroom of 4 is below its 4 times.
    for x, y, factor in ((1.2, 1, 1), (2.4, 1, 2), (1.2, 2, 2), (2.4, 2, 4)):
        row = table.filter(x=x, y=y, workload="long").row(0, named=True)
        assert row["mean"] == pytest.approx(factor * WH["long"], rel=1e-6)
        assert row["unit"] == PER_QUERY_UNIT


def test_a_row_of_a_grid_is_a_sweep():
    values = {"speed_tok_per_s": [25, 50], "output_tokens": [100, 1000]}
    service = varied_service(50, grids={"g": values, "d": {"long_share": [0, 0.5], "pue": [1.1, 1.5]}})
    found = grids(service)
    for speed in values["speed_tok_per_s"]:
        alone = sweeps(
            varied_service(
                50,
                serving=VARIED["serving"] | {"speed_tok_per_s": speed},
                sweeps={"output_tokens": values["output_tokens"]},
            )
        )
        of_grid = found.filter(grid="g", x=speed).sort("y")
        assert of_grid["workload"].unique().to_list() == ["traditional"]
        for name in QUANTITIES:
            assert of_grid[name].to_list() == pytest.approx(alone[name].to_list(), rel=1e-9)
    day = found.filter(grid="d")
    assert day["workload"].unique().to_list() == ["all"] and day["unit"].unique().to_list() == [PER_DAY_UNIT]
    low, high = (day.filter(x=0.5, y=pue)["mean"].item() for pue in (1.1, 1.5))
    assert high / low == pytest.approx(1.5 / 1.1)
