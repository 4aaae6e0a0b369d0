"""What interventions save: multipliers on the energy of a query, one by one and together."""

import numpy as np
import polars as pl
from scipy.special import ndtr

from inference_energy.common.formulas import Quantity, formula
from inference_energy.oviedo.energy import Simulated, draw_energy_wh, exact_pool, fitted_models, spreads
from inference_energy.statistics.distributions import LogNormal, lognormal, product
from inference_energy.statistics.empirical import Empirical
from inference_energy.statistics.mixture import UNTRIMMED
from inference_energy.statistics.quantiles import Z_P95, columns
from inference_energy.studies.study import PublishedIntervention, PublishedStudy

COMBINED = "all_levers"
TWO_PI = 2 * np.pi
STANDARD_SCORES = {"p05": -Z_P95, "p10": -1.2816, "p50": 0.0, "p90": 1.2816, "p95": Z_P95}


def interventions_of(study: PublishedStudy, workload: str) -> dict[str, PublishedIntervention]:
    """The interventions of a study that act on a workload."""
    return {name: spec for name, spec in study.interventions.levers.items() if workload in spec.workloads}


def multipliers(study: PublishedStudy, workload: str) -> dict[str, LogNormal]:
    """Distribution of the multiplier of every intervention, and of all of them together as `all_levers`."""
    # ASSUME: the multiplier of an intervention is log-normal between its P5 and P95. Source: arXiv 2509.20241, Methods.
    singles = {name: lognormal(spec.multiplier) for name, spec in interventions_of(study, workload).items()}
    # ASSUME: interventions are independent and their multipliers multiply; nothing published says how they overlap.
    return singles | {COMBINED: product(list(singles.values()))}


@formula(unit="that of the value", source="standard error of a sample quantile, of a log-normal distribution")
def multiplier_se(
    *, quantile: Quantity, log_sd: Quantity, standard_score: Quantity, below: Quantity, above: Quantity, draws: Quantity
) -> Quantity:
    """Sampling error of a quantile of a log-normal multiplier: sqrt(p (1 - p) / n) over the density there.

    The density is that of the standard normal at its score, over the log deviation and the quantile.

    Args:
        quantile: the quantile.
        log_sd: deviation of the logarithm.
        standard_score: of the quantile.
        below: share of the draws that lie below it, p.
        above: share of the draws that lie above it, 1 - p.
        draws: of the multiplier in the run, n.
    """
    return quantile * log_sd * np.sqrt(TWO_PI * below * above / draws) * np.exp(standard_score * standard_score / 2)


def multiplier_draws(study: PublishedStudy, draws: Quantity) -> Quantity:
    """Draws of a multiplier in a run: every query of every model has its own.

    Models have draws in proportion to their weights, so that all draws count alike; `draws` are those of the model of
    the largest weight.
    """
    return draws / max(study.classes[study.interventions.subject].model_shares().values())


def intervention_multipliers(
    *, study_name: str, study: PublishedStudy, fit: pl.DataFrame, draws: int, seed: int
) -> pl.DataFrame:
    """Multiplier and remaining energy per query, one row per workload, intervention or combination, and spread."""
    subject = study.interventions.subject
    shares = study.classes[subject].model_shares()
    throughput = {model: curve for model, curve in fitted_models(fit).items() if model in shares}
    weights = {model: shares[model] for model in throughput}
    published = multiplier_draws(study, study.as_published.draws_per_model)
    rows = []
    for workload in study.workloads:
        factors, specs = multipliers(study, workload), interventions_of(study, workload)
        drawn = _simulate(study_name, study, workload, throughput, factors, draws, seed)
        for name, factor in factors.items():
            spec = specs.get(name)
            exact = exact_pool(study, workload, weights, throughput, factor)
            median = exact.quantile(0.5)
            density = exact.pdf(median)
            for spread in spreads(study):
                members = [drawn[spread, name, model] for model in throughput]
                simulated = Simulated.of(members, exact.weights, UNTRIMMED)
                rows.append(
                    {
                        "study": study_name,
                        "workload": workload,
                        "subject": subject,
                        "boundary": "datacenter",
                        "level": spec.level if spec else "combined",
                        "lever": name,
                        "label": spec.label if spec else "All interventions together",
                        "combination": "independent" if name == COMBINED else "single",
                        "spread": spread,
                        **{f"multiplier_{key}": factor.percentile(score) for key, score in STANDARD_SCORES.items()},
                        **columns("multiplier", _multiplier_errors(factor, published), "_published_se"),
                        **{f"energy_wh_{key}": value for key, value in simulated.whole.quantiles().items()},
                        "energy_wh_mean": simulated.whole.mean(),
                        # The trimmed pool is the narrower one: errors by the untrimmed density are upper bounds for it.
                        "energy_wh_p50_se": simulated.quantile_se(simulated.whole.quantile(0.5), density),
                        "energy_wh_p50_published_se": exact.quantile_se(median, study.as_published.draws_per_model),
                        "energy_wh_p50_exact": median if spread == "untrimmed" else None,
                    }
                )
    return pl.DataFrame(rows, infer_schema_length=None)


def _multiplier_errors(factor: LogNormal, draws: float) -> dict[str, float]:
    """Sampling error of every quantile of a multiplier that the table has."""
    return {
        name: multiplier_se(
            quantile=factor.percentile(score),
            log_sd=factor.log_sd,
            standard_score=score,
            below=float(ndtr(score)),
            above=float(ndtr(-score)),
            draws=draws,
        )
        for name, score in STANDARD_SCORES.items()
    }


def _simulate(study_name, study, workload, throughput, multipliers, draws, seed) -> dict[tuple, list[np.ndarray]]:
    """Query energies divided by their own draw of each multiplier: replicates by spread, intervention and model.

    The published summary divides the already trimmed draws, so those are the ones that it has.
    """
    found, single = {}, {name: of for name, of in multipliers.items() if name != COMBINED}
    for model, curve in throughput.items():
        of = (study_name, study, workload, model, curve, draws, seed)
        energies, by = draw_energy_wh(*of, further=list(single.values()))
        divisors = dict(zip(single, by, strict=True)) | {COMBINED: np.prod(by, axis=0)}
        ordered = Empirical.of(energies)
        for spread, (low, high) in spreads(study).items():
            inside = (energies >= ordered.quantile(low)) & (energies <= ordered.quantile(high))
            for name, divisor in divisors.items():
                parts = zip(energies / divisor, inside, strict=True)
                found[spread, name, model] = [part[chosen] for part, chosen in parts]
    return found
