"""Energy of a query, variability and uncertainty apart: by hand where all is known, then what each spread must do."""

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.energy import per_query
from inference_energy.energy.per_query import energy_per_query, query_lengths, random_queries
from inference_energy.energy.tables import ENERGY_BY_BOUNDARY, ENERGY_DENSITY
from inference_energy.studies.study import BOUNDARIES
from messages import message_of
from tiny_service import POWER_W, WH, frontier, on, points, tables, tiny_service
from varied_service import VARIED, varied_service

QUANTILES = ("p05", "p25", "p50", "p75", "p95", "mean")
SPREADS = ("untrimmed", "per_query", "shared")
PUE = VARIED["pue"]
LENGTHS = {"traditional": points(1000, np.exp(np.linspace(4, 8, 40)))}


def summary(service):
    return energy_per_query(service)[0]


def row(table, subject="frontier", workload="traditional", boundary="datacenter", spread="untrimmed"):
    return table.filter(subject=subject, workload=workload, boundary=boundary, spread=spread).row(0, named=True)


def energies(found):
    return [found[f"energy_wh_{name}"] for name in QUANTILES]


@pytest.fixture(scope="module")
def varied():
    return energy_per_query(varied_service(2000, classes=frontier(2, A=3, B=1)))


def test_a_known_query_by_hand_whatever_the_spread():
    table, density = energy_per_query(tiny_service())
    ENERGY_BY_BOUNDARY.validate(table)
    ENERGY_DENSITY.validate(density)
    assert len(table) == 2 * 2 * 4 * 3  # workloads, the model and its class, boundaries, spreads
    for workload, wh in WH.items():
        for boundary, power_w in POWER_W.items():
            for spread, subject in itertools.product(SPREADS, ("A", "frontier")):
                found = row(table, subject, workload, boundary, spread)
                assert energies(found) == pytest.approx([wh * power_w / POWER_W["datacenter"]] * 6, rel=1e-6)
                assert found["energy_wh_p50_relative_se"] == pytest.approx(0, abs=1e-6)


def test_facts_of_the_operating_point_by_hand():
    found = row(summary(tiny_service(serving={"batch": 8, "replica_gpus": [2]})))
    assert (found["served_share"], found["reached_share"]) == (1, 1)
    assert (found["batch_p50"], found["replica_gpus_p50"]) == pytest.approx((8, 2))


def test_draws_say_what_a_number_rests_on():
    table = summary(tiny_service(draws=10))
    assert dict(table.group_by("spread").agg(pl.col("draws").unique().first()).iter_rows()) == {
        **{"untrimmed": 10 * per_query.QUERIES_PER_DRAW, "per_query": 1, "shared": 10}
    }


def test_a_draw_that_does_not_count_is_none():
    service = varied_service(serving={"speed_tok_per_s": 450, "replica_gpus": [1]}, hardware=on(G=1))
    _, weights = service.serving("frontier", "traditional")
    table = summary(service)
    counted = int((weights > 0).sum())
    assert counted < 200
    assert row(table, spread="shared")["draws"] == counted
    assert row(table)["draws"] == counted * per_query.QUERIES_PER_DRAW
    assert row(table)["reached_share"] < 1


def test_two_models_by_hand():
    table = summary(tiny_service(classes=frontier(A=4, B=1), draws=2000))
    a, b = WH["traditional"], WH["traditional"] * 0.3875 / 0.225
    for spread, exactly in {"untrimmed": 0.01, "per_query": 1e-6, "shared": 1e-6}.items():
        assert row(table, "B", spread=spread)["energy_wh_mean"] == pytest.approx(b, rel=1e-6)
        assert row(table, spread=spread)["energy_wh_mean"] == pytest.approx(0.8 * a + 0.2 * b, rel=exactly)
    one = row(table, spread="per_query")
    assert (one["energy_wh_p05"], one["energy_wh_p95"]) == pytest.approx((a, b), rel=1e-6)
    random = row(table)
    assert (random["energy_wh_p05"], random["energy_wh_p95"]) == pytest.approx((a, b), rel=1e-6)


def test_two_lengths_by_hand():
    # Three queries of four have 500 tokens of answer, the fourth has 2,000.
    table = summary(tiny_service(lengths={"traditional": points(1000, [500, 2000], [3, 1])}, draws=2000))
    mean = 0.75 * WH["traditional"] + 0.25 * WH["long"]
    assert row(table, spread="per_query")["energy_wh_mean"] == pytest.approx(mean, rel=1e-6)
    assert energies(row(table, spread="shared")) == pytest.approx([mean] * 6, rel=1e-6)
    found = row(table)
    assert found["energy_wh_mean"] == pytest.approx(mean, rel=0.02)
    ends = (WH["traditional"], WH["long"])
    assert (found["energy_wh_p25"], found["energy_wh_p95"]) == pytest.approx(ends, rel=1e-6)


