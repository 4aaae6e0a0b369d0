"""Sweeps: at the study's own value the study's number, and in the direction that each assumption works in."""

import numpy as np
import pytest
from inference_energy.energy import uncertainty
from inference_energy.fleet.scenarios import Fleet
from inference_energy.fleet.sweeps import PER_DAY_UNIT, PER_QUERY_UNIT, sweeps
from inference_energy.statistics.distributions import distribution
from tiny_service import points, tiny_service
from varied_service import PUE, VARIED

RANGES = {
    "pue": [1.0, 1.1, 1.2, 1.6, 3.0],
    "load": [0.2, 0.5, 0.7, 1],
    "attainment": [0.2, 0.5, 0.7, 1],
    "cached_share": [0, 0.2, 0.5, 1],
    "input_tokens": [1, 100, 1000, 30_000],
    "output_tokens": [1, 100, 500, 10_000],
    "long_share": [0, 0.1, 0.5, 1],
}


def swept(parameter, values, draws=500, **arguments):
    """Rows by value and workload."""
    table = sweeps(tiny_service(sweeps={parameter: values}, **arguments), draws=draws, seed=1)
    return {(row["value"], row["workload"]): row for row in table.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("pue", 1.2),
        ("load", 0.5),
        ("attainment", 0.5),
        ("cached_share", 0.0),
        ("input_tokens", 1000),
        ("output_tokens", 500),
    ],
)
def test_at_its_own_value_the_study_comes_back(parameter, value):
    rows = swept(parameter, [value])
    for name in ("p05", "p50", "p95", "mean"):
        assert rows[value, "traditional"][name] == pytest.approx(2.1)
        if (value, "long") in rows:
            assert rows[value, "long"][name] == pytest.approx(7.2)
    assert {row["unit"] for row in rows.values()} == {PER_QUERY_UNIT}


@pytest.mark.parametrize(("parameter", "constant"), [("pue", 1.2), ("load", 0.5), ("attainment", 0.5)])
def test_a_value_stands_for_a_study_that_knows_it(parameter, constant):
    row = swept(parameter, [constant], **VARIED)[constant, "traditional"]
    known = tiny_service(**VARIED | {"distributions": VARIED["distributions"] | {parameter: distribution(constant)}})
    shared = uncertainty.shared_draws(known.given, "tiny", 500, seed=1)
    energy = Fleet.of(known, shared, {}).mean_wh("traditional", "datacenter")
    assert (row["p05"], row["p50"], row["p95"]) == pytest.approx(np.quantile(energy, [0.05, 0.5, 0.95]))
    assert row["mean"] == pytest.approx(energy.mean())


def test_by_hand():
    # 600 W x 1.6; always busy 1,000 W x 1.2 / 1,800 s; half of the prompt cached; 100 tokens 0.1 + 0.05 + 0.625 less.
    assert swept("pue", [1.6])[1.6, "traditional"]["mean"] == pytest.approx(2.1 * 1.6 / 1.2)
    assert swept("load", [1])[1, "traditional"]["mean"] == pytest.approx(2.625 * 1200 / 1800)
    assert swept("attainment", [1])[1, "long"]["mean"] == pytest.approx(3.6)
    assert swept("cached_share", [0.5])[0.5, "long"]["mean"] == pytest.approx(8.5 * 0.8)
    # Prompts of 100: 0.1 + 1 + 0.05 + 0.125 s. Answers of 2,000: 9 s.
    assert swept("input_tokens", [100])[100, "traditional"]["mean"] == pytest.approx(1.275 * 0.8)
    assert swept("output_tokens", [2000])[2000, "traditional"]["mean"] == pytest.approx(7.2)


@pytest.mark.parametrize("parameter", RANGES)
@pytest.mark.parametrize("arguments", [{}, VARIED], ids=["known", "varied"])
def test_monotone(parameter, arguments):
    rows = swept(parameter, RANGES[parameter], **arguments)
    sign = -1 if parameter in ("load", "attainment", "cached_share") else 1
    for workload in {workload for _, workload in rows}:
        for name in ("p05", "p50", "p95", "mean"):
            energies = [rows[value, workload][name] for value in RANGES[parameter]]
            assert (np.diff(energies) * sign > 0).all()


