"""Lengths of a workload's queries: points and weights by hand, strata compared with the distribution they stand for."""

from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.requests import lengths
from inference_energy.statistics.distributions import Constant, ExponentialTokens, Interpolated, LogNormal, distribution

FUZZ = settings(max_examples=40, derandomize=True)
TRACES = pl.DataFrame(
    [
        # Not in order, as tables need not be; prompts of 100 twice, answers of 10 twice.
        ("chat", 1000.0, 10.0, 1, 0.5),
        ("chat", 100.0, 10.0, 2, 0.0),
        ("chat", 100.0, 50.0, 5, 0.2),
        ("code", 2000.0, 20.0, 3, None),
        ("code", 4000.0, 40.0, 1, None),
    ],
    schema=["workload", "input_tokens", "output_tokens", "requests", "cached_input_share"],
    orient="row",
)
ANSWERS = pl.DataFrame(
    [
        ("gpqa", "A", 1000, 1658.0, 4000.0, 11286.0, 15000.0, 21606.0),
        ("gpqa", "B", 1000, 10.0, 20.0, 30.0, 40.0, 50.0),
    ],
    schema=["task", "model", "responses", *(f"output_tokens_{name}" for name in ("p05", "p25", "p50", "p75", "p95"))],
    orient="row",
)
EXPONENTIAL = {"family": "exponential", "median": 30}
LOGNORMAL = {"family": "lognormal", "p05": 1400, "p95": 18000}
MEASURED = {"task": "gpqa", "model": "A"}
SIDES = {
    "number": 300,
    "exponential": EXPONENTIAL,
    "lognormal": LOGNORMAL,
    "trace": {"trace": "chat"},
}


def of(**spec):
    return lengths.lengths(spec, "own.yaml: workloads.mine", TRACES, ANSWERS)


def points(found):
    """Weight by point, those that are alike put together: `(input, output, cached share, weight)`."""
    columns = (found.input_tokens, found.output_tokens, found.cached_share)
    weights = defaultdict(float)
    for point, weight in zip(zip(*columns, strict=True), found.weights, strict=True):
        weights[tuple(map(float, point))] += weight
    return [(*point, pytest.approx(weight)) for point, weight in sorted(weights.items())]


def message_of(**spec):
    with pytest.raises(InputError) as raised:
        of(**spec)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


def test_fixed_numbers_are_one_point():
    assert points(of(input_tokens=250, output_tokens=300)) == [(250, 300, 0, 1)]


def test_trace_gives_its_points_weights_and_cached_shares():
    assert points(of(trace="chat")) == [(100, 10, 0, 0.25), (100, 50, 0.2, 0.625), (1000, 10, 0.5, 0.125)]


def test_trace_that_does_not_say_what_was_cached_has_nothing_cached():
    assert points(of(trace="code")) == [(2000, 20, 0, 0.75), (4000, 40, 0, 0.25)]


@pytest.mark.parametrize("share", [0, 0.4, {"family": "beta", "p05": 0.1, "p95": 0.5}])
def test_workload_that_states_a_cached_share_loses_the_trace_s(share):
    found = of(trace="chat", cached_share=share)
    assert found.cached_share.tolist() == [0, 0, 0]
    assert found.weights.tolist() == of(trace="chat").weights.tolist()


def test_prompts_of_a_trace_alone():
    found = of(input_tokens={"trace": "chat"}, output_tokens=7)
    assert points(found) == [(100, 7, 0, 0.875), (1000, 7, 0, 0.125)]


def test_answers_of_a_trace_alone():
    assert points(of(input_tokens=7, output_tokens={"trace": "chat"})) == [(7, 10, 0, 0.375), (7, 50, 0, 0.625)]


def test_sides_of_two_traces_are_crossed():
    found = of(input_tokens={"trace": "code"}, output_tokens={"trace": "chat"})
    assert points(found) == [
        (2000, 10, 0, 0.75 * 0.375),
        (2000, 50, 0, 0.75 * 0.625),
        (4000, 10, 0, 0.25 * 0.375),
        (4000, 50, 0, 0.25 * 0.625),
    ]


def test_exponential_alone_is_every_token_count():
    found = of(input_tokens=250, output_tokens=EXPONENTIAL)
    known = ExponentialTokens(median=30).probabilities()
    assert found.output_tokens.tolist() == list(range(1, len(known) + 1))
    assert set(found.input_tokens) == {250}
    assert found.weights == pytest.approx(known / known.sum(), abs=1e-15)
    assert found.mean(found.output_tokens) == pytest.approx(sum(k * p for k, p in enumerate(known, 1)))


