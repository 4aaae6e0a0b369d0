"""What a token of a model reads and computes: from the registry, or from its parameter counts alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from inference_energy.common.conversions import PER_BILLION
from inference_energy.common.formulas import Quantity, formula

# ASSUME: what a model whose configuration is not known looks like: the middle of those that are.
LAYERS_OF_EXPERTS, WIDTH_OF_EXPERTS = 60, 6144
EXPERTS_PER_TOKEN, SHARED_OF_ACTIVE = 8, 0.4
LAYERS_OF_8_BILLION, LAYERS_EXPONENT = 32, 0.35  # dense: 8 B has 32 layers, 70 B has 80, 405 B has 126
KEY_VALUE_HEADS, HEAD_DIMENSION = 8, 128
LEAST_SHARED = 0.05  # share of the active parameters that every token reads, whatever the experts
HEADS_PER_WIDTH = 1 / 56  # query heads of latent attention where unknown: 128 at a width of 7,168
LATENT_VALUE = 512
PROMPT_KEY, PROMPT_VALUE = 192, 128  # per head, where latent attention unpacks the keys of a prompt (arXiv 2412.19437)
STATE_PER_WIDTH = 256  # numbers that a layer of linear attention keeps of a request, per width
INDEX_KEY, INDEX_PER_HEAD = 128, 0.5  # of the indexer that selects tokens: 64 of 128 heads (arXiv 2512.02556)
COMPRESSED = (4, 128)  # tokens that the two kinds of compressed attention fold into one, half of the layers each
SELECTED_OF_COMPRESSED = 1024

# Stages of attention beyond plain attention to cached keys: compressing, selecting, keeping a state. Each is more
# kernels per layer.
STAGES = {
    "full": 0,
    "sliding_window": 0,
    "sliding_window_mixed": 0,
    "latent": 1,
    "linear_mixed": 1,
    "sparse": 1,
    "sparse_latent": 2,
    "compressed_sparse": 3,
}


@formula(unit="count", source="registry of models, fitted by eye")
def dense_layers(*, parameters: Quantity) -> Quantity:
    """Layers of a dense model, before rounding."""
    return LAYERS_OF_8_BILLION * (parameters / (8 * PER_BILLION)) ** LAYERS_EXPONENT


@formula(unit="count", source="12 width^2 weights a layer, arXiv 2001.08361")
def dense_width(*, parameters: Quantity, layers: Quantity) -> Quantity:
    """Width of a dense model."""
    return np.sqrt(parameters / (12 * layers))


@formula(unit="count", source="registry of models")
def typical_expert(*, active_parameters: Quantity, experts_per_token: Quantity) -> Quantity:
    """Parameters of one expert in all layers, where their number is not known."""
    return (1 - SHARED_OF_ACTIVE) * active_parameters / experts_per_token


@formula(unit="count", source="arithmetic")
def typical_experts(*, parameters: Quantity, active_parameters: Quantity, expert_parameters: Quantity) -> Quantity:
    """Experts of a layer, where their number is not known: what is not shared, over one expert."""
    return (parameters - SHARED_OF_ACTIVE * active_parameters) / expert_parameters


@formula(unit="count", source="arithmetic")
def shared_parameters(
    *, active_parameters: Quantity, experts_per_token: Quantity, expert_parameters: Quantity
) -> Quantity:
    """Parameters that every token reads."""
    return active_parameters - experts_per_token * expert_parameters


def networks(models: pl.DataFrame) -> pl.DataFrame:
    """By model, what the serving model needs to know of its network.

    Parameters are counts. `expert_parameters` is one routed expert in all layers, `shared_parameters` what every
    token reads. Per token of context: `kv_full` and `kv_window` are the numbers that a step reads, the latter of at
    most `window_tokens`; `kv_stored` and `kv_stored_window` those that are kept, the latter likewise;
    `attention_..._flop` the work of an output token, `attention_prompt_flop` instead of `attention_full_flop` that of a
    token of the prompt. `state` is what a request keeps whatever its length. Cells of the registry may be null.
    """
    return pl.DataFrame([{"model": row["model"]} | network(row) for row in models.iter_rows(named=True)])


def network(model: Mapping[str, Any]) -> dict[str, float]:
    """The columns of `networks` for one row of the registry."""
    total, active = (model[f"{part}_parameters_billions"] * PER_BILLION for part in ("total", "active"))
    with_experts = total > active
    used = model["experts_per_token"] or EXPERTS_PER_TOKEN
    if not with_experts:
        experts, expert = 1.0, 0.0
    elif model["experts"]:
        experts = model["experts"]
        # All experts and what is shared make up the total, the used ones and what is shared the active parameters.
        expert = min((total - active) / (experts - used), (1 - LEAST_SHARED) * active / used)
    else:
        expert = typical_expert(active_parameters=active, experts_per_token=used)
        experts = typical_experts(parameters=total, active_parameters=active, expert_parameters=expert)
    layers = model["layers"] or (LAYERS_OF_EXPERTS if with_experts else round(dense_layers(parameters=total)))
    width = model["hidden_size"] or (WIDTH_OF_EXPERTS if with_experts else dense_width(parameters=total, layers=layers))
    shared = shared_parameters(active_parameters=active, experts_per_token=used, expert_parameters=expert)
    return {
        "active_parameters": active,
        "shared_parameters": shared if with_experts else active,
        "expert_parameters": expert,
        "experts": float(experts),
        "experts_per_token": float(used if with_experts else 0),
        "with_experts": float(with_experts),
        "layers": float(layers),
    } | _attention(model, layers, width)


def _attention(model: Mapping[str, Any], layers: int, width: float) -> dict[str, float]:
    kind = model["attention"] or "full"
    heads, dimension = model["key_value_heads"] or KEY_VALUE_HEADS, model["head_dimension"] or HEAD_DIMENSION
    latent = model["latent_kv_size"]
    per_layer = latent or 2 * heads * dimension
    of_heads = model["query_heads"] or HEADS_PER_WIDTH * width
    flop = 4 * (of_heads * dimension if model["query_heads"] else width)
    if latent:
        flop = 2 * of_heads * (latent + LATENT_VALUE)
    full = {"full": layers, "latent": layers, "linear_mixed": model["full_attention_layers"] or layers // 4}.get(
        kind, model["full_attention_layers"] or 0
    )
    limited = 0 if kind == "linear_mixed" else layers - full
    window = model["attention_window_tokens"] or 0
    found = {
        "kv_full": per_layer * full,
        "kv_window": per_layer * limited,
        "window_tokens": window if limited and window else 4096 if limited else 1,
        "kv_stored": per_layer * (layers if kind == "sparse" else full),
        "kv_stored_window": per_layer * limited if kind.startswith("sliding_window") else 0,
        "attention_full_flop": flop * full,
        "attention_window_flop": flop * limited,
    }
    if kind == "sparse_latent":  # selected tokens are attended to; the index of every token is read
        found |= {
            "kv_full": INDEX_KEY * layers,
            "kv_stored": (per_layer + INDEX_KEY) * layers,
            "attention_full_flop": 2 * INDEX_PER_HEAD * of_heads * INDEX_KEY * layers,
        }
    if kind == "compressed_sparse":  # one vector is key and value; half of the layers of either kind
        fine, coarse = COMPRESSED
        half, flop = layers / 2, 4 * of_heads * dimension
        found |= {
            "kv_full": half * dimension / coarse,
            "kv_window": half * dimension,
            "window_tokens": SELECTED_OF_COMPRESSED + window,
            "kv_stored": half * dimension * (1 / fine + 1 / coarse),
            "attention_full_flop": half * flop / coarse,
            "attention_window_flop": half * flop,
        }
    # An output token attends to the latents themselves, a prompt to keys and values that are unpacked from them.
    unpacked = latent and kind != "sparse_latent"
    found["attention_prompt_flop"] = (
        2 * of_heads * (PROMPT_KEY + PROMPT_VALUE) * full if unpacked else found["attention_full_flop"]
    )
    shared_key = latent or kind == "compressed_sparse"
    return {name: float(value) for name, value in found.items()} | {
        "attention_stages": float(STAGES[kind]),
        "key_value_heads": 1.0 if shared_key else float(heads),
        "state": float(STATE_PER_WIDTH * width * (layers - full)) if kind == "linear_mixed" else 0.0,
    }
