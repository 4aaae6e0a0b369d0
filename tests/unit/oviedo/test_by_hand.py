"""The published method by hand: what both of its engines share, so that neither would notice an error of it."""

import numpy as np
import polars as pl
import pytest
from inference_energy.oviedo import energy, interventions, scenarios
from inference_energy.oviedo.exact import ExactDistribution
from inference_energy.statistics.distributions import LogNormal
from inference_energy.statistics.mixture import UNTRIMMED, Pool
from inference_energy.statistics.quantiles import QUANTILES, Z_P95
from inference_energy.studies.study import Scenario
from inference_energy.throughput.log_linear import ThroughputModel, constant
from scipy.special import ndtr

KNOWN = {"family": "lognormal", "p05": 1 - 1e-12, "p95": 1 + 1e-12}  # a factor of 1
WH_PER_TOKEN = 10.2 / 3.6 / 1000  # a node of 10.2 kW at 1,000 tokens a second


@pytest.fixture
def plain(study):
    """A study without utilisation and PUE, of nodes of 10.2 kW."""
    return study.replaced(power_utilisation=KNOWN, pue=KNOWN, node_power_kw={"default": 10.2})


def test_energy_of_every_answer_length(plain):
    """Energy of an answer of k tokens: power x k / throughput at k tokens, first and last length included."""
    curve = ThroughputModel(
        form="log_linear", intercept=np.log(2000), slope_input=0.0, slope_output=-0.1, cap_tok_per_s=1e9
    )
    exact = energy.exact_distribution(study=plain, workload="traditional", model="any", throughput=curve)
    for tokens in (1, 2, 300, len(exact.probabilities)):
        by_hand = 10.2 / 3.6 * tokens / (2000 * tokens**-0.1)
        assert exact.unit_energy_wh[tokens - 1] == pytest.approx(by_hand)


@pytest.mark.parametrize("log_sd", [0.1, 3.0])
def test_quantiles_of_one_answer_are_those_of_its_factors(log_sd):
    factor = LogNormal(log_mean=0.5, log_sd=log_sd)
    exact = ExactDistribution(unit_energy_wh=np.array([2.0]), probabilities=np.ones(1), factor=factor)
    assert (exact.quantile(0.0), exact.quantile(1.0)) == (0.0, np.inf)
    for share, score in {1e-6: -4.753424, 0.05: -1.644854, 0.5: 0.0, 0.999: 3.090232}.items():
        assert np.log(exact.quantile(share)) == pytest.approx(np.log(2) + 0.5 + log_sd * score, abs=1e-5)


def test_density_of_two_answers_by_hand():
    # Weights 3 : 1, medians 2 and 8 Wh, log deviation 0.5. At 4 Wh both are ln 2 = 1.3863 deviations away.
    exact = ExactDistribution(
        unit_energy_wh=np.array([2.0, 8.0]),
        probabilities=np.array([0.75, 0.25]),
        factor=LogNormal(log_mean=0.0, log_sd=0.5),
    )
    assert exact.pdf(4.0) == pytest.approx(0.1526138 / (0.5 * 4.0), rel=1e-6)
    # At 2 Wh the first is at its median, the second 2.7726 deviations below its own.
    assert exact.pdf(2.0) == pytest.approx((0.75 * 0.3989423 + 0.25 * 0.0085473) / (0.5 * 2.0), rel=1e-4)


@pytest.mark.slow
def test_draws_have_the_energy_of_whole_answers(plain):
    spec = plain.workloads["traditional"].output_tokens
    of = {"study": plain, "workload": "traditional", "model": "any", "throughput": constant(1000.0)}
    drawn = energy.draw_energy_wh("test", **of, draws=65_536, seed=1)[0].ravel() / WH_PER_TOKEN
    assert drawn == pytest.approx(np.rint(drawn), rel=1e-9)
    assert np.rint(drawn).min() == 1
    scale = spec["median"] / np.log(2)
    assert drawn.mean() == pytest.approx(scale, rel=0.001)
    assert (drawn < 1.5).mean() == pytest.approx(1 - np.exp(-1.5 / scale), rel=0.02)
    assert np.median(drawn) == pytest.approx(spec["median"], rel=1e-9)


def test_models_of_a_class_count_by_their_weight(plain):
    pool = energy.exact_pool(
        plain, "traditional", {"fast": 0.75, "slow": 0.25}, {"fast": constant(1000.0), "slow": constant(250.0)}
    )
    alone = energy.exact_pool(plain, "traditional", {"fast": 1.0}, {"fast": constant(1000.0)})
    assert pool.mean() == pytest.approx(alone.mean() * (0.75 + 0.25 * 4))
    weighted = plain.classes["frontier"].replaced(weights={"A": 3, "B": 1})
    assert weighted.model_shares() == pytest.approx({"A": 0.75, "B": 0.25})


