"""Time and power of a replica per output token, from bytes, FLOP and overhead of a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from inference_energy.serving.replicas import Replicas, columns_of

# Mean time per output token of a request, over batch and time per output token of its replica: the rest of a request's
# time is spent before its first token. Median of 8,000 runs that state both.
DECODING_SHARE = 0.955
ROUNDING = 1e-12  # of a speed that was computed
NEWTON_STEPS = 6  # to the batch of a speed; after them it is short of it by less than 1e-6

Values = Mapping[str, np.ndarray | float]
Parts = tuple[np.ndarray, np.ndarray, np.ndarray]  # of a request's share in a step: fixed, per expert, per request
NO_EFFECTS = {"overhead": 0.0, "roofline": 0.0, "time": 0.0, "power": 0.0}


@dataclass(frozen=True, kw_only=True)
class Time:
    """Seconds of a replica per output token at a batch, and what they are made of."""

    taken: "Step"  # what a step takes
    batch: np.ndarray  # running requests
    seconds: np.ndarray  # per output token of the replica
    bytes_per_token: np.ndarray  # that a GPU moves per output token
    flop_per_token: np.ndarray  # that a GPU computes per output token, prompts included

    @property
    def overhead_share(self) -> np.ndarray:
        """Share of launching, scheduling and communicating."""
        of = self.taken
        return (of.overhead_s / self.batch + of.overhead_s_per_request) * of.steps_per_token / self.seconds

    @property
    def roofline_share(self) -> np.ndarray:
        """Share of moving bytes and computing."""
        return 1 - self.overhead_share

    @property
    def prompt_share(self) -> np.ndarray:
        """Share of computing prompts."""
        return self.taken.prompt_s / self.seconds

    @property
    def growing_share(self) -> np.ndarray:
        """Share of reading and computing what grows with the context."""
        return self.taken.growing_s * self.taken.steps_per_token / self.seconds


def experts_read(experts: np.ndarray, experts_per_token: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Experts of a layer that at least one of some tokens uses, where tokens choose independently."""
    return -experts * np.expm1(log_unused(experts, experts_per_token) * tokens)


