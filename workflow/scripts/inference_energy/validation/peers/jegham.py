"""Jegham et al.: energy of a request from how long an API takes to answer it.

Source: "How Hungry is AI?", arXiv 2505.09598; constants and classes as in the authors' code,
https://github.com/Nidhal-Jegham/HowHungryisAIDashboard (HHAI Snapshot Data/DataSnapshotCode.py, October 2025).
"""

from dataclasses import dataclass

from inference_energy.common.conversions import SECONDS_PER_HOUR, W_PER_KW
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import formula
from inference_energy.validation.peers.peer import ByBoundary, Peer, Run, by_boundary


@formula(unit="share", source="the authors' code, `w_max`")
def middle_share(*, lowest: float, highest: float) -> float:
    """Share of the rated power of a node's GPUs that a request draws."""
    # ASSUME: the middle of the authors' range, which they weigh half and half. Source: their code, `w_max`.
    return (lowest + highest) / 2


@formula(unit="h", source="the authors' code, `compute_environmental_metrics`")
def answer_h(*, output_tokens: float, tok_per_s: float, ttft_s: float) -> float:
    """Time of an answer."""
    return (ttft_s + output_tokens / tok_per_s) / SECONDS_PER_HOUR


@formula(unit="Wh", source="the authors' code, `compute_environmental_metrics`")
def part_energy_wh(*, hours: float, power_kw: float, share: float) -> float:
    """Energy of a request for a part of the node, its GPUs or the rest."""
    # ASSUME: a request draws a fixed share of the node's rated power until its last token, whatever else the node does.
    # Source: the authors' code, `determine_utilization`.
    return hours * W_PER_KW * power_kw * share


@dataclass(frozen=True, kw_only=True)
class Use:
    """Share of a node's rated power that one request draws while it is answered."""

    gpu_min: float
    gpu_max: float
    rest: float

    @property
    def gpu(self) -> float:
        """Mean of the lowest and the highest share of the GPUs."""
        return middle_share(lowest=self.gpu_min, highest=self.gpu_max)


@dataclass(frozen=True, kw_only=True)
class Node:
    """Rated power of an 8-GPU node and its use by a request, per class of model."""

    gpu_power_kw: float
    rest_power_kw: float
    uses: dict[str, Use]


SIZE_CLASSES = ("Nano", "Micro", "Small", "Medium", "Large")
NODES = {
    "DGX H100/H200": Node(
        gpu_power_kw=5.6,
        rest_power_kw=4.6,
        uses={
            "Nano": Use(gpu_min=0.0055, gpu_max=0.01, rest=0.0087),
            "Micro": Use(gpu_min=0.0075, gpu_max=0.0125, rest=0.0087),
            "Small": Use(gpu_min=0.017, gpu_max=0.025, rest=0.016),
            "Medium": Use(gpu_min=0.03, gpu_max=0.045, rest=0.03125),
            "Large": Use(gpu_min=0.055, gpu_max=0.075, rest=0.0625),
        },
    ),
    "DGX A100": Node(
        gpu_power_kw=3.2,
        rest_power_kw=3.3,
        uses={
            "Medium": Use(gpu_min=0.0625, gpu_max=0.07, rest=0.0312),
            "Large": Use(gpu_min=0.125, gpu_max=0.15, rest=0.0625),
        },
    ),
}
NODE_OF_GPU = {  # by the names of resources/hardware.csv; the authors treat the H800 as an H100
    "H100 SXM 80GB": "DGX H100/H200",
    "H200 SXM 141GB": "DGX H100/H200",
    "H800 80GB": "DGX H100/H200",
    "A100 SXM 80GB": "DGX A100",
    "A100 SXM 40GB": "DGX A100",
}
HOST_PUE = {"Azure": 1.12, "AWS": 1.14, "Google": 1.09, "DeepSeek": 1.27}
DEFAULT_HOST = "Azure"

# ASSUME: a run that is predicted without its own speed is served at 60 tok/s per answer, the first token after 1 s, on
# Azure: round values of a hosted API, chosen here. The authors time each API instead, which for a run would be a
# measurement of it.
REFERENCE_TOK_PER_S = 60.0
REFERENCE_TTFT_S = 1.0

