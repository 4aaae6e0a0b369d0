"""Results of `llama-bench -o json` and `-o jsonl` (ggml-org/llama.cpp, `tools/llama-bench/llama-bench.cpp`)."""

import re
from pathlib import Path, PurePosixPath

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.exact import records
from inference_energy.corpus.formats.measured_runs import Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import row_id
from inference_energy.corpus.formats.values import number, positive

KEYS = ("build_commit", "gpu_info", "model_filename", "model_type", "n_prompt", "n_gen", "avg_ts")
FACTS = {
    "engine": "llama.cpp",
    "prompts": "synthetic",
    # The tool works on one sequence at a time.
    "load": "closed_loop",
    "concurrency": 1,
    "throughput_scope": "instance",
    "evidence": "measured",
}
# By whether a test has prompt tokens and generated tokens: the phase, and what its tokens per second count.
TESTS = {
    (True, False): {"phase": "prefill", "throughput_counts": "input"},
    (False, True): {"phase": "decode", "throughput_counts": "output"},
    (True, True): {"phase": "prefill_and_decode", "throughput_counts": "total"},
}
# Number formats in the description of a model, such as `qwen3moe 30B.A3B Q4_K - Medium`, and in names of files.
FORMAT = r"(?:I?Q\d\w*|TQ\d\w*|MXFP4(?:_MOE)?|NVFP4|BF16|F16|F32)"
QUANTIZATION = re.compile(rf"(?<![A-Za-z0-9]){FORMAT}(?![A-Za-z0-9])", re.IGNORECASE)
FILE_NAME = re.compile(
    rf"(?:.*-GGUF_)?(?P<model>.+?)(?:[-._](?:UD-)?{FORMAT})?(?:-\d{{5}}-of-\d{{5}})?(?:\.gguf)?", re.IGNORECASE
)
NAMED = {"MXFP4": "MXFP4", "MXFP4_MOE": "MXFP4", "NVFP4": "FP4", "BF16": "BF16", "F16": "FP16", "Q8_0": "INT8"}
ALL_LAYERS = 99  # the number that people ask for to have all layers on the GPU


def read(path: Path) -> Reading:
    """Throughput (tokens per second of all GPUs) of every test: of a prompt, of generation, or of both together.

    Raises:
        InputError: not JSON, an entry that is not such a test, GPUs of several kinds, or measured power in an entry.
    """
    tests = records(path, KEYS, "results of llama-bench -o json")
    for line, test in tests:
        names = _gpus(test)
        if len(set(names)) > 1:
            found = ", ".join(names)
            raise InputError(f"{path} line {line}: gpu_info: found {found}; allowed: GPUs of one kind behind a test")
    return runs_reading(tests, path, _run)


def _run(test: dict) -> Run:
    return _out_of_scope(test) or (FACTS | _row(test, _gpus(test)), None)


def _out_of_scope(test: dict) -> str | None:
    if test.get("embeddings") in (True, 1):
        return "embedding run"
    if positive(test["n_prompt"]) is None and positive(test["n_gen"]) is None:
        return "test without tokens"
    on_cpu = number(test.get("n_gpu_layers")) == 0 or test.get("devices") == "none"
    # Without layers on the GPU, a GPU does no more than the matrix products of long prompts.
    return "run on the CPU" if on_cpu or (not test["gpu_info"] and test.get("backends") == "CPU") else None


def _row(test: dict, names: list[str]) -> dict[str, object]:
    prompt, generated = positive(test["n_prompt"]), positive(test["n_gen"])
    depth, layers, build = (positive(test.get(key)) for key in ("n_depth", "n_gpu_layers", "build_number"))
    kind = "-".join(f"{word}{count:.0f}" for word, count in (("pp", prompt), ("tg", generated), ("d", depth)) if count)
    file = test["model_filename"] if isinstance(test["model_filename"], str) else ""
    notes = {
        "model file": PurePosixPath(file.replace("\\", "/")).name,
        "tokens in the context before": f"{depth:.0f}" if depth else "",
        "layers on the GPU": f"{layers:.0f}" if layers and layers < ALL_LAYERS else "",
    }
    return TESTS[prompt is not None, generated is not None] | {
        "row_id": row_id(("", notes["model file"]), ("gpus-", len(names)), ("", kind)),
        "model": _model(notes["model file"]),
        "gpu": names[0] if names else None,
        "gpus": len(names) or None,
        # ASSUME: a process of the tool runs on one node, unless it works through remote back ends.
        "nodes": None if "RPC" in str(test.get("backends")) else 1,
        "engine_version": f"b{build:.0f}" if build else test["build_commit"],
        "precision": _precision(test["model_type"]) or _precision(notes["model file"]),
        "input_tokens": prompt,
        "input_length_kind": "fixed" if prompt else "unknown",
        "output_tokens": generated,
        "output_length_kind": "fixed" if generated else "unknown",
        "throughput_tok_per_s": test["avg_ts"],
        "published_on": test["test_time"][:10] if isinstance(test.get("test_time"), str) else None,
        "note": "; ".join(f"{name} {value}" for name, value in notes.items() if value),
    }


def _gpus(test: dict) -> list[str]:
    """The GPUs that a test ran on; `gpu_info` names all of the machine."""
    info, devices = test["gpu_info"], test.get("devices")
    names = [name.strip() for name in info.split(",") if name.strip()] if isinstance(info, str) else []
    main = test.get("main_gpu")
    if isinstance(devices, str) and devices not in ("", "auto", "none") and len(set(names)) == 1:
        names = names[: len(devices.split("/"))]
    if test.get("split_mode") == "none" and names:
        names = names[main : main + 1] if isinstance(main, int) and 0 <= main < len(names) else names[:1]
    return names


def _model(file: str) -> str | None:
    """Name of a model without what its GGUF file adds to it: cache prefix, number format, part number, ending."""
    found = FILE_NAME.fullmatch(file)
    return found["model"] if found else None


def _precision(text: object) -> str | None:
    """Number format of most weights; null for those that the corpus has no name for, such as 5 or 6 bits."""
    found = QUANTIZATION.search(text) if isinstance(text, str) else None
    name = found[0].upper() if found else ""
    return "INT4" if name.startswith("Q4") else NAMED.get(name)