def log_unused(experts: np.ndarray, experts_per_token: np.ndarray) -> np.ndarray:
    """Logarithm of the share of experts that one token leaves unused; so low that it is none where it uses all."""
    return np.log(np.maximum(1 - experts_per_token / experts, np.finfo(float).tiny))


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast GPUs work in every draw, whatever the size of the replica and the lengths of its requests."""

    verified: np.ndarray  # tokens that a request verifies in a step
    accepted: np.ndarray  # tokens that it gains
    launching: np.ndarray  # factor of all overheads
    # step_s, layer_s, all_reduce_s, request_layer_s: overheads of a step; of a layer; of its all-reduce, for every
    # doubling of the GPUs; of a layer for every request
    step_s: np.ndarray
    layer_s: np.ndarray
    all_reduce_s: np.ndarray
    request_layer_s: np.ndarray
    moving: np.ndarray  # seconds per byte of weights
    reading: np.ndarray  # seconds per byte of keys and values
    # dense_s, attention_s: seconds per FLOP at the peak, of weights and of attention
    dense_s: np.ndarray
    attention_s: np.ndarray
    # decoding, prefilling: over the peak, the time that computing takes in decoding and with prompts
    decoding: np.ndarray
    prefilling: np.ndarray

    def columns(self, places: np.ndarray) -> Self:
        """That of some replicas, in their order, repeated where a place is."""
        replicas = self.moving.shape[-1]
        return Pace(**{name: columns_of(values, places, replicas) for name, values in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Boards:
    """How the power of boards follows from what they do in every draw, see `board_share`."""

    # per_byte_s, per_flop_s: demand for power times seconds, by what a board moves and computes: alpha over the
    # bandwidth, beta over the peak
    per_byte_s: np.ndarray
    per_flop_s: np.ndarray
    idle: np.ndarray  # power of a board without demand over its rated power
    factor: np.ndarray  # of the power, by the random effects

    def columns(self, places: np.ndarray) -> Self:
        """Those of some replicas, in their order, repeated where a place is."""
        replicas = np.shape(self.per_byte_s)[-1]
        return Boards(**{name: columns_of(values, places, replicas) for name, values in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a step of decoding takes, per GPU: fixed, per expert that it reads, and per request."""

    of: Replicas
    verified: np.ndarray  # tokens that a request verifies in a step
    accepted: np.ndarray  # tokens that it gains
    overhead_s: np.ndarray  # fixed seconds of launching, scheduling and communicating
    overhead_s_per_request: np.ndarray  # the same for every request
    # shared_bytes, expert_bytes, request_bytes: moved in a step: always, per expert that is used, per request
    shared_bytes: np.ndarray
    expert_bytes: np.ndarray
    request_bytes: np.ndarray
    # shared_s, expert_s: seconds to move the first two
    shared_s: np.ndarray
    expert_s: np.ndarray
    request_s: np.ndarray  # seconds per request of moving its keys and computing
    growing_s: np.ndarray  # the part of it that grows with the context
    request_flop: np.ndarray  # computed per request
    # prompt_s, prompt_flop: of its prompt, per output token
    prompt_s: np.ndarray
    prompt_flop: np.ndarray

    # What a request takes per token is fixed + per expert * experts read + per request * batch: three parts. They are
    # kept, as several batches and speeds have them in common.

    @cached_property
    def steps_per_token(self) -> np.ndarray:
        """Steps of a request per token that it gains."""
        return 1 / self.accepted

    @cached_property
    def seconds_of_request(self) -> Parts:
        """Seconds of a request per token, by the model."""
        steps = self.steps_per_token
        fixed, of_request = self.overhead_s + self.shared_s, self.overhead_s_per_request + self.request_s
        return fixed * steps, self.expert_s * steps, of_request * steps + self.prompt_s

    @cached_property
    def bytes_of_request(self) -> Parts:
        """Bytes that a GPU moves for a request per token."""
        steps = self.steps_per_token
        return self.shared_bytes * steps, self.expert_bytes * steps, self.request_bytes * steps

    @cached_property
    def computed_flop(self) -> np.ndarray:
        """FLOP of a GPU per output token, prompts included."""
        return self.request_flop * self.steps_per_token + self.prompt_flop

    @cached_property
    def fastest_s(self) -> np.ndarray:
        """Least seconds per token that a request takes, alone on the replica."""
        moving = self._amount(self.bytes_of_request, 1.0) / self.of.bandwidth_b_per_s
        computing = self.computed_flop / self.of.peak_flop_per_s
        return np.maximum(np.maximum(self._amount(self.seconds_of_request, 1.0), moving), computing)

    def at(self, batch: np.ndarray) -> Time:
        """Time per output token with some running requests."""
        fixed_s, expert_s, request_s = self.seconds_of_request
        fixed_b, expert_b, request_b = self.bytes_of_request
        used = self._experts_read(batch)
        return Time(
            taken=self,
            batch=batch,
            seconds=(fixed_s + expert_s * used) / batch + request_s,
            bytes_per_token=(fixed_b + expert_b * used) / batch + request_b,
            flop_per_token=self.computed_flop,
        )

    def batch_within(self, seconds: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Largest batch of which a request gets its next token within some seconds, prefill of others included.

        At most what memory holds, and at least 1.

        Returns:
            The batches; and whether a batch of one is fast enough.
        """
        of, moved = self.of, self.bytes_of_request
        # Seconds of a step are those of the model, or those that bandwidth and peak allow, if more.
        movable, computable = seconds * of.bandwidth_b_per_s, seconds * of.peak_flop_per_s
        largest = np.minimum(np.maximum(of.largest_batch(), 1.0), computable / self.computed_flop)
        batch = np.minimum(self._largest(self.seconds_of_request, seconds), np.maximum(largest, 1.0))
        limited = self._amount(moved, batch) > movable
        if limited.any():
            batch[limited] = self._largest(moved, movable, limited)
        return batch, self.fastest_s <= seconds * (1 + ROUNDING)

    def _largest(self, parts: Parts, amount: np.ndarray | float, where: np.ndarray | None = None) -> np.ndarray:
        """Batch of at least 1 at which parts are some amount, by Newton's method; of all replicas, or `where` some are.

        It begins below the root, where all experts are read. As experts that are read grow ever slower with the batch,
        every step ends below the root, too: a user never sees less than the speed.
        """
        fixed, expert, request = parts
        every, rate = self.of.with_experts * self.of.experts * expert, self._unused_rate
        if where is not None:
            given = (fixed, every, request, rate, amount)
            fixed, every, request, rate, amount = (np.broadcast_to(each, where.shape)[where] for each in given)
        left = amount - fixed - every
        batch = np.maximum(left / request, 1.0)
        if every.any():  # without experts the first is the root
            for _ in range(NEWTON_STEPS):
                unused = every * np.exp(rate * batch)
                batch = batch + (left + unused - request * batch) / (request - rate * unused)
        return np.maximum(batch, 1.0)

    def _amount(self, parts: Parts, batch: np.ndarray | float) -> np.ndarray:
        """What parts are together at a batch."""
        fixed, expert, request = parts
        return fixed + expert * self._experts_read(batch) + request * batch

    @cached_property
    def _unused_rate(self) -> np.ndarray:
        """Rise of the logarithm of the share of experts that nothing uses, per request."""
        return log_unused(self.of.experts, self.of.experts_per_token) * self.verified

    def _experts_read(self, batch: np.ndarray | float) -> np.ndarray | float:
        """Experts of a layer that a step reads, see `experts_read`; 0 without experts."""
        read = 0.0
        if self.of.with_experts.any():
            read = -self.of.with_experts * self.of.experts * np.expm1(self._unused_rate * batch)
        return read


def time_per_token(of: Replicas, batch: np.ndarray, given: Values, effects: Values = NO_EFFECTS) -> Time:
    """Time of a replica per output token at a batch; see `step`."""
    return step(of, given, effects).at(batch)


def step(of: Replicas, given: Values, effects: Values = NO_EFFECTS) -> Step:
    """What a step of decoding takes.

    It takes an overhead O (per layer, per request, per layer of all-reduce), the bytes M that it moves (weights of the
    experts that the batch uses, keys and values of all requests) and the FLOP C that it computes; a request takes its
    prefill R once. With B requests, m tokens accepted per step and L tokens per answer

        T = [O/(B m) e^overhead + ((M + C)/(B m) + R/L) e^roofline] e^time

    `given` are the fixed parameters of `parameters.TIME`, `effects` the sums of the random effects on a log scale.
    """
    return step_at(of, pace(of, given, effects))


def pace(of: Replicas, given: Values, effects: Values = NO_EFFECTS) -> Pace:
    """The part of `step` that depends neither on the GPUs of a replica nor on the lengths of requests."""
    exp = np.exp
    own = of.attention_data_parallel
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s  # attention computes with numbers of 16 bits
    all_of_it = exp(effects["time"] + given["youth"] * of.youth + given["old_engine"] * of.old_engine)
    launching = all_of_it * exp(
        effects["overhead"]
        + given["overhead_of_attention_stages"] * of.attention_stages
        + given["overhead_of_tuned"] * of.tuned
        - given["overhead_per_year"] * of.software_years * (1 - of.tuned)
        + given["overhead_of_old_engine"] * of.old_engine
    )
    common = all_of_it * exp(
        effects["roofline"]
        + given["data_parallel_attention"] * own
        + given["roofline_of_tuned"] * of.tuned
        - given["roofline_per_year"] * of.software_years
        + given["roofline_of_attention_stages"] * of.attention_stages
    )
    moving = common * exp(given["experts_memory"] * of.with_experts - given["bandwidth"]) / of.bandwidth_b_per_s
    # Attention is slower with experts, too: GPUs wait for each other.
    computing = common * exp(given["experts_compute"] * of.with_experts)
    return Pace(
        verified=1 + of.speculative * exp(given["verified_tokens"]),
        accepted=1 + of.speculative * (exp(given["accepted_tokens"]) - 1),
        launching=launching,
        step_s=exp(given["step_s"]),
        layer_s=exp(given["layer_s"]),
        all_reduce_s=exp(given["all_reduce_s"]),
        request_layer_s=exp(given["request_layer_s"]),
        moving=moving,
        reading=moving * exp(given["key_reading"]),
        dense_s=computing / (of.peak_flop_per_s * narrowness ** given["narrow_formats"]),
        attention_s=computing / of.peak_16_bit_flop_per_s,
        decoding=exp(-given["compute"]),
        prefilling=exp(-given["prefill"]),
    )


def step_at(of: Replicas, pace: Pace) -> Step:
    """What a step of decoding takes with GPUs of some pace, see `step`."""
    gpus, context = of.gpus, of.context_tokens
    own, verified = of.attention_data_parallel, pace.verified
    windowed = np.minimum(context, of.window_tokens)
    growing_keys = of.kv_full * context * of.kv_bytes * of.kv_copies / gpus
    keys = growing_keys + (of.kv_window * windowed * of.kv_bytes * of.kv_copies + 2 * of.state) / gpus
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s
    dense_flop = 2 * verified * of.active_parameters / gpus
    growing_flop = verified * of.attention_full_flop * context / gpus
    attention_flop = growing_flop + verified * of.attention_window_flop * windowed / gpus
    own_attention = of.attention_prompt_flop * of.input_tokens / 2 + of.attention_window_flop * np.minimum(
        of.input_tokens / 2, of.window_tokens
    )
    prompt_share = of.input_tokens / of.output_tokens / gpus
    prompt_dense_flop = 2 * of.active_parameters * (1 - of.cached_share) * prompt_share
    prompt_attention_flop = own_attention * (1 - of.cached_share**2) * prompt_share
    per_layer = pace.layer_s + pace.all_reduce_s * np.log2(gpus)
    shared_bytes = of.shared_bytes * np.where(own > 0, 1 + (gpus - 1) / 2, 1.0) / gpus
    expert_bytes = of.expert_bytes / gpus
    return Step(
        of=of,
        verified=verified,
        accepted=pace.accepted,
        overhead_s=(pace.step_s + of.layers * per_layer) * pace.launching,
        overhead_s_per_request=of.layers
        * pace.request_layer_s
        * verified
        * np.where(own > 0, 1 / gpus, 1.0)
        * pace.launching,
        shared_bytes=shared_bytes,
        expert_bytes=expert_bytes,
        request_bytes=keys,
        shared_s=shared_bytes * pace.moving,
        expert_s=expert_bytes * pace.moving,
        request_s=keys * pace.reading + (dense_flop * pace.dense_s + attention_flop * pace.attention_s) * pace.decoding,
        growing_s=growing_keys * pace.reading + growing_flop * pace.attention_s * pace.decoding,
        request_flop=dense_flop + attention_flop / narrowness,
        prompt_s=(prompt_dense_flop * pace.dense_s + prompt_attention_flop * pace.attention_s) * pace.prefilling,
        prompt_flop=prompt_dense_flop + prompt_attention_flop / narrowness,
    )


def floor_seconds(of: Replicas, bytes_per_token: np.ndarray, flop_per_token: np.ndarray) -> np.ndarray:
    """Least time per output token: neither bandwidth nor peak can be exceeded."""
    return np.maximum(bytes_per_token / of.bandwidth_b_per_s, flop_per_token / of.peak_flop_per_s)


def boards(of: Replicas, given: Values, effect: np.ndarray | float = 0.0) -> Boards:
    """How the power of boards follows from what they do: see `board_share`.

    Args:
        of: the replicas.
        given: fixed parameters by name, see `parameters.POWER`.
        effect: sum of the random effects, log.
    """
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s
    peak = of.peak_flop_per_s * narrowness ** given["narrow_formats_power"]
    return Boards(
        per_byte_s=np.exp(given["bandwidth_power"]) / of.bandwidth_b_per_s,
        per_flop_s=np.exp(given["compute_power"]) / peak,
        idle=np.exp(given["idle_share"]),
        factor=np.exp(effect),
    )


def board_share(of: Boards, time: Time, seconds: np.ndarray) -> np.ndarray:
    """Mean power of a board over its rated power.

        s = [p0 + (1 - p0)(1 - e^-(alpha u_b + beta u_c))] e^power

    with the shares of bandwidth and of peak that the same time implies: a run that is slower than expected uses its
    GPUs less, and draws less.

    Args:
        of: how power follows from what boards do.
        time: bytes and FLOP per token.
        seconds: time per output token, drawn or measured.
    """
    demand = (of.per_byte_s * time.bytes_per_token + of.per_flop_s * time.flop_per_token) / seconds
    return (1 - (1 - of.idle) * np.exp(-demand)) * of.factor


def speed_tok_per_s(batch: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Tokens a second that a user sees after the first one."""
    return 1 / (DECODING_SHARE * batch * seconds)
