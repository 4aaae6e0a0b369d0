"""Fleets: energy, GPUs, power and emissions by hand, and linear in queries."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.energy import assumptions
from inference_energy.fleet import scenarios
from inference_energy.statistics.distributions import Beta, Constant, distribution
from tiny_service import POWER, SCENARIOS, SECONDS, UNIFORM, curve, exponential, points, tiny_service

PUE = distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4})
VARIED = {
    "distributions": {
        "pue": PUE,
        "load": Beta.from_percentiles(p05=0.45, p95=0.85),
        "attainment": Beta.from_percentiles(p05=0.3, p95=0.8),
        "boards": UNIFORM,
        "overhead: network": assumptions.overhead_distribution({"share_p05": 0.04, "share_p95": 0.15}),
    },
    "weights": {"A": 1, "B": 1},
    "concentration": 2,
    "fit_errors": {"A": 0.1, "B": 0.3},
    "lengths": {"traditional": exponential(), "long": exponential(5000.0)},
}
INTERVENTIONS = pl.DataFrame(
    {
        "lever": ["half", "had", "busier", "cheaper_site"],
        "label": ["Half", "Had", "Busier", "Cheaper site"],
        "level": ["model"] * 4,
        "acts_on": ["gpu_seconds", "energy", "load", "pue"],
        "multiplier_p05": [2.0, 2.0, 1.5, 1.1],
        "multiplier_p95": [2.0, 2.0, 1.5, 1.1],
        "overlap_group": [None] * 4,
        "in_benchmarks": ["false", "true", "false", "false"],
        "source": ["here"] * 4,
    },
    schema_overrides={"overlap_group": pl.String},
)
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
# 1e9 queries a day at the fleet boundary, 0.88 Wh per GPU-second.
GWH = {name: seconds * 0.88 for name, seconds in SECONDS.items()}


def of_fleet(spec, levers=("half",), **arguments):
    fleet = {"subject": "frontier", "queries_per_day": 1e9, "levers": list(levers), "scenarios": SCENARIOS} | spec
    return tiny_service(fleet=fleet, **arguments)


def built(service, draws=100, seed=1):
    return scenarios.fleets(service, INTERVENTIONS, draws=draws, seed=seed)


def aggregates(service, draws=100):
    table = scenarios.scenario_aggregates(service, built(service, draws))
    return {row["scenario"]: row for row in table.iter_rows(named=True)}


def plan(service, draws=100):
    table = scenarios.fleet_plan(service, built(service, draws), hardware=HARDWARE, grid=GRID, seed=1)
    return {(row["scenario"], row["quantity"]): row for row in table.iter_rows(named=True)}


def test_published_day_by_hand():
    # A query takes 2.625 s of such a GPU, so 0.55161 Wh; 1e9 of them x 1.32563 are 0.7312 GWh.
    lengths = dict.fromkeys(("traditional", "long"), points(1000, 500))
    service = of_fleet(
        {},
        lengths=lengths,
        rated_w={"A": 0.55161 * 3600 / 2.625},
        distributions={
            "load": distribution(1),
            "attainment": distribution(1),
            "pue": distribution(1),
            "overhead: network": distribution(0.32563),
        },
    )
    for name in ("traditional", "mixed", "long"):
        row = aggregates(service)[name]
        for value in ("p05", "p50", "p95", "mean"):
            assert row[f"energy_gwh_per_day_{value}"] == pytest.approx(0.7312, abs=5e-5)
        assert row["overhead_traditional"] == row["overhead_long"] == pytest.approx(1.32563)
        assert row["energy_gwh_per_day_mean_se"] == pytest.approx(0, abs=1e-12)


def test_scenarios_by_hand():
    rows = aggregates(of_fleet({}))
    expected = {
        "traditional": GWH["traditional"],  # 2.31 GWh
        "mixed": 0.9 * GWH["traditional"] + 0.1 * GWH["long"],
        "long": GWH["long"],  # 7.92 GWh
        "long_optimized": GWH["long"] / 2,
    }
    assert {name: row["energy_gwh_per_day_mean"] for name, row in rows.items()} == pytest.approx(expected)
    assert rows["traditional"]["energy_gwh_per_day_mean_long"] == 0
    assert rows["long"]["energy_gwh_per_day_mean_traditional"] == 0
    assert rows["mixed"]["energy_gwh_per_day_mean_traditional"] == pytest.approx(0.9 * 2.31)
    assert rows["mixed"]["energy_gwh_per_day_mean_long"] == pytest.approx(0.792)
    assert {name: row["interventions"] for name, row in rows.items()} == {
        "traditional": False,
        "mixed": False,
        "long": False,
        "long_optimized": True,
    }


def test_boundary_of_fleets_decides_what_is_counted():
    for boundary, wh in (("gpu_boards", 0.5), ("node", 2 / 3), ("datacenter", 0.8), ("fleet", 0.88)):
        row = aggregates(of_fleet({}, fleet_boundary=boundary))["long"]
        assert row["energy_gwh_per_day_mean"] == pytest.approx(9 * wh)
        assert row["overhead_long"] == pytest.approx(1.1 if boundary == "fleet" else 1.0)


def test_mixed_is_the_weighted_sum_draw_by_draw():
    fleet = built(of_fleet({}, **VARIED))[False]
    days = {
        share: sum(scenarios.energy_gwh_per_day(fleet, scenarios.queries_of(share, 1e9), "fleet").values())
        for share in (0, 0.1, 1)
    }
    assert days[0.1] == pytest.approx(0.9 * days[0] + 0.1 * days[1])
    assert days[0].std() > 0.1 * days[0].mean()


def test_twice_the_queries_twice_everything():
    once, twice = (of_fleet({"queries_per_day": queries, "grid_zone": "ABC"}, **VARIED) for queries in (1e9, 2e9))
    of_once, of_twice = aggregates(once), aggregates(twice)
    for name, row in of_once.items():
        for key in row:
            if key.startswith("energy_gwh"):
                assert of_twice[name][key] == pytest.approx(2 * row[key])
    planned, doubled = plan(once), plan(twice)
    for place, row in planned.items():
        for key in ("p05", "p50", "p95", "mean"):
            assert doubled[place][key] == pytest.approx(2 * row[key])


def test_interval_is_shared_and_does_not_shrink_with_draws():
    few, many = (aggregates(of_fleet({}, **VARIED), draws)["mixed"] for draws in (1_000, 50_000))
    for key in ("p05", "p50", "p95"):
        assert few[f"energy_gwh_per_day_{key}"] == pytest.approx(many[f"energy_gwh_per_day_{key}"], rel=0.15)
    assert many["energy_gwh_per_day_p95"] / many["energy_gwh_per_day_p05"] > 2
    assert few["energy_gwh_per_day_mean_se"] > 4 * many["energy_gwh_per_day_mean_se"]


def test_gpus_and_power_by_hand():
    rows = plan(of_fleet({}))
    # 1e9 x 9 s / (86,400 s x 1/2 x 1/2), eight to a node.
    gpus = 9e9 / 21_600
    assert rows["long", "gpus"]["mean"] == pytest.approx(gpus)
    assert rows["long", "nodes"]["mean"] == pytest.approx(gpus / 8)
    assert rows["long_optimized", "gpus"]["mean"] == pytest.approx(gpus / 2)
    # 792 W per GPU at the fleet boundary half busy, and 1,000 W x 1.2 x 1.1 all busy.
    assert rows["long", "average_power"]["mean"] == pytest.approx(gpus * 792e-6)
    assert rows["long", "peak_power"]["mean"] == pytest.approx(gpus * 1320e-6)
    assert rows["long", "energy_per_year"]["mean"] == pytest.approx(7.92 * 0.365)
    assert rows["long", "energy_per_year"]["unit"] == "TWh/year"


def test_mixed_fleet_needs_the_weighted_gpus():
    rows = plan(of_fleet({}))
    assert rows["mixed", "gpus"]["mean"] == pytest.approx(
        0.9 * rows["traditional", "gpus"]["mean"] + 0.1 * rows["long", "gpus"]["mean"]
    )


def test_gpus_of_several_models_and_nodes_by_hand():
    # A and B (twice the time), half each; three GPUs of four are G, eight to a node, one is H, four to a node.
    service = of_fleet({}, weights={"A": 1, "B": 1}, gpus={"G": 0.75, "H": 0.25}, power={"G": POWER, "H": POWER})
    rows = plan(service)
    gpus = 1.5 * 9e9 / 21_600
    assert rows["long", "gpus"]["mean"] == pytest.approx(gpus)
    assert rows["long", "nodes"]["mean"] == pytest.approx(gpus * (0.75 / 8 + 0.25 / 4))
    by_place = built(service)[False].gpus({"long": 1e9})
    assert {place: value[0] for place, value in by_place.items()} == pytest.approx(
        {
            ("A", "G"): gpus / 3 * 0.75,
            ("A", "H"): gpus / 3 * 0.25,
            ("B", "G"): gpus * 2 / 3 * 0.75,
            ("B", "H"): gpus * 2 / 3 * 0.25,
        }
    )


def test_one_gpu_in_two_precisions_is_counted_once():
    gpus = [{"gpu": "G", "precision": precision, "share": share} for precision, share in (("FP8", 3), ("FP4", 1))]
    service = of_fleet({}, gpus=gpus)
    # In FP4 a query takes half as long: 3/4 and 1/8 of what a fleet in FP8 needs.
    curves = {place: (of if place[2] == "FP8" else curve(0.5), 0.0) for place, (of, _) in service.curves.items()}
    halved = replace(service, curves=curves)
    needed = 9e9 / 21_600
    assert built(service)[False].gpus({"long": 1e9}) == {("A", "G"): pytest.approx(needed)}
    assert built(halved)[False].gpus({"long": 1e9}) == {("A", "G"): pytest.approx(needed * 0.875)}
    rows = plan(halved)
    assert rows["long", "gpus"]["mean"] == pytest.approx(needed * 0.875)
    assert rows["long", "peak_power"]["mean"] == pytest.approx(needed * 0.875 * 1320e-6)


@pytest.mark.parametrize("acts_on", ["power", "energy"])
@pytest.mark.parametrize("by", [1.5, 4.0])
def test_peak_power_falls_with_power_and_never_below_the_average(acts_on, by):
    table = INTERVENTIONS.with_columns(acts_on=pl.lit(acts_on), multiplier_p05=pl.lit(by), multiplier_p95=pl.lit(by))
    service = of_fleet({}, **VARIED)
    found = scenarios.fleets(service, table, draws=500, seed=1)
    plan_of = scenarios.fleet_plan(service, found, hardware=HARDWARE, grid=GRID, seed=1)
    rows = {(row["scenario"], row["quantity"]): row for row in plan_of.iter_rows(named=True)}
    for key in ("p05", "p50", "p95", "mean"):
        for quantity in ("peak_power", "average_power"):
            saved = rows["long", quantity][key] / rows["long_optimized", quantity][key]
            assert saved == pytest.approx(by)
        assert rows["long_optimized", "peak_power"][key] >= rows["long_optimized", "average_power"][key]
        assert rows["long_optimized", "gpus"][key] == pytest.approx(rows["long", "gpus"][key])


def test_gpus_carry_the_error_of_the_fit():
    service = of_fleet({}, fit_errors={"A": 0.2})
    row = plan(service, draws=100_000)["long", "gpus"]
    assert row["p95"] / row["p50"] == pytest.approx(1.38954, rel=0.01)  # exp(0.2 x 1.64485)
    assert row["mean"] == pytest.approx(9e9 / 21_600 * np.exp(0.02), rel=0.01)


def test_rated_fleet_by_hand():
    service = of_fleet({}, rated_w={"A": 1000.0}, distributions={"utilisation": Constant(0.6)})
    rows = plan(service)
    # A rated node draws 600 W per GPU at any load: average and peak are the same.
    assert rows["long", "average_power"]["mean"] == pytest.approx(9e9 / 21_600 * 600e-6 * 1.32)
    assert rows["long", "peak_power"]["mean"] == pytest.approx(rows["long", "average_power"]["mean"])


def test_average_power_is_the_energy_over_a_day_and_below_the_peak():
    service = of_fleet({}, levers=["busier", "cheaper_site"], **VARIED)
    days, rows = aggregates(service), plan(service)
    for name in SCENARIOS:
        average, peak = rows[name, "average_power"], rows[name, "peak_power"]
        assert average["mean"] == pytest.approx(days[name]["energy_gwh_per_day_mean"] * 1000 / 24)
        for key in ("p05", "p50", "p95", "mean"):
            assert peak[key] >= average[key]


def test_interventions_of_load_and_site_by_hand():
    # Load 1/2 to 3/4: 100 + 525 W of boards and 175 W of host, 800 W for three quarters; PUE 1.2 / 1.1.
    rows = plan(of_fleet({}, levers=["busier", "cheaper_site"]))
    gpus = 9e9 / (86_400 * 0.75 * 0.5)
    assert rows["long_optimized", "gpus"]["mean"] == pytest.approx(gpus)
    assert rows["long_optimized", "average_power"]["mean"] == pytest.approx(gpus * 800e-6 * 1.2 / 1.1 * 1.1)
    assert rows["long_optimized", "peak_power"]["mean"] == pytest.approx(gpus * 1000e-6 * 1.2 / 1.1 * 1.1)


def test_emissions_by_hand_and_only_where_a_zone_is_named():
    rows = plan(of_fleet({"grid_zone": "ABC"}))
    assert rows["long", "emissions"]["mean"] == pytest.approx(7.92 * 400)  # GWh x g/kWh = t
    assert rows["long", "emissions"]["unit"] == "t CO2e/day"
    assert "Abece: 400 g CO2e/kWh, life cycle" in rows["long", "emissions"]["basis"]
    assert plan(of_fleet({"grid_zone": "DRY"}))["long", "emissions"]["mean"] == 0
    assert not {quantity for _, quantity in plan(of_fleet({}))} & {"emissions", "water"}


def test_water_by_hand():
    rows = plan(of_fleet({"grid_zone": "ABC", "onsite_water_l_per_kwh": 0.6}))
    # 0.6 L per kWh of IT over a PUE of 1.2 is 0.5, and 3 off site: 3.5 L/kWh.
    assert rows["long", "water"]["mean"] == pytest.approx(7.92e6 * 3.5 / 1000)
    assert rows["long", "water"]["unit"] == "m3/day"
    assert ("long", "water") not in plan(of_fleet({"grid_zone": "ABC"}))


def test_each_scenario_and_quantity_once():
    service = of_fleet({"grid_zone": "ABC", "onsite_water_l_per_kwh": 0.6})
    table = scenarios.fleet_plan(service, built(service), hardware=HARDWARE, grid=GRID, seed=1)
    assert len(table) == len(SCENARIOS) * 7
    assert table.select("scenario", "quantity").is_duplicated().sum() == 0


def test_interventions_are_not_applied_where_the_scenario_says_so():
    optimized, without = (of_fleet({}, levers=levers, **VARIED) for levers in (["half", "busier"], ["half"]))
    for name in ("traditional", "mixed", "long"):
        assert aggregates(optimized)[name] == aggregates(without)[name]
    assert aggregates(optimized)["long_optimized"] != aggregates(without)["long_optimized"]


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        (
            ["had"],
            r"config/studies/tiny.yaml: fleet.levers: found 'had'; allowed: interventions that today's benchmarks do",
        ),
        (["wish"], r"config/studies/tiny.yaml: fleet.levers: found 'wish'; allowed: busier, cheaper_site, had or half"),
    ],
)
def test_interventions_that_cannot_be_applied_in_one_line(levers, message):
    with pytest.raises(InputError, match=message) as error:
        built(of_fleet({}, levers=levers))
    assert "\n" not in str(error.value)


def test_unknown_zone_in_one_line():
    with pytest.raises(
        InputError, match=r"tiny.yaml: fleet.grid_zone: found 'XYZ'; allowed: .*resources/grid.csv"
    ) as e:
        plan(of_fleet({"grid_zone": "XYZ"}))
    assert "\n" not in str(e.value)


def test_seed_decides_the_numbers():
    service = of_fleet({}, **VARIED)
    first, again, other = (scenarios.scenario_aggregates(service, built(service, seed=seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_service_is_left_as_it_was():
    service = of_fleet({})
    before = service.study.plain()
    plan(service)
    assert service.study.plain() == before