NANO_BELOW_B, MICRO_BELOW_B, SMALL_BELOW_B, MEDIUM_UP_TO_B = 7, 20, 40, 70  # billions of parameters
# Where the authors' lists differ from these sizes; Llama 4 stands in the class of its 17 B active parameters.
CLASS_OF_MODEL = {"Llama 4 Maverick": "Micro", "Llama 4 Scout": "Micro", "Mistral NeMo 12B": "Small"}


def size_class(*, total_b: float, model: str | None = None) -> str:
    """The authors' class of a model: Nano, Micro, Small, Medium or Large; it is named as in resources/models.csv."""
    # ASSUME: below 7 B Nano, below 20 B Micro, below 40 B Small, up to 70 B Medium, above Large, counting all
    # parameters. The authors list Llama 3.2 1B and 3B as Nano, 8B and 11B as Micro, Mistral Small as Small, Llama 70B
    # as Medium, Llama 90B and 405B and DeepSeek-R1 (671 B, 37 B active) as Large; the limits between lie where these
    # leave room. The classes of this project do not decide it: 70 B and 123 B are both `large` here, Medium and Large
    # there. Source: the authors' code, `LARGE_API_ID` and its like.
    if model in CLASS_OF_MODEL:
        return CLASS_OF_MODEL[model]
    if total_b < NANO_BELOW_B:
        return "Nano"
    if total_b < MICRO_BELOW_B:
        return "Micro"
    if total_b < SMALL_BELOW_B:
        return "Small"
    return "Medium" if total_b <= MEDIUM_UP_TO_B else "Large"


def energy_by_boundary_wh(
    *,
    size_class: str,
    output_tokens: float,
    tok_per_s: float,
    ttft_s: float,
    pue: float,
    node: str = "DGX H100/H200",
) -> ByBoundary:
    """Energy of a request in Wh: its GPUs; with the rest of the node; with the datacenter's overhead.

    Source: arXiv 2505.09598, as in the authors' code, `compute_environmental_metrics`.

    Args:
        size_class: one of `SIZE_CLASSES`.
        output_tokens: T.
        tok_per_s: TPS, speed of one answer.
        ttft_s: time to the first token, s.
        pue: facility energy per IT energy.
        node: one of `NODES`.

    Raises:
        InputError: no such node, or no such class on it.
    """
    if node not in NODES:
        raise InputError(f"node: found {node!r}; allowed: {one_of(NODES)}")
    parts = NODES[node]
    if size_class not in parts.uses:
        raise InputError(f"size_class of {node}: found {size_class!r}; allowed: {one_of(parts.uses)}")
    use = parts.uses[size_class]
    hours = answer_h(output_tokens=output_tokens, tok_per_s=tok_per_s, ttft_s=ttft_s)
    boards_wh = part_energy_wh(hours=hours, power_kw=parts.gpu_power_kw, share=use.gpu)
    node_wh = boards_wh + part_energy_wh(hours=hours, power_kw=parts.rest_power_kw, share=use.rest)
    return by_boundary(gpu_boards=boards_wh, node=node_wh, pue=pue)


def of_run(run: Run) -> ByBoundary:
    """Energy of a request of a run, at the reference speed."""
    return energy_by_boundary_wh(
        size_class=size_class(total_b=run["total_b"], model=run.get("model")),
        output_tokens=run["output_tokens"],
        tok_per_s=REFERENCE_TOK_PER_S,
        ttft_s=REFERENCE_TTFT_S,
        pue=HOST_PUE[DEFAULT_HOST],
        node=NODE_OF_GPU[run["gpu"]],
    )


def _unknown_class(run: Run) -> str | None:
    node, found = NODE_OF_GPU[run["gpu"]], size_class(total_b=run["total_b"], model=run.get("model"))
    if found in NODES[node].uses:
        return None
    return f"has no constants for {found} models on {node}, only for {one_of(NODES[node].uses)}"


PEER = Peer(
    name="jegham",
    label="Jegham et al.",
    boundaries=("gpu_boards", "node", "datacenter"),
    facts=("total_b", "gpu", "output_tokens"),
    gpus=tuple(NODE_OF_GPU),
    of_run=of_run,
    obstacle=_unknown_class,
)
