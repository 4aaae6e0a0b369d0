"""GPU time of served tokens from its parts: by hand, on runs that were made up from known factors."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.validation import decode_steps
from inference_energy.validation.decode_steps import PARTS, Learnt, expected, fit, learnt_without, with_parts

RUN = {
    "source": "s",
    "network": "A",
    "gpu": "G",
    "gpus": 2,
    "precision": "FP8",
    "prompts": "chat",
    "curve": "own_rows",
    "total_parameters_billions": 100.0,
    "memory_bandwidth_gb_per_s": 5000.0,
    "batch_limit": 40.0,
    "offline_tok_per_s_per_gpu": 1000.0,
    "output_tok_per_s_per_gpu": 250.0,
}
KNOWN = {"offline_s": 1e-3, "weights_s": 0.0, "step_s": 0.0}


def runs(*changes):
    return with_parts(pl.DataFrame([RUN | change for change in changes], infer_schema_length=None))


def made(*residuals):
    """Runs that take a factor times what is expected: network, GPUs and that factor's logarithm."""
    return pl.DataFrame(
        [
            RUN | KNOWN | {"network": network, "gpus": gpus, "observed_s": 1e-3 * np.exp(log)}
            for network, gpus, log in residuals
        ]
    )


def learnt(between, within, factors=(1.0, 1.0, 1.0)):
    return Learnt(factors=np.array(factors), between=between, within=within, networks=5)


def test_parts_by_hand():
    (row,) = runs({}).rows(named=True)
    assert row["offline_s"] == pytest.approx(1e-3)
    assert row["weights_s"] == pytest.approx(100e9 / 5000e9 / 40)  # 20 ms for 40 tokens
    assert row["step_s"] == pytest.approx(5e-5)  # 2 GPUs x 1 ms / 40
    assert row["observed_s"] == pytest.approx(4e-3)


@pytest.mark.parametrize(("precision", "size"), [("BF16", 2), ("FP16", 2), ("FP8", 1), ("MXFP4", 0.5), ("INT4", 0.5)])
def test_weights_go_with_the_bytes_of_their_format(precision, size):
    assert runs({"precision": precision})["weights_s"][0] == pytest.approx(5e-4 * size)


def test_parts_that_are_not_known_are_null():
    found = runs({"precision": "other"}, {"batch_limit": None}, {"offline_tok_per_s_per_gpu": None})
    assert found.select(PARTS).with_columns(pl.all().is_null()).rows() == [
        (False, True, False),
        (False, True, True),
        (True, False, False),
    ]


