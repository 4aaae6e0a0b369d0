"""Log-normals from percentiles and exponential token counts."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.statistics.distributions import ExponentialTokens, LogNormal, product
from inference_energy.statistics.quantiles import Z_P95


def test_median_is_the_geometric_mean_of_the_percentiles():
    assert LogNormal.from_percentiles(p05=0.4, p95=0.9).percentile(0) == pytest.approx(0.6)


@settings(max_examples=50)
@given(st.floats(1e-3, 1e3), st.floats(1.01, 100))
def test_percentiles_come_back(p05, ratio):
    distribution = LogNormal.from_percentiles(p05=p05, p95=p05 * ratio)
    assert distribution.percentile(-Z_P95) == pytest.approx(p05)
    assert distribution.percentile(Z_P95) == pytest.approx(p05 * ratio)


def test_quantiles_are_the_values_at_their_standard_scores():
    distribution = LogNormal(log_mean=np.log(300), log_sd=np.log(2))
    shares = np.array([[0.5, 0.8413447460685429], [0.15865525393145707, 0.9772498680518208]])  # 0, 1, -1 and 2 sd
    assert distribution.quantile(shares) == pytest.approx(np.array([[300, 600], [150, 1200]]))
    assert distribution.quantile(np.array([0.0, 1.0])).tolist() == [0, np.inf]


@pytest.mark.parametrize("order", [-1, 1, 2])
def test_moments_agree_with_draws(order):
    distribution = LogNormal.from_percentiles(p05=1.05, p95=1.6)
    values = distribution.quantile(np.random.default_rng(1).random(200_000)) ** order
    assert distribution.moment(order) == pytest.approx(values.mean(), abs=5 * values.std() / np.sqrt(len(values)))


def test_inverse_and_product():
    a, b = LogNormal(log_mean=1, log_sd=3), LogNormal(log_mean=2, log_sd=4)
    assert product([a, b]) == LogNormal(log_mean=3, log_sd=5)
    assert a.inverse().moment(1) == pytest.approx(a.moment(-1))


@pytest.mark.parametrize("median", [300, 5000])
def test_token_probabilities(median):
    tokens = ExponentialTokens(median=median)
    probabilities = tokens.probabilities()
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert probabilities[0] == pytest.approx(1 - np.exp(-1.5 / tokens.scale))
    assert np.searchsorted(probabilities.cumsum(), 0.5) + 1 == pytest.approx(median, abs=1)
    assert tokens.share_outside(0, np.inf) == 0
    assert tokens.share_outside(2, np.inf) == pytest.approx(probabilities[0])


def test_at_least_one_token_is_drawn():
    assert ExponentialTokens(median=1).quantile(np.random.default_rng(1).random(10_000)).min() == 1