def test_exponential_mean_is_that_of_the_rounded_distribution():
    # Sum over k >= 0 of P(X > k): 1 + q^1.5 + q^2.5 + ... with q = 2^(-1/30), as what rounds to 0 counts as 1.
    q = 2 ** (-1 / 30)
    found = of(input_tokens=250, output_tokens=EXPONENTIAL)
    assert found.mean(found.output_tokens) == pytest.approx(1 + q**1.5 / (1 - q), rel=1e-8)


def test_exponential_prompts_alone_are_every_token_count_too():
    found = of(input_tokens=EXPONENTIAL, output_tokens=300)
    assert found.input_tokens.tolist() == of(input_tokens=1, output_tokens=EXPONENTIAL).output_tokens.tolist()


def test_measured_answers_follow_their_quantiles():
    found = of(input_tokens=250, output_tokens=MEASURED)
    below = np.cumsum(found.weights)
    for share, value in ((0.05, 1658), (0.25, 4000), (0.5, 11286), (0.75, 15000), (0.95, 21606)):
        assert found.output_tokens[np.searchsorted(below, share)] == pytest.approx(value, rel=0.01)


def test_measured_answers_of_the_model_that_is_asked_for():
    found = of(input_tokens=250, output_tokens={"task": "gpqa", "model": "B"})
    assert found.output_tokens[np.searchsorted(np.cumsum(found.weights), 0.5)] == pytest.approx(30, rel=0.01)


@pytest.mark.parametrize("output_tokens", [*SIDES.values(), MEASURED], ids=[*SIDES, "measured"])
@pytest.mark.parametrize("input_tokens", SIDES.values(), ids=SIDES)
def test_both_sides_of_any_kind_are_independent_and_weights_sum_to_1(input_tokens, output_tokens):
    found = of(input_tokens=input_tokens, output_tokens=output_tokens)
    sizes = {len(getattr(found, name)) for name in ("input_tokens", "output_tokens", "cached_share", "weights")}
    assert len(sizes) == 1
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)
    assert found.weights.min() >= 0
    assert min(found.input_tokens.min(), found.output_tokens.min()) >= 1
    assert not found.cached_share.any()
    product = found.mean(found.input_tokens) * found.mean(found.output_tokens)
    assert found.mean(found.input_tokens * found.output_tokens) == pytest.approx(product)


def test_lengths_measured_together_are_not_independent():
    found = of(trace="chat")
    # 0.25 x 1,000 + 0.625 x 5,000 + 0.125 x 10,000 = 4,625; the means are 212.5 and 35
    assert found.mean(found.input_tokens * found.output_tokens) == pytest.approx(4625)
    assert found.mean(found.input_tokens) == pytest.approx(212.5)
    assert found.mean(found.output_tokens) == pytest.approx(35)


def test_a_long_trace_crossed_with_a_distribution_keeps_its_moments():
    tokens = np.unique(np.rint(np.random.default_rng(1).lognormal(6, 1.2, 3000)) + 1)
    trace = pl.DataFrame(
        {"workload": "long", "input_tokens": tokens, "output_tokens": 1.0, "requests": 1}
    ).with_columns(cached_input_share=pl.lit(None, pl.Float64))
    spec = {"input_tokens": {"trace": "long"}, "output_tokens": LOGNORMAL}
    found = lengths.lengths(spec, "own.yaml", trace, ANSWERS)
    prompts = found.input_tokens
    assert found.mean(prompts) == pytest.approx(tokens.mean(), rel=1e-6)
    assert found.mean(prompts**2) == pytest.approx((tokens**2).mean(), rel=0.01)
    assert prompts.min() >= tokens.min()
    assert prompts.max() <= tokens.max()


@pytest.mark.parametrize("count", [lengths.STRATA_OF_EACH, lengths.STRATA_ALONE])
@pytest.mark.parametrize(("p05", "p95"), [(1400, 18000), (30, 935), (100, 110), (500, 5000)])
def test_strata_keep_mean_and_second_moment_of_a_lognormal(p05, p95, count):
    known = LogNormal.from_percentiles(p05=p05, p95=p95)
    values, shares = lengths.strata(distribution({"family": "lognormal", "p05": p05, "p95": p95}), count)
    assert shares @ values == pytest.approx(known.moment(1), rel=0.005)
    assert shares @ values**2 == pytest.approx(known.moment(2), rel=0.01)


def test_strata_of_an_exponential_keep_its_moments():
    values, shares = lengths.strata(distribution({"family": "exponential", "median": 5000}), lengths.STRATA_OF_EACH)
    scale = 5000 / np.log(2)
    assert shares @ values == pytest.approx(scale, rel=0.005)
    assert shares @ values**2 == pytest.approx(2 * scale**2, rel=0.01)


