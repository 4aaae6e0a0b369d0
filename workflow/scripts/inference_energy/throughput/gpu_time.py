"""GPU-seconds of a query as a sum of what its prompt, its answer and its context take."""

from dataclasses import dataclass

import numpy as np

from inference_energy.common.formulas import Quantity


@dataclass(frozen=True, kw_only=True)
class GpuSeconds:
    """s = a L_in + b L_out + c L_out (L_in + g L_out), in GPU-seconds per query."""

    prefill: float  # a, GPU-seconds per input token
    decode: float  # b, GPU-seconds per output token: weights and activations
    attention: float  # c, GPU-seconds per output token and token of context: reading the KV cache
    # g, the part of an answer that is in the KV cache on the average of its tokens: 1/2 for a single request. In a
    # batch that is filled up again as answers end, long contexts stay longer; see `fit`
    kv_growth: float

    def seconds(self, input_tokens: Quantity, output_tokens: Quantity) -> np.ndarray:
        """GPU-seconds of a query, elementwise, in the order of operations of the fit."""
        context = input_tokens + self.kv_growth * output_tokens
        return self.prefill * input_tokens + self.decode * output_tokens + self.attention * output_tokens * context

    def tok_per_s(self, input_tokens: Quantity, output_tokens: Quantity) -> np.ndarray:
        """Output tokens per second and GPU, elementwise."""
        return output_tokens / self.seconds(input_tokens, output_tokens)


def fit(
    input_tokens: np.ndarray, output_tokens: np.ndarray, tok_per_s_per_gpu: np.ndarray, kv_growth: float
) -> GpuSeconds:
    """Non-negative least squares on relative errors: minimises the sum of (s_fitted / s_observed - 1)^2.

    Lengths and throughput have shape (rows,); s = L_out / throughput. `kv_growth`, the weight of the answer in its own
    context, is not fitted here: three coefficients are what six rows carry.
    """
    from scipy.optimize import nnls  # here, as loading it takes half a second of every command

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
