"""Per-task JSON of the ML.ENERGY leaderboard, version 3: one measured run of vLLM per configuration."""

import re
from collections import defaultdict
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.json_files import document, lines_under, must_be_object
from inference_energy.corpus.formats.measured_runs import FACTS, Run, runs_reading
from inference_energy.corpus.formats.reading import Reading
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
THROUGHPUT_FACTS = FACTS | {
    "engine": "vLLM",
    "load": "closed_loop",
    "input_length_kind": "unknown",
    "output_length_kind": "mean",
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
    text, leaderboard = document(path)
    task, configurations = leaderboard.get("task"), leaderboard.get("configurations")
    if not isinstance(task, str):
        raise InputError(f"{path}: task: found {type(task).__name__}; allowed: a name, for example gpqa")
    if not isinstance(configurations, list) or not configurations:
        found = "an empty list" if configurations == [] else type(configurations).__name__
        raise InputError(f"{path}: configurations: found {found}; allowed: a list of objects")
    if task not in TEXT_TASKS:
        return runs_reading(enumerate(configurations), path, lambda _: f"task {task} is not text")
    records = [must_be_object(value, f"{path}: configurations[{index}]") for index, value in enumerate(configurations)]
    if not any(DEFINING_KEY in record for record in records):
        raise InputError(f"{path}: configurations: found none with {DEFINING_KEY}; allowed: at least one")
    lines, prompts = lines_under(text, leaderboard, "configurations"), leaderboard.get("task_display_name")
    named = [record | {"row_id": name} for record, name in zip(records, _row_ids(task, records, lines), strict=True)]
    return runs_reading(zip(lines, named, strict=True), path, lambda record: _run(record, prompts))


def _run(record: dict, prompts: object) -> Run:
    gpus = record.get("num_gpus")
    # ASSUME: up to eight GPUs are one node, as in the DGX and HGX machines of the leaderboard; the file has no nodes.
    one_node = isinstance(gpus, int) and gpus <= 8
    computed = {
        "row_id": record["row_id"],
        "nodes": 1 if one_node else None,
        "precision": precision_name(record.get("weight_precision")),
        "prompts": prompts,
    }
    return _renamed(record, THROUGHPUT_KEYS) | THROUGHPUT_FACTS | computed, _renamed(record, ENERGY_KEYS) | ENERGY_FACTS


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
