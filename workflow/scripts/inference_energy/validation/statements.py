"""Published estimates of the energy of a query, compared with a study at the same tokens and boundary."""

import re
from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.corpus.registries import network
from inference_energy.energy import assumptions, uncertainty
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.requests.lengths import Lengths
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


def overstatement(
    service: Service, estimates: pl.DataFrame, models: pl.DataFrame, *, draws: int, seed: int
) -> pl.DataFrame:
    """Every published estimate with that of this work, one row each; `factor` is published over this work's median.

    Both are at the same tokens and at the boundary that the estimate names, for the model itself where the study
    serves it, otherwise for its class. Where no tokens are stated, the mean over the study's traditional queries is
    taken. `factor_p05` and `factor_p95` reflect the shared uncertainty; `reason` says why an estimate cannot be
    compared.
    """
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    energies = service.per_gpu_second(shared)
    subjects = _subjects(service, models)
    found = []
    for row in estimates.sort("source", "row_id").iter_rows(named=True):
        boundary = METERED_BY_STATEMENT.get(row["boundary"])
        subject, reason = _subject(row, subjects, service)
        if boundary is None:
            reason = f"no boundary here is like {row['boundary']!r}"
        result = {name: row[name] for name in ("source", "row_id", "subject", "model", "kind", "energy_wh")}
        result |= {"input_tokens": row["input_tokens"], "output_tokens": row["output_tokens"]}
        result |= {"boundary": boundary, "compared_with": None if reason else subject, "reason": reason}
        ours = dict.fromkeys(quantiles.PERCENTILES)
        factors = dict.fromkeys(("factor", "factor_p05", "factor_p95"))
        if reason is None:
            ours = quantiles.of_draws(_ours(service, shared, energies, subject, row)[boundary], quantiles.PERCENTILES)
            factors = {
                "factor": row["energy_wh"] / ours["p50"],
                "factor_p05": row["energy_wh"] / ours["p95"],
                "factor_p95": row["energy_wh"] / ours["p05"],
            }
        found.append(result | {f"ours_wh_{name}": ours[name] for name in quantiles.PERCENTILES} | factors)
    numbers = pl.col("^(ours_wh|factor|energy_wh|input_tokens|output_tokens).*$").cast(pl.Float64)
    table = pl.DataFrame(found, infer_schema_length=None).with_columns(numbers)
    return table.select(pl.lit(service.name).alias("study"), pl.all())


def _subjects(service: Service, models: pl.DataFrame) -> dict[str, str]:
    """Substitute for each model of the registry: a model of the study on the same network, or its class."""
    classes = {spec.model_class: name for name, spec in service.study.classes.items()}
    networks = dict(models.select("model", network()).iter_rows())
    served = {networks[subject]: subject for subject, (kind, _) in service.subjects().items() if kind == "model"}
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


def _ours(service: Service, shared: Shared, energies: dict, subject: str, row: dict) -> dict[str, np.ndarray]:
    """Mean energy at every draw, Wh, by boundary: of queries of the stated lengths, or of the traditional ones."""
    of = service.lengths[UNSTATED]
    stated = {
        name: np.full_like(of.output_tokens, row[name])
        for name in ("input_tokens", "output_tokens")
        if row[name] is not None
    }
    lengths = Lengths(
        input_tokens=stated.get("input_tokens", of.input_tokens),
        output_tokens=stated.get("output_tokens", of.output_tokens),
        cached_share=np.zeros_like(of.cached_share) if "input_tokens" in stated else of.cached_share,
        weights=of.weights,
    )
    if "input_tokens" in stated:  # a query of stated length is sent alone: none of it is in the cache
        shared = shared.replaced(assumptions.cached_name(UNSTATED), np.zeros(1))
    there = replace(service, lengths={UNSTATED: lengths})
    found = there.mean_wh(shared, subject, UNSTATED, energies)
    draws = len(shared.values["load"])
    return {boundary: np.broadcast_to(value, (draws,)) for boundary, value in found.items()}


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
