"""Reports of `trtllm-bench throughput|latency --report_json` (NVIDIA/TensorRT-LLM,
`tensorrt_llm/bench/dataclasses/reporting.py`).
"""

from pathlib import Path

from inference_energy.corpus.formats.exact import must_have, records
from inference_energy.corpus.formats.json_files import part
from inference_energy.corpus.formats.lengths import length_between, length_columns
from inference_energy.corpus.formats.measured_runs import FACTS, OF_ALL_BOARDS, Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import row_id
from inference_energy.corpus.formats.values import number, positive, precision_name, ratio, speculation

PARTS = ("engine", "world_info", "request_info", "performance")
ENERGY_KEYS = ("energy", "total_energy_j", "output_tps_per_w", "average_gpu_power")
PERCENTILES = {"p50": "p50", "p99": "p99"}


def read(path: Path) -> Reading:
    """Throughput (output tokens per second of all GPUs) and, where reported, energy (J per output token) of a run.

    How requests arrive is not in the report; a fact of the origin says whether all were sent at once.

    Raises:
        InputError: not JSON, an entry that is not such a report, or measured energy under other keys.
    """
    allowed = "reports of trtllm-bench --report_json"
    reports = records(path, PARTS, allowed, ENERGY_KEYS)
    for line, report in reports:
        must_have([(line, _part(report, "performance"))], ("system_output_throughput_tok_s",), path, allowed)
    return runs_reading(reports, path, _run)


def _run(report: dict) -> Run:
    return FACTS | _row(report), _energy(report)


def _part(report: dict, name: str) -> dict:
    found = report.get(name)
    return found if isinstance(found, dict) else {}


def _row(report: dict) -> dict[str, object]:
    engine, world, requests = (_part(report, name) for name in PARTS[:3])
    lengths = {
        "input": _length(report, "isl_stats", "avg_input_length"),
        "output": _length(report, "osl_stats", "avg_output_length"),
    }
    sizes = [number(world.get(key)) for key in ("tp_size", "pp_size")]
    quantization = engine.get("quantization")
    return {
        "row_id": row_id(
            ("", engine.get("model")),
            ("tp-", world.get("tp_size")),
            ("in-", lengths["input"][0]),
            ("out-", lengths["output"][0]),
            ("concurrency-", requests.get("avg_num_concurrent_requests")),
        ),
        "model": engine.get("model"),
        "engine": "TensorRT-LLM",
        "engine_version": engine.get("version"),
        # The report names the first GPU, as the tool needs all to be the same.
        "gpu": part(report, "machine", "name"),
        "gpus": world.get("world_size") or (None if None in sizes else int(sizes[0] * sizes[1])),
        "tensor_parallel": world.get("tp_size"),
        "pipeline_parallel": world.get("pp_size"),
        "expert_parallel": world.get("ep_size") if positive(world.get("ep_size")) else None,
        "precision": precision_name(engine.get("dtype") if quantization in (None, "NO_QUANT") else quantization),
        **length_columns(**lengths),
        "concurrency": requests.get("avg_num_concurrent_requests"),
        "throughput_tok_per_s": report["performance"]["system_output_throughput_tok_s"],
        "speculative_decoding": speculation(part(report, "decoding_stats", "mode")),
        **_latencies(_part(report, "streaming_metrics")),
    }


def _length(report: dict, statistics: str, mean: str) -> tuple[float | None, str]:
    """Mean length of the run, fixed if the data set has one length throughout and the run kept to it."""
    ends = (part(report, "dataset", statistics, end) for end in ("minimum", "maximum"))
    return length_between(part(report, "request_info", mean), *ends)


def _latencies(streaming: dict) -> dict[str, float | None]:
    ms = {}
    for name, word in (("time_to_first_token", "ttft"), ("time_per_output_token", "tpot")):
        percentiles = _part(streaming, f"{word}_percentiles")
        ms[f"{name}_mean_ms"] = positive(streaming.get(f"avg_{word}_ms"))
        ms |= {f"{name}_{ours}_ms": positive(percentiles.get(theirs)) for ours, theirs in PERCENTILES.items()}
    return ms


def _energy(report: dict) -> dict[str, object] | None:
    joules = part(report, "energy", "total_energy_j")
    milliseconds = positive(part(report, "performance", "total_latency_ms"))
    per_request = ratio(joules, part(report, "request_info", "num_requests"))
    per_token = ratio(per_request, part(report, "request_info", "avg_output_length"))
    if per_token is None:
        return None
    duration = milliseconds / 1000 if milliseconds else None
    # ASSUME: the report's joules are of all GPUs of the run and of the whole run, as those of the serving client are.
    measured = {"energy_j_per_output_token": per_token, "power_w": ratio(joules, duration), "duration_s": duration}
    return OF_ALL_BOARDS | measured
