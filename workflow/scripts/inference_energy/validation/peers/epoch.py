"""Epoch AI: energy of a query from the floating-point operations of its answer.

Source: "How much energy does ChatGPT use?", February 2025,
https://epoch.ai/gradient-updates/how-much-energy-does-chatgpt-use, and its spreadsheet
https://docs.google.com/spreadsheets/d/1Xe1WXNaZ0IZuuRAJP62xf_ufmwUhgRhtp446bTHnUOM.
"""

from inference_energy.common.conversions import SECONDS_PER_HOUR
from inference_energy.common.formulas import formula
from inference_energy.validation.peers.peer import ByBoundary, Peer, Run, by_boundary

FLOP_PER_PARAMETER_AND_TOKEN = 2
PEAK_FLOP_PER_S = 9.89e14  # of an H100, 16-bit, without sparsity
SERVER_POWER_W_PER_GPU = 1275  # an eighth of a DGX H100, rated 10.2 kW
POWER_SHARE = 0.7  # mean power over rated power, "found by Microsoft" in Epoch's words
GPUS = ("H100 SXM 80GB", "H200 SXM 141GB")  # an H200 has the same peak, its node the same rated power
# Its default case.
UTILISATION = 0.1  # share of the peak that is used
PUE = 1.2


@formula(unit="Wh", source="Epoch AI, February 2025")
def node_energy_wh(*, active_b: float, output_tokens: float, utilisation: float) -> float:
    """Energy of a query without the datacenter's overhead: its time of a GPU's part of the node.

    Args:
        active_b: active parameters, billions.
        output_tokens: T.
        utilisation: share of a GPU's peak of floating-point operations that is used.
    """
    # ASSUME: time goes with operations at a fixed utilisation, and input tokens of a short query cost nothing.
    # Source: Epoch AI, which treats long inputs separately.
    return (
        FLOP_PER_PARAMETER_AND_TOKEN
        * active_b
        * 1e9
        * output_tokens
        / (PEAK_FLOP_PER_S * utilisation)
        * SERVER_POWER_W_PER_GPU
        * POWER_SHARE
        / SECONDS_PER_HOUR
    )


def energy_by_boundary_wh(*, active_b: float, output_tokens: float, utilisation: float, pue: float) -> ByBoundary:
    """Energy of a query in Wh: `node_energy_wh`, and with the datacenter's overhead.

    The node comes as one figure per GPU, so there is none of the GPUs' boards alone. Source: Epoch AI, February 2025.
    """
    node_wh = node_energy_wh(active_b=active_b, output_tokens=output_tokens, utilisation=utilisation)
    return by_boundary(node=node_wh, pue=pue)


def of_run(run: Run) -> ByBoundary:
    """Energy of a query of a run, in Epoch's default case."""
    return energy_by_boundary_wh(
        active_b=run["active_b"], output_tokens=run["output_tokens"], utilisation=UTILISATION, pue=PUE
    )


PEER = Peer(
    name="epoch",
    label="Epoch AI",
    boundaries=("node", "datacenter"),
    facts=("active_b", "gpu", "output_tokens"),
    gpus=GPUS,
    of_run=of_run,
)
