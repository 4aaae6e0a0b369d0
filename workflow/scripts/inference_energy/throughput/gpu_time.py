"""GPU-seconds of a query, as a function of its lengths: the parts, the curves, and the formula."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, Self

import numpy as np
from scipy.optimize import nnls

from inference_energy.requests.lengths import Lengths
from inference_energy.throughput.log_linear import NODE_GPUS, ThroughputModel


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
        input_tokens: np.ndarray | float,
        output_tokens: np.ndarray | float,
        cached_tokens: np.ndarray | float = 0.0,
    ) -> np.ndarray:
        """GPU-seconds of a query, elementwise."""
        context = input_tokens + self.kv_growth * output_tokens
        return (
            self.prefill * (input_tokens - cached_tokens)
            + self.decode * output_tokens
            + self.attention * output_tokens * context
        )

    def tok_per_s(self, input_tokens: np.ndarray | float, output_tokens: np.ndarray | float) -> np.ndarray:
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

    prefill: np.ndarray | float
    decode: np.ndarray | float
    context: np.ndarray | float
    growth: np.ndarray | float

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
            prefill=of.input_tokens * (1 - of.cached_share),
            decode=of.output_tokens,
            context=of.input_tokens * of.output_tokens,
            growth=of.output_tokens**2,
        )

    def coefficients(self) -> dict[str, float]:
        """a, b, c and c g."""
        form = self.form
        return {
            "prefill": form.prefill,
            "decode": form.decode,
            "context": form.attention,
            "growth": form.attention * form.kv_growth,
        }


@dataclass(frozen=True, kw_only=True)
class NodeCurve:
    """GPU-seconds of a node that is taken for L_out / TPS(L_in, L_out), the published form."""

    form: ThroughputModel

    def parts(self, of: Lengths) -> QueryParts:
        """All time counts as decoding: in this form prefill is inside the throughput and cannot be told from it."""
        seconds = NODE_GPUS * of.output_tokens / self.form.tok_per_s(of.input_tokens, of.output_tokens)
        nothing = np.zeros(len(seconds))
        return QueryParts(prefill=nothing, decode=seconds, context=nothing, growth=nothing)

    def coefficients(self) -> dict[str, float]:
        """Time is counted as it is."""
        return {"prefill": 0.0, "decode": 1.0, "context": 0.0, "growth": 0.0}


def gpu_seconds(
    coefficients: dict[str, float],
    parts: QueryParts,
    cached_share: np.ndarray | float = 0.0,
    divisors: Mapping[str, np.ndarray | float] = NOTHING,
) -> np.ndarray | float:
    """GPU-seconds of queries: a L_in (1 - cached) + b L_out + c L_in L_out + c g L_out^2, elementwise.

    Args:
        coefficients: GPU-seconds per unit of every part.
        parts: of the queries, or their means.
        cached_share: share of the prompts that is in the cache.
        divisors: what interventions divide an ingredient by; of the cached share the rest, 1 - cached, is divided.
    """
    by = defaultdict(lambda: 1.0, divisors)
    prompt, answer = by["input_tokens"], by["output_tokens"]
    total = (
        coefficients["prefill"] * parts.prefill * (1 - cached_share) / (by["prefill"] * by["cached_share"] * prompt)
        + coefficients["decode"] * parts.decode / (by["decode"] * answer)
        + coefficients["context"] * parts.context / (by["attention"] * prompt * answer)
        + coefficients["growth"] * parts.growth / (by["attention"] * answer**2)
    )
    return total / by["gpu_seconds"]
