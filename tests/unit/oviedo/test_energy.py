"""Energy of a query by hand, and the Monte Carlo against the exact summation."""

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
def test_monte_carlo_agrees_with_the_summation(study, fit):
    summary, _ = energy_per_query(study_name="joule-2026", study=study, fit=fit, draws=200_000, seed=1)
    assert len(summary) == 2 * 6 * 2
    assert summary["largest_deviation_from_exact_se"].abs().max() < 5


def test_seed_decides_the_numbers(study, fit):
    first, again, other = (
        simulate(study_name="s", study=study, workload="long", throughput=fitted_models(fit), draws=10_000, seed=seed)[
            "DeepSeek-R1"
        ].counts
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


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
