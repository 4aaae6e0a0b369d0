"""Results of `vllm bench serve --save-result` (vllm-project/vllm, `vllm/benchmarks/serve.py`)."""

import re
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import serving_client as client
from inference_energy.corpus.formats.exact import records
from inference_energy.corpus.formats.lengths import length_columns
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import load_in_id, row_id
from inference_energy.corpus.formats.values import noted, number, precision_name

# One name of each is written by the tool; the others are names that people use in `--metadata key=value`.
METADATA = {
    "gpu": ["gpu"],
    "gpus": ["gpus", "num_gpus"],
    "nodes": ["nodes", "num_nodes"],
    "engine_version": ["engine_version", "vllm_version"],
    "precision": ["precision", "quantization", "dtype"],
    "tensor_parallel": ["tensor_parallel", "tensor_parallel_size", "tp"],
    "pipeline_parallel": ["pipeline_parallel", "pipeline_parallel_size", "pp"],
    "expert_parallel": ["expert_parallel", "expert_parallel_size", "ep"],
    "data_parallel": ["data_parallel", "data_parallel_size", "dp"],
    "prompts": ["dataset_name"],
}
OF_TENSORRT_LLM = "user_throughput"
DAY = re.compile(r"(\d{4})(\d{2})(\d{2})-\d{6}")


def read(path: Path) -> Reading:
    """One throughput row (output tokens per second of the instance) per result object.

    The file holds one object, a list of them, or one per line, as `--append-result` makes them.

    Raises:
        InputError: not JSON, not objects, an object that is not such a result, or measured power or energy in one.
    """
    allowed = "results of vllm bench serve --save-result"
    results = records(path, ("model_id", "completed"), allowed)
    for line, result in results:
        if OF_TENSORRT_LLM in result:
            raise InputError(
                f"{path} line {line}: found {OF_TENSORRT_LLM} of TensorRT-LLM's client; allowed: {allowed}"
            )
    return client.reading(results, path, row)


def row(result: dict) -> dict[str, object]:
    """The throughput row of a result of this client or of one that descends from it, without the throughput."""
    stated = {
        column: next((result[key] for key in keys if result.get(key) is not None), None)
        for column, keys in METADATA.items()
    }
    speculative = result.get("spec_decode_acceptance_length") is not None
    limit = result.get("max_concurrency")
    return {
        **stated,
        "row_id": row_id(
            ("", result.get("model_id")),
            ("tp-", stated["tensor_parallel"]),
            load_in_id(limit, result.get("request_rate")),
            ("", result.get("date")),
        ),
        "model": result.get("model_id"),
        # ASSUME: a back end that is only a protocol (openai-chat) is vLLM, whose client wrote the file.
        "engine": client.engine_name(result.get("backend") or result.get("endpoint_type")) or "vLLM",
        "precision": precision_name(stated["precision"]),
        "load": _load(result),
        **length_columns(
            input=client.mean_length(result, "total_input_tokens", "input_lens"),
            output=client.mean_length(result, "total_output_tokens", "output_lens"),
        ),
        "concurrency": limit,
        "published_on": _day(result.get("date")),
        **client.latencies(result),
        "note": noted(client.failures(result), "speculative decoding" if speculative else None),
    }


def _load(result: dict) -> str | None:
    # ASSUME: a cap on requests in flight governs the load, whatever the request rate.
    if number(result.get("max_concurrency")) is not None:
        return "closed_loop"
    # A ramp of the rate is written with an infinite request rate, which then does not apply.
    if result.get("ramp_up_strategy") is not None:
        return "server"
    return client.load_of_rate(result.get("request_rate"))


def _day(date: object) -> object:
    found = DAY.fullmatch(date) if isinstance(date, str) else None
    return "-".join(found.groups()) if found else date
