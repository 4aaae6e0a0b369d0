"""Shares of variance: of sums with known parts, and of a service in which few things vary."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.energy import power
from inference_energy.fleet.variance import INTERPLAY, first_order_share, variance_shares
from inference_energy.statistics.distributions import Beta, distribution
from tiny_service import UNIFORM, curve, exponential, points, tiny_service

DRAWS = 50_000
PUE = distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4})
WIDE = Beta.from_percentiles(p05=0.3, p95=0.8)
LENGTHS = {"traditional": exponential(), "long": points(1000, 2000)}


def shares(service, spread="shared", workload="traditional", draws=DRAWS):
    found = variance_shares(service, draws=draws, seed=1).filter(
        pl.col("spread") == spread, pl.col("workload") == workload
    )
    return dict(found.select("ingredient", "variance_share").iter_rows())


def test_known_shares_of_a_sum_of_normals():
    generator = np.random.default_rng(1)
    # Standard deviations 3, 2, 1 and 0.5: variances 9, 4, 1 and 0.25 of 14.25.
    parts = generator.standard_normal((4, 200_000)) * np.array([[3.0], [2.0], [1.0], [0.5]])
    for part, variance in zip(parts, (9, 4, 1, 0.25), strict=True):
        assert first_order_share(parts.sum(axis=0), part) == pytest.approx(variance / 14.25, abs=0.02)


def test_only_the_order_of_an_ingredient_counts():
    generator = np.random.default_rng(1)
    one, other = generator.standard_normal((2, 10_000))
    assert first_order_share(one + other, np.exp(one)) == first_order_share(one + other, one)


def test_share_of_two_values_by_hand():
    # Half of the draws add 1, half take 1 off: variance 1, beside noise of variance 3.
    generator = np.random.default_rng(1)
    side = generator.choice([-1.0, 1.0], 200_000)
    logs = side + generator.standard_normal(200_000) * 3**0.5
    assert first_order_share(logs, side) == pytest.approx(0.25, abs=0.02)


def test_what_is_not_in_the_sum_has_no_share_and_what_is_all_of_it_all():
    generator = np.random.default_rng(1)
    logs, other = generator.standard_normal((2, 100_000))
    assert first_order_share(logs, other) == pytest.approx(0, abs=2e-3)
    assert first_order_share(logs, logs) == pytest.approx(1, abs=5e-3)
    assert first_order_share(logs, -logs) == pytest.approx(1, abs=5e-3)
    assert first_order_share(logs, np.ones(100_000)) == 0
    assert first_order_share(np.ones(100_000), other) == 0


def test_known_order_of_an_ingredient_gives_the_same_share():
    logs, other = np.random.default_rng(1).standard_normal((2, 10_050))  # groups of two sizes
    order = np.argsort(other, kind="stable")
    assert first_order_share(logs + other, other, order) == first_order_share(logs + other, other)


def test_level_of_the_logarithms_does_not_matter():
    logs, other = np.random.default_rng(1).standard_normal((2, 10_000))
    assert first_order_share(logs + other + 1000, other) == pytest.approx(first_order_share(logs + other, other))


@pytest.mark.parametrize("draws", [4, 10, 100, 150, 199])
def test_share_of_few_draws_stays_between_0_and_1(draws):
    logs, other = np.random.default_rng(1).standard_normal((2, draws))
    for ingredient in (logs, other):
        assert 0 <= first_order_share(logs, ingredient) <= 1


def test_product_without_main_effects_is_interplay_alone():
    generator = np.random.default_rng(1)
    one, other = generator.standard_normal((2, 200_000))
    assert first_order_share(one * other, one) == pytest.approx(0, abs=5e-3)


@settings(max_examples=30)
@given(st.floats(0.01, 100.0), st.floats(-10, 10), st.integers(0, 1000))
def test_share_lies_between_0_and_1_and_does_not_depend_on_units(factor, shift, seed):
    logs, noise = np.random.default_rng(seed).standard_normal((2, 2_000))
    share = first_order_share(logs + noise, logs)
    assert 0 <= share <= 1
    assert first_order_share(factor * (logs + noise) + shift, logs) == pytest.approx(share, rel=1e-6)


def test_shares_of_a_service_sum_to_one():
    service = tiny_service(
        distributions={
            "pue": PUE,
            "load": WIDE,
            "attainment": WIDE,
            "boards": UNIFORM,
            "cached share: traditional": Beta.from_percentiles(p05=0.05, p95=0.65),
        },
        weights={"A": 1, "B": 1, "C": 1},
        concentration=3,
        fit_errors={"A": 0.1, "B": 0.1, "C": 0.1},
        lengths=LENGTHS,
    )
    table = variance_shares(service, draws=DRAWS, seed=1)
    of = table.group_by("workload", "spread").agg(
        pl.col("variance_share").sum(), pl.col("ingredient").n_unique(), pl.len()
    )
    assert len(of) == 4
    assert of["variance_share"].to_list() == pytest.approx([1.0] * 4)
    assert (of["ingredient"] == of["len"]).all()
    assert table.filter(pl.col("ingredient") != INTERPLAY)["variance_share"].min() >= 0
    # What is multiplied has no interplay but that of load and idle power.
    assert table.filter(pl.col("ingredient") == INTERPLAY)["variance_share"].abs().max() < 0.05


@pytest.mark.parametrize(
    ("ingredient_name", "ingredient"),
    [("pue", "pue"), ("load", "load"), ("attainment", "attainment"), ("boards", "power"), ("host", "power")],
)
def test_one_thing_that_varies_has_all_of_the_variance(ingredient_name, ingredient):
    found = shares(
        tiny_service(distributions={ingredient_name: PUE if ingredient_name == "pue" else WIDE}, power=varying_power())
    )
    assert found.pop(ingredient) == pytest.approx(1, abs=0.02)
    found.pop(INTERPLAY)
    assert set(found.values()) == {0.0}


def varying_power():
    """A board and a host whose saturated power depends on the share that is drawn."""
    return {
        "G": power.GpuPower(
            tdp_w=1000.0,
            board_idle=0.1,
            board_saturated=Beta.from_percentiles(p05=0.6, p95=0.95, low=0.1),
            host_idle_w=100.0,
            host_saturated=distribution({"family": "shifted_lognormal", "above": 100, "p05": 150, "p95": 400}),
        )
    }


def test_cached_share_and_fit_error_and_mix_each_alone():
    cached = shares(tiny_service(distributions={"cached share: traditional": WIDE}))
    assert cached["cached share"] == pytest.approx(1, abs=0.02)
    for spread in ("shared", "untrimmed"):
        assert shares(tiny_service(fit_errors={"A": 0.2}), spread)["fit error"] == pytest.approx(1, abs=0.02)
    mix = shares(tiny_service(weights={"A": 1, "B": 1}, concentration=2))
    assert mix["model mix"] == pytest.approx(1, abs=0.02)


def test_lengths_and_models_of_single_queries_each_alone():
    lengths = shares(tiny_service(lengths=LENGTHS), "untrimmed")
    assert lengths["lengths"] == pytest.approx(1, abs=0.02)
    models = shares(tiny_service(weights={"A": 1, "B": 1}), "untrimmed")
    assert models["model and GPU"] == pytest.approx(1, abs=0.02)
    assert not {"lengths", "model and GPU"} & shares(tiny_service(lengths=LENGTHS)).keys()


def test_known_shares_of_a_multiplicative_service():
    # Utilisation with a log deviation of 0.4 and a fit error of 0.3: 0.16 and 0.09 of 0.25.
    low, high = np.exp(-0.4 * 1.645), np.exp(0.4 * 1.645)
    utilisation = distribution({"family": "lognormal", "p05": low, "p95": high})
    service = tiny_service(rated_w={"A": 1000.0}, distributions={"utilisation": utilisation}, fit_errors={"A": 0.3})
    for spread in ("shared", "untrimmed"):
        found = shares(service, spread, draws=200_000)
        assert found["power"] == pytest.approx(0.64, abs=0.02)
        assert found["fit error"] == pytest.approx(0.36, abs=0.02)
    table = variance_shares(service, draws=200_000, seed=1)
    assert table["log_variance"].to_list() == pytest.approx([0.25] * len(table), rel=0.02)


def test_known_share_of_two_models_in_single_queries():
    # B takes e times as long as A and serves half: variance 1/4 of the logarithm, beside 0.3 squared.
    service = tiny_service(weights={"A": 1, "B": 1}, curves={"B": curve(np.e)}, fit_errors={"A": 0.3, "B": 0.3})
    found = shares(service, "untrimmed", draws=200_000)
    assert found["model and GPU"] == pytest.approx(0.25 / 0.34, abs=0.02)
    assert found["fit error"] == pytest.approx(0.09 / 0.34, abs=0.02)


@pytest.mark.parametrize("errors", [{"A": 0.05, "B": 0.6}, {"A": 0.6, "B": 0.05}])
def test_fit_errors_that_differ_between_models_by_hand(errors):
    # Variance 1/4 between models that differ by a factor e, (0.05^2 + 0.6^2) / 2 within: 0.58 and 0.42.
    service = tiny_service(weights={"A": 1, "B": 1}, curves={"B": curve(np.e)}, fit_errors=errors)
    found = shares(service, "untrimmed", draws=200_000)
    assert found["model and GPU"] == pytest.approx(0.25 / (0.25 + 0.18125), abs=0.02)
    assert found["fit error"] == pytest.approx(0.18125 / (0.25 + 0.18125), abs=0.02)
    assert found[INTERPLAY] == pytest.approx(0, abs=0.02)


def test_power_is_that_of_the_boards_within_their_boundary():
    # The host varies more widely than the boards, but is not metered there.
    distributions = {"boards": UNIFORM, "host": UNIFORM}
    boards = shares(tiny_service(distributions=distributions, power=varying_power(), query_boundary="gpu_boards"))
    assert boards["power"] == pytest.approx(1, abs=0.02)
    assert boards[INTERPLAY] == pytest.approx(0, abs=0.02)
    host_alone = tiny_service(distributions={"host": UNIFORM}, power=varying_power(), query_boundary="gpu_boards")
    assert shares(host_alone)["power"] == 0
    node = tiny_service(distributions={"host": UNIFORM}, power=varying_power(), query_boundary="node")
    assert shares(node)["power"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("boundary", "outside"),
    [
        ("node", {"pue", "overheads"}),
        ("datacenter", {"overheads"}),
        ("fleet", set()),
        ("gpu_boards", {"pue", "overheads"}),
    ],
)
def test_only_what_lies_within_the_boundary_is_listed(boundary, outside):
    found = shares(tiny_service(distributions={"pue": PUE, "load": WIDE}, query_boundary=boundary), draws=1000)
    assert {"pue", "overheads"} - found.keys() == outside


def test_what_is_known_has_no_share():
    table = variance_shares(tiny_service(), draws=1000, seed=1)
    assert table.filter(pl.col("ingredient") != INTERPLAY)["variance_share"].to_list() == pytest.approx(
        [0.0] * (len(table) - 4)
    )
    assert table["log_variance"].max() == pytest.approx(0, abs=1e-20)
