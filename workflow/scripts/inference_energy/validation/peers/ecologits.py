"""EcoLogits: energy of a request from the parameters of its model and its output tokens.

Source: https://ecologits.ai/latest/methodology/llm_inference/; constants and formulas as in impacts/llm.py of
https://pypi.org/project/ecologits/0.11.3/ (those of the energy are the same in 0.9.1).
"""

import numpy as np

from inference_energy.common.conversions import SECONDS_PER_HOUR
from inference_energy.common.formulas import formula
from inference_energy.validation.peers.peer import ByBoundary, Peer, Run, by_boundary

# Regression on ML.ENERGY's measurements, by EcoLogits: energy of one GPU per output token.
GPU_ENERGY_WH_PER_TOKEN_AND_B = 1.1665273170451914e-6  # Wh per token and billion active parameters, at batch 0
GPU_ENERGY_EXPONENT_PER_REQUEST = -0.011205921025579175  # per concurrent request
GPU_ENERGY_WH_PER_TOKEN = 4.052928146734005e-5  # Wh per token
# Regression on the same measurements, by EcoLogits: time per output token.
LATENCY_S_PER_TOKEN_AND_B = 6.785088094353663e-4  # s per token and billion active parameters
LATENCY_S_PER_TOKEN_AND_REQUEST = 3.119310311688259e-4  # s per token and concurrent request
LATENCY_S_PER_TOKEN = 0.019473717579473387  # s per token
BATCH_SIZE = 64  # concurrent requests
BITS_PER_WEIGHT = 16
MEMORY_OVERHEAD = 1.2  # memory of a served model over that of its weights
GPU_MEMORY_GB = 80
SERVER_GPUS = 8
SERVER_POWER_W = 1200  # of an 8-GPU server without its GPUs
DEFAULT_PUE = 1.2  # of OpenAI's models; 1.09-1.14 for Anthropic, 1.09 Google, 1.16 Mistral AI (tracers/utils.py)


def gpus_needed(*, total_b: float) -> float:
    """GPUs that hold a model, rounded up to a power of two.

    G = 2^ceil(log2(ceil(1.2 P_total 16 / 8 / 80))). Source: EcoLogits, `gpu_required_count`.
    """
    # ASSUME: every model is served with 16-bit weights on GPUs of 80 GB. Source: EcoLogits.
    memory_gb = MEMORY_OVERHEAD * total_b * BITS_PER_WEIGHT / 8
    return 2 ** np.ceil(np.log2(np.ceil(memory_gb / GPU_MEMORY_GB)))


@formula(unit="Wh", source="EcoLogits, `gpu_energy`")
def gpu_energy_wh(*, active_b: float, output_tokens: float) -> float:
    """Energy of one of a model's GPUs for one request."""
    # ASSUME: always 64 concurrent requests, and input tokens cost nothing. Source: EcoLogits.
    return output_tokens * (
        GPU_ENERGY_WH_PER_TOKEN_AND_B * np.exp(GPU_ENERGY_EXPONENT_PER_REQUEST * BATCH_SIZE) * active_b
        + GPU_ENERGY_WH_PER_TOKEN
    )


@formula(unit="s", source="EcoLogits, `generation_latency`")
def s_per_token(*, active_b: float) -> float:
    """Time of an output token of a model with so many billion active parameters."""
    return LATENCY_S_PER_TOKEN_AND_B * active_b + LATENCY_S_PER_TOKEN_AND_REQUEST * BATCH_SIZE + LATENCY_S_PER_TOKEN


@formula(unit="s", source="EcoLogits, `generation_latency`")
def answer_s(*, output_tokens: float, s_per_token: float, ttft_s: float) -> float:
    """Time of a request: its output tokens one after the other, and the time to the first."""
    return output_tokens * s_per_token + ttft_s


@formula(unit="Wh", source="EcoLogits, `server_energy`")
def server_energy_wh(*, latency_s: float, gpus: float) -> float:
    """Energy of a request's share of the server without its GPUs."""
    # ASSUME: a request has its share, among 64, of that part of the server which its model's GPUs occupy.
    # Source: EcoLogits, `server_energy`.
    return latency_s / SECONDS_PER_HOUR * SERVER_POWER_W * gpus / SERVER_GPUS / BATCH_SIZE


def energy_by_boundary_wh(*, active_b: float, total_b: float, output_tokens: float, pue: float) -> ByBoundary:
    """Energy of a request in Wh: its GPUs; with its share of the server; with the datacenter's overhead.

    The time of the request is that of EcoLogits' regression, as no speed is measured; none is added for the first
    token. Source: EcoLogits, `request_energy`.
    """
    gpus = gpus_needed(total_b=total_b)
    boards_wh = gpus * gpu_energy_wh(active_b=active_b, output_tokens=output_tokens)
    seconds = answer_s(output_tokens=output_tokens, s_per_token=s_per_token(active_b=active_b), ttft_s=0.0)
    node_wh = server_energy_wh(latency_s=seconds, gpus=gpus) + boards_wh
    return by_boundary(gpu_boards=boards_wh, node=node_wh, pue=pue)


def of_run(run: Run) -> ByBoundary:
    """Energy of a request of a run, with the default PUE."""
    # ASSUME: EcoLogits applies to any GPU, as it does not ask which one serves the model.
    return energy_by_boundary_wh(
        active_b=run["active_b"], total_b=run["total_b"], output_tokens=run["output_tokens"], pue=DEFAULT_PUE
    )


PEER = Peer(
    name="ecologits",
    label="EcoLogits",
    boundaries=("gpu_boards", "node", "datacenter"),
    facts=("active_b", "total_b", "output_tokens"),
    of_run=of_run,
)
