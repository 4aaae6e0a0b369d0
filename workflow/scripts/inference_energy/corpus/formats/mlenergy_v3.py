"""Per-task JSON of the ML.ENERGY leaderboard, version 3: one measured run of vLLM per configuration."""

import re
from collections import defaultdict
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.json_files import must_be_object, object_lines, parse, read_text
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.values import precision_name

TEXT_TASKS = ["gpqa", "lm-arena-chat", "sourcegraph-fim"]
ROW_ID = (
    "{task}/{model_id}/{gpu_model}x{num_gpus}/{weight_precision}"
    "/tp{tensor_parallel}-ep{expert_parallel}-dp{data_parallel}/bs{max_num_seqs}"
)
DEFINING_KEY = "output_throughput_tokens_per_sec"
THROUGHPUT_KEYS = {
    "model": "model_id",
    "gpu": "gpu_model",
    "gpus": "num_gpus",
    "tensor_parallel": "tensor_parallel",
    "expert_parallel": "expert_parallel",
    "data_parallel": "data_parallel",
    "output_tokens": "avg_output_len",
    "concurrency": "avg_batch_size",
    "throughput_tok_per_s": DEFINING_KEY,
    "stated_total_parameters_billions": "total_params_billions",
    "stated_active_parameters_billions": "activated_params_billions",
}
# ASSUME: the leaderboard, not the file, states for all its text runs: vLLM, with a constant number of requests in
# flight, so that the mean batch is the concurrency; throughput and power are of all GPUs of the run together.
THROUGHPUT_FACTS = {
    "engine": "vLLM",
    "load": "closed_loop",
    "phase": "prefill_and_decode",
    "input_length_kind": "unknown",
    "output_length_kind": "mean",
    "throughput_counts": "output",
    "throughput_scope": "instance",
    "evidence": "measured",
    "confidence": "high",
}
ENERGY_KEYS = {
    "energy_j_per_output_token": "energy_per_token_joules",
    "power_w": "avg_power_watts",
    "batch_limit": "max_num_seqs",
    "inter_token_latency_p50_ms": "median_itl_ms",
    "inter_token_latency_p90_ms": "p90_itl_ms",
    "inter_token_latency_p95_ms": "p95_itl_ms",
    "inter_token_latency_p99_ms": "p99_itl_ms",
}
# ASSUME: the leaderboard, not the file, states that energy is of all GPUs over the steady state, prefill included.
ENERGY_FACTS = {
    "boundary": "gpu_boards",
    "metered": "all_gpus",
    "includes_prefill": "yes",
    "measured_over": "steady_state",
}


def read(path: Path) -> Reading:
    """Throughput (output tokens/s of all GPUs) and energy (J per output token, W and ms) of every configuration.

    The format is an object with `task`, `task_display_name` and `configurations`, a list of flat objects. A task
    that is not text is left out as a whole.

    Raises:
        InputError: not such a file, or text in it that cannot be stored.
    """
    text = read_text(path)
    document = must_be_object(parse(text, path), str(path))
    task, configurations = document.get("task"), document.get("configurations")
    if not isinstance(task, str):
        raise InputError(f"{path}: task: found {type(task).__name__}; allowed: a name, for example gpqa")
    if not isinstance(configurations, list) or not configurations:
        found = "an empty list" if configurations == [] else type(configurations).__name__
        raise InputError(f"{path}: configurations: found {found}; allowed: a list of objects")
    if task not in TEXT_TASKS:
        return _reading([], [], path, {f"task {task} is not text": len(configurations)})
    records = [must_be_object(value, f"{path}: configurations[{index}]") for index, value in enumerate(configurations)]
    if not any(DEFINING_KEY in record for record in records):
        raise InputError(f"{path}: configurations: found none with {DEFINING_KEY}; allowed: at least one")
    lines = _lines(text, document)
    names = _row_ids(task, records, lines)
    identities = [{"row_id": name, "line": line} for name, line in zip(names, lines, strict=True)]
    prompts = document.get("task_display_name")
    throughput = [one | _throughput(record, prompts) for one, record in zip(identities, records, strict=True)]
    energy = [
        one | _renamed(record, ENERGY_KEYS) | ENERGY_FACTS for one, record in zip(identities, records, strict=True)
    ]
    return _reading(throughput, energy, path, {})


def _reading(throughput: list[dict], energy: list[dict], path: Path, left_out: dict[str, int]) -> Reading:
    return Reading(
        {
            "throughput": rows(throughput, str(path)),
            "measured_energy": rows(energy, str(path)),
        },
        left_out,
    )


def _throughput(record: dict, prompts: object) -> dict[str, object]:
    gpus, precision = record.get("num_gpus"), record.get("weight_precision")
    # ASSUME: up to eight GPUs are one node, as in the DGX and HGX machines of the leaderboard; the file has no nodes.
    one_node = isinstance(gpus, int) and gpus <= 8
    return (
        _renamed(record, THROUGHPUT_KEYS)
        | THROUGHPUT_FACTS
        | {
            "nodes": 1 if one_node else None,
            "precision": precision_name(precision),
            "prompts": prompts,
        }
    )


def _renamed(record: dict, keys: dict[str, str]) -> dict[str, object]:
    return {ours: record.get(theirs) for ours, theirs in keys.items()}


def _row_ids(task: str, records: list[dict], lines: list[int]) -> list[str]:
    """A name per configuration; a further run of the same configuration has its line number behind it."""
    names: list[str] = []
    taken: set[str] = set()
    for record, line in zip(records, lines, strict=True):
        name = re.sub(r"\s+", "-", ROW_ID.format_map(defaultdict(lambda: None, record, task=task)))
        names.append(f"{name}/line{line}" if name in taken else name)
        taken.add(name)
    return names


def _lines(text: str, document: dict) -> list[int]:
    """Line of every configuration: the objects at their depth, less those that stand under earlier keys."""
    before = 0
    for key, value in document.items():
        if key == "configurations":
            break
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        before += sum(isinstance(child, dict) for child in children)
    return object_lines(text, depth=2)[before:][: len(document["configurations"])]
