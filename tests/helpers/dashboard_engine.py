"""What the page `dashboard.html` must answer: a what-if question in Python, from the numbers of the page.

`energy.js` computes the same from the same numbers; here they come from the formulas of the package, and a test in a
browser compares the two. `dashboard/payload.py` says what the numbers are, `dashboard/coding.py` how they are coded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from inference_energy.dashboard.coding import STEPS, ZERO
from inference_energy.dashboard.payload import CURVE, POINTS
from inference_energy.energy.day import needed_share
from inference_energy.energy.interventions import saving
from inference_energy.energy.operated import PER_TOKEN, context_tokens2, gpu_seconds_per_query, query_wh
from inference_energy.energy.power import by_boundary_w
from inference_energy.fleet import planning
from inference_energy.oviedo.energy import unit_energy_wh
from inference_energy.statistics import quantiles
from inference_energy.throughput.log_linear import node_tok_per_s

# Query k of draw i on member j has the lengths at place 633 i + 425 j + 256 k of 1,024: a lattice that spreads evenly
# over draws and lengths.
STEP_OF_DRAW, STEP_OF_MEMBER = 633, 425
QUERIES_PER_DRAW = 4


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a reader of the page asks.

    Attributes:
        subject: a class or a model.
        workload: kind of query, of the study.
        own_tokens: prompt, answer and cached prompt tokens of a query that is served among these; none: their lengths.
        gpu: that serves all; none: the study's mix.
        boundary: what is metered of a query.
        pue: a known value in place of the study's distribution.
        headroom: likewise of what is installed over what the busiest hour needs; it decides GPUs and nodes.
        long_share: share of the day's queries that are of workload `long` instead.
        queries_per_day: of the fleet.
        interventions: whether those of the study's fleet are applied.
    """

    subject: str
    workload: str = "traditional"
    own_tokens: tuple[float, float, float] | None = None
    gpu: str | None = None
    boundary: str = "datacenter"
    pue: float | None = None
    headroom: float | None = None
    long_share: float = 0.0
    queries_per_day: float = 1e9
    interventions: bool = False


@dataclass(frozen=True, kw_only=True)
class Served:
    """Queries of one kind and what serves them: a row per draw, a column per member.

    Attributes:
        members: facts of each, with its model and GPU.
        shares: of the queries that each serves.
        weights: how much a draw counts, shape (draws,).
        work: of a mean query: GPU-seconds, or in a published study Wh at full power.
        of_query: the same of some queries, shape (queries, draws, members).
        wh: energy that goes with a unit of work, by boundary.
        pue: shape (draws, 1).
        capacity: work of the day over what all that is installed can do, shape (draws, 1); none where the study says
            nothing of the day.
        headroom: what is installed over what the busiest hour needs, shape (draws,), likewise.
        peak: power of the busiest hour over its mean, shape (draws,), likewise.
    """

    members: list[Mapping[str, Any]]
    shares: np.ndarray
    weights: np.ndarray
    work: np.ndarray
    of_query: np.ndarray
    wh: dict[str, np.ndarray]
    pue: np.ndarray
    capacity: np.ndarray | None = None
    headroom: np.ndarray | None = None
    peak: np.ndarray | None = None

    def mean_wh(self, boundary: str) -> np.ndarray:
        """Mean energy of a query, Wh, shape (draws,)."""
        return (self.shares * query_wh(gpu_seconds=self.work, wh_per_gpu_second=self.wh[boundary])).sum(axis=1)


