"""Quantile functions of assumed distributions: their percentiles, and that none leaves its range."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from inference_energy.statistics.distributions import (
    Beta,
    Constant,
    Exponential,
    Interpolated,
    LogNormal,
    ShiftedLogNormal,
    distribution,
    draw,
    median,
    percentiles,
)
from inference_energy.statistics.quantiles import QUANTILES
from scipy.special import betainc

FUZZ = settings(max_examples=50, derandomize=True)
MEASURED = Interpolated(shares=(0.05, 0.25, 0.5, 0.75, 0.95), values=(20.0, 100.0, 300.0, 600.0, 935.0))
DISTRIBUTIONS = {
    "constant": Constant(0.7),
    "released share": distribution({"family": "beta", "p05": 0.45, "p95": 0.85}),
    "cached share": distribution({"family": "beta", "p05": 0.05, "p95": 0.65}),
    "two numbers": Beta(a=2.2, b=1.2),
    "power": Beta.from_percentiles(p05=0.52, p95=0.95, low=0.17),
    "pue": distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.40}),
    "water": distribution({"family": "shifted_lognormal", "above": 0, "p05": 0.1, "p95": 1.0}),
    "lognormal": distribution({"family": "lognormal", "p05": 1400, "p95": 18000}),
    "exponential": distribution({"family": "exponential", "median": 300}),
    "measured": MEASURED,
}
RANGES = {
    "constant": (0.7, 0.7),
    "released share": (np.nextafter(0, 1), 1),
    "cached share": (0, 1),
    "two numbers": (np.nextafter(0, 1), 1),
    "power": (0.17, 1),
    "pue": (1, np.inf),
    "water": (0, np.inf),
    "lognormal": (np.nextafter(0, 1), np.inf),
    "exponential": (1, np.inf),
    "measured": (1, np.inf),
}


def p05_and_p95(of):
    return tuple(of.quantile(np.array([0.05, 0.95])))


def refused(spec):
    with pytest.raises(ValueError, match="allowed: ") as raised:
        distribution(spec)
    return str(raised.value)


def test_beta_by_hand():
    # Beta(1, 1) is uniform; the quantile of Beta(2, 1) is the square root.
    assert p05_and_p95(Beta(a=1, b=1)) == pytest.approx((0.05, 0.95), abs=1e-9)
    assert Beta(a=2, b=1).quantile(np.array([0.04, 0.25, 0.81])) == pytest.approx([0.2, 0.5, 0.9], abs=1e-6)


def test_uniform_percentiles_give_a_uniform_beta():
    found = Beta.from_percentiles(p05=0.05, p95=0.95)
    assert (found.a, found.b) == pytest.approx((1, 1), abs=1e-6)


def test_beta_between_bounds_is_the_scaled_one():
    scaled = Beta.from_percentiles(p05=2.1, p95=3.9, low=2, high=4)
    assert (scaled.a, scaled.b) == pytest.approx((1, 1), abs=1e-6)
    assert scaled.quantile(np.array([0, 0.25, 1])) == pytest.approx([2, 2.5, 4], abs=1e-6)


@FUZZ
@given(st.floats(0.01, 0.98), st.floats(0.02, 0.99))
def test_beta_has_the_percentiles_it_is_given(p05, p95):
    assume(p95 - p05 > 0.01)
    assert p05_and_p95(Beta.from_percentiles(p05=p05, p95=p95)) == pytest.approx((p05, p95), abs=1e-4)


@FUZZ
@given(st.floats(0.02, 0.9), st.floats(0.03, 0.97), st.floats(0.01, 0.5))
def test_beta_in_any_range_has_the_percentiles_it_is_given(first, second, low):
    assume(second - first > 0.02)
    p05, p95 = (low + (1 - low) * share for share in (first, second))
    assert p05_and_p95(Beta.from_percentiles(p05=p05, p95=p95, low=low)) == pytest.approx((p05, p95), abs=1e-4)


def test_reflected_percentiles_swap_the_shapes():
    one, other = (Beta.from_percentiles(p05=p05, p95=p95) for p05, p95 in ((0.1, 0.6), (0.4, 0.9)))
    assert (one.a, one.b) == pytest.approx((other.b, other.a), rel=1e-6)


@pytest.mark.parametrize(
    ("p05", "p95", "low", "high"),
    [
        *((0, 0.5, 0, 1), (0.5, 1, 0, 1), (-0.1, 0.5, 0, 1), (0.5, 1.1, 0, 1), (0.5, 0.5, 0, 1), (0.6, 0.5, 0, 1)),
        *((0.2, 0.5, 0.2, 1), (0.5, 0.8, 0, 0.8), (np.nan, 0.5, 0, 1)),
    ],
)
def test_beta_refuses_percentiles_outside_its_range(p05, p95, low, high):
    with pytest.raises(ValueError, match=f"found p05 .* p95 .*; allowed: {low:g} < p05 < p95 < {high:g}"):
        Beta.from_percentiles(p05=p05, p95=p95, low=low, high=high)


def test_beta_says_so_where_no_distribution_is_found():
    with pytest.raises(ValueError, match="allowed: percentiles that a beta distribution can have"):
        Beta.from_percentiles(p05=0.5, p95=0.5 + 1e-9)


@pytest.mark.parametrize(("p05", "p95"), [(1e-6, 0.999), (1e-200, 0.9), (0.05, 0.65), (0.68, 0.99), (1e-12, 1 - 1e-9)])
def test_beta_has_its_percentiles_however_far_apart_they_are(p05, p95):
    found = Beta.from_percentiles(p05=p05, p95=p95)
    assert betainc(found.a, found.b, [p05, p95]) == pytest.approx([0.05, 0.95], rel=1e-9)


def test_shifted_lognormal_by_hand():
    # The excess over 1 goes from 0.1 to 0.4: its median is 0.2.
    found = ShiftedLogNormal.from_percentiles(above=1, p05=1.1, p95=1.4)
    assert median(found) == pytest.approx(1.2)
    assert p05_and_p95(found) == pytest.approx((1.1, 1.4), rel=1e-3)  # of the publication's z of 1.645


@FUZZ
@given(st.floats(0, 10), st.floats(1e-3, 10), st.floats(1.01, 100))
def test_shifted_lognormal_has_the_percentiles_it_is_given(above, excess, ratio):
    p05, p95 = above + excess, above + excess * ratio
    found = ShiftedLogNormal.from_percentiles(above=above, p05=p05, p95=p95)
    assert p05_and_p95(found) == pytest.approx((p05, p95), rel=1e-3)


@pytest.mark.parametrize(("p05", "p95"), [(1, 1.4), (0.9, 1.4), (1.4, 1.1), (1.2, 1.2)])
def test_shifted_lognormal_refuses_percentiles_below_its_bound_or_out_of_order(p05, p95):
    message = refused({"family": "shifted_lognormal", "above": 1, "p05": p05, "p95": p95})
    assert message == f"found p05 {p05:g}, p95 {p95:g}; allowed: 1 < p05 < p95"


def test_lognormal_median_is_the_geometric_mean():
    assert median(distribution({"family": "lognormal", "p05": 200, "p95": 800})) == pytest.approx(400)


@pytest.mark.parametrize("tokens", [1, 30, 300, 5000])
def test_exponential_median(tokens):
    assert median(Exponential(median=tokens)) == pytest.approx(tokens)


def test_exponential_by_hand():
    # Half of all lengths lie below the median, three quarters below twice that, 15 of 16 below four times.
    assert Exponential(median=300).quantile(np.array([0.5, 0.75, 0.9375])) == pytest.approx([300, 600, 1200])


def test_exponential_has_no_answer_without_a_token():
    assert Exponential(median=300).quantile(np.array([1e-12, 1e-3])) == pytest.approx([1, 1])


def test_constant_is_what_it_is_whatever_the_share():
    assert distribution(0.7) == Constant(0.7)
    assert distribution(1).quantile(np.array([[0.1], [0.9]])).tolist() == [[1.0], [1.0]]
    assert median(distribution(1)) == 1


def test_interpolated_reproduces_its_quantiles():
    assert MEASURED.quantile(np.array(MEASURED.shares)) == pytest.approx(MEASURED.values)


def test_interpolated_between_and_beyond_by_hand():
    # Half way in score between P5 and P95 lies the median; as far again beyond P95, the same factor again.
    two = Interpolated(shares=(0.05, 0.95), values=(100.0, 10_000.0))
    assert median(two) == pytest.approx(1000)
    beyond = LogNormal(log_mean=np.log(1000), log_sd=np.log(10) / 1.6448536)
    assert two.quantile(np.array([0.999])) == pytest.approx([beyond.percentile(3.0902323)], rel=1e-6)


def test_interpolated_goes_on_with_its_outermost_slopes():
    # z of 0.9986501 is 3; above P95 the slope of P75 to P95 holds.
    slope = np.log(935 / 600) / (1.6448536 - 0.6744898)
    expected = 935 * np.exp(slope * (3 - 1.6448536))
    assert MEASURED.quantile(np.array([0.9986501])) == pytest.approx([expected], rel=1e-5)


def test_interpolated_is_never_below_a_token():
    short = Interpolated(shares=(0.05, 0.5, 0.95), values=(2.0, 100.0, 200.0))
    assert short.quantile(np.array([1e-9, 0.001])).tolist() == [1, 1]


def test_interpolated_with_equal_quantiles_stays_level():
    level = Interpolated(shares=(0.05, 0.25, 0.5, 0.75, 0.95), values=(10.0, 10.0, 20.0, 30.0, 30.0))
    assert level.quantile(np.array([0.001, 0.1, 0.5, 0.9, 0.999])) == pytest.approx([10, 10, 20, 30, 30])


@FUZZ
@given(st.lists(st.floats(1, 1e5), min_size=5, max_size=5))
def test_interpolated_rises_through_any_quantiles(values):
    found = Interpolated(shares=tuple(QUANTILES.values()), values=tuple(sorted(values)))
    assert found.quantile(np.array(list(QUANTILES.values()))) == pytest.approx(sorted(values))
    rising = found.quantile(np.linspace(1e-9, 1 - 1e-9, 1001))
    assert (np.diff(rising) >= -1e-9 * rising[1:]).all()
    assert rising.min() >= 1


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_million_draws_stay_in_range(name):
    low, high = RANGES[name]
    drawn = draw(DISTRIBUTIONS[name], np.random.default_rng(1), 1_000_000)
    assert drawn.shape == (1_000_000,)
    assert np.isfinite(drawn).all()
    assert low <= drawn.min()
    assert drawn.max() <= high


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_outermost_draws_stay_in_range(name):
    class Edges:
        def random(self, draws):
            return np.array([0.0, 1 - 2**-53])[:draws]

        def permutation(self, draws):
            return np.arange(draws)

    low, high = RANGES[name]
    first, last = draw(DISTRIBUTIONS[name], Edges(), 2)
    assert np.isfinite([first, last]).all()
    assert low <= first <= last <= high


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_quantiles_rise(name):
    found = DISTRIBUTIONS[name].quantile(np.linspace(1e-12, 1 - 1e-12, 20_001))
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_are_reproducible_and_follow_the_quantiles(name):
    first, again, other = (draw(DISTRIBUTIONS[name], np.random.default_rng(seed), 100_000) for seed in (1, 1, 2))
    assert (first == again).all()
    assert name == "constant" or (first != other).any()
    for share, value in zip(QUANTILES.values(), percentiles(DISTRIBUTIONS[name]).values(), strict=True):
        # shares of draws below differ from the true share by chance alone
        error = 5 * np.sqrt(share * (1 - share) / len(first))
        assert (first < value).mean() - error <= share <= (first <= value).mean() + error


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_percentiles_and_median_are_quantiles(name):
    found = percentiles(DISTRIBUTIONS[name])
    assert list(found) == ["p05", "p25", "p50", "p75", "p95"]
    assert list(found.values()) == sorted(found.values())
    assert median(DISTRIBUTIONS[name]) == found["p50"]
    assert (found["p05"], found["p95"]) == pytest.approx(p05_and_p95(DISTRIBUTIONS[name]))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"family": "gamma"}, "found family 'gamma'; allowed: beta, shifted_lognormal, lognormal, exponential"),
        ({"family": "beta", "p05": 0.9, "p95": 0.3}, "found p05 0.9, p95 0.3; allowed: 0 < p05 < p95 < 1"),
        ({"family": "beta", "p05": 1.1, "p95": 1.4}, "found p05 1.1, p95 1.4; allowed: 0 < p05 < p95 < 1"),
    ],
)
def test_faults_of_a_distribution(spec, expected):
    assert refused(spec) == expected
