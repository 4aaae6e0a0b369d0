"""Energy of one query by the published method: the formula, its draws, the summary per model and class."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from inference_energy.common.conversions import KWS_PER_WH
from inference_energy.common.formulas import Quantity, formula
from inference_energy.oviedo.exact import ExactDistribution
from inference_energy.statistics.distributions import LogNormal, lognormal, output_tokens, product
from inference_energy.statistics.draws import quasi_random, standard_error
from inference_energy.statistics.empirical import Empirical, log_density
from inference_energy.statistics.mixture import UNTRIMMED, Pool, trimmed_range
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.studies.study import PublishedStudy
from inference_energy.throughput.log_linear import ThroughputModel, from_fit_row

DENSITY_BINS_PER_OCTAVE = 16


@formula(unit="Wh", source="arXiv 2509.20241, Eq. 1")
def unit_energy_wh(*, node_power_kw: float, output_tokens: Quantity, tok_per_s: Quantity) -> Quantity:
    """Energy of a query on a fully used node without datacenter overhead (utilisation = PUE = 1).

    Args:
        node_power_kw: maximum power of the node, kW.
        output_tokens: length of the answer.
        tok_per_s: output tokens per second of the node.
    """
    # ASSUME: a query uses the node for L_out / TPS seconds; prefill is inside TPS, because the benchmarks
    # measured throughput with prefill running. Source: arXiv 2509.20241, Methods.
    return node_power_kw * output_tokens / (KWS_PER_WH * tok_per_s)


@formula(unit="Wh", source="arXiv 2509.20241, Eq. 1")
def energy_wh(*, unit_energy_wh: Quantity, utilisation: Quantity, pue: Quantity) -> Quantity:
    """Energy of a query: unit energy times power utilisation times PUE."""
    return unit_energy_wh * utilisation * pue


def random_factors(study: PublishedStudy) -> list[LogNormal]:
    """What multiplies the unit energy of a query: power utilisation and PUE."""
    # ASSUME: power utilisation and PUE are independent of each other, of length and of load, and drawn anew for
    # every query. Source: arXiv 2509.20241, Methods.
    return [lognormal(study.power_utilisation), lognormal(study.pue)]


def draw_energy_wh(
    study_name: str,
    study: PublishedStudy,
    workload: str,
    model: str,
    throughput: ThroughputModel,
    draws: int,
    seed: int,
    further: Sequence[LogNormal] = (),
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Simulated query energies in Wh, shape (REPLICATES, points), and for each what is drawn of `further` factors.

    At least `draws` in all, see `statistics.draws.quasi_random`.
    """
    names, factors = (study_name, model, workload), [*random_factors(study), *further]
    lengths, *shares = quasi_random(seed, *names, dimensions=1 + len(factors), draws=draws)
    tokens = output_tokens(study.workloads[workload].output_tokens).quantile(lengths)
    table = _unit_energy_by_token_count(study, workload, model, throughput, int(tokens.max()))
    utilisation, pue, *others = (factor.quantile(at) for factor, at in zip(factors, shares, strict=True))
    return energy_wh(unit_energy_wh=table[tokens - 1], utilisation=utilisation, pue=pue), others


def _unit_energy_by_token_count(
    study: PublishedStudy, workload: str, model: str, throughput: ThroughputModel, longest: int
) -> np.ndarray:
    lengths = np.arange(1, longest + 1)
    return unit_energy_wh(
        node_power_kw=study.node_power_kw.of_model(model),
        output_tokens=lengths,
        tok_per_s=throughput.tok_per_s(study.workloads[workload].input_tokens, lengths),
    )


def exact_distribution(
    *,
    study: PublishedStudy,
    workload: str,
    model: str,
    throughput: ThroughputModel,
    multiplier: LogNormal | None = None,
) -> ExactDistribution:
    """Distribution of a query's energy by summation; with `multiplier`, divided by it."""
    probabilities = output_tokens(study.workloads[workload].output_tokens).probabilities()
    factors = random_factors(study) + ([multiplier.inverse()] if multiplier else [])
    return ExactDistribution(
        unit_energy_wh=_unit_energy_by_token_count(study, workload, model, throughput, len(probabilities)),
        probabilities=probabilities,
        factor=product(factors),
    )


def exact_pool(
    study: PublishedStudy,
    workload: str,
    shares: Mapping[str, float],
    throughput: Mapping[str, ThroughputModel],
    multiplier: LogNormal | None = None,
) -> Pool:
    """Exact distribution of the queries that models share; with `multiplier`, divided by it."""
    of = {"study": study, "workload": workload, "multiplier": multiplier}
    members = [exact_distribution(**of, model=model, throughput=throughput[model]) for model in shares]
    return Pool(members=members, weights=np.array(list(shares.values())))


def fitted_models(fit: pl.DataFrame) -> dict[str, ThroughputModel]:
    """Throughput curve of every model of a `throughput_fit` table, by name."""
    return {row["model"]: from_fit_row(row) for row in fit.iter_rows(named=True)}


