"""`summary_lifecycle_metrics.json` and `stage_<n>_lifecycle_metrics.json` of inference-perf.

Source of the format: kubernetes-sigs/inference-perf, `inference_perf/reportgen/base.py`. The files name neither model
nor GPU; these are in the configuration of the run.
"""

from collections import Counter
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.exact import refuse_unread
from inference_energy.corpus.formats.json_files import must_be_object, object_lines, parse, part, read_text
from inference_energy.corpus.formats.measured_runs import runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.serving_client import FACTS
from inference_energy.corpus.formats.values import id_part, joined_id, lengths_in_id, milliseconds, number, positive

SPEED = ("successes", "throughput", "output_tokens_per_sec")
STATISTICS = {"mean": "mean", "p50": "median", "p99": "p99"}
# Newer versions count tokens by what the server reports; older ones have one count, of the client.
LENGTHS = {"input": ("prompt_len", "prompt_tokens"), "output": ("output_len", "output_tokens")}


def read(path: Path) -> Reading:
    """One throughput row (output tokens/s of the instance, latencies in ms) of the successful requests.

    Raises:
        InputError: not such a summary.
    """
    text = read_text(path)
    document = must_be_object(parse(text, path), str(path))
    parts = [document.get(key) for key in ("load_summary", "successes", "failures")]
    if not all(isinstance(found, dict) for found in parts) or number(part(document, *SPEED)) is None:
        raise InputError(
            f"{path}: found no {'.'.join(SPEED)} together with load_summary and failures; allowed:"
            " summary_lifecycle_metrics.json of inference-perf"
        )
    refuse_unread(document, (), path, "a summary of inference-perf")
    if positive(part(document, *SPEED)) is None:
        return runs_reading([], path, Counter({"summary without a successful request": 1}))
    return runs_reading([({"line": object_lines(text, 0)[0]} | _row(document), None)], path, Counter())


def _row(document: dict) -> dict[str, object]:
    load, successes = document["load_summary"], document["successes"]
    limit, rate = load.get("concurrency"), load.get("requested_rate")
    lengths = {side: _length(successes, keys) for side, keys in LENGTHS.items()}
    failed = number(document["failures"].get("count"))
    stated = [id_part("concurrency-", limit), id_part("rate-", rate)]
    name = lengths_in_id(lengths["input"][0], lengths["output"][0])
    return FACTS | {
        "row_id": joined_id(["inference-perf", *stated, *name, id_part("requests-", load.get("count"))]),
        # A stage states its load; the summary of all stages does not.
        "load": "closed_loop" if positive(limit) else "server" if positive(rate) else None,
        "input_tokens": lengths["input"][0],
        "input_length_kind": lengths["input"][1],
        "output_tokens": lengths["output"][0],
        "output_length_kind": lengths["output"][1],
        "concurrency": positive(limit),
        "throughput_tok_per_s": part(document, *SPEED),
        **_times(successes, "time_to_first_token"),
        **_times(successes, "time_per_output_token"),
        "note": f"{failed:.0f} failed requests" if failed else None,
    }


def _times(successes: dict, metric: str) -> dict[str, float | None]:
    return {
        f"{metric}_{name}_ms": milliseconds(part(successes, "latency", metric, statistic))
        for name, statistic in STATISTICS.items()
    }


def _length(successes: dict, keys: tuple[str, ...]) -> tuple[float | None, str]:
    """Mean length in tokens, and its kind: fixed only where the shortest is the longest."""
    found = next((successes[key] for key in keys if isinstance(successes.get(key), dict)), None)
    mean, ends = positive(part(found, "mean")), {number(part(found, end)) for end in ("min", "max")}
    return mean, "unknown" if mean is None else "fixed" if ends == {mean} else "mean"
