"""The formats in which benchmarks come. A new one is a module with a `read` and a line here."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats import (
    aiperf,
    guidellm,
    inference_perf,
    inferencex,
    inferencex_csv,
    llama_bench,
    mlenergy_run,
    mlenergy_v3,
    mlperf_summary,
    own_csv,
    power_csv,
    sglang_bench,
    trtllm_bench,
    trtllm_markdown,
    trtllm_serve,
    vllm_bench,
    vllm_throughput,
)
from inference_energy.corpus.formats.json_files import read_text
from inference_energy.corpus.formats.reading import Reading

LONGEST = 60  # characters of an unknown file that an error shows
KEYS = 6


@dataclass(frozen=True)
class Format:
    """A format of benchmark files."""

    read: Callable[[Path], Reading]  # rows of a file; raises InputError where the file is not wholly of this format
    # texts, in small letters, that every file of this format holds; a file without them is of another format
    signs: tuple[str, ...]


FORMATS = {
    # Of the project's own tables, the column that tells one from the others.
    "throughput_csv": Format(partial(own_csv.read, table="throughput"), ("throughput_tok_per_s",)),
    "measured_energy_csv": Format(partial(own_csv.read, table="measured_energy"), ("energy_j_per_output_token",)),
    "published_estimate_csv": Format(partial(own_csv.read, table="published_estimate"), ("energy_wh",)),
    "trtllm_markdown": Format(trtllm_markdown.read, ("throughput", "|")),
    "trtllm_bench_json": Format(trtllm_bench.read, ('"system_output_throughput_tok_s"',)),
    "trtllm_serve_json": Format(trtllm_serve.read, ('"model_id"', f'"{trtllm_serve.OF_TENSORRT_LLM}"')),
    "vllm_bench_json": Format(vllm_bench.read, ('"model_id"', '"completed"')),
    "vllm_throughput_json": Format(vllm_throughput.read, ('"elapsed_time"', '"total_num_tokens"')),
    "sglang_bench_jsonl": Format(sglang_bench.read, (f'"{sglang_bench.DEFINING_KEY}"',)),
    "llama_bench_json": Format(llama_bench.read, ('"n_prompt"', '"avg_ts"')),
    "mlenergy_v3_json": Format(mlenergy_v3.read, ('"configurations"', '"task"')),
    "mlenergy_run_json": Format(mlenergy_run.read, ('"steady_state_energy"',)),
    "mlperf_summary_json": Format(mlperf_summary.read, ('model"', '"scenario"')),
    "inferencex_json": Format(inferencex.read, ('"framework"', '"conc"')),
    "inferencex_csv": Format(inferencex_csv.read, ("framework,", "concurrency,")),
    "aiperf_json": Format(aiperf.read, ('"output_token_throughput"', '"input_config"')),
    "guidellm_json": Format(guidellm.read, ('"benchmarks"', '"type_"')),
    "inference_perf_json": Format(inference_perf.read, ('"load_summary"', '"successes"')),
    "nvidia_smi_csv": Format(partial(power_csv.read, tool=power_csv.NVIDIA_SMI), ("power.draw",)),
    "amd_smi_csv": Format(partial(power_csv.read, tool=power_csv.AMD_SMI), ("time", "power")),
}


def recognised(path: Path) -> str:
    """The one format in which a file can be read as a whole.

    Raises:
        InputError: no format claims the file; the faults that those which claim it found; several can read it.
    """
    text = read_text(path)
    small, is_json = text.lower(), text.lstrip()[:1] in ("{", "[")
    found: list[str] = []
    faults: dict[str, list[str]] = {}
    for name, form in FORMATS.items():
        if ("_json" in name) != is_json or not all(sign in small for sign in form.signs):
            continue
        try:
            form.read(path)
        except InputError as error:
            faults.setdefault(str(error).removeprefix(str(path)).lstrip(": "), []).append(name)
        else:
            found.append(name)
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{path}: claimed by the formats {' and '.join(found)}; allowed: a file of one format")
    if faults:
        raise InputError(f"{path}: " + "; ".join(f"as {one_of(names)}: {text}" for text, names in faults.items()))
    raise InputError(f"{path}: found {_kind(text)}; allowed: a file of one of the formats {one_of(FORMATS)}")


def _kind(text: str) -> str:
    """What an unknown file is, in a few words: its first keys or its first line."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        first = next(line for line in text.splitlines() if line.strip())
        return f"text that begins with {first.strip()[:LONGEST]!r}"
    form = "a JSON list" if isinstance(document, list) else "JSON"
    inner = document[0] if isinstance(document, list) and document else document
    keys = ", ".join(list(inner)[:KEYS]) if isinstance(inner, dict) else ""
    return f"{form} of objects with the keys {keys}" if keys else f"{form} of other values than objects with keys"