def test_linear_in_pue_and_in_one_over_attainment():
    for workload in ("traditional", "long"):
        rows = swept("pue", [1, 1.5, 2], **VARIED)
        for name in ("p05", "p50", "p95", "mean"):
            first, middle, last = (rows[value, workload][name] for value in (1, 1.5, 2))
            assert (middle, last) == pytest.approx((1.5 * first, 2 * first))
        rows = swept("attainment", [0.25, 0.5], **VARIED)
        assert rows[0.25, workload]["p50"] == pytest.approx(2 * rows[0.5, workload]["p50"])


def test_mean_of_the_day_is_linear_in_the_long_share():
    rows = swept("long_share", [0, 0.25, 1], **VARIED)
    traditional, quarter, long = (rows[value, "all"]["mean"] for value in (0, 0.25, 1))
    assert quarter == pytest.approx(0.75 * traditional + 0.25 * long)


@pytest.mark.parametrize(("boundary", "wh"), [("fleet", 0.88), ("datacenter", 0.8), ("gpu_boards", 0.5)])
def test_day_by_hand_within_the_boundary_of_fleets(boundary, wh):
    rows = swept("long_share", [0, 0.1, 1], fleet_boundary=boundary)
    for share, seconds in ((0, 2.625), (0.1, 0.9 * 2.625 + 0.9), (1, 9)):
        row = rows[share, "all"]
        assert row["unit"] == PER_DAY_UNIT
        assert (row["p05"], row["mean"]) == pytest.approx((seconds * wh, seconds * wh))  # 1e9 Wh are 1 GWh


def test_mean_energy_of_a_query_is_linear_in_what_is_cached():
    rows = swept("cached_share", [0, 0.5, 1], **VARIED)
    for workload in ("traditional", "long"):
        none, half, all_of_it = (rows[value, workload]["mean"] for value in (0, 0.5, 1))
        assert half == pytest.approx((none + all_of_it) / 2)
        assert all_of_it > 0


def test_cached_share_takes_the_place_of_what_a_trace_says_per_request():
    # The trace says that 40 % of the prompts are cached; swept, all requests have the value.
    lengths = {"traditional": points([1000, 1000], [500, 500], [3, 1], cached=0.4), "long": points(1000, 2000)}
    rows = swept("cached_share", [0, 0.4, 0.5, 1], lengths=lengths)
    seconds = {0: 2.625, 0.4: 2.225, 0.5: 2.125, 1: 1.625}
    found = {share: rows[share, "traditional"]["mean"] for share in seconds}
    assert found == pytest.approx({share: of * 0.8 for share, of in seconds.items()})


@pytest.mark.parametrize("given", [{}, {"sweeps": {}}])
def test_study_without_sweeps_has_an_empty_table_of_the_same_columns(given):
    found, full = (sweeps(tiny_service(**of), draws=10, seed=1) for of in (given, {"sweeps": {"pue": [1, 2]}}))
    assert found.is_empty()
    assert found.schema == full.schema


def test_an_ingredient_that_is_set_adds_nothing_to_the_interval():
    varied = {"distributions": {"pue": PUE}}
    row = swept("pue", [1.3], **varied)[1.3, "traditional"]
    assert row["p05"] == pytest.approx(row["p95"])
    other = swept("load", [0.5], draws=50_000, **varied)[0.5, "traditional"]
    assert (other["p05"], other["p95"]) == pytest.approx((1.75 * 1.08, 1.75 * 1.40), rel=5e-3)


@pytest.mark.parametrize(
    ("parameter", "workloads"),
    [
        *((name, {"traditional", "long"}) for name in ("pue", "load", "attainment", "cached_share")),
        *((name, {"traditional"}) for name in ("input_tokens", "output_tokens")),
        ("long_share", {"all"}),
    ],
)
def test_workloads_that_are_swept(parameter, workloads):
    assert {workload for _, workload in swept(parameter, [1.0])} == workloads


def test_lengths_are_set_for_every_query_whatever_they_were():
    lengths = {"traditional": points([100, 5000], [500, 500], [1, 3]), "long": points(1000, 2000)}
    row = swept("input_tokens", [1000], lengths=lengths)[1000, "traditional"]
    assert row["mean"] == pytest.approx(2.1)


def test_one_row_per_value_and_parameter_and_the_service_as_it_was():
    service = tiny_service(sweeps=RANGES, **VARIED)
    table = sweeps(service, draws=100, seed=1)
    assert len(table) == 2 * (5 + 4 + 4 + 4) + 4 + 4 + 4
    assert table.select("parameter", "value", "workload").is_duplicated().sum() == 0
    assert sweeps(service, draws=100, seed=1).equals(table)