def test_cached_prompts_by_hand():
    # A half of each prompt by the trace, and a fifth of the rest: 0.04 s of prompts, 0.125 s of the answer.
    workload = {"label": "Short", "input_tokens": 1000, "output_tokens": 500, "cached_share": 0.2}
    service = tiny_service(workloads={"traditional": workload}, lengths={"traditional": points(1000, 500, cached=0.5)})
    table = summary(service)
    for spread in SPREADS:
        found = row(table, spread=spread)["energy_wh_mean"]
        assert found == pytest.approx((0.04 + 0.125) * POWER_W["datacenter"] / 3600, rel=1e-6)


def test_single_queries_have_the_cached_share_of_their_prompt():
    of = replace(points([1000, 1000], [1, 1]), cached_share=np.array([0.0, 0.9]))
    uncached, output, context = query_lengths(of)
    assert uncached == pytest.approx([1000, 100])
    assert output.tolist() == [1, 1] and context == pytest.approx([1000.5, 1000.5])
    found = row(summary(tiny_service(lengths={"traditional": of})), spread="per_query")
    assert found["energy_wh_p95"] / found["energy_wh_p05"] == pytest.approx(
        (0.1 + 0.125e-3 + 1e-4) / (0.01 + 0.125e-3 + 1e-4), rel=0.01
    )


def test_gpus_serve_random_queries_as_often_as_they_are_fast():
    service = tiny_service(
        hardware=on(G=1, H=1), draws=2000, power={"form": "rated", "node_kw": {"default": 8}, "utilisation": 1}
    )
    energies_of, weights = random_queries(service, "frontier", "traditional")
    # The same power, half of the time on H, and twice the queries there.
    fast = energies_of["node"] < 0.9 * energies_of["node"].max()
    assert np.average(fast, weights=weights) == pytest.approx(2 / 3, abs=0.02)


# What each spread must do.


def test_boundaries_are_nested(varied):
    for name in QUANTILES:
        wide = varied[0].pivot("boundary", index=["workload", "subject", "spread"], values=f"energy_wh_{name}")
        for inner, outer in itertools.pairwise(BOUNDARIES):
            assert (wide[inner] <= wide[outer]).all()


@pytest.mark.parametrize("subject", ["A", "B", "frontier"])
@pytest.mark.parametrize("workload", ["traditional", "long"])
def test_mean_of_single_queries_is_the_mean_of_means(varied, subject, workload):
    single, shared = (row(varied[0], subject, workload, spread=spread) for spread in ("untrimmed", "shared"))
    assert abs(single["energy_wh_mean"] - shared["energy_wh_mean"]) < 4 * single["energy_wh_mean_se"]
    assert single["energy_wh_mean_se"] < 0.1 * single["energy_wh_mean"]


def test_shared_interval_does_not_shrink_with_draws():
    few, many = (row(summary(varied_service(draws)), spread="shared") for draws in (500, 2000))
    for name in ("p05", "p50", "p95"):
        error = few[f"energy_wh_{name}_se"]
        assert abs(few[f"energy_wh_{name}"] - many[f"energy_wh_{name}"]) < 5 * error
    assert many["energy_wh_p95"] / many["energy_wh_p05"] > 2
    # The error of the mean, which the publication takes for the interval of the fleet, does shrink.
    assert few["energy_wh_mean_se"] / many["energy_wh_mean_se"] == pytest.approx(2, rel=0.4)


def test_shared_interval_of_one_factor_by_hand():
    # Energy is linear in PUE, whose interval is 1.08 to 1.40.
    found = row(summary(tiny_service(pue=PUE, draws=5000)), spread="shared")
    per_pue = WH["traditional"] / 1.2
    assert (found["energy_wh_p05"], found["energy_wh_p95"]) == pytest.approx((per_pue * 1.08, per_pue * 1.4), rel=0.01)


