"""GPU-seconds of a query, as a function of its lengths: the parts, the curves, and the formula."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, Self

import numpy as np
from scipy.optimize import nnls

from inference_energy.common.formulas import Quantity, formula
from inference_energy.requests.lengths import Lengths
from inference_energy.throughput.log_linear import NODE_GPUS, ThroughputModel


@formula(unit="GPU-seconds", source="Pope et al., arXiv:2211.05102, section 2")
def gpu_seconds_per_query(
    *,
    a: Quantity,
    b: Quantity,
    c: Quantity,
    cg: Quantity,
    prefill: Quantity,
    decode: Quantity,
    context: Quantity,
    growth: Quantity,
    cached_share: Quantity = 0.0,
    by_prefill: Quantity = 1.0,
    by_cached_share: Quantity = 1.0,
    by_input_tokens: Quantity = 1.0,
    by_decode: Quantity = 1.0,
    by_output_tokens: Quantity = 1.0,
    by_attention: Quantity = 1.0,
    by_gpu_seconds: Quantity = 1.0,
) -> Quantity:
    """GPU time of a query: a L_in (1 - cached) + b L_out + c L_in L_out + c g L_out^2.

    Args:
        a: GPU-seconds per prompt token that is not in the cache.
        b: GPU-seconds per answer token.
        c: GPU-seconds per answer token and prompt token.
        cg: GPU-seconds per answer token squared.
        prefill: L_in, prompt tokens that are not known to be cached.
        decode: L_out, answer tokens.
        context: L_in L_out.
        growth: L_out^2.
        cached_share: share of the prompts that is in the cache.
        by_prefill: what interventions divide the time of prompt tokens by.
        by_cached_share: the same of the part of a prompt that is not in the cache.
        by_input_tokens: the same of the length of prompts.
        by_decode: the same of the time of answer tokens.
        by_output_tokens: the same of the length of answers.
        by_attention: the same of the time of reading the KV cache.
        by_gpu_seconds: the same of the whole.
    """
    return (
        a * prefill * (1 - cached_share) / (by_prefill * by_cached_share * by_input_tokens)
        + b * decode / (by_decode * by_output_tokens)
        + c * context / (by_attention * by_input_tokens * by_output_tokens)
        + cg * growth / (by_attention * by_output_tokens**2)
    ) / by_gpu_seconds


@formula(unit="tokens", source="arithmetic")
def uncached_tokens(*, input_tokens: Quantity, cached_share: Quantity) -> Quantity:
    """Prompt tokens that are not in the cache."""
    return input_tokens * (1 - cached_share)


@formula(unit="tokens^2", source="arithmetic")
def context_tokens2(*, input_tokens: Quantity, output_tokens: Quantity) -> Quantity:
    """What decoding reads of the KV cache of the prompt: the whole prompt with every answer token."""
    return input_tokens * output_tokens


@formula(unit="tokens^2", source="arithmetic")
def growth_tokens2(*, output_tokens: Quantity) -> Quantity:
    """What decoding reads of the KV cache of the answer, but for a factor: it grows with every answer token."""
    return output_tokens**2


@formula(unit="GPU-seconds", source="arXiv 2509.20241, Methods")
def gpu_seconds_of_node(*, output_tokens: Quantity, tok_per_s: Quantity) -> Quantity:
    """GPU time of a query that takes a whole node while its answer is generated, the published form."""
    return NODE_GPUS * output_tokens / tok_per_s


@dataclass(frozen=True, kw_only=True)
class GpuSeconds:
    """s = a (L_in - L_cached) + b L_out + c L_out (L_in + g L_out), in GPU-seconds per query.

    Attributes:
        prefill: a, GPU-seconds per input token that is not in the cache.
        decode: b, GPU-seconds per output token: weights and activations.
        attention: c, GPU-seconds per output token and token of context: reading the KV cache.
        kv_growth: g, the part of an answer that is in the KV cache on the average of its tokens: 1/2 for a single
            request. In a batch that is filled up again as answers end, long contexts stay longer; see `fit`.
    """

    prefill: float
    decode: float
    attention: float
    kv_growth: float

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """The form of one row of a table of fitted configurations."""
        return cls(
            prefill=row["prefill_s_per_token"],
            decode=row["decode_s_per_token"],
            attention=row["attention_s_per_token2"],
            kv_growth=row["kv_growth"],
        )

    def seconds(
        self,
        input_tokens: Quantity,
        output_tokens: Quantity,
        cached_tokens: Quantity = 0.0,
    ) -> np.ndarray:
        """GPU-seconds of a query, elementwise."""
        return gpu_seconds_per_query(
            **SecondsCurve(form=self).coefficients(),
            prefill=input_tokens - cached_tokens,
            decode=output_tokens,
            context=context_tokens2(input_tokens=input_tokens, output_tokens=output_tokens),
            growth=growth_tokens2(output_tokens=output_tokens),
        )

    def tok_per_s(self, input_tokens: Quantity, output_tokens: Quantity) -> np.ndarray:
        """Output tokens per second and GPU, elementwise."""
        return output_tokens / self.seconds(input_tokens, output_tokens)


def fit(
    input_tokens: np.ndarray, output_tokens: np.ndarray, tok_per_s_per_gpu: np.ndarray, kv_growth: float
) -> GpuSeconds:
    """Non-negative least squares on relative errors: minimises the sum of (s_fitted / s_observed - 1)^2.

    Args:
        input_tokens: prompt lengths, shape (rows,).
        output_tokens: answer lengths, shape (rows,).
        tok_per_s_per_gpu: observed output tokens per second and GPU, shape (rows,); s = L_out / it.
        kv_growth: weight of the answer in its own context, not fitted here: three coefficients are what six rows carry.
    """
    observed = output_tokens / tok_per_s_per_gpu
    # ASSUME: a saturated server's time is the sum of what its queries need, and each part of it is proportional to
    # tokens prefilled, tokens decoded, and KV cache read. Source: Pope et al., arXiv:2211.05102, section 2.
    parts = np.column_stack([input_tokens, output_tokens, output_tokens * (input_tokens + kv_growth * output_tokens)])
    largest = (parts / observed[:, None]).max(axis=0)
    scale = np.where(largest > 0, largest, 1.0)  # columns of like size keep the solver exact
    (prefill, decode, attention), _ = nnls(parts / observed[:, None] / scale, np.ones(len(observed)))
    return GpuSeconds(
        prefill=float(prefill / scale[0]),
        decode=float(decode / scale[1]),
        attention=float(attention / scale[2]),
        kv_growth=kv_growth,
    )


NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class QueryParts:
    """What the GPU time of a query is made of; each a number, or an array of one value per query.

    Attributes:
        prefill: prompt tokens that are not known to be cached.
        decode: answer tokens.
        context: answer tokens times prompt tokens, what decoding reads of the prompt's KV cache.
        growth: answer tokens squared, what it reads of the answer's own.
    """

    prefill: Quantity
    decode: Quantity
    context: Quantity
    growth: Quantity

    def at(self, points: np.ndarray) -> "QueryParts":
        """The parts of the queries at some positions."""
        return QueryParts(**{name: getattr(self, name)[points] for name in self.__dataclass_fields__})

    def means(self, weights: np.ndarray) -> "QueryParts":
        """Mean over queries of every part."""
        return QueryParts(**{name: float(weights @ getattr(self, name)) for name in self.__dataclass_fields__})


class Curve(Protocol):
    """GPU time of a query as a function of its lengths."""

    def parts(self, of: Lengths) -> QueryParts:
        """Parts of the GPU time per point."""
        ...

    def coefficients(self) -> dict[str, float]:
        """GPU-seconds per unit of every part."""
        ...


@dataclass(frozen=True, kw_only=True)
class SecondsCurve:
    """GPU-seconds that are a sum of prefill, decoding and attention."""

    form: GpuSeconds

    def parts(self, of: Lengths) -> QueryParts:
        """Tokens and their products."""
        return QueryParts(
            prefill=uncached_tokens(input_tokens=of.input_tokens, cached_share=of.cached_share),
            decode=of.output_tokens,
            context=context_tokens2(input_tokens=of.input_tokens, output_tokens=of.output_tokens),
            growth=growth_tokens2(output_tokens=of.output_tokens),
        )

    def coefficients(self) -> dict[str, float]:
        """Those of `gpu_seconds_per_query`."""
        form = self.form
        return {"a": form.prefill, "b": form.decode, "c": form.attention, "cg": form.attention * form.kv_growth}


@dataclass(frozen=True, kw_only=True)
class NodeCurve:
    """GPU-seconds of a node that is taken for L_out / TPS(L_in, L_out), the published form."""

    form: ThroughputModel

    def parts(self, of: Lengths) -> QueryParts:
        """All time counts as decoding: in this form prefill is inside the throughput and cannot be told from it."""
        rate = self.form.tok_per_s(of.input_tokens, of.output_tokens)
        seconds = gpu_seconds_of_node(output_tokens=of.output_tokens, tok_per_s=rate)
        nothing = np.zeros(len(seconds))
        return QueryParts(prefill=nothing, decode=seconds, context=nothing, growth=nothing)

    def coefficients(self) -> dict[str, float]:
        """Time is counted as it is."""
        return {"a": 0.0, "b": 1.0, "c": 0.0, "cg": 0.0}


def gpu_seconds(
    coefficients: dict[str, float],
    parts: QueryParts,
    cached_share: Quantity = 0.0,
    divisors: Mapping[str, Quantity] = NOTHING,
) -> Quantity:
    """GPU-seconds of queries by a curve, elementwise; see `gpu_seconds_per_query`.

    Args:
        coefficients: GPU-seconds per unit of every part.
        parts: of the queries, or their means.
        cached_share: share of the prompts that is in the cache.
        divisors: what interventions divide an ingredient by; those that do not act on GPU time change nothing.
    """
    by = {f"by_{name}": value for name, value in divisors.items()}
    acting = {name: value for name, value in by.items() if name in gpu_seconds_per_query.parameters}
    return gpu_seconds_per_query(**coefficients, **vars(parts), cached_share=cached_share, **acting)
