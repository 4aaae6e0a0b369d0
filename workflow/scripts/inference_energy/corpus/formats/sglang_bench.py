"""Results of `python -m sglang.bench_serving --output-file`: JSON Lines, one run per line (sgl-project/sglang,
`python/sglang/bench_serving.py`).
"""

from pathlib import Path

from inference_energy.corpus.formats import serving_client as client
from inference_energy.corpus.formats.exact import records
from inference_energy.corpus.formats.lengths import length_columns
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import load_in_id, row_id
from inference_energy.corpus.formats.values import noted, number, precision_name, speculation

DEFINING_KEY = "total_output_tokens_retokenized"  # in every version, and in no other client's results
SERVER_KEYS = {
    "nodes": "nnodes",
    "engine_version": "version",
    "tensor_parallel": "tp_size",
    "pipeline_parallel": "pp_size",
    "expert_parallel": "ep_size",
    "data_parallel": "dp_size",
}


def read(path: Path) -> Reading:
    """One throughput row (output tokens per second of the instance) per run.

    Raises:
        InputError: not JSON, a run that is not such a result, or measured power or energy in one.
    """
    return client.reading(records(path, (DEFINING_KEY,), "results of sglang.bench_serving --output-file"), path, _row)


def _row(result: dict) -> dict[str, object]:
    server, note = _server(result)
    measured, limit = result.get("concurrency"), result.get("max_concurrency")
    speculative = result.get("accept_length") is not None
    return {
        **{column: server.get(key) for column, key in SERVER_KEYS.items()},
        "row_id": row_id(
            ("", server.get("model_path") or result.get("backend")),
            ("tp-", server.get("tp_size")),
            ("", result.get("dataset_name")),
            *_random_lengths(result),
            load_in_id(limit, result.get("request_rate")),
            ("", result.get("tag")),
        ),
        "model": server.get("model_path"),
        "gpus": _gpus(server),
        "engine": client.engine_name(result.get("backend")),
        "precision": _precision(server),
        "load": _load(result),
        "prompts": result.get("dataset_name"),
        **length_columns(input=_length(result, "input"), output=_length(result, "output")),
        "concurrency": limit if measured is None else measured,
        **_serving(result),
        **client.latencies(result),
        "note": noted(client.failures(result), note, "speculative decoding" if speculative else None),
    }


def _serving(result: dict) -> dict[str, str | None]:
    """Whether prefill has GPUs of its own, and speculative decoding, as far as the server states its settings."""
    server = result.get("server_info")
    if not isinstance(server, dict):
        return {}
    if "decode" in server:
        return {"serving": "disaggregated"}
    method = speculation(server.get("speculative_algorithm"))
    none = "none" if "speculative_algorithm" in server and method is None else None
    return {"serving": "aggregated", "speculative_decoding": method or none}


def _server(result: dict) -> tuple[dict, str | None]:
    """Settings of the server, and a note where they are those of only a part of it."""
    server = result.get("server_info")
    if not isinstance(server, dict):
        return {}, None
    if "decode" not in server:
        return server, None
    # Prefill and decode run on servers of their own; the sizes of neither are those of the whole system.
    decode = server["decode"]
    first = decode[0] if isinstance(decode, list) and decode and isinstance(decode[0], dict) else {}
    kept = ("model_path", "version", "quantization", "dtype")
    return {key: first.get(key) for key in kept}, "prefill and decode on separate servers"


def _gpus(server: dict) -> int | None:
    sizes = [server.get(key) for key in ("tp_size", "pp_size", "dp_size")]
    shared = server.get("enable_dp_attention")
    if any(number(size) is None for size in sizes) or not isinstance(shared, bool):
        return None
    tensor, pipeline, data = sizes
    # ASSUME: one GPU per tensor and pipeline rank; data-parallel attention divides these, other replicas add to them.
    return tensor * pipeline * (1 if shared else data)


def _precision(server: dict) -> object:
    # ASSUME: the compute type is that of the weights where no quantization is set.
    quantization = server.get("quantization")
    return precision_name(server.get("dtype") if quantization is None else quantization)


def _random_lengths(result: dict) -> list[tuple[str, object]]:
    if not _is_random(result):  # the keys are there for every data set, with their defaults
        return []
    return [("in-", result.get("random_input_len")), ("out-", result.get("random_output_len"))]


def _length(result: dict, which: str) -> tuple[object, str]:
    asked = result.get(f"random_{which}_len")
    # ASSUME: random requests of range ratio 1 have the length asked for, as the client has stop tokens ignored.
    if _is_random(result) and asked is not None and number(result.get("random_range_ratio")) == 1:
        return asked, "fixed"
    return client.mean_length(result, f"total_{which}_tokens", f"{which}_lens")


def _is_random(result: dict) -> bool:
    return result.get("dataset_name") in ("random", "random-ids")


def _load(result: dict) -> str | None:
    # ASSUME: a cap on requests in flight governs the load, whatever the request rate.
    if number(result.get("max_concurrency")) is not None:
        return "closed_loop"
    rate = result.get("request_rate")
    # The Mooncake data set brings its own arrival times and ignores the request rate.
    if rate == "trace" or result.get("dataset_name") == "mooncake":
        return "server"
    return client.load_of_rate(rate)