def answer(study: Mapping, asked: Question, zone: Mapping[str, Any] | None = None) -> dict[str, dict[str, float]]:
    """P5, P50, P95 and mean of every quantity, for one question; nothing where nothing reaches the operating point.

    - `query_wh`: energy of a single query, with variability and uncertainty, Wh, within the boundary asked;
    - `mean_query_wh`: mean over the queries, Wh, within the same boundary;
    - `energy_gwh_per_day`, `average_power_mw`, and where the study says something of the day `gpus`, `nodes`,
      `headroom` and `peak_power_mw`: of the fleet, at the fleet boundary;
    - `emissions_t_per_day` (location-based), `water_m3_per_day`: for a given zone, water if its factors are known;
    - `multiplier`: factor by which the interventions divide the mean energy, where they are applied.

    Args:
        study: its numbers, decoded.
        asked: the question.
        zone: facts of a grid zone.
    """
    counts = _queries(asked)
    kinds = {name: served(study, asked, name) for name in dict.fromkeys([asked.workload, *counts])}
    if None in kinds.values():
        return {}
    of = kinds[asked.workload]
    weights = np.prod([kinds[name].weights for name in counts], axis=0) ** (1 / len(counts))
    single, mean = (
        query_wh(gpu_seconds=of.of_query, wh_per_gpu_second=of.wh[asked.boundary]),
        of.mean_wh(asked.boundary),
    )
    found = {
        "query_wh": _summary(single, np.broadcast_to(of.shares * of.weights[:, None], single.shape)),
        "mean_query_wh": _summary(mean, of.weights),
    }
    if asked.interventions:
        before = served(study, asked, asked.workload, "plain")
        multiplier = saving(before_wh=before.mean_wh(asked.boundary), after_wh=np.where(of.weights > 0, mean, 1.0))
        found["multiplier"] = _summary(multiplier, before.weights * of.weights)
    fleet = _of_the_fleet(study, counts, kinds, zone)
    return found | {name: _summary(values, weights) for name, values in fleet.items()}


