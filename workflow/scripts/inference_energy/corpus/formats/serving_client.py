"""Common parts of the results of serving clients: `vllm bench serve`, and those of SGLang, TensorRT-LLM and ML.ENERGY,
which descend from it.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from inference_energy.corpus.formats.measured_runs import FACTS, Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.values import number, positive, ratio

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
LATENCIES = {"time_to_first_token": "ttft", "time_per_output_token": "tpot"}
STATISTICS = {"mean": "mean", "p50": "median", "p99": "p99"}
INTER_TOKEN_LATENCIES = {
    f"inter_token_latency_{ours}_ms": f"{theirs}_itl_ms"
    for ours, theirs in (STATISTICS | {"p90": "p90", "p95": "p95"}).items()
}
OTHER_TASKS = {"embed": "embedding run", "pooling": "pooling run", "rerank": "reranking run", "audio": "speech run"}


def reading(
    results: list[tuple[int, dict]],
    path: Path,
    to_row: Callable[[dict], dict[str, object]],
    to_energy: Callable[[dict], dict[str, object] | str | None] = lambda result: None,
) -> Reading:
    """A throughput row per result of text generation; results of other tasks are left out with their number.

    `to_row` gives the throughput row of a result, to which `FACTS` and the output throughput are added; `to_energy` its
    measured energy, null if it has none, or the reason why it does not count.

    Raises:
        InputError: a value that cannot be stored as text.
    """

    def run(result: dict) -> Run:
        speed = {"throughput_tok_per_s": result.get("output_throughput")}
        return other_task(result) or (FACTS | speed | to_row(result), to_energy(result))

    return runs_reading(results, path, run, run_window)


def latencies(result: dict) -> dict[str, float | None]:
    """Time to first token and per output token in ms; null where the client did not measure them."""
    return {
        f"{ours}_{statistic}_ms": positive(result.get(f"{word}_{theirs}_ms"))
        for ours, theirs in LATENCIES.items()
        for statistic, word in STATISTICS.items()
    }


def inter_token_latencies(result: dict) -> dict[str, float | None]:
    """Inter-token latencies in ms, for the row of measured energy."""
    return {ours: positive(result.get(theirs)) for ours, theirs in INTER_TOKEN_LATENCIES.items()}


def run_window(result: dict) -> tuple[datetime, datetime] | None:
    """When a run began and ended, local time of the client; null if it is not stated."""
    duration, date = positive(result.get("duration")), result.get("date")
    try:
        # ASSUME: the date is when the run ended; the client writes it when it has evaluated the answers, seconds later.
        end = datetime.strptime(date, "%Y%m%d-%H%M%S") if isinstance(date, str) else None
        return (end - timedelta(seconds=duration), end) if end and duration else None
    except (ValueError, OverflowError):
        return None


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

    `total` is the key of the tokens of all completed requests, `each` that of a list of them, which detailed results
    have.
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
