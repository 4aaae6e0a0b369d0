"""Results of TensorRT-LLM's serving client (NVIDIA/TensorRT-LLM, `tensorrt_llm/serve/scripts/benchmark_serving.py`)."""

from pathlib import Path

from inference_energy.corpus.formats.exact import records
from inference_energy.corpus.formats.json_files import part
from inference_energy.corpus.formats.measured_runs import OF_ALL_BOARDS
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.serving_client import engine_name, inter_token_latencies, reading
from inference_energy.corpus.formats.values import noted, number, positive, ratio
from inference_energy.corpus.formats.vllm_bench import OF_TENSORRT_LLM, row

ENERGY_KEYS = ("energy", "total_energy_j", "total_gpu_power_w", "output_tps_per_w")


def read(path: Path) -> Reading:
    """Throughput (output tokens per second of the instance) and energy (J per output token, W of all GPUs) of a run.

    Raises:
        InputError: not JSON, an entry that is not such a result, or measured energy under other keys.
    """
    allowed = "results of benchmark_serving --save-result of TensorRT-LLM"
    results = records(path, ("model_id", "completed", OF_TENSORRT_LLM), allowed, ENERGY_KEYS)
    return reading(results, path, _row, _energy)


def _row(result: dict) -> dict[str, object]:
    # ASSUME: a back end that is only a protocol (openai-chat) is TensorRT-LLM, whose client wrote the file.
    engine = engine_name(result.get("backend")) or "TensorRT-LLM"
    mean, common = number(part(result, "avg_decoded_tokens_per_iter", "mean")), row(result)
    note = noted(common["note"], "speculative decoding" if mean and mean > 1 else None)
    return common | {"engine": engine, "note": note}


def _energy(result: dict) -> dict[str, object] | None:
    per_token = ratio(part(result, "energy", "total_energy_j"), result.get("total_output_tokens"))
    if per_token is None:
        return None
    # ASSUME: the server meters all its GPUs, from just before the first request to just after the last answer.
    return OF_ALL_BOARDS | {
        "energy_j_per_output_token": per_token,
        "power_w": positive(part(result, "energy", "total_gpu_power_w")),
        "duration_s": positive(result.get("duration")),
        **inter_token_latencies(result),
    }
