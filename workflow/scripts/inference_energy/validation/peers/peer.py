"""Other methods of estimating the energy of a query, each a module of pure functions with the same names.

`energy_by_boundary_wh` is the estimate of a method at every boundary, among them the published one, None where its
formula has no such part; `of_run` the same for a query of a run without using its measurements; `PEER` states what the
method covers.

A run is a mapping with `gpu` (name in resources/hardware.csv), `gpus`, `active_b` and `total_b` (parameters of the
model in billions), `model` (name in resources/models.csv), and `output_tokens` (mean per query), each None or absent
where unknown; and `throughput` (a `ThroughputModel` of an 8-GPU node), which must come from other runs than the one
predicted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inference_energy.common.conversions import J_PER_WH
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import formula
from inference_energy.studies.study import BOUNDARIES

ByBoundary = dict[str, float | None]
Run = Mapping[str, Any]


@formula(unit="Wh", source="definition of PUE, ISO/IEC 30134-2")
def datacenter_wh(*, node_wh: float, pue: float) -> float:
    """Energy of a query with the datacenter's overhead."""
    return node_wh * pue


def by_boundary(
    *,
    gpu_boards: float | None = None,
    node: float | None = None,
    datacenter: float | None = None,
    pue: float | None = None,
) -> ByBoundary:
    """One estimate at every boundary, None where the method has none; with a PUE, the datacenter's from the node's."""
    if pue is not None:
        datacenter = datacenter_wh(node_wh=node, pue=pue)
    return {"gpu_boards": gpu_boards, "node": node, "datacenter": datacenter, "fleet": None}


@formula(unit="J per output token", source="arithmetic")
def energy_per_token_j(*, energy_wh: float, output_tokens: float) -> float:
    """Energy of a query over its output tokens."""
    return energy_wh * J_PER_WH / output_tokens


@formula(unit="Wh", source="arithmetic")
def energy_per_query_wh(*, j_per_output_token: float, output_tokens: float) -> float:
    """Energy of a query from that of an output token."""
    return j_per_output_token * output_tokens / J_PER_WH


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One method, and what it says of runs."""

    name: str  # of its module
    label: str  # name for readers
    # those of `BOUNDARIES` that its formula has a part for; the last is that of its published figure
    boundaries: tuple[str, ...]
    facts: tuple[str, ...]  # what must be known of a run
    gpus: tuple[str, ...] | None = None  # those that it has constants of; none: it does not ask
    of_run: Callable[[Run], ByBoundary]  # its estimate for a query of a run
    obstacle: Callable[[Run], str | None] = lambda run: None  # a further reason why it cannot predict a run, or None

    def j_per_output_token(self, run: Run, boundary: str) -> float | None:
        """Energy per output token of a run within a boundary, J; None where `cannot_say` has a reason."""
        if self.cannot_say(run, boundary):
            return None
        return energy_per_token_j(energy_wh=self.of_run(run)[boundary], output_tokens=run["output_tokens"])

    def cannot_say(self, run: Run, boundary: str) -> str | None:
        """Why the method cannot predict a run, or None where nothing is in the way.

        Raises:
            InputError: no such boundary.
        """
        if boundary not in BOUNDARIES:
            raise InputError(f"boundary: found {boundary!r}; allowed: {one_of(BOUNDARIES)}")
        if boundary not in self.boundaries:
            return f"its formula has no part for {boundary}, only for {one_of(self.boundaries)}"
        for fact in self.facts:
            value = run.get(fact)
            if value is None or value != value:  # NaN is the only value that differs from itself
                return f"needs {fact}, which is not known"
        if run["output_tokens"] <= 0:
            return "the run has no output tokens"
        if self.gpus is not None and run["gpu"] not in self.gpus:
            return f"has no constants for {run['gpu']}, only for {one_of(self.gpus)}"
        return self.obstacle(run)
