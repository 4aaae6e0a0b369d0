"""Results of `vllm bench serve --save-result`."""

import re
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.json_files import json_lines, must_be_object, object_lines, parse, read_text
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.serving_client import engine_name, failures, load_of_rate, mean_length, reading
from inference_energy.corpus.formats.values import id_part, joined_id, number, precision_name

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
DAY = re.compile(r"(\d{4})(\d{2})(\d{2})-\d{6}")


def read(path: Path) -> Reading:
    """One throughput row (output tokens per second of the instance) per result object.

    The file holds one object, or several, one per line, as `--append-result` makes them.

    Raises:
        InputError: not JSON, not objects, or no object is such a result.
    """
    results = _results(path)
    if not any("model_id" in result and "completed" in result for _, result in results):
        raise InputError(
            f"{path} line {results[0][0]}: found no key model_id together with completed;"
            " allowed: results of vllm bench serve --save-result"
        )
    return reading(results, path, _row)


def _results(path: Path) -> list[tuple[int, dict]]:
    text = read_text(path)
    first = next(line for line in text.split("\n") if line.strip())
    try:
        several = isinstance(parse(first, path), dict)
    except InputError:
        several = False  # one object over several lines, or a fault that parsing the whole text reports
    if several:
        return list(json_lines(path))
    return [(line, must_be_object(parse(text, path), str(path))) for line in object_lines(text, 0)[:1] or [1]]


def _row(result: dict) -> dict[str, object]:
    stated = {
        column: next((result[key] for key in keys if result.get(key) is not None), None)
        for column, keys in METADATA.items()
    }
    input_tokens, input_kind = mean_length(result, "total_input_tokens", "input_lens")
    output_tokens, output_kind = mean_length(result, "total_output_tokens", "output_lens")
    speculative = result.get("spec_decode_acceptance_length") is not None
    notes = [failures(result), "speculative decoding" if speculative else None]
    limit = result.get("max_concurrency")
    return {
        **stated,
        "row_id": joined_id(
            [
                id_part("", result.get("model_id")),
                id_part("tp-", stated["tensor_parallel"]),
                id_part("concurrency-", limit) or id_part("rate-", result.get("request_rate")),
                id_part("", result.get("date")),
            ]
        ),
        "model": result.get("model_id"),
        # ASSUME: a back end that is only a protocol (openai-chat) is vLLM, whose client wrote the file.
        "engine": engine_name(result.get("backend") or result.get("endpoint_type")) or "vLLM",
        "precision": precision_name(stated["precision"]),
        "load": _load(result),
        "input_tokens": input_tokens,
        "input_length_kind": input_kind,
        "output_tokens": output_tokens,
        "output_length_kind": output_kind,
        "concurrency": limit,
        "published_on": _day(result.get("date")),
        "note": "; ".join(note for note in notes if note),
    }


def _load(result: dict) -> str | None:
    # ASSUME: a cap on requests in flight governs the load, whatever the request rate.
    if number(result.get("max_concurrency")) is not None:
        return "closed_loop"
    # A ramp of the rate is written with an infinite request rate, which then does not apply.
    if result.get("ramp_up_strategy") is not None:
        return "server"
    return load_of_rate(result.get("request_rate"))


def _day(date: object) -> object:
    found = DAY.fullmatch(date) if isinstance(date, str) else None
    return "-".join(found.groups()) if found else date
