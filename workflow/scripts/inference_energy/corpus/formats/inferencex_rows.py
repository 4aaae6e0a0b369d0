"""The throughput row of one InferenceX result, whose names are those of `agg_*.json`.

The meaning of the keys is that of SemiAnalysisAI/InferenceX, `utils/process_result.py`.
"""

import re

from inference_energy.corpus.formats import inferencex_power
from inference_energy.corpus.formats.inferencex_layout import (
    disaggregated,
    explained,
    first,
    flag,
    gpus_of,
    latencies,
    output_speed,
    whole,
)
from inference_energy.corpus.formats.measured_runs import Run
from inference_energy.corpus.formats.row_ids import row_id
from inference_energy.corpus.formats.values import iso_day, noted, number, positive, precision_name, ratio, rounded

ENGINES = {
    **{"vllm": "vLLM", "sglang": "SGLang", "trt": "TensorRT-LLM", "trtllm": "TensorRT-LLM", "atom": "ATOM"},
    **{"tilert": "TileRT", "dynamo": "Dynamo", "mori": "MoRI", "llmd": "llm-d", "disagg": ""},
}
SUFFIX = r"(?:[.-]?(?:rc|post|dev|pre)\d+)*"
VERSION_OF_ENGINE = re.compile(rf"(?:vllm|sglang|sgl|trtllm|atom)[-_]?v?(\d+(?:\.\d+)*{SUFFIX})", re.IGNORECASE)
VERSION_OF_IMAGE = re.compile(rf"v?(\d+(?:\.\d+)+{SUFFIX})")
SPECULATION = {"": "none", "none": "none", "off": "none", "mtp": "mtp", "on": "mtp"}
SPECULATION |= {"eagle": "eagle", "eagle3": "eagle"}


def run(record: dict) -> Run:
    """Throughput and measured energy of a result, or why it gives no row."""
    return out_of_scope(record) or (throughput(record), inferencex_power.energy(record))


def out_of_scope(record: dict) -> str | None:
    """Why a result gives no row; null if it gives one."""
    scenario = record.get("scenario_type") or record.get("benchmark_type")
    if isinstance(scenario, str) and scenario.startswith("agentic"):
        return "replay of agents' traces, with cached prompts"
    outcome = record.get("benchmark_outcome")
    failed = isinstance(outcome, dict) and outcome.get("status") == "failed"
    if failed or number(record.get("num_requests_successful")) == 0:
        return "failed run"
    if record.get("prefill_hw") != record.get("decode_hw"):
        return "two kinds of GPU"
    if all(record.get(key) in (None, "", 0) for key in ("tput_per_gpu", "output_tput_per_gpu")):
        return "no throughput"
    if disaggregated(record) and not explained(record):
        return "disaggregated, with numbers of GPUs that do not explain the throughput"
    return None