def simulate(
    study_name: str,
    study: PublishedStudy,
    workload: str,
    throughput: dict[str, ThroughputModel],
    draws: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Query energies of one workload in Wh per model, shape (REPLICATES, points)."""
    return {
        model: draw_energy_wh(study_name, study, workload, model, curve, draws, seed)[0]
        for model, curve in throughput.items()
    }


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Draws of the queries that models share, and each replicate of them alone."""

    whole: Pool
    replicates: Sequence[Pool]

    @classmethod
    def of(cls, members: Sequence[Sequence[np.ndarray]], weights: np.ndarray, kept: tuple[float, float]) -> Self:
        """Of the draws of every model, replicate by replicate."""
        return cls(
            whole=Pool(members=[Empirical.of(np.concatenate(each)) for each in members], weights=weights, kept=kept),
            replicates=[
                Pool(members=[Empirical.of(draws) for draws in one], weights=weights, kept=kept)
                for one in zip(*members, strict=True)
            ],
        )

    def quantile_se(self, value: float, density: float) -> float:
        """Standard error of the quantile at a value, from the share of each replicate below it and the density."""
        return standard_error([each.cdf(value) for each in self.replicates]) / density

    def mean_se(self) -> float:
        """Standard error of the mean, from the means of the replicates."""
        return standard_error([each.mean() for each in self.replicates])


def energy_per_query(
    *, study_name: str, study: PublishedStudy, fit: pl.DataFrame, draws: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Energy of one query for every workload, model and class.

    Returns:
        The summary, one row per workload, subject and spread, from the draws and from the exact summation; and the
        density of the draws for figures.
    """
    throughput = fitted_models(fit)
    extrapolated = {row["model"]: _extrapolated_share(study, row) for row in fit.iter_rows(named=True)}
    summary, density = [], []
    for workload in study.workloads:
        drawn = simulate(study_name, study, workload, throughput, draws, seed)
        exact = {
            model: exact_distribution(study=study, workload=workload, model=model, throughput=curve)
            for model, curve in throughput.items()
        }
        for subject, (kind, shares) in subjects(study, throughput).items():
            place = {"study": study_name, "workload": workload, "subject_kind": kind, "subject": subject}
            outside = sum(share * extrapolated[model][workload] for model, share in shares.items())
            energies, weights = [drawn[model] for model in shares], np.array(list(shares.values()))
            for spread, kept in spreads(study).items():
                simulated = Simulated.of(energies, weights, kept)
                pool = Pool(members=[exact[model] for model in shares], weights=weights, kept=kept)
                summary.append(
                    place
                    | {"boundary": "datacenter", "spread": spread, "draws": sum(each.size for each in energies)}
                    | _summary(simulated, pool, study.as_published.draws_per_model)
                    | {"extrapolated_share": outside}
                )
            each = np.repeat(weights, [of.size for of in energies])
            found = log_density(np.concatenate(energies, axis=None), each, DENSITY_BINS_PER_OCTAVE)
            density.append(found.with_columns(**{k: pl.lit(v) for k, v in place.items()}))
    return pl.DataFrame(summary), pl.concat(density)


def subjects(study: PublishedStudy, models: Iterable[str]) -> dict[str, tuple[str, dict[str, float]]]:
    """Everything that gets a row: kind and shares of models by name, models first, then classes."""
    return {model: ("model", {model: 1.0}) for model in models} | {
        name: ("class", of_class.model_shares()) for name, of_class in study.classes.items()
    }


def spreads(study: PublishedStudy) -> dict[str, tuple[float, float]]:
    """Range of each model's quantiles behind a summary: all of it, or the published double trimming."""
    return {"untrimmed": UNTRIMMED, "as_published": trimmed_range(study.as_published.trimming)}


def _summary(simulated: Simulated, exact: Pool, published_draws: int) -> dict[str, float]:
    row, deviations = {}, []
    for name in (*QUANTILES, "mean"):
        if name == "mean":
            value, truth = simulated.whole.mean(), exact.mean()
            error, published = simulated.mean_se(), exact.mean_se(published_draws)
        else:
            value, truth = simulated.whole.quantile(QUANTILES[name]), exact.quantile(QUANTILES[name])
            error = simulated.quantile_se(truth, exact.pdf(truth))
            published = exact.quantile_se(truth, published_draws)
        column = f"energy_wh_{name}"
        row |= {column: value, f"{column}_se": error, f"{column}_published_se": published, f"{column}_exact": truth}
        deviations.append((value - truth) / error)
    row["energy_wh_p50_relative_se"] = row["energy_wh_p50_se"] / row["energy_wh_p50"]
    row["largest_deviation_from_exact_se"] = max(deviations, key=abs)
    return row


def _extrapolated_share(study: PublishedStudy, row: dict) -> dict[str, float]:
    """Share of queries whose lengths lie outside those of the rows behind a fit, by workload."""
    shares = {}
    for workload, spec in study.workloads.items():
        if row["input_tokens_min"] <= spec.input_tokens <= row["input_tokens_max"]:
            tokens = output_tokens(spec.output_tokens)
            shares[workload] = tokens.share_outside(row["output_tokens_min"], row["output_tokens_max"])
        else:
            shares[workload] = 1.0
    return shares
