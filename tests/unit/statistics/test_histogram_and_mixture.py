"""Histogram quantiles against numpy, and the published double trimming done literally."""

import numpy as np
import pytest
from inference_energy.statistics.histogram import LogHistogram
from inference_energy.statistics.mixture import Pool, trimmed_range

KEPT = trimmed_range([[0.05, 0.95], [0.1, 0.9]])


def counted(values):
    histogram = LogHistogram()
    histogram.add(values)
    return histogram


def test_quantiles_agree_with_numpy_and_chunks_add_up():
    values = np.random.default_rng(1).lognormal(size=1_000_000)
    whole, parts = counted(values), LogHistogram()
    for chunk in np.array_split(values, 7):
        parts.add(chunk)
    assert (whole.counts == parts.counts).all()
    for share in (0.05, 0.5, 0.95):
        assert whole.distribution().quantile(share) == pytest.approx(np.quantile(values, share), rel=1e-3)  # a bin


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, np.nextafter(2.0**-32, 0), 2.0**32])
def test_values_out_of_range_raise(value):
    with pytest.raises(ValueError):
        LogHistogram().add(np.array([value]))


@pytest.mark.parametrize("value", [2.0**-32, np.nextafter(2.0**32, 0)])
def test_values_at_the_ends_of_the_range_are_counted(value):
    assert counted(np.array([value])).distribution().quantile(0.5) == pytest.approx(value, rel=1e-3)


def test_density_is_that_of_the_draws_near_a_value():
    """Draws between 0.8 and 1.2 alone: a window that reaches beyond them would find less."""
    found = counted(np.random.default_rng(4).uniform(0.8, 1.2, 200_000)).distribution()
    assert found.pdf(1.0) == pytest.approx(1 / 0.4, rel=0.02)
    assert found.pdf(1.12) == pytest.approx(1 / 0.4, rel=0.02)
    assert found.pdf(0.6) == 0


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
    pool = Pool(members=[counted(v).distribution() for v in draws], weights=np.full(3, 1 / 3), kept=KEPT)
    literal = np.concatenate(kept)
    assert pool.mean() == pytest.approx(literal.mean(), rel=1e-3)
    for share in (0.05, 0.5, 0.95):
        assert pool.quantile(share) == pytest.approx(np.quantile(literal, share), rel=1e-3)


def test_quantile_se_is_the_spread_over_replications():
    generator, found, errors = np.random.default_rng(3), [], []
    for _ in range(200):
        members = [counted(generator.lognormal(mean, 1, 2000)).distribution() for mean in (0, 0.5)]
        pool = Pool(members=members, weights=np.array([0.5, 0.5]))
        found.append(pool.quantile(0.5))
        errors.append(pool.quantile_se(found[-1], 2000))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.2)
    assert Pool(members=members[:1], weights=np.ones(1)).quantile(0.3) == members[0].quantile(0.3)
