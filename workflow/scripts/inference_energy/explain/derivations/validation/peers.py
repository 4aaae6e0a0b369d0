"""Energy of a query by other methods: their own functions, run on traced numbers."""

from dataclasses import replace

import numpy as np

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.step import Node
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from inference_energy.validation.peers.on_runs import BOUNDARY
from inference_energy.validation.peers.peer import ByBoundary, Peer, energy_per_token_j

Estimate = tuple[ByBoundary, tuple[Node, ...]]  # and what the numbers rest on besides


def said(asked: Asked, method: str, facts: dict, boundary: str) -> Node:
    """Energy by another method within a boundary that it has, Wh, of a query with `gpu, model, output_tokens`."""
    tokens = given("T", "answer tokens", facts["output_tokens"], unit="tokens")
    energies, behind = METHODS[method](asked, facts, tokens)
    found = energies[boundary].step(f"energy of a query by {method}", "E", unit="Wh")
    return replace(found, children=(*found.children, *behind))


def per_token(asked: Asked, peer: Peer, facts: dict, answer: Node) -> Traced:
    """Energy of the boards of a run per output token by another method, by their part of the node where it must be."""
    known = BOUNDARY in peer.boundaries
    energy = leaf(said(asked, peer.name, facts, BOUNDARY if known else "node"))
    found = energy_per_token_j(energy_wh=energy, output_tokens=leaf(answer))
    return found if known else found * _boards_of_node(asked, facts["gpu"])


def _boards_of_node(asked: Asked, gpu: str) -> Traced:
    """The boards' share of saturated node power."""

    def middle(quantity: str) -> Traced:
        """Geometric middle of a range."""
        ends = (
            asked.resource("node_power.csv", {"gpu": gpu}, f"{quantity}_{end}", symbol=end, note="derivation")
            for end in ("p05", "p95")
        )
        low, high = map(leaf, ends)
        return np.sqrt(low * high)

    rated = asked.resource("hardware.csv", {"gpu": gpu}, "tdp_w", symbol="tdp", unit="W")
    boards = leaf(rated) * middle("board_saturated_share_of_tdp")
    host = middle("host_saturated_kw_per_gpu") * W_PER_KW
    return named(boards / (boards + host), "boards' share of saturated node power", "part")


def _parameters(asked: Asked, facts: dict, kind: str) -> Node:
    column = f"{kind}_parameters_billions"
    return asked.resource("models.csv", {"model": facts["model"]}, column, symbol=f"P_{kind}", unit="billions")


def _ecologits(asked: Asked, facts: dict, tokens: Traced) -> Estimate:
    energies = ecologits.energy_by_boundary_wh(
        active_b=leaf(_parameters(asked, facts, "active")),
        total_b=leaf(_parameters(asked, facts, "total")),
        output_tokens=tokens,
        pue=leaf(constant(ecologits, "DEFAULT_PUE", "PUE")),
    )
    return energies, ()


def _epoch(asked: Asked, facts: dict, tokens: Traced) -> Estimate:
    energies = epoch.energy_by_boundary_wh(
        active_b=leaf(_parameters(asked, facts, "active")),
        output_tokens=tokens,
        utilisation=leaf(constant(epoch, "UTILISATION", "share of the peak that is used")),
        pue=leaf(constant(epoch, "PUE", "PUE")),
    )
    return energies, ()


def _jegham(asked: Asked, facts: dict, tokens: Traced) -> Estimate:
    total, node = _parameters(asked, facts, "total"), jegham.NODE_OF_GPU[facts["gpu"]]
    host = jegham.DEFAULT_HOST
    size = jegham.size_class(total_b=total.value, model=facts["model"])
    speed = constant(jegham, "REFERENCE_TOK_PER_S", "tokens per second of an answer")
    first = constant(jegham, "REFERENCE_TTFT_S", "time to the first token", unit="s")
    energies = jegham.energy_by_boundary_wh(
        size_class=size,
        output_tokens=tokens,
        tok_per_s=leaf(speed),
        ttft_s=leaf(first),
        pue=leaf(constant(jegham, "HOST_PUE", f"PUE of {host}", value=jegham.HOST_PUE[host])),
        node=node,
    )
    words = "rated powers, and the shares of them that a request draws"
    constants = constant(jegham, "NODES", words, value=f"{size} model on {node}")
    return energies, (constants, total, *assumed(jegham.size_class))


def _published(asked: Asked, facts: dict, tokens: Traced) -> Estimate:
    fit = asked.build.row("throughput_fit", study=asked.build.config["bridge"]["from"], model=facts["model"])
    total = _parameters(asked, facts, "total")
    kw = published.node_power_kw(gpu=facts["gpu"], total_b=total.value)
    name = "NODE_POWER_TEN_H100_KW" if kw == published.NODE_POWER_TEN_H100_KW else "NODE_POWER_KW"
    power = constant(published, name, "maximum power of the node", value=kw, unit="kW", children=(total,))
    prompt = constant(published, "INPUT_TOKENS", "prompt of every query", unit="tokens")
    energies = published.energy_by_boundary_wh(
        node_power_kw=leaf(power),
        utilisation=leaf(constant(published, "UTILISATION", "power utilisation, median")),
        pue=leaf(constant(published, "PUE", "PUE, median")),
        output_tokens=tokens,
        tok_per_s=curves.traced(asked, fit).tok_per_s(leaf(prompt), tokens),
    )
    return energies, ()


METHODS = {"ecologits": _ecologits, "epoch": _epoch, "jegham": _jegham, "published": _published}