class _Numbers:
    """A distribution of which only some numbers are asked."""

    def __init__(self, quantiles, mean, error=0.0):
        self.quantiles, self.of_mean, self.error = quantiles, mean, error

    def quantile(self, share):
        return self.quantiles[share]

    def mean(self):
        return self.of_mean

    def pdf(self, value):
        return 1.0

    def quantile_se(self, value, draws):
        return self.error * value

    def mean_se(self, draws=None):
        return self.error * self.of_mean


class _Replicated:
    """Draws whose replicates scatter by 0.1."""

    def __init__(self, whole):
        self.whole = whole

    def quantile_se(self, value, density):
        return 0.1 / density

    def mean_se(self):
        return 0.1


def test_errors_of_replicates_by_hand():
    """Two models of the same weight, three replicates of two draws; the shares and means of each are known."""
    one = [np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([3.0, 3.0])]
    other = [np.array([1.0, 3.0])] * 3
    found = energy.Simulated.of([one, other], np.array([0.5, 0.5]), UNTRIMMED)
    # Shares below 2: a half of the constant model, and of the other a half, all and none.
    assert found.quantile_se(2.0, density=0.25) == pytest.approx(np.std([0.5, 0.75, 0.25], ddof=1) / np.sqrt(3) / 0.25)
    assert found.mean_se() == pytest.approx(np.std([2.0, 1.5, 2.5], ddof=1) / np.sqrt(3))
    assert found.whole.mean() == pytest.approx(2.0)


@pytest.mark.parametrize(("off", "deviation"), [("p05", -3), ("p95", 4), ("mean", 2), ("p50", -1.5)])
def test_the_largest_deviation_is_that_of_any_number(off, deviation):
    values = dict.fromkeys(QUANTILES.values(), 1.0)
    simulated = _Replicated(_Numbers(values, 1.0))
    exact = _Numbers(dict(values), 1.0, error=0.3)
    if off == "mean":
        exact.of_mean -= deviation * 0.1
    else:
        exact.quantiles[QUANTILES[off]] -= deviation * 0.1
    row = energy._summary(simulated, exact, 100)
    assert row["largest_deviation_from_exact_se"] == pytest.approx(deviation)
    assert row["energy_wh_p50_relative_se"] == pytest.approx(0.1)
    assert row["energy_wh_p50_published_se"] == pytest.approx(0.3 * exact.quantiles[0.5])


@pytest.mark.parametrize(("low", "high", "inside"), [(0, 1, True), (-1, 0, True), (1, 2, False), (-2, -1, False)])
def test_lengths_at_the_ends_of_what_was_measured_are_inside(study, low, high, inside):
    """Of prompts: all queries of a workload have the same."""
    length = study.workloads["traditional"].input_tokens
    row = {"input_tokens_min": length + low, "input_tokens_max": length + high}
    row |= {"output_tokens_min": 10.0, "output_tokens_max": 1000.0}
    found = energy._extrapolated_share(study, row)["traditional"]
    outside = energy.output_tokens(study.workloads["traditional"].output_tokens).share_outside(10.0, 1000.0)
    assert found == (pytest.approx(outside) if inside else 1.0)
    assert 0 < outside < 1


def test_answers_at_the_ends_of_what_was_measured_are_inside():
    tokens = energy.output_tokens({"family": "exponential", "median": 100})
    probabilities = tokens.probabilities()
    assert tokens.share_outside(5, 5) == pytest.approx(1 - probabilities[4])
    assert tokens.share_outside(1, 3) == pytest.approx(1 - probabilities[:3].sum())


def test_scores_are_those_of_their_shares():
    for name, share in {"p05": 0.05, "p10": 0.1, "p50": 0.5, "p90": 0.9, "p95": 0.95}.items():
        assert ndtr(interventions.STANDARD_SCORES[name]) == pytest.approx(share, abs=2e-5)


# A fleet's day by hand: two workloads, numbers that are easy to follow.


def workload(mean_wh, unit_mean_wh, mean_se_wh, pool_se, multiplier):
    return scenarios.Workload(
        mean_wh=mean_wh,
        mean_se_wh=mean_se_wh,
        unit_mean_wh=unit_mean_wh,
        overhead=1.1,
        multiplier=multiplier,
        plain=_Numbers({}, mean_wh, pool_se / mean_wh),
        improved=_Numbers({}, mean_wh, pool_se / mean_wh / 2),
    )


def day(*, long_share, serving, shared):
    half = LogNormal(log_mean=np.log(2), log_sd=0.3)
    workloads = {
        "traditional": workload(0.5, 0.6, 0.01, 0.02, half),
        "long": workload(4.0, 5.0, 0.05, 0.1, half),
    }
    spec = Scenario.of({"label": "", "long_share": long_share, "interventions": serving})
    return scenarios.energies_gwh_per_day(1e9, spec, workloads, shared, 100), half.moment(-1)


SHARED = {
    "utilisation": np.array([0.5, 1.0, 0.8]),
    "pue": np.array([1.2, 1.0, 1.5]),
    "traditional": np.array([2.0, 1.0, 4.0]),
    "long": np.array([5.0, 1.0, 2.0]),
}


