"""Reports of GuideLLM (`benchmarks.json`), version 2.

Source of the format: vllm-project/guidellm, `src/guidellm/benchmark/schemas/` and
`src/guidellm/scheduler/strategies.py`.
"""

from datetime import UTC, datetime
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.exact import refuse_unread
from inference_energy.corpus.formats.json_files import document, lines_under, part
from inference_energy.corpus.formats.lengths import length_between, length_columns, lengths_in_id
from inference_energy.corpus.formats.measured_runs import FACTS, Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import row_id
from inference_energy.corpus.formats.values import number, positive

VERSION = 2
OF_TEXT = "generative_benchmark"
LOADS = {"synchronous": "closed_loop", "concurrent": "closed_loop", "throughput": "offline"}
LOADS |= {"constant": "server", "poisson": "server", "trace": "server"}
STATISTICS = {"mean": ("mean",), "p50": ("percentiles", "p50"), "p99": ("percentiles", "p99")}


def read(path: Path) -> Reading:
    """One throughput row (output tokens/s of the instance, latencies in ms) per benchmark of a report.

    All figures are those of successful requests.

    Raises:
        InputError: not such a report, one of another version, or an entry that is no benchmark of generated text.
    """
    text, report = document(path)
    benchmarks, metadata = report.get("benchmarks"), report.get("metadata")
    if not isinstance(benchmarks, list) or not any(part(entry, "type_") == OF_TEXT for entry in benchmarks):
        raise InputError(f"{path}: found no benchmarks of type_ {OF_TEXT}; allowed: a report of GuideLLM")
    if part(metadata, "version") != VERSION:
        raise InputError(
            f"{path}: metadata.version: found {part(metadata, 'version')!r}; allowed: {VERSION}, reports of GuideLLM"
            " whose schema is version 2: run the benchmark again with a newer GuideLLM"
        )
    for place, entry in enumerate(benchmarks, start=1):
        if part(entry, "type_") != OF_TEXT or not isinstance(part(entry, "metrics"), dict):
            raise InputError(
                f"{path}: benchmarks entry {place}: found no metrics; allowed: benchmarks of type_ {OF_TEXT}"
            )
    refuse_unread(report, (), path, "a report of GuideLLM")
    stated = part(report, "config", "spec", "backend", "model")
    entries = zip(lines_under(text, report, "benchmarks"), benchmarks, strict=True)
    return runs_reading(entries, path, lambda entry: _run(entry, stated))


def _run(entry: dict, stated: object) -> Run:
    if positive(_mean(entry, "output_tokens_per_second")) is None:
        return "benchmark without a successful request"
    strategy = part(entry, "config", "strategy")
    kind, cap = part(strategy, "type_"), part(strategy, "max_concurrency")
    load = LOADS.get(kind) if isinstance(kind, str) else None
    streams = part(strategy, "streams") if kind == "concurrent" else 1 if kind == "synchronous" else cap
    model = part(entry, "config", "backend", "model") or stated
    lengths = {side: _length(entry, key) for side, key in (("input", "prompt"), ("output", "output"))}
    errored = number(part(entry, "scheduler_state", "errored_requests"))
    stated_load = [("concurrency-", streams), ("rate-", part(strategy, "rate"))]
    row = FACTS | {
        "row_id": row_id(("", model), ("", kind), *stated_load, *lengths_in_id(lengths)),
        "model": model,
        # ASSUME: a cap on requests in flight governs the load, whatever the request rate.
        "load": "closed_loop" if positive(cap) and load in ("offline", "server") else load,
        **length_columns(**lengths),
        "concurrency": positive(_mean(entry, "request_concurrency")) or streams,
        "throughput_tok_per_s": _mean(entry, "output_tokens_per_second"),
        "published_on": _day(part(entry, "scheduler_state", "start_time")),
        **_times(entry, "time_to_first_token", "time_to_first_token_ms"),
        # GuideLLM's time per output token includes the first token; its inter-token latency does not.
        **_times(entry, "time_per_output_token", "inter_token_latency_ms"),
        "note": f"{errored:.0f} failed requests" if errored else None,
    }
    return row, None


def _mean(entry: dict, metric: str) -> object:
    return part(entry, "metrics", metric, "successful", "mean")


def _times(entry: dict, column: str, metric: str) -> dict[str, float | None]:
    place = ("metrics", metric, "successful")
    return {f"{column}_{name}_ms": positive(part(entry, *place, *keys)) for name, keys in STATISTICS.items()}


def _length(entry: dict, side: str) -> tuple[float | None, str]:
    place = ("metrics", f"{side}_token_count", "successful")
    return length_between(*(part(entry, *place, name) for name in ("mean", "min", "max")))


def _day(seconds: object) -> str | None:
    found = positive(seconds)
    try:
        return None if found is None else datetime.fromtimestamp(found, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None
