"""Published estimates of the energy of a query, compared with a study at the same tokens and boundary."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl

from inference_energy.corpus.names import network
from inference_energy.energy import assumptions
from inference_energy.energy.service import Service
from inference_energy.statistics import quantiles

# The boundary of this project for every boundary that publications name.
METERED_BY_STATEMENT = {
    "GPU": "gpu_boards",
    "active accelerators": "gpu_boards",
    "GPU and CPU by CodeCarbon": "node",
    "server power, no PUE": "node",
    "server power and PUE": "datacenter",
    "node power and PUE": "datacenter",
    "node power from API latency, with PUE": "datacenter",
    "accelerators, host, idle machines and datacenter overhead": "fleet",
    "all-in provisioned utility power per GPU, facility overhead included": "fleet",
    "undisclosed": "fleet",
}
# ASSUME: a model whose size is not public is a frontier model, unless its name marks it as a small one of its kind or
# states fewer parameters than a frontier model has.
SMALLER = re.compile(r"\b(mini|nano|flash|lite)\b", re.IGNORECASE)
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?B\b")
FRONTIER_BILLIONS = 200
PUBLISHED_RANGE = (4.0, 20.0)  # arXiv 2509.20241, abstract: factor by which non-production estimates overstate
UNSTATED = "traditional"
STATED = ("source", "row_id", "subject", "model", "kind", "energy_wh", "input_tokens", "output_tokens")


def overstatement(service: Service, estimates: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Every published estimate with that of this work, one row each; `factor` is published over this work's median.

    Both are at the same tokens and at the boundary that the estimate names, for the model itself where the study
    serves it, otherwise for its class. Where no tokens are stated, the mean over the study's traditional queries is
    taken. `factor_p05` and `factor_p95` reflect the shared uncertainty; `reason` says why an estimate cannot be
    compared.
    """
    subjects, found = _subjects(service, models), []
    alone = cache(service.narrowed)
    ours_of = cache(lambda subject, *lengths: with_stated(alone(subject), *lengths).mean_wh(subject, UNSTATED))
    for row in estimates.sort("source", "row_id").iter_rows(named=True):
        boundary = METERED_BY_STATEMENT.get(row["boundary"])
        subject, reason = _subject(row, subjects, service)
        if boundary is None:
            reason = f"no boundary here is like {row['boundary']!r}"
        ours = dict.fromkeys(quantiles.PERCENTILES)
        factors = dict.fromkeys(("factor", "factor_p05", "factor_p95"))
        if reason is None:
            energies, weights = ours_of(subject, row["input_tokens"], row["output_tokens"])
            reason = None if weights.any() else "nothing of the study serves it at the operating point"
        if reason is None:
            ours = quantiles.of_weighted(energies[boundary], weights, quantiles.PERCENTILES)
            factors = {
                "factor": row["energy_wh"] / ours["p50"],
                "factor_p05": row["energy_wh"] / ours["p95"],
                "factor_p95": row["energy_wh"] / ours["p05"],
            }
        result = {name: row[name] for name in STATED}
        result |= {"boundary": boundary, "compared_with": None if reason else subject, "reason": reason}
        found.append(result | {f"ours_wh_{name}": ours[name] for name in quantiles.PERCENTILES} | factors)
    numbers = pl.col("^(ours_wh|factor|energy_wh|input_tokens|output_tokens).*$").cast(pl.Float64)
    table = pl.DataFrame(found, infer_schema_length=None, schema_overrides={"reason": pl.String}).with_columns(numbers)
    return table.select(pl.lit(service.name).alias("study"), pl.all())


def _subjects(service: Service, models: pl.DataFrame) -> dict[str, str]:
    """Substitute for each model of the registry: a model of the study on the same network, or its class."""
    classes = {spec.model_class: name for name, spec in service.study.classes.items()}
    networks = dict(models.select("model", network()).iter_rows())
    served = {networks[subject]: subject for subject, (kind, _) in service.study.subjects().items() if kind == "model"}
    found = {}
    for model, its in models.select("model", "model_class").iter_rows():
        subject = served.get(networks[model]) or classes.get(its)
        if subject is not None:
            found[model] = subject
    return found


def _subject(row: dict, subjects: dict[str, str], service: Service) -> tuple[str | None, str | None]:
    if row["model"] is not None:
        found = subjects.get(row["model"])
        return found, None if found else "no class of the study is of its size"
    sizes = [float(size) for size in SIZE.findall(row["subject"])]
    if SMALLER.search(row["subject"]) or (sizes and max(sizes) < FRONTIER_BILLIONS):
        return None, "a smaller model whose size is not in the registry"
    return service.study.fleet.subject, None


def with_stated(service: Service, input_tokens: float | None, output_tokens: float | None) -> Service:
    """The same with traditional queries of stated lengths; a length that is not stated stays that of these queries.

    A query of stated length is sent alone: none of its prompt is in a cache.
    """
    of = service.lengths[UNSTATED]
    stated = {
        name: np.full_like(of.weights, tokens)
        for name, tokens in (("input_tokens", input_tokens), ("output_tokens", output_tokens))
        if tokens is not None
    }
    if input_tokens is not None:
        stated["cached_share"] = np.zeros_like(of.weights)
        service = service.sharing(service.shared.replaced(assumptions.cached_name(UNSTATED), 0.0))
    return service.with_lengths({UNSTATED: replace(of, **stated)})


def by_kind(table: pl.DataFrame) -> pl.DataFrame:
    """Estimates of each kind: number, median and range of the factor, and the share within the published 4–20."""
    factor = pl.col("factor")
    return (
        table.filter(factor.is_not_null())
        .group_by("study", "kind")
        .agg(
            pl.len().cast(pl.Int64).alias("estimates"),
            factor.median().alias("factor_p50"),
            factor.min().alias("factor_min"),
            factor.max().alias("factor_max"),
            factor.is_between(*PUBLISHED_RANGE).mean().alias("share_within_4_to_20"),
            (factor > PUBLISHED_RANGE[1]).mean().alias("share_above_20"),
        )
        .sort("kind")
    )
