"""Summaries of AIPerf (`profile_export_aiperf.json`) and of GenAI-Perf (`profile_export_genai_perf.json`).

Sources of the format: ai-dynamo/aiperf, `src/aiperf/common/models/export_models.py` and
`docs/reference/json-export-schema.md`; exports of 2025 have all metrics under `records`. GenAI-Perf:
triton-inference-server/perf_analyzer, `genai-perf/genai_perf/export_data/json_exporter.py`.
"""

from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import aiperf_config, aiperf_telemetry
from inference_energy.corpus.formats.exact import refuse_unread
from inference_energy.corpus.formats.json_files import document, object_lines, part
from inference_energy.corpus.formats.lengths import length_between, length_columns, lengths_in_id
from inference_energy.corpus.formats.measured_runs import FACTS, OF_ALL_BOARDS, TIME_UNITS, Run, in_unit, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import load_in_id, row_id
from inference_energy.corpus.formats.serving_client import engine_name
from inference_energy.corpus.formats.values import iso_day, noted, number

NOT_OF_THE_RUN = ("input_config", "warmup_metrics", "run_info")
SPEED = "output_token_throughput"
RATES = {"tokens/sec": 1.0, "tokens/s": 1.0}
TOKENS = {"tokens": 1.0}
COUNTS = {"requests": 1.0, "count": 1.0}
STATISTICS = {"mean": "avg", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99"}


def read(path: Path) -> Reading:
    """Throughput (output tokens/s of the instance), latencies (ms), and energy of the boards (J per output token, W).

    Raises:
        InputError: not such an export, a unit that is not known, GPUs of two names, or measured power in keys that are
            not known.
    """
    text, export = document(path)
    records = export.get("records")
    metrics = records if isinstance(records, dict) else export
    config = export.get("input_config")
    if not isinstance(metrics.get(SPEED), dict) or not isinstance(config, dict):
        raise InputError(
            f"{path}: found no {SPEED} together with input_config; allowed: profile_export_aiperf.json of AIPerf or"
            " profile_export_genai_perf.json of GenAI-Perf, of a run that generates text"
        )
    measured = {key: value for key, value in export.items() if key not in NOT_OF_THE_RUN}
    refuse_unread(measured, aiperf_telemetry.KEYS, path, "an export of AIPerf")
    return runs_reading([(object_lines(text, 0)[0], export)], path, lambda of: _run(of, metrics, config, path))


def _run(export: dict, metrics: dict, config: dict, path: Path) -> Run:
    def value(key: str, units: dict[str, float], statistic: str = "avg") -> float | None:
        return in_unit(metrics.get(key), statistic, units, f"{path}: {key}")

    def times(column: str, key: str, names: tuple[str, ...]) -> dict[str, float | None]:
        return {f"{column}_{name}_ms": value(key, TIME_UNITS, STATISTICS[name]) for name in names}

    speed, lengths = value(SPEED, RATES), {side: _length(metrics, side, path) for side in ("input", "output")}
    requests = value("request_count", COUNTS)
    answers = requests * lengths["output"][0] if requests and lengths["output"][0] else None
    found = aiperf_telemetry.boards(export, metrics, answers, speed, str(path))
    model = aiperf_config.model_name(config, str(path))
    load, limit, rate = aiperf_config.load(config)
    start = export.get("start_time")
    cancelled = "cancelled before its end" if export.get("was_cancelled") is True else None
    throughput = FACTS | {
        "row_id": row_id(("", model), *lengths_in_id(lengths), load_in_id(limit, rate), ("", start)),
        "model": model,
        "gpu": found.gpu,
        "gpus": found.gpus,
        "engine": engine_name(part(config, "endpoint", "backend") or config.get("backend")),
        "load": load,
        **length_columns(**lengths),
        "concurrency": limit,
        "throughput_tok_per_s": speed,
        "published_on": iso_day(start),
        **times("time_to_first_token", "time_to_first_token", ("mean", "p50", "p99")),
        # Per request, (latency - time to first token) / (output tokens - 1).
        **times("time_per_output_token", "inter_token_latency", ("mean", "p50", "p99")),
        "note": noted(_failed(metrics), cancelled, found.note),
    }
    if found.j_per_output_token is None:
        return throughput, None
    # ASSUME: the telemetry has all GPUs of the deployment, those that do prefill included, as it is set up for it.
    energy = OF_ALL_BOARDS | {
        "energy_j_per_output_token": found.j_per_output_token,
        "power_w": found.power_w,
        "duration_s": value("benchmark_duration", {"sec": 1.0, "s": 1.0, "ms": 1e-3}),
        **times("inter_token_latency", "inter_token_latency", tuple(STATISTICS)),
    }
    return throughput, energy


def _length(metrics: dict, side: str, path: Path) -> tuple[float | None, str]:
    key = f"{side}_sequence_length"
    mean = in_unit(metrics.get(key), "avg", TOKENS, f"{path}: {key}")
    return length_between(mean, *(part(metrics, key, end) for end in ("min", "max")))


def _failed(metrics: dict) -> str | None:
    failed = number(part(metrics, "error_request_count", "avg"))
    return f"{failed:.0f} failed requests" if failed else None
