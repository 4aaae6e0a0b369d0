"""Results of `vllm bench throughput --output-json` (vllm-project/vllm, `vllm/benchmarks/throughput.py`)."""

from pathlib import Path

from inference_energy.corpus.formats.exact import must_have, refuse_unread
from inference_energy.corpus.formats.json_files import objects
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.values import make_unique, ratio

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
    results = objects(path)
    allowed = "results of vllm bench throughput --output-json"
    must_have(results, KEYS, path, allowed)
    records = []
    for line, result in results:
        refuse_unread(result, (), path, allowed)
        tokens = ratio(result["total_num_tokens"], result["num_requests"])
        note = f"{tokens:.1f} tokens per request, prompt and answer together" if tokens else None
        records.append({"line": line, "throughput_tok_per_s": result["tokens_per_second"], "note": note} | FACTS)
    make_unique(records)
    return Reading({"throughput": rows(records, str(path))})
