"""Energy of one query by the published method: the formula, its Monte Carlo, the summary per model and class."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import polars as pl

from inference_energy.common.conversions import KWS_PER_WH
from inference_energy.common.formulas import Quantity, formula
from inference_energy.oviedo.exact import ExactDistribution
from inference_energy.statistics.distributions import LogNormal, lognormal, output_tokens, product
from inference_energy.statistics.draws import stream
from inference_energy.statistics.histogram import CHUNK_DRAWS, LogHistogram, pooled_density
from inference_energy.statistics.mixture import UNTRIMMED, Pool, trimmed_range
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.studies.study import PublishedStudy
from inference_energy.throughput.log_linear import ThroughputModel, from_fit_row


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
) -> Iterator[np.ndarray]:
    """Chunks of simulated query energies in Wh, together `draws` values of shape (n,), the same at every call."""
    generator, spec = stream(seed, study_name, model, workload), study.workloads[workload]
    tokens = output_tokens(spec.output_tokens)
    utilisation, pue = random_factors(study)
    table = _unit_energy_by_token_count(study, workload, model, throughput, len(tokens.probabilities()))
    for start in range(0, draws, CHUNK_DRAWS):
        n = min(CHUNK_DRAWS, draws - start)
        lengths = tokens.draw(generator, n)
        if lengths.max() > len(table):
            table = _unit_energy_by_token_count(study, workload, model, throughput, int(lengths.max()))
        yield energy_wh(
            unit_energy_wh=table[lengths - 1],
            utilisation=utilisation.draw(generator, n),
            pue=pue.draw(generator, n),
        )


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
) -> dict[str, LogHistogram]:
    """Monte Carlo of one workload: a histogram of query energies in Wh per model."""
    histograms = {}
    for model, curve in throughput.items():
        histogram = LogHistogram()
        for chunk in draw_energy_wh(study_name, study, workload, model, curve, draws, seed):
            histogram.add(chunk)
        histograms[model] = histogram
    return histograms


def energy_per_query(
    *, study_name: str, study: PublishedStudy, fit: pl.DataFrame, draws: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Energy of one query for every workload, model and class.

    Returns:
        The summary, one row per workload, subject and spread, from the Monte Carlo and from the exact
        summation; and the density of the draws for figures.
    """
    throughput = fitted_models(fit)
    extrapolated = {row["model"]: _extrapolated_share(study, row) for row in fit.iter_rows(named=True)}
    summary, density = [], []
    for workload in study.workloads:
        histograms = simulate(study_name, study, workload, throughput, draws, seed)
        simulated = {model: histogram.distribution() for model, histogram in histograms.items()}
        exact = {
            model: exact_distribution(study=study, workload=workload, model=model, throughput=curve)
            for model, curve in throughput.items()
        }
        for subject, (kind, weights) in subjects(study, throughput).items():
            place = {"study": study_name, "workload": workload, "subject_kind": kind, "subject": subject}
            outside = sum(weight * extrapolated[model][workload] for model, weight in weights.items())
            for spread, kept in spreads(study).items():
                pools = [
                    Pool(
                        members=[engine[model] for model in weights],
                        weights=np.array(list(weights.values())),
                        kept=kept,
                    )
                    for engine in (simulated, exact)
                ]
                summary.append(
                    place
                    | {"boundary": "datacenter", "spread": spread, "draws": int(pools[0].draws_per_member(draws).sum())}
                    | _summary(*pools, draws)
                    | {"extrapolated_share": outside}
                )
            density.append(pooled_density(histograms, weights).with_columns(**{k: pl.lit(v) for k, v in place.items()}))
    return pl.DataFrame(summary), pl.concat(density)


def subjects(study: PublishedStudy, models: Iterable[str]) -> dict[str, tuple[str, dict[str, float]]]:
    """Everything that gets a row: kind and shares of models by name, models first, then classes."""
    return {model: ("model", {model: 1.0}) for model in models} | {
        name: ("class", of_class.model_shares()) for name, of_class in study.classes.items()
    }


def spreads(study: PublishedStudy) -> dict[str, tuple[float, float]]:
    """Range of each model's quantiles behind a summary: all of it, or the published double trimming."""
    return {"untrimmed": UNTRIMMED, "as_published": trimmed_range(study.as_published.trimming)}


def _summary(simulated: Pool, exact: Pool, draws: int) -> dict[str, float]:
    row, deviations = {}, []
    found = {name: (simulated.quantile(share), exact.quantile(share)) for name, share in QUANTILES.items()}
    errors = {name: simulated.quantile_se(value, draws) for name, (value, _) in found.items()}
    found["mean"], errors["mean"] = (simulated.mean(), exact.mean()), simulated.mean_se(draws)
    for name, (value, truth) in found.items():
        row |= {f"energy_wh_{name}": value, f"energy_wh_{name}_se": errors[name], f"energy_wh_{name}_exact": truth}
        deviations.append((value - truth) / errors[name])
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
