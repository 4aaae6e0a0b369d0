"""One query by every method, boundary by boundary, and the parts of the differences between methods."""

from collections.abc import Mapping

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.energy.service import Service
from inference_energy.serving.replicas import LARGEST_BATCH
from inference_energy.statistics import quantiles
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput.log_linear import ThroughputModel
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from inference_energy.validation.peers.peer import energy_per_query_wh
from inference_energy.validation.statements import UNSTATED, with_stated

OURS, SATURATED, MEASURED = "current", "current_saturated", "measured"
LABELS = {
    OURS: "This work",
    SATURATED: "This work, saturated all day",
    MEASURED: "Measured, ML.ENERGY, best batch",
}
# Changes of a study whose replicas have all the requests that they can run, all day.
ALWAYS_SATURATED = {
    "serving": {"speed_tok_per_s": None, "time_per_token_ms": None, "batch": LARGEST_BATCH},
    "day": {"arrivals": None, "headroom": 1, "released_share": 0},
}
CHAT = "(?i)chat"  # kinds of prompts of a chat
H100 = "H100 SXM 80GB"


def cross_methods(
    service: Service,
    *,
    models: pl.DataFrame,
    energy: pl.DataFrame,
    curves: Mapping[str, ThroughputModel],
    names: list[str],
    input_tokens: float,
    output_tokens: list[float],
) -> pl.DataFrame:
    """Energy of one query by this work, by every other method and by measurement, Wh, per boundary that a method has.

    The `current` study is evaluated at its operating point over its day, and saturated all day as in benchmarks. The
    difference of the two is the cost of the speed that users see and of idle replicas.

    Measured is the least energy per output token of a model's chat runs on its GPU boards; `curves` are the throughput
    of a node by the published method, by model.

    Raises:
        InputError: a model that the study does not serve, or not at its operating point.
    """
    served = [subject for subject, (kind, _) in service.study.subjects().items() if kind == "model"]
    facts = {row["model"]: row for row in models.iter_rows(named=True)}
    rows = []
    for name in names:
        if name not in served:
            raise InputError(
                f"config/config.yaml: cross_methods.models: found {name!r}; allowed: {one_of(served)}, which study"
                f" {service.name} serves"
            )
        alone = service.narrowed(name)
        states = {OURS: alone, SATURATED: alone.changed(ALWAYS_SATURATED)}
        for answer in output_tokens:
            place = {"model": name, "input_tokens": float(input_tokens), "output_tokens": float(answer)}
            found = [
                *_ours(states, name, input_tokens, answer),
                *_peers(facts[name], answer, curves.get(name)),
                *_measured(energy, name, answer),
            ]
            rows += [place | row for row in found]
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(method: str, label: str, boundary: str, wh: float, p05: float | None = None, p95: float | None = None) -> dict:
    place = {"method": method, "label": label, "boundary": boundary}
    return place | {"energy_wh": wh, "energy_wh_p05": p05, "energy_wh_p95": p95}


def _ours(states: Mapping[str, Service], name: str, input_tokens: float, answer: float) -> list[dict]:
    """Rows of this work at every boundary, from the services of its methods."""
    found = []
    for method, service in states.items():
        energies, weights = with_stated(service, input_tokens, answer).mean_wh(name, UNSTATED)
        if not weights.any():
            raise InputError(
                f"config/config.yaml: cross_methods.models: found {name!r}; allowed: a model that reaches the operating"
                f" point of study {service.name}"
            )
        for boundary in BOUNDARIES:
            values = quantiles.of_weighted(energies[boundary], weights, quantiles.PERCENTILES)
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
    - `operating point and day`: the `current` study over the same saturated all day;
    - `method`: the remainder.

    Returns:
        `model, output_tokens, part, factor`, with `whole` for the range itself.
    """
    found = []
    for (model, answer), group in table.group_by("model", "output_tokens", maintain_order=True):
        ours = dict(group.filter(method=OURS).select("boundary", "energy_wh").iter_rows())
        saturated = dict(group.filter(method=SATURATED).select("boundary", "energy_wh").iter_rows())
        others = group.filter(pl.col("method") != SATURATED)
        widest = [_widest(of) for _, of in others.group_by("method", maintain_order=True)]
        aligned = [energy * ours["datacenter"] / ours[boundary] for boundary, energy in widest]
        whole = max(energy for _, energy in widest) / min(energy for _, energy in widest)
        at_one = max(aligned) / min(aligned)
        operation = min(ours["datacenter"] / saturated["datacenter"], at_one)
        parts = {
            "whole": whole,
            "boundary": whole / at_one,
            "operating point and day": operation,
            "method": at_one / operation,
        }
        found += [{"model": model, "output_tokens": answer, "part": part, "factor": f} for part, f in parts.items()]
    return pl.DataFrame(found)


def _widest(rows: pl.DataFrame) -> tuple[str, float]:
    """The widest boundary of a method up to the datacenter, where queries are compared, and its energy."""
    known = dict(rows.select("boundary", "energy_wh").iter_rows())
    boundary = next(name for name in ("datacenter", "node", "gpu_boards") if name in known)
    return boundary, known[boundary]
