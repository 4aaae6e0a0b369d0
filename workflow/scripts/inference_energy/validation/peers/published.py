"""The published method: energy of a query from maximum power and throughput of a node, at the medians of its inputs.

Source: Oviedo et al., arXiv 2509.20241; Joule 2026, doi:10.1016/j.joule.2026.102430. The distribution over queries is
in `energy`; this is the same formula for one query, for comparison with other methods.
"""

import math

from inference_energy.oviedo import energy
from inference_energy.validation.peers.peer import ByBoundary, Peer, Run, by_boundary

# Constants of the Joule edition, as in config/studies/joule-2026.yaml.
# ASSUME: a node of H200s has the maximum power of one of H100s, as their rated powers are the same. Source:
# https://docs.nvidia.com/dgx/dgxh100-user-guide/.
NODE_POWER_KW = {"H100 SXM 80GB": 10.2, "H200 SXM 141GB": 10.2}  # maximum of the 8-GPU node
NODE_POWER_TEN_H100_KW = 12.8  # ten H100s' worth
NODE_MEMORY_B = 8 * 80  # parameters of one byte that 8 H100s hold, billions
UTILISATION = math.sqrt(0.4 * 0.9)  # median of the log-normal with these P5 and P95
PUE = math.sqrt(1.05 * 1.6)  # likewise
INPUT_TOKENS = 500  # of every query


def energy_by_boundary_wh(
    *, node_power_kw: float, utilisation: float, pue: float, output_tokens: float, tok_per_s: float
) -> ByBoundary:
    """Energy of a query in Wh: its time of the node; with the datacenter's overhead.

    E = PUE P_node [kW] U L_out / (3.6 TPS). Source: arXiv 2509.20241, Eq. 1. The node's power is one figure, so
    there is none of the GPUs' boards alone; what the fleet adds is not part of a query.

    Args:
        node_power_kw: maximum power of the 8-GPU node, kW.
        utilisation: share of that power which is drawn.
        pue: facility energy per IT energy.
        output_tokens: L_out.
        tok_per_s: TPS, output tokens per second of the node.
    """
    unit_wh = energy.unit_energy_wh(node_power_kw=node_power_kw, output_tokens=output_tokens, tok_per_s=tok_per_s)
    return by_boundary(
        node=energy.energy_wh(unit_energy_wh=unit_wh, utilisation=utilisation, pue=1.0),
        datacenter=energy.energy_wh(unit_energy_wh=unit_wh, utilisation=utilisation, pue=pue),
    )


def node_power_kw(*, gpu: str, total_b: float) -> float:
    """Maximum power of the node that serves a model, in kW, as in the Joule edition."""
    # ASSUME: a model whose 8-bit weights 8 H100s do not hold takes the power that the authors give DeepSeek-R1.
    if gpu == "H100 SXM 80GB" and total_b > NODE_MEMORY_B:
        return NODE_POWER_TEN_H100_KW
    return NODE_POWER_KW[gpu]


def of_run(run: Run) -> ByBoundary:
    """Energy of a query of a run, at the throughput of other runs."""
    # ASSUME: every query has 500 input tokens. Source: arXiv 2509.20241, Methods.
    return energy_by_boundary_wh(
        node_power_kw=node_power_kw(gpu=run["gpu"], total_b=run["total_b"]),
        utilisation=UTILISATION,
        pue=PUE,
        output_tokens=run["output_tokens"],
        tok_per_s=float(run["throughput"].tok_per_s(INPUT_TOKENS, run["output_tokens"])),
    )


PEER = Peer(
    name="published",
    label="Oviedo et al.",
    boundaries=("node", "datacenter"),
    facts=("gpu", "total_b", "output_tokens", "throughput"),
    gpus=tuple(NODE_POWER_KW),
    of_run=of_run,
)
