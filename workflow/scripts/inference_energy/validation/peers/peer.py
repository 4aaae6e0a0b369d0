"""Other methods of estimating the energy of a query, each a module of pure functions with the same four names.

`PEER` states what a method covers; `energy_by_boundary_wh` is its estimate at every boundary, among them the published
one, None where its formula has no such part; `j_per_output_token` its prediction for a run without using its
measurements, and `cannot_say` the reason if there is none.

A run is a mapping with `gpu` (name in resources/hardware.csv), `gpus`, `active_b` and `total_b` (parameters of the
model in billions), `model_class` and `model` (names in resources/models.csv), `input_tokens` and `output_tokens` (means
per query), each None or absent where unknown; and `throughput` (a `ThroughputModel` of an 8-GPU node), which must come
from other runs than the one predicted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference_energy.common.conversions import J_PER_WH
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import formula
from inference_energy.studies.study import BOUNDARIES

ByBoundary = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """What one method covers.

    Attributes:
        name: of its module.
        label: name for readers.
        boundary: what its published figure includes, one of `BOUNDARIES`.
        needs: what must be known to apply it.
        source: where it was published.
    """

    name: str
    label: str
    boundary: str
    needs: tuple[str, ...]
    source: str


@formula(unit="Wh", source="definition of PUE, ISO/IEC 30134-2")
def datacenter_wh(*, node_wh: float, pue: float) -> float:
    """Energy of a query with the datacenter's overhead."""
    return node_wh * pue


def by_boundary(
    *,
    gpu_boards: float | None = None,
    node: float | None = None,
    datacenter: float | None = None,
    fleet: float | None = None,
    pue: float | None = None,
) -> ByBoundary:
    """One estimate at every boundary, None where the method has none; with a PUE, the datacenter's from the node's."""
    if pue is not None:
        datacenter = datacenter_wh(node_wh=node, pue=pue)
    return {"gpu_boards": gpu_boards, "node": node, "datacenter": datacenter, "fleet": fleet}


@formula(unit="J per output token", source="arithmetic")
def energy_per_token_j(*, energy_wh: float, output_tokens: float) -> float:
    """Energy of a query over its output tokens."""
    return energy_wh * J_PER_WH / output_tokens


@formula(unit="Wh", source="arithmetic")
def energy_per_query_wh(*, j_per_output_token: float, output_tokens: float) -> float:
    """Energy of a query from that of an output token."""
    return j_per_output_token * output_tokens / J_PER_WH


def first_obstacle(
    run: Mapping[str, Any],
    boundary: str,
    *,
    boundaries: tuple[str, ...],
    facts: tuple[str, ...],
    gpus: Mapping[str, Any] | None = None,
) -> str | None:
    """Why a method cannot predict a run, or None where nothing is in the way.

    Args:
        run: the run to predict.
        boundary: what the prediction must include.
        boundaries: those that the method's formula distinguishes.
        facts: keys of the run that the method needs.
        gpus: those that the method has constants of; none given means that it does not ask.

    Raises:
        InputError: no such boundary.
    """
    if boundary not in BOUNDARIES:
        raise InputError(f"boundary: found {boundary!r}; allowed: {one_of(BOUNDARIES)}")
    if boundary not in boundaries:
        return f"its formula has no part for {boundary}, only for {one_of(boundaries)}"
    for fact in facts:
        value = run.get(fact)
        if value is None or value != value:  # NaN is the only value that differs from itself
            return f"needs {fact}, which is not known"
    if run["output_tokens"] <= 0:
        return "the run has no output tokens"
    if gpus is not None and run["gpu"] not in gpus:
        return f"has no constants for {run['gpu']}, only for {one_of(tuple(gpus))}"
    return None
