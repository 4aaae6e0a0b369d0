"""Energy of a query by other methods: their own functions, run on traced numbers."""

from dataclasses import replace

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node
from inference_energy.explain.trace import Traced, given, leaf
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from inference_energy.validation.peers.peer import ByBoundary

Estimate = tuple[ByBoundary, tuple[Node, ...]]  # and what the numbers rest on besides


def said(asked: Asked, method: str, facts: dict, boundary: str) -> Node:
    """Energy by another method within a boundary that it has, Wh, of a query with `gpu, model, output_tokens`."""
    tokens = given("T", "answer tokens", facts["output_tokens"], unit="tokens")
    energies, behind = METHODS[method](asked, facts, tokens)
    found = energies[boundary].step(f"energy of a query by {method}", "E", unit="Wh")
    return replace(found, children=(*found.children, *behind))


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
    case = epoch.DEFAULT
    energies = epoch.energy_by_boundary_wh(
        active_b=leaf(_parameters(asked, facts, "active")),
        output_tokens=tokens,
        utilisation=leaf(constant(epoch, "DEFAULT", "share of the peak that is used", value=case.utilisation)),
        pue=leaf(constant(epoch, "DEFAULT", "PUE", value=case.pue)),
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
