"""Common parts of the results of serving clients: `vllm bench serve`, and SGLang's client, which descends from it."""

import math
from collections.abc import Callable
from pathlib import Path

from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.values import make_unique, number, ratio

ENGINES = {
    "vllm": "vLLM",
    "sglang": "SGLang",
    "tensorrt-llm": "TensorRT-LLM",
    "trt": "TensorRT-LLM",
    "tgi": "TGI",
    "lmdeploy": "LMDeploy",
    "deepspeed-mii": "DeepSpeed-MII",
    "llama.cpp": "llama.cpp",
    "scalellm": "ScaleLLM",
}
# Facts that hold for every result.
FACTS = {
    "phase": "prefill_and_decode",
    "throughput_counts": "output",
    "throughput_scope": "instance",
    "evidence": "measured",
}
OTHER_TASKS = {"embed": "embedding run", "pooling": "pooling run", "rerank": "reranking run", "audio": "speech run"}


def reading(results: list[tuple[int, dict]], path: Path, to_row: Callable[[dict], dict[str, object]]) -> Reading:
    """A throughput row per result of text generation; results of other tasks are left out with their number.

    Raises:
        InputError: a value that cannot be stored as text.
    """
    records, left_out = [], {}
    for line, result in results:
        reason = other_task(result)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            speed = {"throughput_tok_per_s": result.get("output_throughput")}
            records.append({"line": line} | FACTS | speed | to_row(result))
    make_unique(records)
    return Reading({"throughput": rows(records, str(path))}, left_out)


def engine_name(backend: object) -> str | None:
    """The engine that a client's back end plainly names; null for a protocol such as openai-chat."""
    if not isinstance(backend, str):
        return None
    return next((name for start, name in ENGINES.items() if backend.lower().startswith(start)), None)


def other_task(result: dict) -> str | None:
    """Why a result is not of text generation; null if it is."""
    backend = result.get("backend") or result.get("endpoint_type")
    if isinstance(backend, str):
        for word, reason in OTHER_TASKS.items():
            if word in backend.lower():
                return reason
    return "pooling run" if "input_sequence_throughput" in result else None


def mean_length(result: dict, total: str, each: str) -> tuple[float | None, str]:
    """Mean length in tokens, and its kind.

    Args:
        result: one result.
        total: key of the tokens of all completed requests.
        each: key of the list of tokens of every request, which detailed results have.
    """
    lengths = result.get(each)
    # ASSUME: lengths are fixed only where the file proves it: detailed results with one length throughout.
    if isinstance(lengths, list) and lengths and number(lengths[0]) is not None:
        first = number(lengths[0])
        if all(number(length) == first for length in lengths):
            return first, "fixed"
    mean = ratio(result.get(total), result.get("completed"))
    return mean, "unknown" if mean is None else "mean"


def load_of_rate(rate: object) -> str | None:
    """How requests arrive at a rate per second, which is infinite where all arrive at once."""
    if rate in ("inf", math.inf):
        return "offline"
    return None if number(rate) is None else "server"


def failures(result: dict) -> str | None:
    """What a reader must know of requests that did not complete."""
    failed, completed = number(result.get("failed")), number(result.get("completed"))
    asked, errors = number(result.get("num_prompts")), result.get("errors")
    if failed is None and isinstance(errors, list):
        failed = sum(1 for error in errors if error)
    if failed is None and completed is not None and asked is not None:  # versions before `failed`
        failed = asked - completed
    if failed is not None and failed > 0:
        return f"{failed:.0f} failed requests"
    return "no completed requests" if completed == 0 else None
