"""Energy of a query, with variability between queries and shared uncertainty separated."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.energy.operated import PER_TOKEN, context_tokens2, gpu_seconds_per_query, query_wh
from inference_energy.energy.service import Service
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics import quantiles
from inference_energy.statistics.draws import replicate_of, stratified, stream
from inference_energy.statistics.empirical import log_density
from inference_energy.studies.study import BOUNDARIES

QUERIES_PER_DRAW = 16  # random queries of every draw of the shared uncertainty
POINTS = 1024  # lengths, evenly spread over the queries of a workload, where a sum is over them
DENSITY_BINS_PER_OCTAVE = 8


def energy_per_query(service: Service) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Energy of one query for every workload, subject, boundary and spread.

    - `untrimmed`: a random query, variability and uncertainty together;
    - `per_query`: variability between queries, everything shared at its median;
    - `shared`: uncertainty of the mean over queries.

    A subject that nothing serves at the operating point has no rows.

    Returns:
        The summary; and the density of the random queries at the study's boundary, for figures.

    Raises:
        InputError: nothing serves any subject there.
    """
    summary, density = [], []
    for workload in service.lengths:
        for subject in service.study.subjects():
            rows, of_queries = of_subject(service, subject, workload)
            summary += rows
            density += of_queries
    if not summary:
        raise InputError(
            f"config/studies/{service.name}.yaml: serving: found an operating point that no model reaches on any GPU;"
            " allowed: one that some reach"
        )
    return pl.DataFrame(summary, infer_schema_length=None), pl.concat(density)


def of_subject(service: Service, subject: str, workload: str) -> tuple[list[dict], list[pl.DataFrame]]:
    """Rows of `energy_per_query` of one subject and workload, and its density; none where nothing serves it."""
    kind, _ = service.study.subjects()[subject]
    means, weights = service.mean_wh(subject, workload)
    if not weights.any():
        return [], []
    replicates = replicate_of(len(weights))
    place = {"study": service.name, "workload": workload, "subject_kind": kind, "subject": subject}
    facts = operation(service, subject, workload)
    drawn, of_draws = random_queries(service, subject, workload)
    fixed, shares = _at_medians(service, subject, workload)
    rows = []
    for boundary in BOUNDARIES:
        middle = quantiles.of_weighted(fixed[boundary], shares)
        found = {
            "untrimmed": _row(drawn[boundary], of_draws, np.repeat(replicates[weights > 0], QUERIES_PER_DRAW)),
            "per_query": _columns(1, middle, dict.fromkeys(middle, 0.0)),
            "shared": _row(means[boundary], weights, replicates),
        }
        rows += [place | {"boundary": boundary, "spread": name} | row | facts for name, row in found.items()]
    density = log_density(drawn[service.study.boundary.query], of_draws, DENSITY_BINS_PER_OCTAVE)
    return rows, [density.select(*(pl.lit(value).alias(name) for name, value in place.items()), pl.all())]


def operation(service: Service, subject: str, workload: str) -> dict[str, float]:
    """Where a subject runs: what of it is served, how often its draws get there, batch and GPUs of a replica."""
    shares, weights = service.serving(subject, workload)
    found = service.at(workload)
    each = shares * weights[:, None]
    used, total = each > 0, each.sum(axis=0)

    def middle(values: np.ndarray) -> float:
        return _median(np.broadcast_to(values, each.shape)[used], each[used])

    return {
        "served_share": service.served_share(subject, workload),
        "reached_share": float(found.reached @ total / total.sum()),
        "batch_p50": middle(found.point.batch),
        "replica_gpus_p50": middle(found.point.gpus),
    }


