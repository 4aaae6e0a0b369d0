"""Pairs of online and offline throughput: by hand, and what the corpus holds."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.throughput import attainment, fits
from inference_energy.throughput.tables import ATTAINMENT_PAIRS

NETWORK = pl.DataFrame(
    {"model": ["A", "A tuned", "B"], "same_network_as": [None, "A", None]},
    schema_overrides={"same_network_as": pl.String},
)
GPUS = pl.DataFrame({"gpu": ["X", "Y", "Z"], "memory_bandwidth_gb_per_s": [3000.0, 4000.0, 8000.0]})
FIT = {
    "configuration": "bench, A, X",
    "source": "bench",
    "model": "A",
    "gpu": "X",
    "precision": "FP8",
    "gpus": 8,
    "engine_version": "1",
    # 1 ms per input and 10 ms per output token: 300 in and 100 out take 1.3 GPU-seconds, so 76.9 tok/s.
    "prefill_s_per_token": 1e-3,
    "decode_s_per_token": 1e-2,
    "attention_s_per_token2": 0.0,
    "kv_growth": 0.5,
    "output_tokens_min": 50.0,
    "output_tokens_max": 2000.0,
}
ROW = {
    "source": "s",
    "row_id": "r",
    "model": "A",
    "gpu": "X",
    "gpus": 8,
    "precision": "FP8",
    "load": "offline",
    "prompts": None,
    "input_tokens": None,
    "output_tokens": None,
    "output_length_kind": "unknown",
    "output_tok_per_s_per_gpu": 100.0,
}


def pairs(*rows):
    throughput = pl.DataFrame(
        [ROW | row for row in rows],
        schema_overrides={"input_tokens": pl.Float64, "output_tokens": pl.Float64, "prompts": pl.String},
    )
    return attainment.attainment_pairs(throughput, NETWORK, GPUS, pl.DataFrame([FIT]))


def speed(value):
    return {"output_tok_per_s_per_gpu": value}


def test_server_and_interactive_are_held_against_the_offline_run_of_their_system():
    found = pairs(
        {"row_id": "1/a/Offline"},
        {"row_id": "1/a/Server", "load": "server"} | speed(90.0),
        {"row_id": "1/a/Interactive", "load": "interactive"} | speed(50.0),
        {"row_id": "2/a/Server", "load": "server"} | speed(80.0),  # another system, without an offline run
    )
    assert found.select("kind", "row_id", "reference", "ratio").rows() == [
        ("interactive over offline", "1/a/Interactive", "s/1/a/Offline", 0.5),
        ("server over offline", "1/a/Server", "s/1/a/Offline", 0.9),
    ]


def test_result_published_at_two_accuracy_targets_is_one_pair():
    twice = [
        {"row_id": f"1/a-{target}/{load.title()}", "load": load} | speed(value)
        for target in ("99", "99.9")
        for load, value in (("offline", 100.0), ("server", 90.0))
    ]
    assert len(pairs(*twice)) == 1


def test_chat_run_is_held_against_the_fit_of_its_network():
    chat = {
        "model": "A tuned",
        "load": "closed_loop",
        "prompts": "chat",
        "output_tokens": 100.0,
        "output_length_kind": "mean",
    }
    (row,) = pairs(chat | speed(50.0), chat | {"row_id": "slower"} | speed(10.0)).rows(named=True)
    assert row["kind"] == "chat run over offline fit"
    assert row["row_id"] == "r"  # the fastest
    assert row["offline_tok_per_s_per_gpu"] == pytest.approx(100 / 1.3)
    assert row["ratio"] == pytest.approx(50 * 1.3 / 100)
    assert row["ratio_low"] == pytest.approx(50 * 1.1 / 100)  # 100 input tokens
    assert row["ratio_high"] == pytest.approx(50 * 2.0 / 100)  # 1,000


@pytest.mark.parametrize("other", [{"gpus": 4}, {"precision": "BF16"}, {"gpu": "Y"}, {"output_tokens": 3000.0}])
def test_chat_run_of_another_configuration_or_beyond_the_fit_makes_no_pair(other):
    chat = {"load": "closed_loop", "prompts": "chat", "output_tokens": 100.0, "output_length_kind": "mean"}
    assert pairs(chat | other).is_empty()


@pytest.mark.parametrize("other", [{"prompts": None}, {"prompts": "code"}, {"prompts": "chat", "input_tokens": 500.0}])
def test_only_chats_of_unknown_prompt_length_are_chat_runs(other):
    run = {"load": "closed_loop", "output_tokens": 100.0, "output_length_kind": "mean"} | other
    assert pairs({"row_id": "fast", **run}).is_empty()


def test_fleet_is_held_against_the_best_offline_row_on_a_like_gpu():
    found = pairs(
        {"row_id": "fleet", "load": "production"} | speed(60.0),
        {"row_id": "slow"} | speed(50.0),
        {"row_id": "best", "gpu": "Y"} | speed(100.0),
        {"row_id": "unlike", "gpu": "Z"} | speed(500.0),
    )
    (row,) = found.rows(named=True)
    assert row["reference"] == "s/best"
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((0.6, 0.8))  # as it is; by bandwidth, 4000 / 3000
    assert row["ratio"] == pytest.approx((0.6 * 0.8) ** 0.5)


def test_nothing_to_compare():
    found = pairs({})
    assert found.is_empty()
    assert attainment.summary(found).is_empty()


def test_corpus(corpus):
    rows = fits.measured_at_several_lengths(corpus["throughput"], 6)
    coefficients = fits.coefficients(rows, 0.6)
    found = attainment.attainment_pairs(corpus["throughput"], corpus["model"], corpus["hardware"], coefficients)
    ATTAINMENT_PAIRS.validate(found)
    by_kind = {row["kind"]: row for row in attainment.summary(found).iter_rows(named=True)}
    assert by_kind["server over offline"]["pairs"] == 331
    assert by_kind["interactive over offline"]["pairs"] == 78
    assert by_kind["server over offline"]["ratio_p50"] == pytest.approx(0.9316, abs=0.001)
    assert by_kind["interactive over offline"]["ratio_p50"] == pytest.approx(0.5866, abs=0.001)


def distribution_of(weights, **ratios):
    rows = [(kind, ratio) for kind, values in ratios.items() for ratio in values]
    return attainment.attainment_distribution(
        pl.DataFrame(rows, schema=["kind", "ratio"], orient="row"), weights, "own.yaml: attainment.pairs"
    )


def mean_and_variance(of):
    total = of.a + of.b
    return of.a / total, of.a * of.b / (total**2 * (total + 1))


def test_distribution_has_mean_and_variance_of_the_pairs():
    found = distribution_of({"a": 1}, a=[0.4, 0.8])
    # Mean 0.6, variance 0.04: a + b = 0.24 / 0.04 - 1 = 5.
    assert (found.a, found.b) == pytest.approx((3, 2))
    assert (found.low, found.high) == (0, 1)
    assert mean_and_variance(found) == pytest.approx((0.6, 0.04))


def test_kinds_weigh_as_told_and_their_pairs_alike():
    # Kind a: 0.4 and 0.6, an eighth each; kind b: 0.9, three quarters. Mean 0.8, variance (0.16 + 0.04) / 8 + 0.0075.
    found = distribution_of({"a": 1, "b": 3}, a=[0.4, 0.6], b=[0.9])
    assert mean_and_variance(found) == pytest.approx((0.8, 0.0325))


def test_only_the_ratio_of_weights_counts():
    one, other = (
        distribution_of(weights, a=[0.4, 0.6], b=[0.9]) for weights in ({"a": 1, "b": 3}, {"a": 0.5, "b": 1.5})
    )
    assert (one.a, one.b) == pytest.approx((other.a, other.b))


def test_kinds_that_are_not_named_do_not_count():
    assert distribution_of({"a": 1}, a=[0.4, 0.8], b=[0.1, 0.2]) == distribution_of({"a": 1}, a=[0.4, 0.8])


def test_ratio_above_1_counts_as_1():
    found = distribution_of({"a": 1}, a=[0.5, 3.0])
    assert mean_and_variance(found) == pytest.approx((0.75, 0.0625))


def test_unknown_kind_names_the_known_ones():
    with pytest.raises(InputError) as raised:
        distribution_of({"a": 1, "nope": 1}, a=[0.4, 0.8], b=[0.5])
    assert str(raised.value) == "own.yaml: attainment.pairs: found 'nope'; allowed: a or b"


@pytest.mark.parametrize("ratios", [{"a": [0.5]}, {"a": [0.5, 0.5], "b": [0.5]}, {"a": [1.2, 1.0], "b": [3.0]}])
def test_pairs_that_all_say_the_same_have_no_distribution(ratios):
    with pytest.raises(InputError) as raised:
        distribution_of(dict.fromkeys(ratios, 1), **ratios)
    count = sum(map(len, ratios.values()))
    found = f"found {count} pair(s), all with a ratio of about {min(ratios['a'][0], 1):g}"
    assert str(raised.value).startswith(f"own.yaml: attainment.pairs: {found}; allowed: kinds whose pairs differ, or ")


@pytest.mark.parametrize(("ratio", "pairs"), [(0.9, 3), (0.1, 5), (1.3, 6), (1.0, 7)])
def test_any_number_of_like_pairs_has_no_distribution(ratio, pairs):
    with pytest.raises(InputError, match=rf"found {pairs} pair\(s\), all with a ratio of about {min(ratio, 1):g};"):
        distribution_of({"a": 1}, a=[ratio] * pairs)


def test_weights_of_the_distribution_may_mix_whole_numbers_and_fractions():
    mixed, whole = (distribution_of(weights, a=[0.4], b=[0.9]) for weights in ({"a": 1, "b": 2.5}, {"a": 2, "b": 5}))
    assert (mixed.a, mixed.b) == pytest.approx((whole.a, whole.b))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.01, 2), min_size=1, max_size=6), st.lists(st.floats(0.01, 0.9), min_size=1, max_size=6))
def test_distribution_of_any_pairs_keeps_mean_and_variance(first, second):
    ratios = {"a": [*first, 1.0], "b": second}
    found = distribution_of({"a": 1, "b": 2}, **ratios)
    capped = {kind: np.minimum(values, 1) for kind, values in ratios.items()}
    values = np.concatenate(list(capped.values()))
    weights = np.repeat([1 / 3 / len(capped["a"]), 2 / 3 / len(capped["b"])], [len(of) for of in capped.values()])
    mean = weights @ values
    assert mean_and_variance(found) == pytest.approx((mean, weights @ (values - mean) ** 2))
    assert found.a > 0
    assert found.b > 0


def test_distribution_of_the_corpus(corpus):
    rows = fits.measured_at_several_lengths(corpus["throughput"], 6)
    coefficients = fits.coefficients(rows, 0.6)
    found = attainment.attainment_pairs(corpus["throughput"], corpus["model"], corpus["hardware"], coefficients)
    of = attainment.attainment_distribution(found, dict.fromkeys(found["kind"].unique(), 1), "current")
    middle = found.with_columns(pl.col("ratio").clip(upper_bound=1)).group_by("kind").agg(pl.col("ratio").mean())
    assert mean_and_variance(of)[0] == pytest.approx(middle["ratio"].mean())
    assert of.a > 1  # otherwise the mean of 1 / attainment, and with it the mean energy, would be infinite
