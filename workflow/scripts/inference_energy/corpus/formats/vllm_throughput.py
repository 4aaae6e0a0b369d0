"""Results of `vllm bench throughput --output-json` (vllm-project/vllm, `vllm/benchmarks/throughput.py`)."""

from pathlib import Path

from inference_energy.corpus.formats.exact import records
from inference_energy.corpus.formats.measured_runs import Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.values import ratio

KEYS = ("elapsed_time", "num_requests", "total_num_tokens", "requests_per_second", "tokens_per_second")
# ASSUME: the engine is vLLM; the tool can also drive Hugging Face Transformers, and its result does not say so.
FACTS = {
    "row_id": "run",
    "engine": "vLLM",
    "load": "offline",
    "phase": "prefill_and_decode",
    "input_length_kind": "unknown",
    "output_length_kind": "unknown",
    "throughput_counts": "total",
    "throughput_scope": "instance",
    "evidence": "measured",
}


def read(path: Path) -> Reading:
    """Throughput (input and output tokens per second of the instance) of a run with all requests at once.

    The file states neither model nor GPU nor lengths; facts of the origin do.

    Raises:
        InputError: not JSON, an entry that is not such a result, or measured power or energy in one.
    """
    return runs_reading(records(path, KEYS, "results of vllm bench throughput --output-json"), path, _run)


def _run(result: dict) -> Run:
    tokens = ratio(result["total_num_tokens"], result["num_requests"])
    note = f"{tokens:.1f} tokens per request, prompt and answer together" if tokens else None
    return FACTS | {"throughput_tok_per_s": result["tokens_per_second"], "note": note}, None
