"""Energy of a query by other methods: their formulas with values inserted."""

import math
from types import ModuleType

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node, computed, number
from inference_energy.validation.peers import ecologits, epoch, jegham, published


def said(asked: Asked, method: str, facts: dict, boundary: str) -> Node:
    """Energy of a query by another method within a boundary, Wh.

    Args:
        asked: what is asked for.
        method: its name.
        facts: `gpu`, `model` and `output_tokens` of the query.
        boundary: one that the method has.
    """
    return METHODS[method](asked, facts, boundary)


def _parameters(asked: Asked, facts: dict, kind: str, symbol: str) -> Node:
    key = {"model": facts["model"]}
    return asked.resource("models.csv", key, f"{kind}_parameters_billions", symbol=symbol, unit="billions")


def _tokens(facts: dict) -> Node:
    return number("T", "answer tokens", facts["output_tokens"], "tokens")


def _constants(module: ModuleType, names: dict[str, str]) -> list[Node]:
    return [
        constant(module, name, getattr(module, name), name.replace("_", " ").lower(), symbol=symbol)
        for symbol, name in names.items()
    ]


def _ecologits(asked: Asked, facts: dict, boundary: str) -> Node:
    active = _parameters(asked, facts, "active", "P_active")
    whole = _parameters(asked, facts, "total", "P_total")
    count = number(
        "G",
        "GPUs that hold it: 2^ceil(log2(ceil(1.2 P_total 16 / 8 / 80)))",
        ecologits.gpus_needed(total_b=whole.value),
        children=(whole,),
    )
    boards = computed(
        "energy of its GPUs",
        "G * T * (e_b * exp(e_x * B) * P_active + e_0)",
        [
            count,
            _tokens(facts),
            active,
            *_constants(
                ecologits,
                {
                    "e_b": "GPU_ENERGY_WH_PER_TOKEN_AND_B",
                    "e_x": "GPU_ENERGY_EXPONENT_PER_REQUEST",
                    "e_0": "GPU_ENERGY_WH_PER_TOKEN",
                    "B": "BATCH_SIZE",
                },
            ),
            *assumed(ecologits.gpu_energy_wh),
        ],
        symbol="boards",
        unit="Wh",
    )
    if boundary == "gpu_boards":
        return boards
    latency = computed(
        "time of the request",
        "T * (l_b * P_active + l_r * B + l_0)",
        [
            _tokens(facts),
            active,
            *_constants(
                ecologits,
                {
                    "l_b": "LATENCY_S_PER_TOKEN_AND_B",
                    "l_r": "LATENCY_S_PER_TOKEN_AND_REQUEST",
                    "l_0": "LATENCY_S_PER_TOKEN",
                    "B": "BATCH_SIZE",
                },
            ),
        ],
        symbol="t",
        unit="s",
    )
    node = computed(
        "with its share of the server",
        "t / 3600 * W * G / S / B + boards",
        [
            latency,
            count,
            boards,
            *_constants(ecologits, {"W": "SERVER_POWER_W", "S": "SERVER_GPUS", "B": "BATCH_SIZE"}),
        ],
        symbol="node",
        unit="Wh",
    )
    if boundary == "node":
        return node
    return computed(
        "with the datacenter", "node * PUE", [node, *_constants(ecologits, {"PUE": "DEFAULT_PUE"})], unit="Wh"
    )


def _epoch(asked: Asked, facts: dict, boundary: str) -> Node:
    case = epoch.DEFAULT
    constants = {
        "flop": "FLOP_PER_PARAMETER_AND_TOKEN",
        "peak": "PEAK_FLOP_PER_S",
        "W": "SERVER_POWER_W_PER_GPU",
        "share": "POWER_SHARE",
    }
    children = [
        _parameters(asked, facts, "active", "P_active"),
        _tokens(facts),
        *_constants(epoch, constants),
        constant(epoch, "DEFAULT", case.utilisation, "share of the peak that is used", symbol="used"),
        *assumed(epoch.node_energy_wh),
    ]
    formula = "flop * P_active * 1e9 * T / (peak * used) * W * share / 3600"
    if boundary == "datacenter":
        children.append(constant(epoch, "DEFAULT", case.pue, "PUE", symbol="PUE"))
        formula += " * PUE"
    return computed("Epoch AI: operations over used peak, × power", formula, children, unit="Wh")


