"""Energy of a query by hand, and the draws against the exact summation."""

import numpy as np
import pytest
from inference_energy.fleet.planning import energy_gwh_per_day
from inference_energy.oviedo.energy import (
    energy_per_query,
    energy_wh,
    exact_distribution,
    fitted_models,
    simulate,
    unit_energy_wh as unit_wh,
)
from inference_energy.statistics.distributions import LogNormal
from scipy.special import ndtr


@pytest.mark.parametrize(
    ("kw", "utilisation", "pue", "tokens", "tok_per_s", "wh"),
    [(10.2, 0.6, 1.3, 300, 1300, 0.510), (0.36, 1, 1, 100, 10, 1.0)],
)
def test_by_hand(kw, utilisation, pue, tokens, tok_per_s, wh):
    unit = unit_wh(node_power_kw=kw, output_tokens=np.array([tokens]), tok_per_s=tok_per_s)
    assert energy_wh(unit_energy_wh=unit, utilisation=utilisation, pue=pue) == pytest.approx(wh, rel=1e-3)


def test_fleet_by_hand():
    fleet = energy_gwh_per_day(queries_per_day=1e9, energy_wh=0.55161, overhead=1.32563)
    assert fleet == pytest.approx(0.7312, abs=5e-5)


def test_weights_sum_to_one(study):
    assert sum(study.classes["frontier"].model_shares().values()) == pytest.approx(1)


@pytest.mark.slow
def test_draws_agree_with_the_summation_as_their_errors_say(study, fit):
    summary, _ = energy_per_query(study_name="joule-2026", study=study, fit=fit, draws=65_536, seed=1)
    assert len(summary) == 2 * 6 * 2
    assert summary["largest_deviation_from_exact_se"].abs().max() < 6
    classes = summary.filter(subject_kind="class", spread="untrimmed")
    for name, goal in {"p50": 0.001, "mean": 0.002, "p05": 0.005, "p95": 0.005}.items():
        column = f"energy_wh_{name}"
        assert (classes[f"{column}_se"] / classes[column]).max() < goal
        assert (classes[column] / classes[f"{column}_exact"] - 1).abs().max() < 3 * goal


def test_seed_decides_the_numbers(study, fit):
    first, again, other = (
        simulate(study_name="s", study=study, workload="long", throughput=fitted_models(fit), draws=1024, seed=seed)[
            "DeepSeek-R1"
        ]
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("workload", ["traditional", "long"])
@pytest.mark.parametrize("log_sd", [None, 0.5])
def test_merged_token_counts_have_the_sum_over_every_one(study, fit, workload, log_sd):
    model, curve = "Llama 3.1 405B", fitted_models(fit)["Llama 3.1 405B"]
    multiplier = log_sd and LogNormal(log_mean=0.3, log_sd=log_sd)
    exact = exact_distribution(study=study, workload=workload, model=model, throughput=curve, multiplier=multiplier)
    logs, sd = np.log(exact.unit_energy_wh) + exact.factor.log_mean, exact.factor.log_sd
    for share in (1e-4, 0.05, 0.5, 0.95, 0.9999):
        value = exact.quantile(share)
        scores = (np.log(value) - logs) / sd
        assert exact.probabilities @ ndtr(scores) == pytest.approx(share, rel=1e-9)
        density = exact.probabilities @ np.exp(-(scores**2) / 2) / np.sqrt(2 * np.pi) / sd / value
        assert exact.pdf(value) == pytest.approx(density, rel=1e-9)
        below = exact.probabilities @ (np.exp(logs + sd**2 / 2) * ndtr(scores - sd))
        assert exact.moment(1, 0.0, value) == pytest.approx(below, rel=1e-9)
    assert exact.moment(2) == pytest.approx(exact.probabilities @ np.exp(2 * logs + 2 * sd**2), rel=1e-9)


@pytest.mark.parametrize("workload", ["traditional", "long"])
def test_exact_is_its_own_inverse_and_linear_in_power(study, fit, workload):
    model, curve = "Llama 3.1 405B", fitted_models(fit)["Llama 3.1 405B"]
    arguments = {"workload": workload, "model": model, "throughput": curve}
    exact = exact_distribution(study=study, **arguments)
    double = exact_distribution(study=study.replaced(node_power_kw={"default": 20.4}), **arguments)
    closed = exact.probabilities @ exact.unit_energy_wh * exact.factor.moment(1)
    assert exact.moment(1) == pytest.approx(closed)
    for share in (0.05, 0.5, 0.95):
        assert exact.cdf(exact.quantile(share)) == pytest.approx(share, abs=1e-9)
        assert double.quantile(share) == pytest.approx(2 * exact.quantile(share))
