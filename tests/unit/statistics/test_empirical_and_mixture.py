"""Distributions of draws against numpy, and the published double trimming done literally."""

import numpy as np
import pytest
from inference_energy.statistics.empirical import Empirical, log_density
from inference_energy.statistics.mixture import Pool, trimmed_range
from scipy.stats import lognorm

KEPT = trimmed_range([[0.05, 0.95], [0.1, 0.9]])


def test_draws_by_hand():
    """Of 1, 2, 4 and 8, an eighth of the share lies on either side of each end."""
    found = Empirical.of(np.array([[4.0, 1.0], [8.0, 2.0]]))
    assert [found.cdf(value) for value in (0.9, 1.0, 3.0, 8.0, 8.1)] == pytest.approx([0, 0.125, 0.5, 0.875, 1])
    assert [found.quantile(share) for share in (0.01, 0.25, 0.5, 0.99)] == pytest.approx([1, 1.5, 3, 8])
    assert (found.quantile(0.0), found.quantile(1.0)) == (0.0, np.inf)
    assert Pool(members=[found], weights=np.ones(1)).mean() == pytest.approx(15 / 4)
    assert found.moment(1) == pytest.approx(15 / 4)
    assert found.moment(2) == pytest.approx(85 / 4)
    # Half of the draw 2 and half of the draw 4 lie between them.
    assert found.moment(1, 2.0, 4.0) == pytest.approx((1 + 2) / 4)


def test_quantiles_agree_with_numpy():
    values = np.random.default_rng(1).lognormal(size=100_000)
    found = Empirical.of(values)
    for share in (0.05, 0.5, 0.95):
        assert found.quantile(share) == pytest.approx(np.quantile(values, share), rel=1e-3)
        assert found.cdf(found.quantile(share)) == pytest.approx(share)


def test_density_by_hand():
    """Two bins per octave: 1 and 1.2 share one, 1.5 is in the next, with half of the weight."""
    found = log_density(np.array([1.0, 1.5, 1.2]), np.array([1.0, 2.0, 1.0]), 2)
    assert found["energy_wh"].to_list() == pytest.approx([2**0.25, 2**0.75])
    assert found["density_per_e_fold"].to_list() == pytest.approx([0.5 / (np.log(2) / 2)] * 2)


def test_two_trimmings_keep_the_middle_72_percent():
    assert pytest.approx((0.14, 0.86)) == KEPT


def test_pool_equals_literal_double_trimming():
    generator, kept = np.random.default_rng(2), []
    draws = [generator.lognormal(mean, 1, 300_000) for mean in (0, 0.7, 1.1)]
    for values in draws:
        for low, high in ((0.05, 0.95), (0.1, 0.9)):
            start, end = np.quantile(values, [low, high])
            values = values[(values >= start) & (values <= end)]
        kept.append(values)
    pool = Pool(members=[Empirical.of(v) for v in draws], weights=np.full(3, 1 / 3), kept=KEPT)
    literal = np.concatenate(kept)
    assert pool.mean() == pytest.approx(literal.mean(), rel=1e-3)
    for share in (0.05, 0.5, 0.95):
        assert pool.quantile(share) == pytest.approx(np.quantile(literal, share), rel=1e-3)


class _LogNormal:
    """With deviation 1 of the logarithm, and a median."""

    def __init__(self, median):
        self.of = lognorm(1.0, scale=median)
        self.cdf, self.pdf, self.quantile = self.of.cdf, self.of.pdf, self.of.ppf


def test_quantile_se_is_the_spread_over_replications():
    generator, found, medians = np.random.default_rng(3), [], (1.0, np.exp(0.5))
    weights = np.array([0.5, 0.5])
    for _ in range(400):
        members = [Empirical.of(median * generator.lognormal(size=2000)) for median in medians]
        found.append(Pool(members=members, weights=weights).quantile(0.5))
    exact = Pool(members=[_LogNormal(median) for median in medians], weights=weights)
    assert exact.quantile_se(exact.quantile(0.5), 2000) == pytest.approx(np.std(found), rel=0.15)
    assert Pool(members=members[:1], weights=np.ones(1)).quantile(0.3) == members[0].quantile(0.3)


def test_density_of_a_trimmed_pool_is_the_slope_of_its_distribution():
    exact = Pool(members=[_LogNormal(1.0), _LogNormal(3.0)], weights=np.array([0.25, 0.75]), kept=KEPT)
    for value in (0.5, 2.0, 5.0):  # below 1.04 the second is cut off, above 2.95 the first
        slope = (exact.cdf(value + 1e-6) - exact.cdf(value - 1e-6)) / 2e-6
        assert exact.pdf(value) == pytest.approx(slope, rel=1e-6)
