"""The formats in which benchmarks come. A new one is a module with a `read` and a line here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import (
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
from inference_energy.corpus.formats.reading import Reading

FORMATS: dict[str, Callable[[Path], Reading]] = {
    "throughput_csv": partial(own_csv.read, table="throughput"),
    "measured_energy_csv": partial(own_csv.read, table="measured_energy"),
    "published_estimate_csv": partial(own_csv.read, table="published_estimate"),
    "trtllm_markdown": trtllm_markdown.read,
    "vllm_bench_json": vllm_bench.read,
    "sglang_bench_jsonl": sglang_bench.read,
    "mlenergy_v3_json": mlenergy_v3.read,
    "mlenergy_run_json": mlenergy_run.read,
    "mlperf_summary_json": mlperf_summary.read,
    "vllm_throughput_json": vllm_throughput.read,
    "trtllm_serve_json": trtllm_serve.read,
    "trtllm_bench_json": trtllm_bench.read,
    "llama_bench_json": llama_bench.read,
    "nvidia_smi_csv": partial(power_csv.read, tool=power_csv.NVIDIA_SMI),
    "amd_smi_csv": partial(power_csv.read, tool=power_csv.AMD_SMI),
}


def recognised(path: Path) -> list[str]:
    """The formats in which a file can be read."""
    found = []
    for name, read in FORMATS.items():
        try:
            read(path)
        except InputError:
            continue  # not this format, which is the question
        found.append(name)
    return found