def _jegham(asked: Asked, facts: dict, boundary: str) -> Node:
    whole = _parameters(asked, facts, "total", "P_total")
    size = jegham.size_class(total_b=whole.value, model=facts["model"])
    name = jegham.NODE_OF_GPU[facts["gpu"]]
    node, use = jegham.NODES[name], jegham.NODES[name].uses[size]
    children = [
        constant(
            jegham, "REFERENCE_TTFT_S", jegham.REFERENCE_TTFT_S, "time to the first token", unit="s", symbol="TTFT"
        ),
        constant(
            jegham, "REFERENCE_TOK_PER_S", jegham.REFERENCE_TOK_PER_S, "tokens per second of an answer", symbol="TPS"
        ),
        _tokens(facts),
        constant(jegham, "NODES", node.gpu_power_kw, f"rated power of the GPUs, {name}", unit="kW", symbol="P_gpu"),
        constant(jegham, "NODES", use.gpu, f"share of it that a request of a {size} model draws", symbol="U_gpu"),
        whole,
        *assumed(jegham.size_class, jegham.part_energy_wh),
    ]
    power = "P_gpu * U_gpu"
    if boundary != "gpu_boards":
        children += [
            constant(jegham, "NODES", node.rest_power_kw, "rated power of the rest", unit="kW", symbol="P_rest"),
            constant(jegham, "NODES", use.rest, "share of it", symbol="U_rest"),
        ]
        power = f"({power} + P_rest * U_rest)"
    formula = f"(TTFT + T / TPS) / 3600 * 1000 * {power}"
    if boundary == "datacenter":
        pue = jegham.HOST_PUE[jegham.DEFAULT_HOST]
        children.append(constant(jegham, "HOST_PUE", pue, f"PUE of {jegham.DEFAULT_HOST}", symbol="PUE"))
        formula += " * PUE"
    return computed("Jegham et al.: time of the answer × a share of the node", formula, children, unit="Wh")


def _published(asked: Asked, facts: dict, boundary: str) -> Node:
    begin = asked.build.config["bridge"]["from"]
    fit = asked.build.row("throughput_fit", study=begin, model=facts["model"])
    total = _parameters(asked, facts, "total", "")
    kw = published.node_power_kw(gpu=facts["gpu"], total_b=total.value)
    large = math.isclose(kw, published.NODE_POWER_TEN_H100_KW)
    name = "NODE_POWER_TEN_H100_KW" if large else "NODE_POWER_KW"
    tokens = constant(published, "INPUT_TOKENS", published.INPUT_TOKENS, "prompt of every query", symbol="L_in")
    throughput = computed(
        f"throughput of a node with {facts['model']}, study {begin}",
        "min(exp(b0 + b1 * ln(L_in) + b2 * ln(T)), cap)",
        [
            *curves.log_linear_coefficients(asked, fit),
            tokens,
            _tokens(facts),
        ],
        symbol="TPS",
        unit="tok/s",
    )
    children = [
        constant(published, name, kw, "maximum power of the node", unit="kW", symbol="P_node"),
        constant(published, "UTILISATION", published.UTILISATION, "power utilisation, median", symbol="U"),
        _tokens(facts),
        throughput,
        total,
    ]
    formula = "P_node * U * T / (3.6 * TPS)"
    if boundary == "datacenter":
        children.append(constant(published, "PUE", published.PUE, "PUE, median", symbol="PUE"))
        formula += " * PUE"
    return computed("The published formula at the medians of its inputs", formula, children, unit="Wh")


METHODS = {"ecologits": _ecologits, "epoch": _epoch, "jegham": _jegham, "published": _published}
