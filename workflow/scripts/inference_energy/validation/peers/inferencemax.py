"""InferenceMAX as read by muxup.com: energy of a query from provisioned power and throughput of a GPU.

Source: https://muxup.com/2026q1/per-query-energy-consumption-of-llms, which divides the all-in provisioned utility
power of SemiAnalysis's InferenceMAX (since renamed InferenceX) by its measured throughput.
"""

from collections.abc import Mapping
from typing import Any

from inference_energy.common.conversions import SECONDS_PER_HOUR
from inference_energy.common.formulas import formula
from inference_energy.throughput.log_linear import NODE_GPUS
from inference_energy.validation.peers.peer import ByBoundary, Peer, by_boundary

# All-in provisioned utility power, W per GPU, by the names of resources/hardware.csv: built from thermal design powers
# of the whole rack with the facility's overhead, so never to be multiplied by a PUE. Source: SemiAnalysis,
# InferenceMAX, read in 2026 Q1.
ALL_IN_POWER_W_PER_GPU = {
    "H100 SXM 80GB": 1730,
    "H200 SXM 141GB": 1730,
    "B200 180GB": 2170,
    "B300 288GB": 2170,
    "GB200 192GB": 2100,
    "GB300": 2100,
    "MI300X 192GB": 1790,
    "MI325X 256GB": 2180,
    "MI355X 288GB": 2650,
}


@formula(unit="Wh", source="muxup.com, 2026 Q1")
def energy_wh(*, all_in_w_per_gpu: float, tok_per_s_per_gpu: float, input_tokens: float, output_tokens: float) -> float:
    """Energy of a query with everything that the utility must provide for its GPU.

    Args:
        all_in_w_per_gpu: all-in provisioned utility power, W per GPU.
        tok_per_s_per_gpu: input and output tokens together, per second and GPU.
        input_tokens: L_in.
        output_tokens: L_out.
    """
    # ASSUME: input and output tokens take the same time, and a GPU always draws what is provisioned for it.
    # Source: muxup.com, which calls the result an upper bound.
    return all_in_w_per_gpu * ((input_tokens + output_tokens) / tok_per_s_per_gpu) / SECONDS_PER_HOUR


def energy_by_boundary_wh(**query: float) -> ByBoundary:
    """`energy_wh` at the only boundary that it covers. Source: muxup.com, 2026 Q1."""
    return by_boundary(fleet=energy_wh(**query))


def of_run(run: Mapping[str, Any]) -> ByBoundary:
    """Energy of a query of a run, at the throughput of other runs."""
    lengths = {"input_tokens": run["input_tokens"], "output_tokens": run["output_tokens"]}
    output_per_gpu = float(run["throughput"].tok_per_s(**lengths)) / NODE_GPUS
    return energy_by_boundary_wh(
        all_in_w_per_gpu=ALL_IN_POWER_W_PER_GPU[run["gpu"]],
        tok_per_s_per_gpu=output_per_gpu * sum(lengths.values()) / run["output_tokens"],
        **lengths,
    )


PEER = Peer(
    name="inferencemax",
    label="InferenceMAX (muxup)",
    boundaries=("fleet",),
    facts=("gpu", "input_tokens", "output_tokens", "throughput"),
    gpus=tuple(ALL_IN_POWER_W_PER_GPU),
    of_run=of_run,
)