def test_each_spread_holds_its_own_kind_only():
    only_lengths = summary(tiny_service(lengths=LENGTHS, draws=2000))
    shared = energies(row(only_lengths, spread="shared"))
    assert shared == pytest.approx([shared[0]] * 6, rel=1e-6)
    for name in QUANTILES:
        single, fixed = (row(only_lengths, spread=spread)[f"energy_wh_{name}"] for spread in ("untrimmed", "per_query"))
        assert single == pytest.approx(fixed, rel=0.05)
    only_shared = summary(tiny_service(pue=PUE, draws=500))
    fixed = energies(row(only_shared, spread="per_query"))
    assert fixed == pytest.approx([fixed[0]] * 6, rel=1e-6)
    for name in QUANTILES:
        single, shared = (row(only_shared, spread=spread)[f"energy_wh_{name}"] for spread in ("untrimmed", "shared"))
        assert single == pytest.approx(shared)


def test_single_queries_spread_at_least_as_widely_as_either_kind(varied):
    width = {
        spread: row(varied[0], spread=spread)["energy_wh_p95"] / row(varied[0], spread=spread)["energy_wh_p05"]
        for spread in SPREADS
    }
    assert width["untrimmed"] > max(width["per_query"], width["shared"])


def test_what_is_shared_is_at_its_median_where_queries_differ():
    service = tiny_service(pue=PUE, draws=501)
    middle = np.median(service.mean_wh("frontier", "traditional")[0]["datacenter"])
    assert row(summary(service), spread="per_query")["energy_wh_p50"] == pytest.approx(middle, rel=1e-6)


@settings(max_examples=20, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=8))
def test_weighted_median_is_the_median_of_repeated_values(pairs):
    values, weights = np.array(pairs, dtype=float).T
    repeated = np.sort(np.repeat(values, weights.astype(int)))
    lower = repeated[(len(repeated) - 1) // 2]
    assert per_query._median(values, weights) == lower


def test_twice_the_power_is_twice_the_energy_of_every_query():
    once, twice = (
        summary(varied_service(100, power={"form": "rated", "node_kw": {"default": kw}, "utilisation": 0.7}))
        for kw in (5, 10)
    )
    for name in QUANTILES:
        assert (twice[f"energy_wh_{name}"] / once[f"energy_wh_{name}"]).to_list() == pytest.approx([2] * len(once))


def test_order_of_models_and_gpus_does_not_matter():
    place = ["workload", "subject", "boundary", "spread"]
    one, other = (
        summary(varied_service(100, classes=frontier(2, **dict(models)), hardware=on(**dict(gpus)))).sort(place)
        for models, gpus in (([("A", 1), ("B", 2)], [("G", 1), ("H", 3)]), ([("B", 2), ("A", 1)], [("H", 3), ("G", 1)]))
    )
    assert one.select(place).equals(other.select(place))
    for name in QUANTILES:
        for spread, exactly in {"per_query": 1e-6, "shared": 1e-9}.items():
            first, second = (table.filter(spread=spread)[f"energy_wh_{name}"].to_list() for table in (one, other))
            assert first == pytest.approx(second, rel=exactly)


def test_seed_decides_the_numbers():
    first, again, other = (summary(varied_service(50, seed=seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    for spread in SPREADS:
        assert row(first, spread=spread) != row(other, spread=spread)


def test_density_is_of_the_studys_boundary_and_sums_to_one(varied):
    table, density = varied
    ENERGY_DENSITY.validate(density)
    of = density.filter(subject="frontier", workload="traditional")
    width = np.log(2) / per_query.DENSITY_BINS_PER_OCTAVE
    assert of["density_per_e_fold"].sum() * width == pytest.approx(1)
    mean = (of["density_per_e_fold"] * of["energy_wh"]).sum() * width
    assert mean == pytest.approx(row(table)["energy_wh_mean"], rel=0.02)
    assert np.diff(np.log(of["energy_wh"].to_numpy())) == pytest.approx(np.full(len(of) - 1, width))


# Where nothing is served.


def test_a_model_that_reaches_nothing_has_no_row_and_is_told_of_its_class():
    of = tables()
    heavy = pl.when(pl.col("model") == "B").then(200.0)
    models = of.models.with_columns(
        heavy.otherwise(name).alias(name) for name in ("total_parameters_billions", "active_parameters_billions")
    )
    table, density = energy_per_query(tiny_service(of=replace(of, models=models), classes=frontier(A=3, B=1)))
    assert set(table["subject"]) == set(density["subject"]) == {"A", "frontier"}
    found = row(table)
    assert found["served_share"] == pytest.approx(0.75)
    assert energies(found) == pytest.approx([WH["traditional"]] * 6, rel=1e-6)


def test_a_speed_that_nothing_reaches():
    service = tiny_service(name="mine", serving={"speed_tok_per_s": 1e6, "replica_gpus": [1]})
    found = message_of(energy_per_query, service)
    assert found.startswith("config/studies/mine.yaml: serving: found an operating point that no model reaches")