def _summary(values: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    counts = weights > 0
    return quantiles.of_weighted(values[counts], weights[counts], quantiles.PERCENTILES)


def _queries(asked: Question) -> dict[str, float]:
    """Queries per day of every kind of which there are any."""
    given = {"queries_per_day": asked.queries_per_day, "long_share": asked.long_share}
    found = {asked.workload: planning.traditional_queries_per_day(**given)}
    found["long"] = found.get("long", 0.0) + planning.long_queries_per_day(**given)
    return {name: count for name, count in found.items() if count > 0}


def served(study: Mapping, asked: Question, workload: str, state: str | None = None) -> Served | None:
    """Queries of one kind as the question has them served, or none where nothing serves them.

    Own lengths are those of the kind that is asked.

    Args:
        study: its numbers.
        asked: the question.
        workload: kind of query.
        state: `plain` or `applied`; none: as asked.
    """
    own = asked.own_tokens if workload == asked.workload else None
    of = study["states"][state or _state_of(asked)]
    return (_nested if study["method"] == "nested" else _published)(study, of, asked, workload, own)


def _state_of(asked: Question) -> str:
    return "applied" if asked.interventions else "plain"


def _tokens(lengths: Mapping[str, np.ndarray], own: tuple | None, draws: int, members: int) -> dict[str, Any]:
    """Lengths of the queries of every draw and member, shape (queries, draws, members), or the reader's own."""
    if own is not None:
        prompt, answer_tokens, cached = own
        return {"input_tokens": prompt, "uncached_tokens": prompt - cached, "output_tokens": answer_tokens}
    query, draw, member = np.ogrid[:QUERIES_PER_DRAW, :draws, :members]
    place = (STEP_OF_DRAW * draw + STEP_OF_MEMBER * member + POINTS // QUERIES_PER_DRAW * query) % POINTS
    return {name: points[place] for name, points in lengths.items()}


def _nested(study: Mapping, state: Mapping, asked: Question, workload: str, own: tuple | None) -> Served | None:
    kind, draws = state["kinds"][workload], len(state["pue"])
    kept = kind["kept"][:, None]
    means = kind["means"] | {"uncached_tokens": kept * kind["means"]["uncached_tokens"]}
    members, shares, probable = [], [], np.zeros(draws)
    for model, mixed in _mix(state, asked.subject).items():
        places = list(_places(study, state, asked, kind, model))
        if not places:
            continue
        counted = np.stack([place["weight"] * share for place, _, share in places], axis=1)
        rates = counted / _seconds([place for place, _, _ in places], **means)
        there, total = counted.sum(axis=1), rates.sum(axis=1)
        likely = mixed * there / there.mean()
        members += [place for place, _, _ in places]
        shares.append(rates * (likely / np.where(total > 0, total, 1.0))[:, None])
        probable = probable + likely
    if not probable.any():
        return None
    tokens = _tokens(kind["lengths"], own, draws, len(members))
    context = context_tokens2(input_tokens=tokens.pop("input_tokens"), output_tokens=tokens["output_tokens"])
    tokens |= {"uncached_tokens": tokens["uncached_tokens"] * (kept if own is None else 1), "context_tokens2": context}
    pue, headroom = _pue(asked, state), asked.headroom
    capacity = state["capacity"]
    if headroom is not None:  # the mean hour has a rate of 1
        capacity = np.full(draws, needed_share(rate=1.0, peak_rate=state["peak_rate"], headroom=headroom))
    boards, node = (np.stack([member[name] for member in members], axis=1) for name in ("boards", "node"))
    return Served(
        members=members,
        shares=np.concatenate(shares, axis=1) / np.where(probable > 0, probable, 1.0)[:, None],
        weights=probable,
        work=_seconds(members, **(means if own is None else tokens)),
        of_query=_seconds(members, **tokens),
        wh=by_boundary_w(boards, node, pue, state["overhead"][:, None]),
        pue=pue,
        capacity=capacity[:, None],
        headroom=state["headroom"] if headroom is None else np.full(draws, headroom),
        peak=kind["peak"],
    )


def _seconds(members: list[Mapping], **tokens: Any) -> np.ndarray:
    """GPU time of queries, a column per member."""
    per_token = {name: np.stack([member[name] for member in members], axis=1) for name in PER_TOKEN}
    return gpu_seconds_per_query(**per_token, **tokens)


def _pue(asked: Question, state: Mapping) -> np.ndarray:
    return state["pue"][:, None] if asked.pue is None else np.full((len(state["pue"]), 1), asked.pue)


def _mix(state: Mapping, subject: str) -> dict[str, np.ndarray]:
    """Weight of every model of a subject at every draw."""
    return state["mix"].get(subject) or {subject: np.ones(len(state["pue"]))}


def _places(
    study: Mapping, state: Mapping, asked: Question, kind: Mapping, model: str
) -> Iterator[tuple[Mapping, float, np.ndarray]]:
    """Members that serve a model, each with the share of its GPU: as the study has it, and at every draw."""
    classes = study["classes"].items()
    serving = next(name for name, of in classes if asked.subject == name or asked.subject in of["models"])
    for entry in state["hardware"][serving]:
        member = kind["members"].get(", ".join((model, entry["gpu"], entry["precision"])))
        if member is not None and asked.gpu in (None, entry["gpu"]):
            alone = asked.gpu is not None
            yield member, 1.0 if alone else entry["known"], np.ones(len(state["pue"])) if alone else entry["share"]


def _published(study: Mapping, state: Mapping, asked: Question, workload: str, own: tuple | None) -> Served:
    kind, draws = state["kinds"][workload], len(state["pue"])
    of = study["classes"].get(asked.subject)
    models = of["models"] if of else {asked.subject: 1.0}
    members = [study["members"][model] for model in models]
    column = {name: np.array([member[name] for member in members]) for name in (*CURVE, "node_power_kw")}
    power, tokens = column.pop("node_power_kw"), _tokens(kind["lengths"], own, draws, len(members))
    del tokens["uncached_tokens"]  # the published method knows no cache
    of_query = unit_energy_wh(
        node_power_kw=power, output_tokens=tokens["output_tokens"], tok_per_s=node_tok_per_s(**column, **tokens)
    )
    mean = np.array([kind["mean_unit_wh"][model] for model in models]) if own is None else of_query
    pue, divisor, used = _pue(asked, state), kind["divisor"][:, None], state["utilisation"][:, None]
    return Served(
        members=members,
        shares=np.ones((draws, 1)) * np.array(list(models.values())),
        weights=np.ones(draws),
        work=mean / divisor,
        of_query=of_query / divisor,
        wh=by_boundary_w(used, used, pue, kind["overhead"]),
        pue=pue,
    )


def _of_the_fleet(
    study: Mapping, counts: Mapping[str, float], kinds: Mapping[str, Served], zone: Mapping[str, Any] | None
) -> dict[str, np.ndarray]:
    """Energy, equipment, emissions and water of a day's queries at the fleet boundary, each shape (draws,)."""
    found: dict[str, np.ndarray] = {}

    def add(name: str, value: np.ndarray) -> None:
        found[name] = found.get(name, 0.0) + value

    for name, count in counts.items():
        of = kinds[name]
        energy = planning.energy_gwh_per_day(queries_per_day=count, energy_wh=of.mean_wh("fleet"))
        average = planning.average_power_mw(energy_gwh_per_day=energy)
        add("energy_gwh_per_day", energy)
        add("average_power_mw", average)
        if of.capacity is None:
            continue
        add("peak_power_mw", average * of.peak)
        found["headroom"] = of.headroom
        gpus = planning.gpus_needed(
            queries_per_day=count * of.shares, gpu_seconds_per_query=of.work, capacity=of.capacity
        )
        per_node = np.array([study["gpus_per_node"][member["gpu"]] for member in of.members])
        add("gpus", gpus.sum(axis=1))
        add("nodes", planning.nodes_needed(gpus=gpus, gpus_per_node=per_node).sum(axis=1))
    if zone is None:
        return found
    energy = found["energy_gwh_per_day"]
    found["emissions_t_per_day"] = planning.emissions_t_per_day(
        energy_gwh_per_day=energy, carbon_gco2e_per_kwh=zone["carbon_gco2e_per_kwh"]
    )
    onsite, offsite = study["onsite_water_l_per_kwh"], zone["water_l_per_kwh"]
    if onsite is not None and offsite is not None:
        pue = next(iter(kinds.values())).pue[:, 0]
        found["water_m3_per_day"] = planning.water_m3_per_day(
            energy_gwh_per_day=energy, pue=pue, onsite_l_per_kwh=onsite, offsite_l_per_kwh=offsite
        )
    return found


def operation(study: Mapping, asked: Question) -> dict[str, Any] | None:
    """Where the service of a nested study runs; none for a published study, which says nothing of it.

    - `served_share`: share of the models and GPUs of the study that reach the operating point;
    - `reached_share`: share of the draws of these that do;
    - `batch`: of the medians of the members P5, P50, P95 and mean over the queries; left out where nothing runs;
    - `replica_gpus`: mean GPUs of a replica over the queries, likewise.
    """
    if study["method"] == "published":
        return None
    of, state = served(study, asked, asked.workload), study["states"][_state_of(asked)]
    known = state["known"].get(asked.subject) or {asked.subject: 1.0}
    share = sum(
        weight * share
        for model, weight in known.items()
        for _, share, _ in _places(study, state, asked, state["kinds"][asked.workload], model)
    )
    if of is None:
        return {"served_share": share, "reached_share": 0.0}
    shares = of.weights @ of.shares / of.weights.sum()
    column = {name: np.array([member[name] for member in of.members]) for name in ("reached", "batch", "replica_gpus")}
    return {
        "served_share": share,
        "reached_share": float(shares @ column["reached"]),
        "batch": _summary(column["batch"], shares),
        "replica_gpus": float(shares @ column["replica_gpus"]),
    }


def decoded(numbers: Any, raw: bytes) -> Any:
    """The numbers of a page with arrays in their places: the inverse of `coding.coded` but for rounding."""
    logs = np.frombuffer(raw, np.uint8).reshape(2, -1).T.copy().view("<i2")[:, 0]
    values = np.where(logs > ZERO, np.exp(logs / STEPS), 0.0)

    def with_arrays(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"values"}:
                return values[slice(*value["values"])]
            return {name: with_arrays(of) for name, of in value.items()}
        return [with_arrays(of) for of in value] if isinstance(value, list) else value

    return with_arrays(numbers)
