"""Shared uncertainty: power and energy per GPU-second by hand, in the limit, and never outside what physics allows."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.corpus import registries
from inference_energy.energy import (
    assumptions as energy_assumptions,
    gpu_second,
    power as energy_power,
    tables as energy_tables,
    uncertainty,
)
from inference_energy.energy.assumptions import assumptions
from inference_energy.energy.gpu_second import powers_w, wh_per_gpu_second
from inference_energy.energy.tables import NodePower
from inference_energy.energy.uncertainty import central, shared_draws
from inference_energy.statistics.distributions import Constant, distribution
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput.log_linear import NODE_GPUS
from tiny_service import UNIFORM, WH_PER_GPU_SECOND, tiny_service

ROOT = Path(__file__).parents[3]
MANY = 1_000_000
SHARES = st.floats(0.01, 1.0)
PAIRS = pl.DataFrame({"kind": ["server over offline"] * 3 + ["fleet over offline"], "ratio": [0.5, 0.7, 0.9, 0.4]})

# Half of the models pay 1.5 times the energy for a token every 50 ms, and 3 times for one every 20 ms.
LATENCY = pl.DataFrame(
    {
        "gpu": ["H100 SXM 80GB"] * 3,
        "latency_statistic": ["median"] * 3,
        "target_ms": [10.0, 20.0, 50.0],
        "cost_p05": [2.0, 2.0, 1.0],
        "cost_p50": [None, 3.0, 1.5],
        "cost_p95": [None, None, 4.0],
    }
)


@pytest.fixture(scope="module")
def tables(hardware):
    return SimpleNamespace(
        node_power=registries.read_registry(ROOT / "resources/node_power.csv", NodePower),
        overheads=registries.read_registry(ROOT / "resources/overheads.csv", energy_tables.Overhead),
        hardware=hardware[0],
        pairs=PAIRS,
        latency=LATENCY,
    )


@pytest.fixture(scope="module")
def current(read_configured):
    return read_configured("current").replaced(
        attainment={"pairs": dict.fromkeys(("server over offline", "fleet over offline"), 1)}
    )


@pytest.fixture(scope="module")
def resolved(current, tables):
    return assumptions("current", current, tables)


@pytest.fixture(scope="module")
def many(resolved):
    return shared_draws(resolved, "current", MANY, seed=1)


def at(service, **values):
    shared = central(service.given)
    for name, value in values.items():
        shared = shared.replaced(name, value)
    return shared


def test_power_within_every_boundary_by_hand():
    service = tiny_service()
    # Boards 1000 (0.1 + 0.7 / 2), host 100 + 100 / 2, then times 1.2, then a tenth more.
    found = powers_w(service.given, at(service), "A", "G", 0.5)
    assert found == pytest.approx({"gpu_boards": 450, "node": 600, "datacenter": 720, "fleet": 792})


def test_energy_of_a_gpu_second_by_hand():
    service = tiny_service()
    assert wh_per_gpu_second(service.given, at(service), "A", "G") == pytest.approx(WH_PER_GPU_SECOND)


def test_360_watt_at_a_tenth_of_a_query_per_second_is_1_wh():
    service = tiny_service(rated_w={"A": 360.0}, overheads=())
    shared = at(service, load=1.0, attainment=1.0, pue=1.0)
    # 0.1 query/s on a busy GPU is 10 GPU-seconds per query.
    for energy in wh_per_gpu_second(service.given, shared, "A", "G").values():
        assert 10 * energy == pytest.approx(1.0)


def test_published_query_by_hand():
    service = tiny_service(rated_w={"A": 10_200 / NODE_GPUS}, distributions={"utilisation": Constant(0.6)})
    shared = at(service, load=1.0, attainment=1.0, pue=1.3)
    seconds = NODE_GPUS * 300 / 1300
    energy = seconds * wh_per_gpu_second(service.given, shared, "A", "G")["datacenter"]
    assert energy == pytest.approx(0.510, abs=5e-4)  # 10.2 x 0.6 x 1.3 x 300 / 1300 / 3.6


def test_rated_power_counts_as_all_of_the_node_at_any_load():
    service = tiny_service(rated_w={"A": 1000.0}, distributions={"utilisation": Constant(0.7)})
    for load in (0.1, 1.0):
        found = powers_w(service.given, at(service), "A", "G", load)
        assert found == pytest.approx({"gpu_boards": 700, "node": 700, "datacenter": 840, "fleet": 924})


def test_rated_power_is_of_a_node_per_gpu(current, tables):
    power = {"form": "rated", "node_kw": {"default": 10.2, "by_model": {"DeepSeek-R1": 12.8}}, "utilisation": 0.6}
    found = assumptions("current", current.replaced(power=power), tables)
    assert found.rated_w["DeepSeek-R1"] == pytest.approx(1600)  # 12.8 kW / 8
    assert found.rated_w["Llama 3.1 405B"] == pytest.approx(1275)
    assert not found.power
    assert not {"boards", "host"} & found.distributions.keys()


def test_always_busy_at_full_throughput_draws_saturated_power():
    service = tiny_service(overheads=())
    found = wh_per_gpu_second(service.given, at(service, load=1.0, attainment=1.0, pue=1.0), "A", "G")
    assert found["gpu_boards"] == pytest.approx(800 / 3600)
    assert found["node"] == found["datacenter"] == found["fleet"] == pytest.approx(1000 / 3600)


def test_idle_power_is_charged_to_the_queries():
    service = tiny_service()
    half, quarter = (wh_per_gpu_second(service.given, at(service, load=load), "A", "G")["node"] for load in (0.5, 0.25))
    # 600 W over a half, and 200 + 800 / 4 = 400 W over a quarter.
    assert quarter / half == pytest.approx((400 / 0.25) / (600 / 0.5))


@given(SHARES, SHARES, SHARES, st.floats(1.0, 3.0))
def test_less_load_or_attainment_never_costs_less_and_boundaries_are_nested(load, attainment, less, pue):
    service = tiny_service()
    found = wh_per_gpu_second(service.given, at(service, load=load, attainment=attainment, pue=pue), "A", "G")
    idler = wh_per_gpu_second(service.given, at(service, load=load * less, attainment=attainment, pue=pue), "A", "G")
    slower = wh_per_gpu_second(service.given, at(service, load=load, attainment=attainment * less, pue=pue), "A", "G")
    for boundary in BOUNDARIES:
        assert idler[boundary] >= found[boundary] * (1 - 1e-12)
        assert slower[boundary] == pytest.approx(found[boundary] / less)
    assert [found[boundary] for boundary in BOUNDARIES] == sorted(found.values())


@given(st.floats(1.0, 4.0), st.floats(1.0, 4.0))
def test_linear_in_pue_and_in_power(pue, factor):
    service, single = tiny_service(rated_w={"A": 500.0 * factor}), tiny_service(rated_w={"A": 500.0})
    found = wh_per_gpu_second(service.given, at(service, pue=pue), "A", "G")
    one = wh_per_gpu_second(single.given, at(single, pue=1.0), "A", "G")
    assert found["node"] == pytest.approx(factor * one["node"])
    for boundary in ("datacenter", "fleet"):
        assert found[boundary] == pytest.approx(pue * factor * one[boundary])


def test_overheads_add_up():
    service = tiny_service(
        distributions={"overhead: heat": Constant(0.2), "overhead: off": Constant(0.5)}, overheads=("network", "heat")
    )
    assert gpu_second.overhead_share(service.given, at(service)) == pytest.approx(0.3)
    assert gpu_second.overhead_share(tiny_service(overheads=()).given, at(service)) == 0


def test_fit_factor_by_hand():
    service = tiny_service(fit_errors={"A": 0.1})
    # ndtri(0.95) = 1.64485: exp(0.164485) = 1.17879.
    for share, factor in ((0.5, 1.0), (0.95, 1.17879), (0.05, 1 / 1.17879)):
        shared = at(service, **{"fit error: A": share})
        assert uncertainty.fit_factor(shared, "A", 0.1) == pytest.approx(factor, rel=1e-5)
    assert uncertainty.fit_factor(at(service), "another", 0.1) == 1


def test_overhead_distributions():
    known = energy_assumptions.overhead_distribution({"share_p05": 0.1, "share_p95": 0.1})
    assert known.quantile(np.array([0.01, 0.99])).tolist() == [0.1, 0.1]
    unknown = energy_assumptions.overhead_distribution({"share_p05": 0.04, "share_p95": 0.15})
    assert unknown.quantile(np.array([0.05, 0.95])) == pytest.approx([0.04, 0.15], rel=1e-3)


def test_gpu_power_of_the_table_by_hand(tables):
    found = energy_power.gpu_power("H100 SXM 80GB", "here", tables.node_power, tables.hardware)
    # 700 W of TDP; a tenth idle, 0.62 to 0.99 of it saturated; host 225 W idle, 250 to 350 W saturated.
    assert found.boards_at(0.0, found.board_saturated.quantile(0.3)) == pytest.approx(70)
    assert found.host_at(0.0, found.host_saturated.quantile(0.3)) == pytest.approx(225)
    assert found.boards_at(1.0, found.board_saturated.quantile(np.array([0.05, 0.95]))) == pytest.approx(
        [434, 693], rel=1e-3
    )
    assert found.host_at(1.0, found.host_saturated.quantile(np.array([0.05, 0.95]))) == pytest.approx(
        [250, 350], rel=1e-3
    )
    assert found.boards_at(0.5, found.board_saturated.quantile(0.05)) == pytest.approx((70 + 434) / 2, rel=1e-3)


def test_gpu_without_a_published_tdp_has_no_power(tables):
    unknown = tables.hardware.with_columns(tdp_w=pl.lit(None, pl.Float64))
    with pytest.raises(InputError, match=r"here: found 'H100 SXM 80GB', whose tdp_w is empty in resources/"):
        energy_power.gpu_power("H100 SXM 80GB", "here", tables.node_power, unknown)


def test_no_draw_of_a_million_leaves_its_range(resolved, many):
    for name in ("load", "attainment"):
        assert many.values[name].min() > 0
        assert many.values[name].max() <= 1
    assert many.values["pue"].min() >= 1
    for gpu in resolved.power.values():
        saturated = gpu.board_saturated.quantile(many.values["boards"])
        assert saturated.min() >= gpu.board_idle
        assert saturated.max() <= 1
        assert gpu.host_saturated.quantile(many.values["host"]).min() >= gpu.host_idle_w
    assert gpu_second.overhead_share(resolved, many).min() >= 0
    cached = [value for name, value in many.values.items() if name.startswith("cached share")]
    assert len(cached) == 6
    assert min(value.min() for value in cached) >= 0
    assert max(value.max() for value in cached) <= 1
    for weights in many.mix.values():
        drawn = np.array(list(weights.values()))
        assert drawn.min() >= 0
        assert np.abs(drawn.sum(axis=0) - 1).max() < 1e-12


def test_draws_have_the_percentiles_of_the_study(many):
    low, high = np.quantile(many.values["load"], [0.05, 0.95])
    assert (low, high) == pytest.approx((0.45, 0.85), abs=2e-3)
    low, high = np.quantile(many.values["pue"], [0.05, 0.95])
    assert (low, high) == pytest.approx((1.08, 1.40), abs=2e-3)


def test_mix_is_that_of_the_study_on_average_and_uniform_at_a_concentration_of_its_models(many):
    weights = many.mix["frontier"]
    assert len(weights) == 5
    for drawn in weights.values():
        assert drawn.mean() == pytest.approx(0.2, abs=1e-3)
        # Dirichlet of five ones: every weight is beta(1, 4), of variance 4 / (25 x 6).
        assert drawn.var() == pytest.approx(4 / 150, rel=0.01)


@pytest.mark.parametrize("weights", [{"A": 3, "B": 1}, {"A": 1}])
def test_known_mix_is_not_drawn(weights):
    drawn = shared_draws(tiny_service(weights=weights).given, "tiny", 100, seed=1).mix["frontier"]
    assert {model: set(values) for model, values in drawn.items()} == {
        model: {weight / sum(weights.values())} for model, weight in weights.items()
    }


@given(st.floats(0.1, 50.0), st.integers(2, 5))
def test_drawn_mixes_sum_to_one(concentration, count):
    weights = {model: 1.0 + i for i, model in enumerate("ABCDE"[:count])}
    drawn = shared_draws(tiny_service(weights=weights, concentration=concentration).given, "tiny", 200, seed=1)
    total = sum(drawn.mix["frontier"].values())
    assert total == pytest.approx(np.ones(200))


def test_draws_depend_on_seed_and_name_alone():
    distributions = {
        "pue": distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.1, "p95": 1.4}),
        "load": UNIFORM,
    }
    first = shared_draws(tiny_service(distributions=distributions).given, "tiny", 1000, seed=1)
    again = shared_draws(tiny_service(distributions=distributions | {"another": UNIFORM}).given, "tiny", 1000, seed=1)
    fewer = shared_draws(tiny_service(distributions={"pue": distributions["pue"]}).given, "tiny", 1000, seed=1)
    other = shared_draws(tiny_service(distributions=distributions).given, "tiny", 1000, seed=2)
    renamed = shared_draws(tiny_service(distributions=distributions).given, "tinier", 1000, seed=1)
    for same in (again, fewer):
        assert (same.values["pue"] == first.values["pue"]).all()
    for different in (other, renamed):
        assert (different.values["pue"] != first.values["pue"]).all()
    assert abs(np.corrcoef(first.values["load"], first.values["pue"])[0, 1]) < 0.1


def test_the_cache_of_all_workloads_is_one():
    distributions = {f"cached share: {name}": UNIFORM for name in ("traditional", "long")}
    drawn = shared_draws(
        tiny_service(distributions=distributions | {"load": UNIFORM}).given, "tiny", 1000, seed=1
    ).values
    assert (drawn["cached share: traditional"] == drawn["cached share: long"]).all()
    assert abs(np.corrcoef(drawn["cached share: long"], drawn["load"])[0, 1]) < 0.1


def test_the_drawn_mix_does_not_depend_on_the_order_of_models():
    weights = {"A": 1, "B": 2, "C": 3}
    one, other = (
        shared_draws(tiny_service(weights=of, concentration=3).given, "tiny", 1000, seed=1).mix["frontier"]
        for of in (weights, dict(reversed(weights.items())))
    )
    for model in weights:
        assert one[model] == pytest.approx(other[model], rel=1e-12)


def test_a_slice_is_the_same_draws():
    service = tiny_service(distributions={"load": UNIFORM}, weights={"A": 1, "B": 1}, concentration=2)
    whole = shared_draws(service.given, "tiny", 100, seed=1)
    part = whole.slice(slice(10, 30))
    assert (part.values["load"] == whole.values["load"][10:30]).all()
    assert (part.mix["frontier"]["B"] == whole.mix["frontier"]["B"][10:30]).all()


def test_central_is_every_median_and_the_mix_of_the_study(resolved, many):
    middle = central(resolved)
    for name, value in middle.values.items():
        assert value.shape == ()
        assert value == pytest.approx(np.median(many.values[name]), rel=0.01)
    assert middle.mix["frontier"] == pytest.approx(dict.fromkeys(middle.mix["frontier"], 0.2))


def test_fit_errors_only_where_switched_on(current, tables, resolved):
    without = assumptions("current", current.replaced(throughput={"form": "gpu_seconds", "fit_error": False}), tables)
    names = {name for name in resolved.distributions if name.startswith("fit error")}
    assert len(names) == 14  # models of all classes
    assert resolved.distributions.keys() - without.distributions.keys() == names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"overheads": ["heat"]},
            "config/studies/mine.yaml: overheads: found 'heat'; allowed: gateways_.* or published_terms",
        ),
        (
            {"hardware": [{"gpu": "L40S", "precision": "FP8", "share": 1}]},
            "config/studies/mine.yaml: hardware: found 'L40S'; allowed: one of .* resources/node_power.csv",
        ),
        (
            {"attainment": {"pairs": {"dreams over offline": 1}}},
            "config/studies/mine.yaml: attainment.pairs: found 'dreams over offline'; allowed: fleet over offline or",
        ),
        (
            {"load": {"family": "beta", "p05": 0.9, "p95": 0.8}},
            "config/studies/mine.yaml: load: found p05 0.9, p95 0.8; allowed: 0 < p05 < p95 < 1",
        ),
        *(
            (
                {name: {"family": "beta", "p05": 0.02, "p95": 0.9}},
                f"config/studies/mine.yaml: {name}: found a distribution so near to 0 .* allowed: a p05 further from",
            )
            for name in ("load", "attainment")
        ),
        (
            {"pue": {"family": "shifted_lognormal", "above": 1, "p05": 0.9, "p95": 1.4}},
            "config/studies/mine.yaml: pue: found p05 0.9, p95 1.4; allowed: 1 < p05 < p95",
        ),
    ],
)
def test_errors_in_one_line(current, tables, changes, message):
    with pytest.raises(InputError, match=message) as error:
        assumptions("mine", current.replaced(**changes), tables)
    assert "\n" not in str(error.value)


def test_bad_cached_share_names_its_workload(current, tables):
    workloads = {"long": {"cached_share": {"family": "beta", "p05": 0.5, "p95": 0.4}}}
    with pytest.raises(InputError, match=r"mine.yaml: workloads.long.cached_share: found p05 0.5, p95 0.4; allowed"):
        assumptions("mine", current.replaced(workloads=workloads), tables)


@pytest.mark.parametrize(("target_ms", "middle"), [(50, 1.5), (70, 1.5), (20, 3.0), (49.9, 3.0)])
def test_a_latency_target_costs_what_the_next_shorter_one_was_measured_to_cost(current, tables, target_ms, middle):
    found = assumptions("own", current.replaced(latency_target_ms=target_ms), tables)
    plain = assumptions("own", current, tables)
    for gpu in ("H100 SXM 80GB", "B200 180GB"):  # B200 has no measurements here: those of the GPU most like it count
        asked, without = (uncertainty.latency_factor(central(given), gpu) for given in (found, plain))
        assert float(asked) == pytest.approx(middle)
        assert float(without) == 1.0


def test_a_latency_cost_is_never_below_one_and_ends_are_those_measured(current, tables):
    found = assumptions("own", current.replaced(latency_target_ms=50), tables)
    drawn = shared_draws(found, "own", MANY, seed=1).values["latency cost: H100 SXM 80GB"]
    assert drawn.min() >= 1.0
    assert np.quantile(drawn, [0.5, 0.95]) == pytest.approx([1.5, 4.0], rel=0.02)


def test_a_p95_that_was_not_measured_lies_as_far_above_the_median_as_p5_below(current, tables):
    found = assumptions("own", current.replaced(latency_target_ms=20), tables)
    cost = found.distributions["latency cost: H100 SXM 80GB"]
    assert float(cost.quantile(np.array(0.95))) == pytest.approx(3.0**2 / 2.0)


def test_a_latency_target_that_half_of_the_models_miss_is_refused(current, tables):
    with pytest.raises(InputError, match=r"own\.yaml: latency_target_ms: found 15; allowed: 20 or more"):
        assumptions("own", current.replaced(latency_target_ms=15), tables)
