"""Reports of `trtllm-bench throughput|latency --report_json` (NVIDIA/TensorRT-LLM,
`tensorrt_llm/bench/dataclasses/reporting.py`).
"""

from collections import Counter
from pathlib import Path

from inference_energy.corpus.formats.exact import must_have, refuse_unread
from inference_energy.corpus.formats.json_files import objects
from inference_energy.corpus.formats.measured_runs import runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.values import (
    id_part,
    joined_id,
    number,
    positive,
    precision_name,
    ratio,
    speculation,
)

PARTS = ("engine", "world_info", "request_info", "performance")
ENERGY_KEYS = ("energy", "total_energy_j", "output_tps_per_w", "average_gpu_power")
FACTS = {
    "engine": "TensorRT-LLM",
    "phase": "prefill_and_decode",
    "throughput_counts": "output",
    "throughput_scope": "instance",
    "evidence": "measured",
}
# ASSUME: the report's joules are of all GPUs of the run and of the whole run, as those of the serving client are.
ENERGY_FACTS = {
    "boundary": "gpu_boards",
    "metered": "all_gpus",
    "includes_prefill": "yes",
    "measured_over": "whole_run",
    "validity": "not_stated",
}
PERCENTILES = {"p50": "p50", "p99": "p99"}


def read(path: Path) -> Reading:
    """Throughput (output tokens per second of all GPUs) and, where reported, energy (J per output token) of a run.

    How requests arrive is not in the report; a fact of the origin says whether all were sent at once.

    Raises:
        InputError: not JSON, an entry that is not such a report, or measured energy under other keys.
    """
    reports = objects(path)
    allowed = "reports of trtllm-bench --report_json"
    must_have(reports, PARTS, path, allowed)
    runs = []
    for line, report in reports:
        refuse_unread(report, ENERGY_KEYS, path, allowed)
        must_have([(line, _part(report, "performance"))], ("system_output_throughput_tok_s",), path, allowed)
        energy = _energy(report)
        runs.append(({"line": line} | FACTS | _row(report), ENERGY_FACTS | energy if energy else None))
    return runs_reading(runs, path, Counter())


def _part(report: dict, name: str) -> dict:
    part = report.get(name)
    return part if isinstance(part, dict) else {}


def _row(report: dict) -> dict[str, object]:
    engine, world, requests = (_part(report, name) for name in PARTS[:3])
    input_tokens, input_kind = _length(report, "isl_stats", "avg_input_length")
    output_tokens, output_kind = _length(report, "osl_stats", "avg_output_length")
    sizes = [number(world.get(key)) for key in ("tp_size", "pp_size")]
    quantization = engine.get("quantization")
    return {
        "row_id": joined_id(
            [
                id_part("", engine.get("model")),
                id_part("tp-", world.get("tp_size")),
                id_part("in-", input_tokens),
                id_part("out-", output_tokens),
                id_part("concurrency-", requests.get("avg_num_concurrent_requests")),
            ]
        ),
        "model": engine.get("model"),
        "engine_version": engine.get("version"),
        # The report names the first GPU, as the tool needs all to be the same.
        "gpu": _part(report, "machine").get("name"),
        "gpus": world.get("world_size") or (None if None in sizes else int(sizes[0] * sizes[1])),
        "tensor_parallel": world.get("tp_size"),
        "pipeline_parallel": world.get("pp_size"),
        "expert_parallel": world.get("ep_size") if positive(world.get("ep_size")) else None,
        "precision": precision_name(engine.get("dtype") if quantization in (None, "NO_QUANT") else quantization),
        "input_tokens": input_tokens,
        "input_length_kind": input_kind,
        "output_tokens": output_tokens,
        "output_length_kind": output_kind,
        "concurrency": requests.get("avg_num_concurrent_requests"),
        "throughput_tok_per_s": _part(report, "performance")["system_output_throughput_tok_s"],
        "speculative_decoding": speculation(_part(report, "decoding_stats").get("mode")),
        **_latencies(_part(report, "streaming_metrics")),
    }


def _length(report: dict, statistics: str, mean: str) -> tuple[float | None, str]:
    """Mean length of the run, fixed if the data set has one length throughout and the run kept to it."""
    length = positive(_part(report, "request_info").get(mean))
    of_dataset = _part(_part(report, "dataset"), statistics)
    if length is not None and length == of_dataset.get("minimum") == of_dataset.get("maximum"):
        return length, "fixed"
    return length, "unknown" if length is None else "mean"


def _latencies(streaming: dict) -> dict[str, float | None]:
    ms = {}
    for name, word in (("time_to_first_token", "ttft"), ("time_per_output_token", "tpot")):
        percentiles = _part(streaming, f"{word}_percentiles")
        ms[f"{name}_mean_ms"] = positive(streaming.get(f"avg_{word}_ms"))
        ms |= {f"{name}_{ours}_ms": positive(percentiles.get(theirs)) for ours, theirs in PERCENTILES.items()}
    return ms


def _energy(report: dict) -> dict[str, object] | None:
    joules, requests = _part(report, "energy").get("total_energy_j"), _part(report, "request_info")
    milliseconds = positive(_part(report, "performance").get("total_latency_ms"))
    per_request = ratio(joules, requests.get("num_requests"))
    per_token = ratio(per_request, requests.get("avg_output_length"))
    if per_token is None:
        return None
    duration = milliseconds / 1000 if milliseconds else None
    return {"energy_j_per_output_token": per_token, "power_w": ratio(joules, duration), "duration_s": duration}