def random_queries(service: Service, subject: str, workload: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Energy of random queries by boundary, Wh, and how much each counts: some of every draw that counts.

    The member that serves a query and its lengths are drawn; the lengths of every draw are spread over their
    distribution, one in each of as many equal parts of the answers as it has queries.
    """
    shares, weights = service.serving(subject, workload)
    found, of = service.at(workload), service.lengths[workload].by_answer()
    (rows,) = np.nonzero(weights)
    rows = np.repeat(rows, QUERIES_PER_DRAW)
    generator = stream(service.seed, "queries", subject, workload)
    who = _members(shares, rows, stratified(generator, len(rows)))
    part = np.tile(np.arange(QUERIES_PER_DRAW), len(rows) // QUERIES_PER_DRAW)
    points = of.below((part + stratified(generator, len(rows))) / QUERIES_PER_DRAW)
    uncached, output, context = query_lengths(of)
    # Of the shared cached share its draw, and of a trace what it says of each prompt.
    kept = found.queries.uncached_tokens[rows, 0] / of.mean(uncached)
    seconds = gpu_seconds_per_query(
        **{name: getattr(found, name)[rows, who] for name in PER_TOKEN},
        uncached_tokens=kept * uncached[points],
        output_tokens=output[points],
        context_tokens2=context[points],
    )
    energies = {
        boundary: query_wh(gpu_seconds=seconds, wh_per_gpu_second=wh[rows, who])
        for boundary, wh in found.wh_per_gpu_second.items()
    }
    return energies, weights[rows]


def _members(shares: np.ndarray, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Members up to which some parts of their shares lie, as positions; each of a row of the shares."""
    below = np.cumsum(shares, axis=1)
    # One ascending list: the shares of row r end at r + 1.
    ends = below / np.maximum(below[:, -1:], np.finfo(float).tiny) + np.arange(len(shares))[:, None]
    found = np.searchsorted(ends.ravel(), rows + at, side="right") - rows * shares.shape[1]
    return found.clip(0, shares.shape[1] - 1)


def query_lengths(of: Lengths) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Uncached tokens, output tokens and `context_tokens2` of every point of a distribution of lengths."""
    context = context_tokens2(input_tokens=of.input_tokens, output_tokens=of.output_tokens)
    return of.input_tokens * (1 - of.cached_share), of.output_tokens, context


def _at_medians(service: Service, subject: str, workload: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Energy of every point of a workload on every member by boundary, Wh, and its share of the queries.

    What is shared is at its median: GPU time per token, energy per GPU-second, cached share.
    """
    shares, weights = service.serving(subject, workload)
    found, of = service.at(workload), service.lengths[workload]
    uncached, output, context = query_lengths(of)
    kept = np.median(found.queries.uncached_tokens) / of.mean(uncached)
    points = of.evenly(POINTS)
    energies: dict[str, list[np.ndarray]] = {boundary: [] for boundary in BOUNDARIES}
    counted = []
    for member, share in enumerate(np.average(shares, axis=0, weights=weights)):
        each = shares[:, member] * weights
        if not each.any():
            continue
        seconds = gpu_seconds_per_query(
            **{name: _median(getattr(found, name)[:, member], each) for name in PER_TOKEN},
            uncached_tokens=kept * uncached[points],
            output_tokens=output[points],
            context_tokens2=context[points],
        )
        counted.append(np.full(POINTS, share))
        for boundary, wh in found.wh_per_gpu_second.items():
            energies[boundary].append(query_wh(gpu_seconds=seconds, wh_per_gpu_second=_median(wh[:, member], each)))
    return {boundary: np.concatenate(parts) for boundary, parts in energies.items()}, np.concatenate(counted)


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted median of values that may be 0."""
    return quantiles.value_of(values, weights, 0.5)


def _row(values: np.ndarray, weights: np.ndarray, replicates: np.ndarray) -> dict[str, float]:
    return _columns(int((weights > 0).sum()), *quantiles.with_errors(values, weights, replicates))


def _columns(draws: int, values: Mapping[str, float], errors: Mapping[str, float]) -> dict[str, float]:
    return (
        {"draws": draws}
        | quantiles.columns("energy_wh", values)
        | quantiles.columns("energy_wh", errors, "_se")
        | {"energy_wh_p50_relative_se": errors["p50"] / values["p50"]}
    )