@pytest.mark.parametrize("count", [lengths.STRATA_OF_EACH, lengths.STRATA_ALONE])
def test_strata_are_as_many_as_asked_for_and_rise(count):
    values, shares = lengths.strata(distribution(LOGNORMAL), count)
    assert len(values) == len(shares) == count
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert shares.min() > 0
    assert (np.diff(values) > 0).all()


def test_strata_of_a_known_length():
    values, _ = lengths.strata(Constant(300), 16)
    assert values == pytest.approx(np.full(16, 300.0))


@FUZZ
@given(st.floats(1, 1e4), st.floats(1.05, 30))
def test_strata_of_any_lognormal_stay_lengths(p05, ratio):
    spec = {"family": "lognormal", "p05": p05, "p95": p05 * ratio}
    values, shares = lengths.strata(distribution(spec), lengths.STRATA_OF_EACH)
    assert values.min() >= 1
    assert shares.sum() == pytest.approx(1)
    # Nothing below a token, so that the mean may only be larger than that of the distribution.
    known = LogNormal.from_percentiles(p05=p05, p95=p05 * ratio).moment(1)
    assert 0.995 * known <= shares @ values <= known + 1


@FUZZ
@given(st.lists(st.floats(1, 1e5), min_size=5, max_size=5))
def test_strata_of_any_measured_quantiles_stay_lengths(quantiles):
    of = Interpolated(shares=(0.05, 0.25, 0.5, 0.75, 0.95), values=tuple(sorted(quantiles)))
    values, shares = lengths.strata(of, lengths.STRATA_OF_EACH)
    assert np.isfinite(values).all()
    assert values.min() >= 1
    assert shares[values < min(quantiles) * (1 - 1e-9)].sum() <= 0.05 + 1e-9


def test_draws_follow_the_weights():
    found = of(trace="chat")
    drawn = found.below(np.random.default_rng(1).random(100_000))
    assert drawn.shape == (100_000,)
    shares = np.bincount(drawn, minlength=3) / len(drawn)
    error = 5 * np.sqrt(found.weights * (1 - found.weights) / len(drawn))
    assert (np.abs(shares - found.weights) < error).all()


def test_queries_spread_evenly_are_the_middles_of_equal_parts():
    five = lengths.Lengths(
        input_tokens=np.ones(5), output_tokens=np.arange(1.0, 6), cached_share=np.zeros(5), weights=np.full(5, 0.2)
    )
    assert five.evenly(5).tolist() == [0, 1, 2, 3, 4]
    assert five.evenly(1).tolist() == [2]
    assert five.evenly(2).tolist() == [1, 3]  # 25 % and 75 %


def test_extreme_draws_are_points():
    for found in (of(trace="chat"), of(input_tokens=250, output_tokens=EXPONENTIAL)):
        assert found.below(np.array([0.0, 1 - 2**-53])).tolist() == [0, len(found.weights) - 1]


def test_mean_of_draws_is_the_mean():
    found = of(input_tokens={"trace": "chat"}, output_tokens=LOGNORMAL)
    drawn = found.output_tokens[found.below(np.random.default_rng(1).random(200_000))]
    assert found.mean(found.output_tokens) == pytest.approx(drawn.mean(), abs=5 * drawn.std() / np.sqrt(len(drawn)))


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ({"trace": "chats"}, "trace"),
        ({"input_tokens": {"trace": "chats"}, "output_tokens": 5}, "input_tokens.trace"),
        ({"input_tokens": 5, "output_tokens": {"trace": "chats"}}, "output_tokens.trace"),
    ],
)
def test_unknown_trace(spec, key):
    expected = "found 'chats'; allowed: one of 2 names, such as chat, measured in resources/workloads"
    assert message_of(**spec) == f"own.yaml: workloads.mine.{key}: {expected}"


@pytest.mark.parametrize(("task", "model"), [("gpqa", "C"), ("gpq", "A"), ("nope", "nope")])
def test_unknown_task_or_model(task, model):
    message = message_of(input_tokens=5, output_tokens={"task": task, "model": model})
    assert message.startswith(f"own.yaml: workloads.mine.output_tokens: found '{task} / {model}'; allowed: one of 2 ")
    assert "gpqa / A" in message


def test_fault_of_a_distribution_names_its_key():
    message = message_of(input_tokens=5, output_tokens={"family": "beta", "p05": 3, "p95": 9})
    assert message == "own.yaml: workloads.mine.output_tokens: found p05 3, p95 9; allowed: 0 < p05 < p95 < 1"
