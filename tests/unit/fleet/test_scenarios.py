"""Fleets: energy, hours, GPUs, power and emissions by hand, and linear in queries."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.fleet import scenarios
from inference_energy.fleet.scenarios import Fleet
from inference_energy.fleet.tables import FLEET_HOURS, FLEET_PLAN, SCENARIO_AGGREGATES
from messages import message_of
from tiny_service import BUSY, POWER_W, QUIET, SCENARIOS, SECONDS, STUDY, WH, frontier, on, tables, tiny_service
from varied_service import varied_service

HARDWARE = pl.DataFrame({"gpu": ["G", "H"], "gpus_per_node": [8, 4]})
GRID = pl.DataFrame(
    {
        "zone": ["ABC", "DRY"],
        "label": ["Abece", "Dry land"],
        "carbon_gco2e_per_kwh": [400.0, 0.0],
        "carbon_basis": ["life cycle", "direct"],
        "water_l_per_kwh": [3.0, None],
    }
)
# Of 1e9 queries a day at the fleet boundary, with a tenth of overheads.
GWH = {workload: 1.1 * wh for workload, wh in WH.items()}
GPUS = {workload: 1e9 * seconds / 86_400 for workload, seconds in SECONDS.items()}
VALUES = ("p05", "p50", "p95", "mean")
DAY = {"arrivals": "day_and_night", "headroom": 2, "released_share": 0.5}


def of_fleet(spec, service=tiny_service, **arguments):
    return service(fleet=STUDY["fleet"] | spec, **arguments)


def aggregates(service):
    table = scenarios.scenario_aggregates(service, scenarios.fleets(service))
    SCENARIO_AGGREGATES.validate(table)
    return {row["scenario"]: row for row in table.iter_rows(named=True)}


def plan(service):
    table = scenarios.fleet_plan(service, scenarios.fleets(service), hardware=HARDWARE, grid=GRID)
    FLEET_PLAN.validate(table)
    return {(row["scenario"], row["quantity"]): row for row in table.iter_rows(named=True)}


def hours(service, scenario):
    table = scenarios.fleet_hours(service, scenarios.fleets(service))
    FLEET_HOURS.validate(table)
    return table.filter(scenario=scenario)


# Energy of a day.


@pytest.mark.usefixtures("known_hosts")
def test_scenarios_by_hand():
    rows = aggregates(tiny_service())
    expected = {
        "traditional": GWH["traditional"],
        "mixed": 0.9 * GWH["traditional"] + 0.1 * GWH["long"],
        "mixed_optimized": (0.9 * GWH["traditional"] + 0.1 * GWH["long"]) / 1.2,  # of a PUE of 1.2
        "long": GWH["long"],
    }
    for value in VALUES:
        found = {name: row[f"energy_gwh_per_day_{value}"] for name, row in rows.items()}
        assert found == pytest.approx(expected, rel=1e-6)
    assert rows["traditional"]["energy_gwh_per_day_mean_long"] == 0
    assert rows["long"]["energy_gwh_per_day_mean_traditional"] == 0
    assert rows["mixed"]["energy_gwh_per_day_mean_traditional"] == pytest.approx(0.9 * GWH["traditional"], rel=1e-6)
    assert rows["mixed"]["energy_gwh_per_day_mean_long"] == pytest.approx(0.1 * GWH["long"], rel=1e-6)
    assert [name for name, row in rows.items() if row["interventions"]] == ["mixed_optimized"]
    assert rows["mixed"]["overhead_long"] == rows["mixed"]["overhead_traditional"] == pytest.approx(1.1)
    assert rows["mixed"]["energy_gwh_per_day_mean_se"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("boundary", "overhead"), [("gpu_boards", 1), ("node", 1), ("datacenter", 1), ("fleet", 1.1)])
def test_boundary_of_fleets_decides_what_is_counted(boundary, overhead):
    row = aggregates(tiny_service(boundary={"query": "node", "fleet": boundary}))["long"]
    wh = WH["long"] * POWER_W[boundary] / POWER_W["datacenter"]
    assert row["energy_gwh_per_day_mean"] == pytest.approx(wh, rel=1e-6)
    assert row["overhead_long"] == pytest.approx(overhead)


def test_mixed_is_the_weighted_sum_draw_by_draw():
    service = varied_service(fleet=STUDY["fleet"])
    days = {share: sum(Fleet.of(service, share).energy_gwh_per_day("fleet").values()) for share in (0, 0.1, 1)}
    assert days[0.1] == pytest.approx(0.9 * days[0] + 0.1 * days[1])
    assert days[0].std() > 0.1 * days[0].mean()


def test_twice_the_queries_twice_everything():
    once, twice = (
        of_fleet({"queries_per_day": queries, "grid_zone": "ABC"}, varied_service, draws=50) for queries in (1e9, 2e9)
    )
    of_once, of_twice = aggregates(once), aggregates(twice)
    for name, row in of_once.items():
        for key in row:
            if key.startswith("energy_gwh"):
                assert of_twice[name][key] == pytest.approx(2 * row[key])
    planned, doubled = plan(once), plan(twice)
    for place, row in planned.items():
        assert [doubled[place][key] for key in VALUES] == pytest.approx([2 * row[key] for key in VALUES])
    first, second = (hours(service, "mixed") for service in (once, twice))
    for column in ("power_mw_mean", "gpus_on_p05"):
        assert second[column].to_list() == pytest.approx((2 * first[column]).to_list())


def test_interval_is_shared_and_does_not_shrink_with_draws():
    few, many = (aggregates(varied_service(draws))["mixed"] for draws in (300, 3000))
    for key in ("p05", "p50", "p95"):
        assert few[f"energy_gwh_per_day_{key}"] == pytest.approx(many[f"energy_gwh_per_day_{key}"], rel=0.25)
    assert many["energy_gwh_per_day_p95"] / many["energy_gwh_per_day_p05"] > 2
    assert few["energy_gwh_per_day_mean_se"] > 2 * many["energy_gwh_per_day_mean_se"]


def test_a_fleet_takes_what_its_workloads_take_alone():
    service = varied_service(2000, serving={"speed_tok_per_s": 450, "replica_gpus": [1]}, hardware=on(G=1))
    means = {}
    for name in SECONDS:
        energies, weights = service.mean_wh("frontier", name)
        assert (weights == 0).any()
        means[name] = np.average(energies["fleet"], weights=weights)
    row = aggregates(service)["mixed"]
    queries = service.study.fleet.queries_per_day
    for name, share in (("traditional", 0.9), ("long", 0.1)):
        expected = queries * share * means[name] / 1e9
        assert row[f"energy_gwh_per_day_mean_{name}"] == pytest.approx(expected, rel=0.01)
    parts = row["energy_gwh_per_day_mean_traditional"] + row["energy_gwh_per_day_mean_long"]
    assert parts == pytest.approx(row["energy_gwh_per_day_mean"])


def test_most_draws_of_a_fleet_are_the_same_draw_of_all_workloads():
    fleet = Fleet.of(varied_service(2000, serving={"speed_tok_per_s": 450, "replica_gpus": [1]}, hardware=on(G=1)), 0.1)
    first, second = fleet.draws.values()
    assert np.mean(first == second) > 0.5
    assert list(Fleet.of(varied_service(50), 0.0).draws) == ["traditional"]


# GPUs and hours.


def test_a_fleet_with_constant_arrivals_and_no_headroom_is_the_closed_form():
    rows = plan(tiny_service())
    for scenario in ("traditional", "long"):
        gpus = GPUS[scenario]  # every one of them works all day
        assert rows[scenario, "gpus"]["mean"] == pytest.approx(gpus, rel=1e-6)
        assert rows[scenario, "gpus_on"]["mean"] == pytest.approx(gpus, rel=1e-6)
        assert rows[scenario, "nodes"]["mean"] == pytest.approx(gpus / 8, rel=1e-6)
        for quantity in ("average_power", "peak_power"):
            assert rows[scenario, quantity]["mean"] == pytest.approx(gpus * POWER_W["fleet"] / 1e6, rel=1e-6)
        assert rows[scenario, "energy_per_year"]["mean"] == pytest.approx(GWH[scenario] * 0.365, rel=1e-6)
        assert rows[scenario, "energy_per_year"]["unit"] == "TWh/year"


def test_an_hour_by_hand():
    # The busiest hours have 1.5 times the mean requests, and there is twice as much: a third of it works on average.
    service = tiny_service(day=DAY)
    installed = GPUS["long"] * BUSY * 2
    rows, table = plan(service), hours(service, "long")
    assert rows["long", "gpus"]["mean"] == pytest.approx(installed, rel=1e-6)
    assert table["relative_rate"].to_list() == [BUSY] * 12 + [QUIET] * 12
    # In the busiest hours a half is needed, and half of the rest is on; then a sixth.
    kept = [1 - 0.5 / 2, 1 - 0.5 * 5 / 6]
    assert table["gpus_on_mean"].to_list() == pytest.approx([installed * kept[0]] * 12 + [installed * kept[1]] * 12)
    assert rows["long", "gpus_on"]["mean"] == pytest.approx(installed * sum(kept) / 2)
    # A replica does 2/3 and 2/7 of its work; with one request it does 0.375 / 1.3.
    of_one = (1 / 8 + 0.2 + 0.05) / (1 + 0.2 + 0.05)
    boards = [500, 100 + 400 * (2 / 7) / of_one]
    watts = [(board + 100 + 100 * (board - 100) / 800) * 1.32 for board in boards]
    for hour, (share, watt) in ((0, (kept[0], watts[0])), (23, (kept[1], watts[1]))):
        for value in VALUES:
            expected = installed * share * watt / 1e6
            assert table[f"power_mw_{value}"][hour] == pytest.approx(expected, rel=1e-6)
    assert rows["long", "peak_power"]["mean"] == pytest.approx(table["power_mw_mean"].max())


@pytest.mark.parametrize("service", [tiny_service, varied_service])
@pytest.mark.parametrize("share", [0, 0.1, 1])
def test_the_energy_of_a_day_is_the_sum_of_its_hours(service, share):
    fleet = Fleet.of(service(day=DAY), share)
    energy = sum(fleet.energy_gwh_per_day("fleet").values())
    assert fleet.hours_mw.sum(axis=0) / 1000 == pytest.approx(energy)


@settings(max_examples=15, derandomize=True)
@given(
    st.lists(st.floats(0, 5), min_size=24, max_size=24).filter(lambda rates: sum(rates) > 1),
    st.floats(1, 3),
    st.floats(0, 1),
)
def test_hours_sum_to_the_day_for_any_day(rates, headroom, released):
    of = pl.DataFrame({"workload": ["d"] * 24, "hour": range(24), "relative_rate": rates})
    day = {"arrivals": "d", "headroom": headroom, "released_share": released}
    fleet = Fleet.of(tiny_service(of=tables(rates=of), day=day, draws=1), 0.5)
    energy = sum(fleet.energy_gwh_per_day("fleet").values())
    assert fleet.hours_mw.sum(axis=0) / 1000 == pytest.approx(energy)
    installed = sum(fleet.gpus().values())
    assert (fleet.hours_on() <= installed * (1 + 1e-9)).all()


def test_mixed_fleet_needs_the_weighted_gpus():
    rows = plan(tiny_service(day=DAY))
    for quantity in ("gpus", "nodes", "gpus_on", "average_power", "peak_power"):
        one, long, both = (rows[name, quantity]["mean"] for name in ("traditional", "long", "mixed"))
        assert both == pytest.approx(0.9 * one + 0.1 * long)


def test_gpus_of_several_models_and_nodes_by_hand():
    # H is twice as fast: of the queries of each model it serves two thirds, with as many GPUs.
    service = tiny_service(classes=frontier(A=1, B=1), hardware=on(G=1, H=1))
    rows = plan(service)
    of_b = 1e9 * (0.2 + 0.5 + 0.4) / 86_400  # GPU-days of G that a billion long queries take on B
    each = (GPUS["long"] / 2 + of_b / 2) / 3
    by_gpu = Fleet.of(service.narrowed("frontier"), 1.0).gpus()
    assert by_gpu.keys() == {"G", "H"}
    for count in by_gpu.values():
        assert count == pytest.approx(np.full(4, each), rel=1e-6)
    assert rows["long", "gpus"]["mean"] == pytest.approx(2 * each, rel=1e-6)
    assert rows["long", "nodes"]["mean"] == pytest.approx(each / 8 + each / 4, rel=1e-6)


def test_one_gpu_in_two_precisions_is_counted_once():
    both = [{"gpu": "G", "precision": precision, "share": 1} for precision in ("FP8", "BF16")]
    found = Fleet.of(tiny_service(hardware=both), 1.0).gpus()
    assert list(found) == ["G"]
    assert found["G"][0] > GPUS["long"]


def test_rated_fleet_by_hand():
    rows = plan(tiny_service(power={"form": "rated", "node_kw": {"default": 8}, "utilisation": 0.6}))
    for quantity in ("average_power", "peak_power"):
        assert rows["long", quantity]["mean"] == pytest.approx(GPUS["long"] * 600 * 1.32 / 1e6, rel=1e-6)


def test_average_power_is_the_energy_over_a_day_and_below_the_peak():
    service = varied_service()
    days, rows = aggregates(service), plan(service)
    for name in SCENARIOS:
        average, peak = rows[name, "average_power"], rows[name, "peak_power"]
        assert average["mean"] == pytest.approx(days[name]["energy_gwh_per_day_mean"] * 1000 / 24)
        assert all(peak[key] >= average[key] for key in VALUES)


# Emissions and water.


@pytest.mark.filterwarnings("error")
def test_emissions_by_hand_and_only_where_a_zone_is_named():
    rows = plan(of_fleet({"grid_zone": "ABC"}))
    assert rows["long", "emissions"]["mean"] == pytest.approx(GWH["long"] * 400, rel=1e-6)  # GWh x g/kWh = t
    assert rows["long", "emissions"]["unit"] == "t CO2e/day"
    assert "Abece: 400 g CO2e/kWh, life cycle" in rows["long", "emissions"]["basis"]
    assert not {quantity for _, quantity in plan(tiny_service())} & {"emissions", "water"}
    clean = plan(of_fleet({"grid_zone": "DRY"}))["long", "emissions"]
    assert [clean[value] for value in VALUES] == [0] * 4


def test_water_by_hand():
    rows = plan(of_fleet({"grid_zone": "ABC", "onsite_water_l_per_kwh": 0.6}))
    # 0.6 L per kWh of IT over a PUE of 1.2 is 0.5, and 3 off site: 3.5 L/kWh.
    assert rows["long", "water"]["mean"] == pytest.approx(GWH["long"] * 1e6 * 3.5 / 1000, rel=1e-6)
    assert rows["long", "water"]["unit"] == "m3/day"
    assert ("long", "water") not in plan(of_fleet({"grid_zone": "ABC"}))
    assert ("long", "water") not in plan(of_fleet({"grid_zone": "DRY", "onsite_water_l_per_kwh": 0.6}))


# Interventions.


@pytest.mark.usefixtures("known_hosts")
def test_interventions_of_a_fleet_by_hand():
    rows = plan(of_fleet({"levers": ["pue", "cached"]}))
    saved = 0.9 * (GPUS["traditional"] - 1e9 * 0.175 / 86_400) + 0.1 * (GPUS["long"] - 1e9 * 0.7 / 86_400)
    gpus = rows["mixed", "gpus"]["mean"] - saved
    assert rows["mixed_optimized", "gpus"]["mean"] == pytest.approx(gpus, rel=1e-6)
    assert rows["mixed_optimized", "average_power"]["mean"] == pytest.approx(gpus * 650 * 1.1 / 1e6, rel=1e-6)


def test_interventions_are_applied_only_where_the_scenario_says_so():
    with_more, with_one = (
        of_fleet({"levers": levers}, varied_service, draws=50) for levers in (["pue", "cached"], ["pue"])
    )
    more, one = aggregates(with_more), aggregates(with_one)
    for name in ("traditional", "mixed", "long"):
        assert more[name] == one[name]
    key = "energy_gwh_per_day_mean"
    assert more["mixed_optimized"][key] < one["mixed_optimized"][key] < one["mixed"][key]


def test_a_fleet_without_interventions():
    rows = aggregates(of_fleet({"levers": []}))
    assert rows["mixed"]["energy_gwh_per_day_p50"] == rows["mixed_optimized"]["energy_gwh_per_day_p50"]


# Faults.


def test_an_intervention_that_is_not_there():
    found = message_of(lambda: scenarios.fleets(of_fleet({"levers": ["wish"]}, name="mine")))
    assert found == "config/studies/mine.yaml: fleet.levers: found 'wish'; allowed: cached or pue"


def test_a_zone_that_is_not_there():
    found = message_of(lambda: plan(of_fleet({"grid_zone": "XYZ"}, name="mine")))
    assert found.startswith("config/studies/mine.yaml: fleet.grid_zone: found 'XYZ'; allowed: ")


def test_a_fleet_that_nothing_serves():
    service = tiny_service(name="mine", serving={"speed_tok_per_s": 1e6, "replica_gpus": [1]})
    assert message_of(scenarios.fleets, service) == (
        "config/studies/mine.yaml: fleet.scenarios.traditional: found queries that no model of frontier serves at the"
        " operating point; allowed: one that some reach"
    )


def test_another_class_serves_the_fleet():
    mine = {"mine": {"label": "Mine", "model_class": "frontier", "weights": {"B": 1}}}
    service = of_fleet({"subject": "mine"}, classes=frontier(A=1) | mine)
    alone = tiny_service(classes=frontier(B=1))
    for name in ("traditional", "mixed", "long"):
        found, expected = (aggregates(of)[name]["energy_gwh_per_day_mean"] for of in (service, alone))
        assert found == pytest.approx(expected, rel=0.2)  # hosts of a narrowed service are drawn
    assert scenarios.fleets(service)["long"].service.members.names == [("B", "G", "FP8")]


def test_seed_decides_the_numbers_and_the_service_is_left_as_it_was():
    first, again, other = (varied_service(50, seed=seed) for seed in (1, 1, 2))
    before = first.study.plain()
    assert aggregates(first) == aggregates(again) != aggregates(other)
    assert first.study.plain() == before


def test_each_scenario_hour_and_quantity_once():
    service = of_fleet({"grid_zone": "ABC", "onsite_water_l_per_kwh": 0.6})
    found = scenarios.fleets(service)
    assert scenarios.fleet_hours(service, found).select("scenario", "hour").n_unique() == len(SCENARIOS) * 24
    assert len(plan(service)) == len(SCENARIOS) * 8
    assert replace(found["long"], queries_per_day={"long": 0.0, "traditional": 1.0}).subject == "frontier"