def test_a_day_without_interventions_by_hand():
    found, _ = day(long_share=0.1, serving=False, shared=SHARED)
    assert found["mean"] == pytest.approx(1.1 * (0.9 * 0.5 + 0.1 * 4.0))
    assert found["mean_se"] == pytest.approx(1.1 * np.hypot(0.9 * 0.01, 0.1 * 0.05))
    published = 1.1 * np.hypot(0.9 * 0.02, 0.1 * 0.1)
    assert found["p95_as_published"] - found["mean"] == pytest.approx(Z_P95 * published)
    assert found["mean"] - found["p05_as_published"] == pytest.approx(Z_P95 * published)
    unit = 1.1 * (0.9 * 0.6 + 0.1 * 5.0)
    assert found["over_shared"] == pytest.approx(unit * np.array([0.6, 1.0, 1.2]))


def test_a_day_with_interventions_by_hand():
    found, saving = day(long_share=0.1, serving=True, shared=SHARED)
    assert saving == pytest.approx(0.5 * np.exp(0.045))
    assert found["mean"] == pytest.approx(1.1 * (0.9 * 0.5 + 0.1 * 4.0) * saving)
    assert found["mean_se"] == pytest.approx(1.1 * np.hypot(0.9 * 0.01, 0.1 * 0.05) * saving)
    assert found["published_se"] == pytest.approx(1.1 * np.hypot(0.9 * 0.01, 0.1 * 0.05))
    units = 1.1 * (0.9 * 0.6 / SHARED["traditional"] + 0.1 * 5.0 / SHARED["long"])
    assert found["over_shared"] == pytest.approx(units * np.array([0.6, 1.0, 1.2]))


def test_ends_of_a_day_are_its_p5_and_p95():
    shared = {name: np.linspace(1.0, 2.0, 1001) if name == "pue" else np.ones(1001) for name in SHARED}
    found, _ = day(long_share=0.0, serving=False, shared=shared)
    half = LogNormal(log_mean=0.0, log_sd=0.1)
    workloads = {name: workload(1.0, 1.0, 0.0, 0.0, half) for name in ("traditional", "long")}
    spec = Scenario.of({"label": "", "long_share": 0.0, "interventions": False})
    row = scenarios._scenario(1e9, spec, workloads, shared, 100)
    for name, share in {"p05": 0.05, "p50": 0.5, "p95": 0.95}.items():
        assert row[f"energy_gwh_per_day_{name}"] == pytest.approx(1.1 * (1 + share))
    assert len(found["over_shared"]) == 1001


@pytest.mark.slow
def test_unit_energy_of_a_fleet_is_the_mean_over_the_mean_of_its_factors(study, fit):
    """Mean, not median: E[utilisation] E[PUE] times the unit energy is the mean energy."""
    summary, _ = energy.energy_per_query(study_name="test", study=study, fit=fit, draws=10_000, seed=1)
    overheads = pl.DataFrame({"overhead": ["none"], "share_p05": [0.0], "share_p95": [0.0]})
    bare = study.replaced(fleet=study.fleet.replaced(overheads={"traditional": (), "long": ()}))
    found = scenarios.Workload.of("test", bare, "traditional", summary, fit, overheads)
    factors = energy.random_factors(study)
    means = [np.exp(of.log_mean + of.log_sd**2 / 2) for of in factors]
    assert found.unit_mean_wh * means[0] * means[1] == pytest.approx(found.mean_wh)
    assert found.overhead == 1.0


# A pool of one uniform distribution, trimmed.


class _Uniform:
    """Between 0 and 1."""

    def cdf(self, value):
        return float(np.clip(value, 0, 1))

    def pdf(self, value):
        return float(0 <= value <= 1)

    def quantile(self, share):
        return share

    def moment(self, order, low=0.0, high=1.0):
        return (min(high, 1.0) ** (order + 1) - max(low, 0.0) ** (order + 1)) / (order + 1)


def test_error_of_a_trimmed_mean_by_hand():
    """Tukey and McLaughlin: variance of the draws with those outside moved to the ends, over the share kept squared."""
    pool = Pool(members=[_Uniform()], weights=np.ones(1), kept=(0.1, 0.8))
    first = (0.8**2 - 0.1**2) / 2 + 0.1 * 0.1 + 0.2 * 0.8
    second = (0.8**3 - 0.1**3) / 3 + 0.1 * 0.1**2 + 0.2 * 0.8**2
    assert pool.mean() == pytest.approx(0.45)
    assert pool.mean_se(400) == pytest.approx(np.sqrt((second - first**2) / 400) / 0.7)


def test_error_of_a_quantile_by_hand():
    pool = Pool(members=[_Uniform(), _Uniform()], weights=np.array([0.75, 0.25]))
    # Draws in proportion to the weights: 900 and 300.
    variance = 0.75**2 * 0.3 * 0.7 / 900 + 0.25**2 * 0.3 * 0.7 / 300
    assert pool.draws_per_member(900).tolist() == [900, 300]
    assert pool.quantile_se(0.3, 900) == pytest.approx(np.sqrt(variance))
