"""Time and power of a replica per output token, from bytes, FLOP and overhead of a step."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference_energy.serving.replicas import Replicas

# Mean time per output token of a request, over batch and time per output token of its replica: the rest of a request's
# time is spent before its first token. Median of 8,000 runs that state both.
DECODING_SHARE = 0.955

Values = Mapping[str, np.ndarray | float]
NO_EFFECTS = {"overhead": 0.0, "roofline": 0.0, "time": 0.0, "power": 0.0}


@dataclass(frozen=True, kw_only=True)
class Time:
    """Seconds of a replica per output token, and what they are made of.

    Attributes:
        seconds: per output token of the replica.
        overhead_share: share of launching, scheduling and communicating.
        roofline_share: share of moving bytes and computing.
        prefill_share: share of computing prompts.
        bytes_per_token: that a GPU moves per output token.
        flop_per_token: that a GPU computes per output token, prompts included.
    """

    seconds: np.ndarray
    overhead_share: np.ndarray
    roofline_share: np.ndarray
    prefill_share: np.ndarray
    bytes_per_token: np.ndarray
    flop_per_token: np.ndarray


def experts_read(experts: np.ndarray, experts_per_token: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Experts of a layer that at least one of some tokens uses, where tokens choose independently."""
    return experts * (1 - (1 - experts_per_token / experts) ** tokens)


def time_per_token(of: Replicas, batch: np.ndarray, given: Values, effects: Values = NO_EFFECTS) -> Time:
    """Time of a replica per output token at a batch.

    A step of decoding takes an overhead O (per layer, per request, per layer of all-reduce), the bytes M that it moves
    (weights of the experts that the batch uses, keys and values of all requests) and the FLOP C that it computes; a
    request takes its prefill R once. With B requests, m tokens accepted per step and L tokens per answer

        T = [O/(B m) e^overhead + ((M + C)/(B m) + R/L) e^roofline] e^time

    Args:
        of: the replicas.
        batch: running requests per replica.
        given: fixed parameters by name, see `parameters.TIME`.
        effects: sums of the random effects on a log scale.
    """
    exp = np.exp
    gpus, context = of.gpus, of.context_tokens
    own = of.attention_data_parallel
    verified = 1 + of.speculative * exp(given["verified_tokens"])
    accepted = 1 + of.speculative * (exp(given["accepted_tokens"]) - 1)
    used = of.with_experts * experts_read(of.experts, of.experts_per_token, batch * verified)
    weights = (of.shared_bytes * np.where(own > 0, 1 + (gpus - 1) / 2, 1.0) + of.expert_bytes * used) / gpus
    kv_read = of.kv_full * context + of.kv_window * np.minimum(context, of.window_tokens)
    keys = batch * (kv_read * of.kv_bytes * of.kv_copies + 2 * of.state) / gpus
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s
    peak = of.peak_flop_per_s * narrowness ** given["narrow_formats"]
    dense_flop = 2 * batch * verified * of.active_parameters / gpus
    attended = of.attention_full_flop * context + of.attention_window_flop * np.minimum(context, of.window_tokens)
    attention_flop = batch * verified * attended / gpus

    per_request = batch * verified * np.where(own > 0, 1 / gpus, 1.0)
    per_layer = (
        exp(given["layer_s"]) + exp(given["all_reduce_s"]) * np.log2(gpus) + exp(given["request_layer_s"]) * per_request
    )
    overhead = (exp(given["step_s"]) + of.layers * per_layer) * exp(
        given["overhead_of_attention_stages"] * of.attention_stages
        + given["overhead_of_tuned"] * of.tuned
        - given["overhead_per_year"] * of.software_years * (1 - of.tuned)
        + given["overhead_of_old_engine"] * of.old_engine
    )
    memory = (weights + keys * exp(given["key_reading"])) / (of.bandwidth_b_per_s * exp(given["bandwidth"]))
    compute = (dense_flop / peak + attention_flop / of.peak_16_bit_flop_per_s) / exp(given["compute"])
    seen = 1 - of.cached_share
    own_attention = of.attention_full_flop * of.input_tokens / 2 + of.attention_window_flop * np.minimum(
        of.input_tokens / 2, of.window_tokens
    )
    prefill_flop = of.input_tokens * (2 * of.active_parameters * seen + own_attention * (1 - of.cached_share**2)) / gpus
    prefill = prefill_flop / (peak * exp(given["prefill"]))

    common = (
        effects["roofline"]
        + given["data_parallel_attention"] * own
        + given["roofline_of_tuned"] * of.tuned
        - given["roofline_per_year"] * of.software_years
        + given["roofline_of_attention_stages"] * of.attention_stages
    )
    steps = 1 / (batch * accepted)
    spent = overhead * steps * exp(effects["overhead"])
    moved = memory * steps * exp(common + given["experts_memory"] * of.with_experts)
    factor_of_computing = exp(common + given["experts_compute"] * of.with_experts)
    prompts = prefill / of.output_tokens * factor_of_computing
    total = spent + moved + compute * steps * factor_of_computing + prompts
    factor = exp(effects["time"] + given["youth"] * of.youth + given["old_engine"] * of.old_engine)
    return Time(
        seconds=total * factor,
        overhead_share=spent / total,
        roofline_share=1 - spent / total,
        prefill_share=prompts / total,
        bytes_per_token=(weights + keys) * steps,
        flop_per_token=(dense_flop + attention_flop * of.peak_flop_per_s / of.peak_16_bit_flop_per_s) * steps
        + prefill_flop / of.output_tokens,
    )


def floor_seconds(of: Replicas, bytes_per_token: np.ndarray, flop_per_token: np.ndarray) -> np.ndarray:
    """Least time per output token: neither bandwidth nor peak can be exceeded."""
    return np.maximum(bytes_per_token / of.bandwidth_b_per_s, flop_per_token / of.peak_flop_per_s)


def board_share(of: Replicas, time: Time, seconds: np.ndarray, given: Values, effect: np.ndarray | float = 0.0):
    """Mean power of a board over its rated power.

        s = [p0 + (1 - p0)(1 - e^-(alpha u_b + beta u_c))] e^power

    with the shares of bandwidth and of peak that the same time implies: a run that is slower than expected uses its
    GPUs less, and draws less.

    Args:
        of: the replicas.
        time: bytes and FLOP per token.
        seconds: time per output token, drawn or measured.
        given: fixed parameters by name, see `parameters.POWER`.
        effect: sum of the random effects, log.
    """
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s
    peak = of.peak_flop_per_s * narrowness ** given["narrow_formats_power"]
    used_bandwidth = time.bytes_per_token / of.bandwidth_b_per_s / seconds
    used_peak = time.flop_per_token / peak / seconds
    demand = np.exp(given["bandwidth_power"]) * used_bandwidth + np.exp(given["compute_power"]) * used_peak
    idle = np.exp(given["idle_share"])
    return (idle + (1 - idle) * -np.expm1(-demand)) * np.exp(effect)


def speed_tok_per_s(batch: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Tokens a second that a user sees after the first one."""
    return 1 / (DECODING_SHARE * batch * seconds)