def throughput(record: dict) -> dict[str, object]:
    """Columns of the throughput table: output tokens per second, of one GPU or, disaggregated, of all of them.

    The output tokens of a disaggregated run are stated per decode GPU, so that they are multiplied by these.
    """
    split, gpus, hw = disaggregated(record), gpus_of(record), record.get("hw")
    gpu = hw.split(":")[-1].split("-")[0].split("_")[0] if isinstance(hw, str) else hw  # less the pool of its runner
    counts, speed = "output", record.get("output_tput_per_gpu")
    if speed in (None, "", 0):
        counts, speed = "total", record.get("tput_per_gpu")
    prefill, decode = (whole(record.get(f"num_{role}_gpu")) if split else None for role in ("prefill", "decode"))
    degree = None if split else first(record, "tp", "decode_tp", "prefill_tp")
    expert = None if split else first(record, "ep", "decode_ep", "prefill_ep")
    name = [record.get(key) for key in ("model", "hw", "framework", "precision", "spec_decoding")]
    shape = [("p", prefill), ("d", decode)] if split else [("tp", degree), ("ep", expert)]
    shape += [("in-", record.get("isl")), ("out-", record.get("osl")), ("concurrency-", record.get("conc"))]
    return {
        "row_id": row_id(*(("", value) for value in name), *shape, ("", iso_day(record.get("date")))),
        "model": record.get("model") or record.get("infmax_model_prefix"),
        "gpu": gpu,
        "gpus": gpus,
        "nodes": 1 if flag(record.get("is_multinode")) is False else None,
        "engine": _engine(record.get("framework")),
        "engine_version": _version(record.get("image")),
        "precision": precision_name(record.get("precision")),
        "tensor_parallel": degree,
        "pipeline_parallel": None if split else first(record, "pp", "decode_pp", "prefill_pp"),
        "expert_parallel": expert,
        "load": "closed_loop",
        "phase": "prefill_and_decode",
        # ASSUME: the lengths asked for are kept, as means. The client draws every length from 80 to 100 % of them, so
        # that true means are about 0.9 of what is stated; the note has them where the file gives them.
        "input_tokens": record.get("isl"),
        "input_length_kind": "unknown" if record.get("isl") in (None, "") else "mean",
        "output_tokens": record.get("osl"),
        "output_length_kind": "unknown" if record.get("osl") in (None, "") else "mean",
        "concurrency": record.get("conc"),
        "throughput_tok_per_s": rounded(output_speed(record, gpus)) if split else speed,
        "throughput_counts": counts,
        "throughput_scope": "instance" if split else "gpu",
        "evidence": "measured",
        "published_on": iso_day(record.get("date")),
        "url": record.get("run_url"),
        "serving": "disaggregated" if split else "aggregated",
        "prefill_gpus": prefill,
        "decode_gpus": decode,
        "speculative_decoding": _speculation(record),
        **latencies(record, "time_to_first_token", "ttft", ("mean", "p50", "p99")),
        **latencies(record, "time_per_output_token", "tpot", ("mean", "p50", "p99")),
        "note": noted(*_notes(record, split, hw if hw != gpu else None)),
    }


def _engine(framework: object) -> object:
    if not isinstance(framework, str):
        return framework
    words = [ENGINES.get(word, word) for word in framework.strip().lower().split("-")]
    return " ".join(word for word in words if word)


def _version(image: object) -> str | None:
    """The version in the tag of an image: that of the engine if the tag names it, otherwise the image's own."""
    tag = image.split("@")[0].rpartition(":")[2] if isinstance(image, str) and ":" in image.split("@")[0] else ""
    found = VERSION_OF_ENGINE.search(tag) or VERSION_OF_IMAGE.match(tag)
    return found[1] if found else tag or None


def _speculation(record: dict) -> str | None:
    stated = record.get("spec_decoding", record.get("mtp"))
    return SPECULATION.get(stated.strip().lower(), "other") if isinstance(stated, str) else None


def _notes(record: dict, split: bool, runner: object) -> list[str]:
    image, query = record.get("image"), record.get("joules_per_successful_query")
    lengths = [ratio(query, record.get(f"joules_per_{side}_token")) for side in ("input", "output")]
    modules = positive(record.get("avg_total_module_power_w"))
    engines = [
        f"{record.get(f'{role}_num_workers')} x {role} TP{record.get(f'{role}_tp')} EP{record.get(f'{role}_ep')}"
        for role in ("prefill", "decode")
    ]
    notes = {
        f"runner {runner}": runner,
        f"image {str(image).replace('#', '/')}": image,
        "data-parallel attention": flag(record.get("dp_attention")),
        f"speculative decoding by {record.get('spec_decoding')}": _speculation(record) == "other",
        ", ".join(engines): split and record.get("prefill_tp") is not None,
        f"mean lengths {lengths[0] or 0:.0f} in, {lengths[1] or 0:.0f} out": all(lengths),
        f"compute modules with their CPUs {modules} W": modules and record.get("cpu_power_valid") in (1, "1"),
    }
    return [note for note, said in notes.items() if said]
