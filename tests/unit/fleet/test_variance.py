"""Shares of variance: of sums with known parts, and of a service in which few things vary."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.fleet import variance as fleet_variance
from inference_energy.fleet.tables import VARIANCE_SHARES
from inference_energy.fleet.variance import REST, first_order_share, variance_shares
from tiny_service import STUDY, frontier, on, points, tables, tiny_service
from varied_service import VARIED, varied_service

DRAWS = 4000
LENGTHS = {"traditional": points(1000, np.exp(np.linspace(4, 8, 40)))}
VARIED_CACHE = {"cached_share": {"family": "beta", "p05": 0.05, "p95": 0.65}}
RATED = {"form": "rated", "node_kw": {"default": 8}, "utilisation": 0.5}  # of which hosts are a known part


def share_of(logs, ingredient, weights=None):
    return first_order_share(logs, ingredient, np.ones(len(logs)) if weights is None else weights)


def shares(spread="shared", workload="traditional", service=tiny_service, draws=DRAWS, **study):
    found = variance_shares(service(draws=draws, **study))
    VARIANCE_SHARES.validate(found)
    return dict(found.filter(spread=spread, workload=workload).select("ingredient", "variance_share").iter_rows())


def test_known_shares_of_a_sum_of_normals():
    generator = np.random.default_rng(1)
    # Standard deviations 3, 2, 1 and 0.5: variances 9, 4, 1 and 0.25 of 14.25.
    parts = generator.standard_normal((4, 200_000)) * np.array([[3.0], [2.0], [1.0], [0.5]])
    for part, variance in zip(parts, (9, 4, 1, 0.25), strict=True):
        assert share_of(parts.sum(axis=0), part) == pytest.approx(variance / 14.25, abs=0.02)


def test_only_the_order_of_an_ingredient_counts():
    generator = np.random.default_rng(1)
    one, other = generator.standard_normal((2, 10_000))
    assert share_of(one + other, np.exp(one)) == share_of(one + other, one)


def test_share_of_two_values_by_hand():
    # Half of the draws add 1, half take 1 off: variance 1, beside noise of variance 3.
    generator = np.random.default_rng(1)
    side = generator.choice([-1.0, 1.0], 200_000)
    logs = side + generator.standard_normal(200_000) * 3**0.5
    assert share_of(logs, side) == pytest.approx(0.25, abs=0.02)


def test_what_is_not_in_the_sum_has_no_share_and_what_is_all_of_it_all():
    generator = np.random.default_rng(1)
    logs, other = generator.standard_normal((2, 100_000))
    assert share_of(logs, other) == pytest.approx(0, abs=2e-3)
    assert share_of(logs, logs) == pytest.approx(1, abs=0.01)
    assert share_of(logs, -logs) == pytest.approx(1, abs=0.01)
    assert share_of(logs, np.ones(100_000)) == 0
    assert share_of(np.ones(100_000), other) == 0


def test_level_of_the_logarithms_does_not_matter():
    logs, other = np.random.default_rng(1).standard_normal((2, 10_000))
    assert share_of(logs + other + 1000, other) == pytest.approx(share_of(logs + other, other))


@pytest.mark.parametrize("draws", [4, 10, 100, 150, 199])
def test_share_of_few_draws_stays_between_0_and_1(draws):
    logs, other = np.random.default_rng(1).standard_normal((2, draws))
    for ingredient in (logs, other):
        assert 0 <= share_of(logs, ingredient) <= 1


def test_product_without_main_effects_is_interplay_alone():
    generator = np.random.default_rng(1)
    one, other = generator.standard_normal((2, 200_000))
    assert share_of(one * other, one) == pytest.approx(0, abs=0.01)


@settings(max_examples=30)
@given(st.floats(0.01, 100.0), st.floats(-10, 10), st.integers(0, 1000))
def test_share_lies_between_0_and_1_and_does_not_depend_on_units(factor, shift, seed):
    logs, noise = np.random.default_rng(seed).standard_normal((2, 2_000))
    share = share_of(logs + noise, logs)
    assert 0 <= share <= 1
    assert share_of(factor * (logs + noise) + shift, logs) == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("copies", [1, 3])
def test_a_draw_that_counts_twice_is_two_draws(copies):
    generator = np.random.default_rng(1)
    one, other = generator.standard_normal((2, 20_000))
    weights = np.where(np.arange(20_000) < 5000, float(copies), 1.0)
    repeated = np.repeat(np.arange(20_000), weights.astype(int))
    found = share_of(one + 2 * other, other, weights)
    assert found == pytest.approx(share_of((one + 2 * other)[repeated], other[repeated]), abs=0.02)


def test_a_draw_that_does_not_count_changes_nothing():
    generator = np.random.default_rng(1)
    one, other, wild = generator.standard_normal((3, 20_000))
    weights = np.where(np.arange(20_000) % 2, 1.0, 1e-12)
    logs = np.where(weights == 1, one + other, 100 * wild)
    assert share_of(logs, other, weights) == pytest.approx(0.5, abs=0.03)


# Of services.


def test_shares_of_a_service_sum_to_one():
    table = variance_shares(varied_service(1000))
    VARIANCE_SHARES.validate(table)
    of = table.group_by("workload", "spread").agg(
        pl.col("variance_share").sum(), pl.col("ingredient").n_unique(), pl.len()
    )
    assert len(of) == 4
    assert of["variance_share"].to_list() == pytest.approx([1.0] * 4)
    assert (of["ingredient"] == of["len"]).all()
    assert table.filter(pl.col("ingredient") != REST)["variance_share"].min() >= 0
    assert set(table["boundary"]) == {"datacenter"}


@pytest.mark.parametrize(
    ("ingredient", "study"),
    [
        ("pue", {"pue": VARIED["pue"]}),
        ("headroom", {"day": STUDY["day"] | {"headroom": VARIED["day"]["headroom"]}}),
        ("released_share", {"day": {"headroom": 2, "released_share": VARIED["day"]["released_share"]}}),
        ("host", {"host": None, "power": STUDY["power"]}),
        ("utilisation", {"power": RATED | {"utilisation": {"family": "beta", "p05": 0.3, "p95": 0.9}}}),
        (
            "cached share",
            {"workloads": {"traditional": STUDY["workloads"]["traditional"] | VARIED_CACHE}},
        ),
        ("model mix", {"classes": frontier(2, A=1, B=1)}),
        ("GPU mix", {"hardware": on(G=1, H=1), "hardware_concentration": 2}),
    ],
)
def test_one_thing_that_varies_has_all_of_the_variance(ingredient, study):
    found = shares(**{"power": RATED} | study)
    assert found.pop(ingredient) == pytest.approx(1, abs=0.03)
    assert found.pop(REST) == pytest.approx(0, abs=0.03)
    assert max(found.values()) == pytest.approx(0, abs=0.03)


def test_what_the_serving_model_does_not_know_is_the_rest():
    found = shares(of=tables(deviations={"time_network_gpu": 0.3}))
    assert found.pop(REST) == pytest.approx(1, abs=0.05)
    assert max(found.values()) < 0.05


@pytest.mark.slow
def test_known_shares_of_a_multiplicative_service():
    # Utilisation with a log deviation of 0.4, and time of 0.3: 0.16 and 0.09 of 0.25.
    ends = dict(zip(("p05", "p95"), np.exp(0.4 * 1.645 * np.array([-1, 1])), strict=True))
    study = {
        "power": RATED | {"utilisation": {"family": "lognormal"} | ends},
        "of": tables(deviations={"time_network_gpu": 0.3}),
    }
    for spread in ("shared", "untrimmed"):
        found = shares(spread, draws=20_000, **study)
        assert found["utilisation"] == pytest.approx(0.64, abs=0.03)
        assert found[REST] == pytest.approx(0.36, abs=0.03)
    table = variance_shares(tiny_service(draws=20_000, **study))
    assert table["log_variance"].to_list() == pytest.approx([0.25] * len(table), rel=0.05)


def test_lengths_of_single_queries_by_hand():
    # Answers whose energy differs by a factor: half of the queries each, a quarter of its squared logarithm.
    of = {"traditional": points(1000, [500, 2000])}
    table = variance_shares(tiny_service(lengths=of, draws=DRAWS)).filter(workload="traditional", spread="untrimmed")
    by_name = {row["ingredient"]: row for row in table.iter_rows(named=True)}
    assert by_name["lengths"]["variance_share"] == pytest.approx(1, abs=0.01)
    assert by_name["lengths"]["log_variance"] == pytest.approx(np.log(0.75 / 0.225) ** 2 / 4, rel=0.05)
    assert "lengths" not in shares(lengths=of)


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
    found = shares(boundary={"query": boundary, "fleet": "fleet"}, draws=50)
    assert {"pue", "overheads"} - found.keys() == outside


def test_what_is_known_has_no_variance():
    table = variance_shares(tiny_service())
    assert table["log_variance"].max() == pytest.approx(0, abs=1e-12)
    assert np.isfinite(table["variance_share"].to_numpy()).all()


def test_queries_that_differ_less_than_their_means_have_no_variance_of_lengths(monkeypatch):
    """As a few random queries may."""
    service = tiny_service(draws=4)
    means = {boundary: np.array([1.0, 2.0, 4.0, 8.0]) for boundary in service.mean_wh("frontier", "traditional")[0]}
    alike = {boundary: np.full(8, 3.0) for boundary in means}
    monkeypatch.setattr(type(service), "mean_wh", lambda *_: (means, np.ones(4)))
    monkeypatch.setattr(fleet_variance, "random_queries", lambda *_: (alike, np.ones(8)))
    found = variance_shares(service).filter(workload="traditional", ingredient="lengths")
    assert found["variance_share"].to_list() == [0.0]
    assert found["log_variance"].to_list() == pytest.approx([np.log(2) ** 2 * 1.25])


def test_a_class_that_nothing_serves_has_no_rows():
    heavy = {"label": "Own", "model_class": "frontier", "weights": {"B": 1}, "hardware": on(H=1)}
    of = varied_service(
        100, serving={"speed_tok_per_s": 1e6, "replica_gpus": [1]}, classes=frontier(A=1) | {"own": heavy}
    )
    assert variance_shares(of).is_empty()
