"""Results of TensorRT-LLM's serving client (NVIDIA/TensorRT-LLM, `tensorrt_llm/serve/scripts/benchmark_serving.py`)."""

from pathlib import Path

from inference_energy.corpus.formats.exact import must_have, refuse_unread
from inference_energy.corpus.formats.json_files import objects
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.serving_client import engine_name, inter_token_latencies, reading
from inference_energy.corpus.formats.values import number, positive, ratio
from inference_energy.corpus.formats.vllm_bench import OF_TENSORRT_LLM, row

ENERGY_KEYS = ("energy", "total_energy_j", "total_gpu_power_w", "output_tps_per_w")
# ASSUME: the server meters all its GPUs, from just before the first request to just after the last answer.
ENERGY_FACTS = {
    "boundary": "gpu_boards",
    "metered": "all_gpus",
    "includes_prefill": "yes",
    "measured_over": "whole_run",
    "validity": "not_stated",
}


def read(path: Path) -> Reading:
    """Throughput (output tokens per second of the instance) and energy (J per output token, W of all GPUs) of a run.

    Raises:
        InputError: not JSON, an entry that is not such a result, or measured energy under other keys.
    """
    results = objects(path)
    allowed = "results of benchmark_serving --save-result of TensorRT-LLM"
    must_have(results, ("model_id", "completed", OF_TENSORRT_LLM), path, allowed)
    for _, result in results:
        refuse_unread(result, ENERGY_KEYS, path, allowed)
    return reading(results, path, _row, _energy)


def _row(result: dict) -> dict[str, object]:
    # ASSUME: a back end that is only a protocol (openai-chat) is TensorRT-LLM, whose client wrote the file.
    engine = engine_name(result.get("backend")) or "TensorRT-LLM"
    decoded = result.get("avg_decoded_tokens_per_iter")
    mean = number(decoded.get("mean")) if isinstance(decoded, dict) else None
    common = row(result)
    notes = [common["note"], "speculative decoding" if mean and mean > 1 else None]
    return common | {"engine": engine, "note": "; ".join(note for note in notes if note)}


def _energy(result: dict) -> dict[str, object] | None:
    measured = result.get("energy")
    per_token = (
        ratio(measured.get("total_energy_j"), result.get("total_output_tokens")) if isinstance(measured, dict) else None
    )
    if per_token is None:
        return None
    return ENERGY_FACTS | {
        "energy_j_per_output_token": per_token,
        "power_w": positive(measured.get("total_gpu_power_w")),
        "duration_s": positive(result.get("duration")),
        **inter_token_latencies(result),
    }