@pytest.mark.parametrize("factors", [(1.5, 0.7, 3.0), (2.0, 0.0, 10.0), (0.0, 1.0, 1.0), (1.0, 2.0, 0.0), (1, 0, 0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_recovers_the_factors_of_exact_runs(factors, weighted):
    parts = np.random.default_rng(1).lognormal(-7, 1, (30, 3))
    weights = np.linspace(0.1, 3, 30) if weighted else np.ones(30)
    assert fit(parts, parts @ np.array(factors, float), weights) == pytest.approx(factors, rel=1e-4, abs=1e-5)


def test_fit_of_one_part_is_the_weighted_geometric_mean():
    # ln 1 with weight 1, ln 16 with weight 3: ln k = 3/4 ln 16, k = 8.
    assert fit(np.ones((2, 1)), np.array([1.0, 16.0]), np.array([1.0, 3.0])) == pytest.approx([8.0], rel=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0.05, 20), min_size=3, max_size=3), st.floats(0.01, 100))
def test_fit_does_not_depend_on_units(factors, times):
    parts = np.random.default_rng(2).lognormal(-7, 1, (20, 3))
    observed = parts @ np.array(factors) * np.random.default_rng(3).lognormal(0, 0.2, 20)
    plain = fit(parts, observed, np.ones(20))
    scaled = fit(parts * times, observed * times, np.ones(20))
    assert parts @ scaled == pytest.approx(parts @ plain, rel=1e-3)


def sweep(networks="ABCD", factors=(1.5, 2.0, 3.0)):
    """Runs whose time is exactly the sum of their parts times the factors."""
    found = runs(
        *(
            {
                "network": network,
                "gpus": gpus,
                "batch_limit": 8.0 * 3**i + j,
                "total_parameters_billions": 10.0 * 2**j,
                "offline_tok_per_s_per_gpu": 4000.0 / (1 + j * i),
            }
            for j, network in enumerate(networks)
            for i, gpus in enumerate((1, 2, 4))
        )
    )
    return found.with_columns(observed_s=sum(pl.col(part) * k for part, k in zip(PARTS, factors, strict=True)))


def test_learnt_without_by_hand():
    found = learnt_without("A", sweep())
    assert found.factors == pytest.approx([1.5, 2, 3], rel=1e-5)
    assert (found.between, found.within, found.networks) == (0.05, 0.05, 3)  # exact runs, so the least that is allowed


def test_learnt_without_ignores_the_network_altogether():
    of = sweep()
    wild = of.with_columns(observed_s=pl.when(network="A").then(pl.col("observed_s") * 7).otherwise("observed_s"))
    for there in (wild, of.filter(pl.col("network") != "A")):
        found, plain = learnt_without("A", there), learnt_without("A", of)
        assert found.factors.tolist() == plain.factors.tolist()
        assert (found.between, found.within, found.networks) == (plain.between, plain.within, plain.networks)
    assert learnt_without("B", wild).factors.tolist() != learnt_without("B", of).factors.tolist()


def test_a_network_weighs_the_same_however_often_it_ran():
    few = made(("A", 1, 0.0), ("B", 1, np.log(2)), ("C", 1, np.log(4)))
    often = pl.concat([few, *[made(("C", 1, np.log(4)))] * 9])
    for of in (few, often):
        assert learnt_without("Z", of).factors[0] == pytest.approx(2, rel=1e-4)


def test_fewer_than_three_other_networks_teach_nothing():
    assert learnt_without("A", sweep("ABCD")) is not None
    assert learnt_without("A", sweep("ABC")) is None
    assert learnt_without("Z", sweep("ABC")) is not None
    unknown = sweep("ABCD").with_columns(weights_s=pl.when(pl.col("network") != "D").then("weights_s"))
    assert learnt_without("A", unknown) is None


def test_spreads_by_hand():
    # Means of networks: 0, 0.4, 0.8; their variance 0.16. Within: (0.02 x 1 + 0.08 x 1) / 2 = 0.05, at a mean of 1/n
    # of (1/2 + 1/2 + 1) / 3 = 2/3.
    of = made(("A", 1, -0.1), ("A", 2, 0.1), ("B", 1, 0.2), ("B", 2, 0.6), ("C", 1, 0.8))
    between, within = decode_steps._spreads(decode_steps._residuals(of, np.ones(3)))
    assert within == pytest.approx(np.sqrt(0.05))
    assert between == pytest.approx(np.sqrt(0.16 - 0.05 * 2 / 3))


def test_spreads_of_one_configuration_each_and_of_like_networks():
    of = made(("A", 1, 0.0), ("B", 1, 0.4), ("C", 1, 0.8))
    between, within = decode_steps._spreads(decode_steps._residuals(of, np.ones(3)))
    assert within == 0.05
    assert between == pytest.approx(np.sqrt(0.16 - 0.05**2))
    of = made(*((network, gpus, log) for network in "ABC" for gpus, log in ((1, -0.3), (2, 0.3))))
    assert decode_steps._spreads(decode_steps._residuals(of, np.ones(3))) == pytest.approx((0.05, np.sqrt(0.18)))


def test_batches_of_one_configuration_count_once():
    of = made(("A", 1, -0.1), ("A", 1, 0.3), ("A", 2, 0.3))
    assert decode_steps._residuals(of, np.ones(3))["residual"].to_list() == pytest.approx([0.1, 0.3])


def test_expected_by_hand_without_other_configurations():
    of = runs({})
    found = expected(of.row(0, named=True), of, learnt(0.3, 0.4, factors=(1, 2, 4)))
    assert found.seconds == pytest.approx(1e-3 + 2 * 5e-4 + 4 * 5e-5)
    assert found.log_sd == pytest.approx(0.5)  # of 0.3 and 0.4
    assert found.basis == "runs of 5 other networks; offline curve: own rows"


def test_expected_by_hand_shifts_towards_other_configurations_of_the_network():
    # Two others, 0.3 and 0.5 above: trust 0.09 / (0.09 + 0.02 / 2) = 0.9, a shift of 0.9 x 0.4.
    of = made(("A", 1, 5.0), ("A", 2, 0.3), ("A", 4, 0.5), ("B", 1, -9.0))
    found = expected(of.row(0, named=True), of, learnt(0.3, np.sqrt(0.02)))
    assert found.seconds == pytest.approx(1e-3 * np.exp(0.36))
    assert found.log_sd == pytest.approx(np.sqrt(0.09 * 0.1 + 0.02))
    assert found.basis == "runs of 5 other networks, 2 other configurations of its own; offline curve: own rows"


@pytest.mark.parametrize("name", ["gpu", "gpus", "precision", "prompts"])
def test_own_configuration_is_never_used_and_another_always(name):
    own = made(("A", 1, 0.0))
    other = own.with_columns(pl.lit(8 if name == "gpus" else "other").alias(name), observed_s=pl.lit(2e-3))
    of = pl.concat([own, other.select(own.columns).cast(dict(own.schema))])
    row, told = of.row(0, named=True), learnt(0.3, 0.3)
    plain = expected(row, of, told).seconds
    assert plain == pytest.approx(1e-3 * np.sqrt(2))
    again = of.with_columns(observed_s=pl.Series([7.0, 2e-3]))
    batches = pl.concat([again, again.head(1).with_columns(observed_s=9.0, batch_limit=1.0)])
    assert expected(row, batches, told).seconds == plain


def test_unknown_prompts_are_a_configuration_like_any_other():
    of = made(("A", 1, 2.0)).with_columns(prompts=pl.lit(None, pl.String))
    assert expected(of.row(0, named=True), of, learnt(0.3, 0.3)).seconds == pytest.approx(1e-3)


def test_expected_is_none_without_parts_and_never_surer_than_allowed():
    for change in ({"batch_limit": None}, {"precision": "other"}, {"offline_tok_per_s_per_gpu": None}):
        of = runs(change)
        assert expected(of.row(0, named=True), of, learnt(0.3, 0.3)) is None
    of = runs({})
    assert expected(of.row(0, named=True), of, learnt(0.01, 0.01)).log_sd == 0.05
