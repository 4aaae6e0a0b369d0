"""`summary_lifecycle_metrics.json` and `stage_<n>_lifecycle_metrics.json` of inference-perf.

Source of the format: kubernetes-sigs/inference-perf, `inference_perf/reportgen/base.py`. The files name neither model
nor GPU; these are in the configuration of the run.
"""

from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.exact import refuse_unread
from inference_energy.corpus.formats.json_files import document, object_lines, part
from inference_energy.corpus.formats.lengths import length_between, length_columns, lengths_in_id
from inference_energy.corpus.formats.measured_runs import FACTS, Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import row_id
from inference_energy.corpus.formats.values import milliseconds, number, positive

SPEED = ("successes", "throughput", "output_tokens_per_sec")
STATISTICS = {"mean": "mean", "p50": "median", "p99": "p99"}
# Newer versions count tokens by what the server reports; older ones have one count, of the client.
LENGTHS = {"input": ("prompt_len", "prompt_tokens"), "output": ("output_len", "output_tokens")}


def read(path: Path) -> Reading:
    """One throughput row (output tokens/s of the instance, latencies in ms) of the successful requests.

    Raises:
        InputError: not such a summary.
    """
    text, summary = document(path)
    parts = [summary.get(key) for key in ("load_summary", "successes", "failures")]
    if not all(isinstance(found, dict) for found in parts) or number(part(summary, *SPEED)) is None:
        raise InputError(
            f"{path}: found no {'.'.join(SPEED)} together with load_summary and failures; allowed:"
            " summary_lifecycle_metrics.json of inference-perf"
        )
    refuse_unread(summary, (), path, "a summary of inference-perf")
    return runs_reading([(object_lines(text, 0)[0], summary)], path, _run)


def _run(summary: dict) -> Run:
    if positive(part(summary, *SPEED)) is None:
        return "summary without a successful request"
    load, successes = summary["load_summary"], summary["successes"]
    limit, rate = load.get("concurrency"), load.get("requested_rate")
    lengths = {side: _length(successes, keys) for side, keys in LENGTHS.items()}
    failed = number(summary["failures"].get("count"))
    stated = [("concurrency-", limit), ("rate-", rate)]
    row = FACTS | {
        "row_id": row_id(("", "inference-perf"), *stated, *lengths_in_id(lengths), ("requests-", load.get("count"))),
        # A stage states its load; the summary of all stages does not.
        "load": "closed_loop" if positive(limit) else "server" if positive(rate) else None,
        **length_columns(**lengths),
        "concurrency": positive(limit),
        "throughput_tok_per_s": part(summary, *SPEED),
        **_times(successes, "time_to_first_token"),
        **_times(successes, "time_per_output_token"),
        "note": f"{failed:.0f} failed requests" if failed else None,
    }
    return row, None


def _times(successes: dict, metric: str) -> dict[str, float | None]:
    return {
        f"{metric}_{name}_ms": milliseconds(part(successes, "latency", metric, statistic))
        for name, statistic in STATISTICS.items()
    }


def _length(successes: dict, keys: tuple[str, ...]) -> tuple[float | None, str]:
    found = next((successes[key] for key in keys if isinstance(successes.get(key), dict)), None)
    return length_between(*(part(found, name) for name in ("mean", "min", "max")))
