"""One query by every method, boundary by boundary, and the parts of the differences between methods."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.energy import assumptions, uncertainty
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics import quantiles
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput.attainment import CHAT
from inference_energy.throughput.log_linear import ThroughputModel
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from inference_energy.validation.peers.peer import energy_per_query_wh

OURS, OFFLINE, MEASURED = "current", "current_offline", "measured"
LABELS = {
    OURS: "This work",
    OFFLINE: "current, saturated offline",
    MEASURED: "Measured, ML.ENERGY, best batch",
}
H100 = "H100 SXM 80GB"
ONE = "one"  # the workload of a single query


def cross_methods(
    service: Service,
    *,
    models: pl.DataFrame,
    energy: pl.DataFrame,
    curves: dict[str, ThroughputModel],
    names: list[str],
    input_tokens: float,
    output_tokens: list[float],
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Energy of one query by this work, by every other method and by measurement, Wh, per boundary that a method has.

    The `current` study is evaluated for a service, and for servers that are saturated offline (load and attainment 1)
    as in benchmarks. The difference of the two is the cost of load, latency limits and real prompts.

    Args:
        service: a resolved study that serves the models.
        models: model registry.
        energy: measured energy, for the least energy per output token of a model's chat runs on its GPU boards.
        curves: throughput of a node by the published method, by model.
        names: models.
        input_tokens: prompt length.
        output_tokens: answer lengths.
        draws: draws of the shared uncertainty.
        seed: seed of all streams.

    Returns:
        `model, input_tokens, output_tokens, method, label, boundary, energy_wh, energy_wh_p05, energy_wh_p95`.

    Raises:
        InputError: a model that the study does not serve.
    """
    served = [subject for subject, (kind, _) in service.subjects().items() if kind == "model"]
    for name in names:
        if name not in served:
            raise InputError(
                f"config/config.yaml: cross_methods.models: found {name!r}; allowed: {one_of(served)}, which study"
                f" {service.name} serves"
            )
    facts = {row["model"]: row for row in models.iter_rows(named=True)}
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    shared = shared.replaced(assumptions.cached_name(ONE), np.zeros(1))
    offline = shared.replaced("load", np.ones(1)).replaced("attainment", np.ones(1))
    states = {method: (state, service.per_gpu_second(state)) for method, state in ((OURS, shared), (OFFLINE, offline))}
    rows = []
    for name in names:
        for answer in output_tokens:
            place = {"model": name, "input_tokens": float(input_tokens), "output_tokens": float(answer)}
            found = [
                *_ours(service, states, name, input_tokens, answer, draws),
                *_peers(facts[name], answer, curves.get(name)),
                *_measured(energy, name, answer),
            ]
            rows += [place | row for row in found]
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(method: str, label: str, boundary: str, wh: float, p05: float | None = None, p95: float | None = None) -> dict:
    place = {"method": method, "label": label, "boundary": boundary}
    return place | {"energy_wh": wh, "energy_wh_p05": p05, "energy_wh_p95": p95}


def _ours(
    service: Service,
    states: dict[str, tuple[Shared, dict]],
    name: str,
    input_tokens: float,
    answer: float,
    draws: int,
) -> list[dict]:
    """The `current` study in service and offline; `states` has shared draws and energies per GPU-second by method."""
    one = np.ones(1)
    lengths = Lengths(input_tokens=one * input_tokens, output_tokens=one * answer, cached_share=one * 0, weights=one)
    there = replace(service, lengths={ONE: lengths})
    found = []
    for method, (shared, per_gpu_second) in states.items():
        energies = there.mean_wh(shared, name, ONE, per_gpu_second)
        for boundary in BOUNDARIES:
            values = quantiles.of_draws(np.broadcast_to(energies[boundary], (draws,)), quantiles.PERCENTILES)
            found.append(_row(method, LABELS[method], boundary, values["p50"], values["p05"], values["p95"]))
    return found


def _peers(facts: dict, answer: float, curve: ThroughputModel | None) -> list[dict]:
    parameters = {f"{which}_b": facts[f"{which}_parameters_billions"] for which in ("active", "total")}
    query = parameters | {"model": facts["model"], "gpu": H100, "output_tokens": answer, "throughput": curve}
    methods = (ecologits, jegham, epoch) if curve is None else (ecologits, jegham, epoch, published)
    return [
        _row(method.PEER.name, method.PEER.label, boundary, value)
        for method in methods
        for boundary, value in method.of_run(query).items()
        if value is not None
    ]


def _measured(energy: pl.DataFrame, name: str, answer: float) -> list[dict]:
    runs = energy.filter(
        pl.col("model") == name, pl.col("boundary") == "gpu_boards", pl.col("prompts").str.contains(CHAT)
    )
    if runs.is_empty():
        return []
    per_token = float(runs["energy_j_per_output_token"].min())
    least = energy_per_query_wh(j_per_output_token=per_token, output_tokens=answer)
    return [_row(MEASURED, LABELS[MEASURED], "gpu_boards", least)]


def spread_parts(table: pl.DataFrame) -> pl.DataFrame:
    """Parts of the range of the methods' own figures, per model and answer length: factors whose product is the range.

    - `boundary`: the range of methods at their own widest boundaries over that at one boundary for all (datacenter, or
      the widest that all have, converted by this work's ratio of boundaries);
    - `load and attainment`: the `current` study in service over the same saturated offline;
    - `throughput and method`: the remainder.

    Returns:
        `model, output_tokens, part, factor`, with `whole` for the range itself.
    """
    found = []
    for (model, answer), group in table.group_by("model", "output_tokens", maintain_order=True):
        ours = dict(group.filter(method=OURS).select("boundary", "energy_wh").iter_rows())
        offline = dict(group.filter(method=OFFLINE).select("boundary", "energy_wh").iter_rows())
        others = group.filter(~pl.col("method").is_in([OFFLINE]))
        widest = [_widest(of) for _, of in others.group_by("method", maintain_order=True)]
        aligned = [energy * ours["datacenter"] / ours[boundary] for boundary, energy in widest]
        whole = max(energy for _, energy in widest) / min(energy for _, energy in widest)
        at_one = max(aligned) / min(aligned)
        service = ours["datacenter"] / offline["datacenter"]
        parts = {
            "whole": whole,
            "boundary": whole / at_one,
            "load and attainment": min(service, at_one),
            "throughput and method": at_one / min(service, at_one),
        }
        found += [{"model": model, "output_tokens": answer, "part": part, "factor": f} for part, f in parts.items()]
    return pl.DataFrame(found)


def _widest(rows: pl.DataFrame) -> tuple[str, float]:
    """The widest boundary of a method up to the datacenter, where queries are compared, and its energy."""
    known = dict(rows.select("boundary", "energy_wh").iter_rows())
    boundary = next(name for name in ("datacenter", "node", "gpu_boards") if name in known)
    return boundary, known[boundary]
