"""Schemas of the registries: models, closed models, hardware and corrections of published rows."""

from inference_energy.corpus.tables import PRECISIONS
from inference_energy.tables.inputs import DATE, NAME, URL, InputTable, cell, filled, optional
from inference_energy.tables.units import COUNT

MODEL_CLASSES = ["frontier", "large", "medium", "small"]
ATTENTION = [
    "full",
    "sliding_window",
    "sliding_window_mixed",
    "latent",
    "sparse",
    "sparse_latent",
    "compressed_sparse",
    "linear_mixed",
]
DISCLOSED = ["not disclosed", "total parameters", "total and active parameters"]
EVIDENCE_OF_SIZE = ["third_party_estimate", "predecessor", "name_only", "developer_statement"]
CHECKED_ON = "date on which a source of the row was last read"


class Model(InputTable):
    """One language model whose weights are public."""

    model: str = filled("name used throughout", unique=True)
    aliases: str = optional("other names, separated by |")
    developer: str = filled("who made it")
    architecture: str = cell(
        "dense, moe (mixture of experts, whatever its attention), or hybrid (attention mixed with state space, without"
        " experts)",
        isin=["dense", "moe", "hybrid"],
    )
    total_parameters_billions: float = cell("all parameters", "billions", gt=0, le=1e6)
    active_parameters_billions: float = cell("parameters used per token", "billions", gt=0, le=1e6)
    model_class: str = cell(
        "size class by total parameters: frontier > 200 B, large > 60 B, medium > 20 B, small", isin=MODEL_CLASSES
    )
    same_network_as: str = optional("model with the same shape of network, so with the same throughput")
    released_on: str = cell("date of release", str_matches=DATE)
    source: str = cell("where these facts stand", str_matches=URL)
    layers: int = optional("layers of the network, without layers for multi-token prediction", COUNT, ge=1)
    hidden_size: int = optional("width of the network", COUNT, ge=1)
    experts: int = optional("routed experts per layer with experts", COUNT, ge=2)
    experts_per_token: int = optional("routed experts that a token uses in such a layer", COUNT, ge=1)
    query_heads: int = optional("query heads of a layer with attention", COUNT, ge=1)
    key_value_heads: int = optional(
        "key-value heads of a layer that attends to all tokens; none with latent attention", COUNT, ge=1
    )
    head_dimension: int = optional("size of a key head", COUNT, ge=1)
    latent_kv_size: int = optional(
        "numbers that latent attention keeps per token and layer: the compressed vector and its rotary part",
        COUNT,
        ge=1,
    )
    attention: str = optional(
        "how layers attend: full (to all tokens), sliding_window (a window or chunk in every layer),"
        " sliding_window_mixed (in some layers, others attend to all tokens), latent (to all tokens, by one compressed"
        " vector each), sparse (to tokens or blocks that are selected, in some layers or all), sparse_latent (latent,"
        " of selected tokens), compressed_sparse (to groups of tokens compressed into one, and to a window),"
        " linear_mixed (linear attention or state space in some layers, full or latent attention in others)",
        isin=ATTENTION,
    )
    attention_window_tokens: int = optional(
        "tokens that a layer with limited attention attends to: its window, or the tokens that it selects",
        "tokens",
        ge=1,
    )
    full_attention_layers: int = optional("layers that attend to all tokens, where only some do", COUNT, ge=1)
    native_precision: str = optional("number format of most weights as the developer released them", isin=PRECISIONS)
    context_length_tokens: int = optional("longest context", "tokens", ge=1)
    architecture_source: str = optional(
        "where layers to context length stand, and whether that is the model's configuration file", str_matches=URL
    )
    checked_on: str = cell(CHECKED_ON, str_matches=DATE)


class ClosedModel(InputTable):
    """One language model whose weights are not public, with the size that is assumed for it."""

    model: str = filled("name used throughout", unique=True)
    aliases: str = optional("other names, separated by |")
    developer: str = filled("who made it")
    disclosed: str = cell("what the developer says about its size", isin=DISCLOSED)
    smallest_class: str = cell("smallest size class that is assumed", isin=MODEL_CLASSES)
    largest_class: str = cell("largest size class that is assumed", isin=MODEL_CLASSES)
    active_parameters_billions_min: float = optional(
        "fewest parameters used per token that are assumed", "billions", gt=0, le=1e6
    )
    active_parameters_billions_max: float = optional(
        "most parameters used per token that are assumed", "billions", gt=0, le=1e6
    )
    evidence: str = cell(
        "kind of evidence: an estimate by others, that of the model before it, only its name, or a statement of the"
        " developer",
        isin=EVIDENCE_OF_SIZE,
    )
    basis: str = filled("why this range is assumed")
    assumed_on: str = cell("date of the assumption", str_matches=DATE)
    source: str = cell("where the evidence stands, or where the name is used", str_matches=URL)


class Hardware(InputTable):
    """One GPU or other accelerator and the node it is sold in."""

    gpu: str = filled("name used throughout", unique=True)
    aliases: str = optional("other names, separated by |")
    vendor: str = filled("who makes it")
    generation: str = filled("generation of the design, which several GPUs share")
    memory_gb: float = cell("memory", "GB", gt=0, le=1e5)
    tdp_w: float = optional("thermal design power; empty if not published", "W", gt=0, le=1e5)
    memory_bandwidth_gb_per_s: float = cell("memory bandwidth", "GB/s", gt=0, le=1e7)
    peak_fp16_tflop_per_s: float = optional("peak dense FP16 and BF16", "TFLOP/s", gt=0, le=1e7)
    peak_fp8_tflop_per_s: float = optional("peak dense FP8", "TFLOP/s", gt=0, le=1e7)
    peak_fp4_tflop_per_s: float = optional("peak dense FP4", "TFLOP/s", gt=0, le=1e7)
    peak_int8_tflop_per_s: float = optional("peak dense INT8", "TOP/s", gt=0, le=1e7)
    link_bandwidth_gb_per_s: float = optional(
        "bandwidth of one GPU to the others of its link domain, one direction; empty without such a link",
        "GB/s",
        gt=0,
        le=1e7,
    )
    gpus_per_link_domain: int = optional(
        "GPUs joined by that link: a node, or a rack; 1 without such a link", COUNT, ge=1, le=100_000
    )
    gpus_per_node: int = cell("GPUs in a node", COUNT, ge=1, le=1000)
    node: str = optional("name of that node")
    node_rated_power_kw: float = optional("rated maximum of the node", "kW", gt=0, le=1e4)
    node_idle_power_kw: float = optional("measured at the wall, idle", "kW", gt=0, le=1e4)
    node_saturated_power_kw: float = optional("measured at the wall, saturated with LLM inference", "kW", gt=0, le=1e4)
    source: str = cell("where the GPU's figures stand", str_matches=URL)
    link_source: str = optional("where the figures of its link stand", str_matches=URL)
    node_source: str = optional("where the node's figures stand", str_matches=URL)
    checked_on: str = cell(CHECKED_ON, str_matches=DATE)


class Correction(InputTable, unique=["source", "row_id", "column"]):
    """One known error of a published row; a cell is corrected once."""

    source: str = cell("folder of the source in resources/benchmarks", str_matches=NAME)
    row_id: str = cell("row of that source", str_matches=NAME)
    column: str = filled("column of the throughput table")
    published: str = optional("value as published (empty: none)")
    corrected: str = optional("value that is right (empty: unknown)")
    reason: str = filled("what is wrong")
    evidence: str = filled("how it is known")
    url: str = cell("where the evidence stands", str_matches=URL)
