"""Energy of queries at every draw of the shared uncertainty and on everything that may serve them."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from inference_energy.answers.served import Served
from inference_energy.common.conversions import WH_PER_KWH
from inference_energy.common.formulas import Quantity
from inference_energy.energy.operated import context_tokens2
from inference_energy.energy.per_query import QUERIES_PER_DRAW, random_queries
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import cached_share
from inference_energy.fleet.planning import water_l_per_kwh
from inference_energy.statement.coefficients import FACILITY
from inference_energy.statistics.distributions import distribution, draw
from inference_energy.statistics.draws import stream


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What may answer a query: a draw of a service and the model and GPU that serves; all of shape (values,)."""

    weight: np.ndarray  # how much each counts; they sum to 1
    service: np.ndarray  # place of the service among those of the question
    row: np.ndarray  # draw of the shared uncertainty
    member: np.ndarray  # place of the model and GPU among those of the service

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Those of several services, each as likely."""
        found = {each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)}
        return cls(**found | {"weight": found["weight"] / len(parts)})


@dataclass(frozen=True, kw_only=True)
class PerToken(Drawn):
    """Energy per token; every field has the shape (values,)."""

    prefill_wh: np.ndarray  # Wh per prompt token that is not in the cache
    decode_wh: np.ndarray  # Wh per answer token
    attention_wh: np.ndarray  # Wh per answer token and token of its context
    uncached_share: np.ndarray  # share of a prompt that is not in the cache, where a query does not say

    def wh(self, input_tokens: Quantity, output_tokens: Quantity, cached: Quantity | None = None) -> np.ndarray:
        """Energy of a query, Wh; `cached` is the share of its prompt that is in the cache."""
        uncached = self.uncached_share if cached is None else 1 - cached
        context = context_tokens2(input_tokens=input_tokens, output_tokens=output_tokens)
        return (
            self.prefill_wh * (uncached * input_tokens) + self.decode_wh * output_tokens + self.attention_wh * context
        )


def per_token(of: Served) -> PerToken:
    """Of the services of a question, within its boundary."""
    return PerToken.joined([_per_token(of, *each) for each in enumerate(of.services.items())])


def _per_token(of: Served, place: int, serving: tuple[str, Service]) -> PerToken:
    subject, service = serving
    shares, weights = service.serving(subject, of.workload)
    counted, at = shares * weights[:, None], service.at(of.workload)
    chosen = np.nonzero(counted)
    per_second = at.wh_per_gpu_second[of.boundary][chosen]

    def wh(seconds: np.ndarray) -> np.ndarray:
        return np.broadcast_to(seconds, counted.shape)[chosen] * per_second

    rows, members = chosen
    return PerToken(
        weight=counted[chosen] / counted.sum(),
        service=np.full(len(rows), place),
        row=rows,
        member=members,
        prefill_wh=wh(at.prefill_s),
        decode_wh=wh(at.decode_s),
        attention_wh=wh(at.attention_s),
        uncached_share=1 - cached_share(service.shared, of.workload)[rows],
    )


@dataclass(frozen=True, kw_only=True)
class Random(Drawn):
    """Random queries of a workload: their member is not kept (0)."""

    energy_wh: np.ndarray  # Wh of each query


def random_of_workload(of: Served) -> Random:
    """Random queries of the workload: some of every draw that counts."""
    parts = []
    for place, (subject, service) in enumerate(of.services.items()):
        energies, weights = random_queries(service, subject, of.workload)
        rows = np.repeat(np.nonzero(service.serving(subject, of.workload)[1])[0], QUERIES_PER_DRAW)
        whole = np.zeros(len(rows), int)
        weight = weights / weights.sum()
        parts.append(
            Random(energy_wh=energies[of.boundary], weight=weight, service=whole + place, row=rows, member=whole)
        )
    return Random.joined(parts)


def water_l_per_wh(of: Served, drawn: Drawn) -> np.ndarray | None:
    """Water of cooling and of electricity per Wh within the boundary; none where one of the two is not known."""
    offsite = None if of.zone is None else of.zone["water_l_per_kwh"]
    found = np.zeros(len(drawn.row))
    for place, service in enumerate(of.services.values()):
        spec, shared = service.study.fleet.onsite_water_l_per_kwh, service.shared
        if offsite is None or spec is None:
            return None
        onsite = draw(distribution(spec), stream(service.seed, "fleet", "onsite water"), shared.draws)
        pue = shared.values["pue"] if of.boundary in FACILITY else np.ones(shared.draws)
        litres = water_l_per_kwh(pue=pue, onsite_l_per_kwh=onsite, offsite_l_per_kwh=offsite) / WH_PER_KWH
        here = drawn.service == place
        found[here] = litres[drawn.row[here]]
    return found
