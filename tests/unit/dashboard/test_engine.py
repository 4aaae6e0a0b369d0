"""What-ifs on a service that can be computed by hand: see tiny_service."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from inference_energy.dashboard import engine as module
from inference_energy.dashboard.engine import DRAWS, OWN, Question, answer, explorer
from inference_energy.energy.interventions import Intervention
from inference_energy.statistics.distributions import Beta, Constant
from tiny_service import POWER, SECONDS, UNIFORM, WH_PER_GPU_SECOND, exponential, points, tiny_service

HARDWARE = pl.DataFrame({"gpu": ["G", "H"], "gpus_per_node": [8, 4], "memory_bandwidth_gb_per_s": [1000.0, 8000.0]})
ZONES = pl.DataFrame(
    {"zone": ["Z", "DRY"], "carbon_gco2e_per_kwh": [400.0, 50.0], "water_l_per_kwh": [2.0, None]},
    schema_overrides={"water_l_per_kwh": pl.Float64},
)
LATENCY = pl.DataFrame(
    {
        "gpu": ["G", "G"],
        "latency_statistic": ["median", "median"],
        "target_ms": [20.0, 50.0],
        "cost_p05": [2.0, 1.0],
        "cost_p50": [None, 1.5],
        "cost_p95": [None, 3.0],
    }
)


def lever(acts_on, multiplier, group=None):
    return Intervention(
        label=acts_on,
        level="serving",
        acts_on=acts_on,
        multiplier=Constant(multiplier),
        in_benchmarks=False,
        overlap_group=group,
        source="here",
    )


def made(levers=(), overhead=None, onsite=None, **service):
    tiny = tiny_service(**service)
    if onsite is not None:
        fleet = tiny.study.fleet.replaced(onsite_water_l_per_kwh=onsite)
        tiny = replace(tiny, study=tiny.study.replaced(fleet=fleet))
    by_name = {f"{i}": of for i, of in enumerate(levers)}
    return explorer(
        tiny,
        interventions_of=dict.fromkeys(tiny.lengths, by_name),
        overhead=overhead,
        latency=LATENCY,
        hardware=HARDWARE,
        zones=ZONES,
        seed=7,
    )


def asked(of, **question):
    return answer(of, Question(**({"subject": "frontier"} | question)))


@pytest.mark.parametrize("boundary", WH_PER_GPU_SECOND)
@pytest.mark.parametrize("workload", SECONDS)
def test_nothing_uncertain_is_seconds_times_energy(boundary, workload):
    found = asked(made(), boundary=boundary, workload=workload)
    expected = SECONDS[workload] * WH_PER_GPU_SECOND[boundary]
    for quantity in ("query_wh", "mean_query_wh"):
        assert found[quantity] == pytest.approx(dict.fromkeys(("p05", "p50", "p95", "mean"), expected))


def test_a_fleet_by_hand():
    found = asked(made(onsite=1.2), long_share=0.1, queries_per_day=1e6, zone="Z")
    seconds = 0.9 * SECONDS["traditional"] + 0.1 * SECONDS["long"]
    gwh = 1e6 * seconds * 0.88 / 1e9
    gpus = 1e6 * seconds / (86_400 * 0.5 * 0.5)
    expected = {
        "energy_gwh_per_day": gwh,
        "nodes": gpus / 8,
        "average_power_mw": gwh * 1000 / 24,
        "peak_power_mw": gpus * 1.0 * 1.2 * 1.1 / 1000,  # 800 W of boards and 200 W of host
        "emissions_t_per_day": gwh * 400,
        "water_m3_per_day": gwh * 1000 * (1.2 / 1.2 + 2.0),
    }
    assert {name: found[name]["p50"] for name in expected} == pytest.approx(expected)


def test_what_is_not_known_is_left_out():
    assert not {"emissions_t_per_day", "water_m3_per_day"} & asked(made()).keys()
    assert "water_m3_per_day" not in asked(made(), zone="Z")  # nothing is said of water on site
    assert "water_m3_per_day" not in asked(made(onsite=1.0), zone="DRY")


@pytest.mark.parametrize(
    ("question", "factor"),
    [
        ({"pue": 2.4}, 2.0),
        ({"attainment": 0.25}, 2.0),
        ({"load": 1.0}, (800 + 200) / 600 / 2),  # full power, but no idle time
        ({"latency_target_ms": 50.0}, 1.5),
    ],
)
def test_a_known_value_takes_the_place_of_the_study_s(question, factor):
    of = made()
    plain, found = asked(of)["mean_query_wh"]["mean"], asked(of, **question)["mean_query_wh"]
    median = "mean" if "latency_target_ms" not in question else "p50"
    assert found[median] == pytest.approx(plain * factor, rel=1e-3 if "latency_target_ms" in question else 1e-9)


def test_a_target_that_half_of_the_models_miss_is_not_offered():
    assert list(made().latency["G"]) == [50.0]


def test_own_lengths():
    found = asked(made(), workload=OWN, own_tokens=(1000, 500, 400))
    seconds = 0.6 * 1 + 1.625  # 400 of 1,000 prompt tokens are cached
    assert found["query_wh"]["p50"] == pytest.approx(seconds * 0.8)
    assert asked(made(), workload=OWN, own_tokens=(1000, 500, 0))["query_wh"]["p50"] == pytest.approx(2.1)


def test_interventions_alone_together_and_overlapping():
    levers = [lever("power", 2.0, "g"), lever("energy", 3.0, "g"), lever("pue", 1.2)]
    of = made(levers)
    plain = asked(of)["mean_query_wh"]["p50"]
    assert asked(of, levers=("0",))["mean_query_wh"]["p50"] == pytest.approx(plain / 2)
    assert asked(of, levers=("2",))["mean_query_wh"]["p50"] == pytest.approx(plain / 1.2)
    together = asked(of, levers=("0", "1"))
    assert together["multiplier"]["p50"] == pytest.approx(3 * 2**0.5)  # the best fully, the other to the power 1 - 0.5
    assert together["energy_gwh_per_day"]["p50"] == pytest.approx(asked(of)["energy_gwh_per_day"]["p50"] / 3 / 2**0.5)


def test_one_gpu_or_one_model_alone():
    of = made(weights={"A": 1, "B": 1}, gpus={"G": 0.5, "H": 0.5}, power={"G": POWER, "H": POWER})
    assert asked(of, subject="B")["query_wh"]["p50"] == pytest.approx(2 * 2.1)
    assert asked(of)["mean_query_wh"]["p50"] == pytest.approx(1.5 * 2.1)
    alone = asked(of, gpu="H", queries_per_day=1)
    assert alone["nodes"]["p50"] == pytest.approx(1.5 * SECONDS["traditional"] / (86_400 * 0.25) / 4)


def test_overheads_of_their_own_for_each_workload():
    of = made(overheads=(), overhead={"traditional": 2.0, "long": 3.0})
    found = asked(of, long_share=0.5, queries_per_day=1e9, boundary="fleet")
    assert found["query_wh"]["p50"] == pytest.approx(2 * 2.1)
    assert found["energy_gwh_per_day"]["p50"] == pytest.approx(0.5 * 2 * 2.1 + 0.5 * 3 * 9 * 0.8)


def test_spread_of_lengths_is_of_queries_and_of_shared_unknowns_is_of_the_mean():
    of = made(lengths={"traditional": exponential(), "long": points(1000, 2000)})
    found = asked(of)
    assert found["query_wh"]["p95"] > 3 * found["query_wh"]["p05"]
    assert found["mean_query_wh"]["p95"] == pytest.approx(found["mean_query_wh"]["p05"])
    shared = asked(made(distributions={"load": Beta.from_percentiles(p05=0.3, p95=0.7)}))
    assert shared["mean_query_wh"]["p95"] > 1.2 * shared["mean_query_wh"]["p05"]


def test_fit_errors_and_mix_are_drawn():
    of = made(weights={"A": 1, "B": 1}, concentration=2.0, fit_errors={"A": 0.5, "B": 0.5}, distributions={})
    assert of.shared.mix["frontier"]["A"].shape == (DRAWS,)
    assert of.shared.mix["frontier"]["A"].mean() == pytest.approx(0.5, abs=0.01)
    spread = asked(of, subject="A")["mean_query_wh"]
    assert spread["p95"] / spread["p50"] == pytest.approx(np.exp(1.645 * 0.5), rel=0.02)


def test_draws_have_no_more_digits_than_the_page_has():
    of = made(distributions={"load": UNIFORM})
    assert (module.rounded(of.shared.values["load"]) == of.shared.values["load"]).all()
