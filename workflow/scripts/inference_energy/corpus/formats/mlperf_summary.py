"""`summary_results.json` of an MLPerf Inference results repository (v4.1 and later): a list of results."""

import re
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.json_files import must_be_object, object_lines, parse, read_text
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.values import id_part, joined_id, make_unique, number, precision_name, ratio

DEFINING_KEYS = ("UsedModel", "Performance_Result")
LANGUAGE_MODELS = ("llama", "gptj", "gpt-j", "gpt-oss", "mixtral", "mistral", "deepseek")  # how their names begin
LOADS = {"offline": "offline", "server": "server", "interactive": "interactive"}
CONFIDENCE = {"available": "high", "preview": "medium", "rdi": "medium"}
# Every submission to the closed division of a benchmark runs the benchmark's own data set.
PROMPTS = {
    "llama2-70b": "MLPerf OpenOrca",
    "llama3.1-405b": "MLPerf LongBench, LongDataCollections, RULER and GovReport",
    "llama3.1-8b": "MLPerf CNN/DailyMail",
    "gptj": "MLPerf CNN/DailyMail",
    "gpt-j": "MLPerf CNN/DailyMail",
    "mixtral-8x7b": "MLPerf OpenOrca, GSM8K and MBXP",
    "deepseek-r1": "MLPerf AIME, MATH500, GPQA, MMLU-Pro and LiveCodeBench",
}
# The first that the software text names. TensorRT alone comes last: its version is not that of TensorRT-LLM.
ENGINES = {
    name: re.compile(rf"(?<![a-z]){spelling}(?:[\s_-]*v?(?P<version>\d[^\s,;]*))?", re.IGNORECASE)
    for name, spelling in {"vLLM": "vllm", "SGLang": "sglang", "TensorRT-LLM": r"(?:tensorrt|trt)[\s_-]*llm"}.items()
}
TENSORRT = re.compile("tensorrt", re.IGNORECASE)
BETWEEN_GPUS = re.compile(r",|;|\+|&|\band\b")
GPU_NAME = re.compile(r"nvidia|amd|intel|\(x\d+\)", re.IGNORECASE)
COUNT_AFTER_NAME = re.compile(r"\s*\(x\d+\)$")


def read(path: Path) -> Reading:
    """Throughput (output tokens per second of the system) and wall power (W, J per output token) of language models.

    In scope are results of the closed division and the datacenter suite on one kind of GPU.

    Raises:
        InputError: not JSON, not a list of objects, or no object is an MLPerf result.
    """
    results = _results(path)
    left_out: dict[str, int] = {}
    throughput, energy, in_scope = [], [], []
    for line, result in results:
        reason = _out_of_scope(result)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            in_scope.append(result)
            throughput.append({"line": line, **_throughput(result)})
    make_unique(throughput)
    for record, result in zip(throughput, in_scope, strict=True):
        if str(result.get("has_power")).lower() != "true":
            continue
        if _text(result.get("Power_Units")).lower() == "watts":
            energy.append({"line": record["line"], "row_id": record["row_id"], **_energy(result)})
        else:
            reason = f"power in unit {_short(result.get('Power_Units')) or 'not stated'}"
            left_out[reason] = left_out.get(reason, 0) + 1
    tables = {"throughput": rows(throughput, str(path))}
    if energy:
        tables["measured_energy"] = rows(energy, str(path))
    return Reading(tables, left_out)


def _results(path: Path) -> list[tuple[int, dict]]:
    text = read_text(path)
    document = parse(text, path)
    if not isinstance(document, list) or not document:
        raise InputError(f"{path}: found {type(document).__name__}; allowed: a list of at least one MLPerf result")
    for place, result in enumerate(document, start=1):
        must_be_object(result, f"{path} entry {place}")
    if not any(all(key in result for key in DEFINING_KEYS) for result in document):
        raise InputError(
            f"{path}: found no entry with the keys {' and '.join(DEFINING_KEYS)};"
            " allowed: summary_results.json of MLPerf Inference v4.1 or later"
        )
    return list(zip(object_lines(text, 1), document, strict=True))


def _out_of_scope(result: dict) -> str | None:
    category, suite = _short(result.get("Category")).lower(), _short(result.get("Suite")).lower()
    units, gpu = _short(result.get("Performance_Units")), _text(result.get("Accelerator"))
    if category != "closed":
        return f"{category or 'unstated'} division"
    if "datacenter" not in suite:  # a system may be entered for both suites: "datacenter,edge"
        return f"{suite or 'unstated'} suite"
    if not _text(result.get("UsedModel")).lower().startswith(LANGUAGE_MODELS):
        return "not a language model"
    if units != "Tokens/s":
        return f"unit {units or 'not stated'}"
    if gpu in ("", "-"):
        return "no GPU"
    if sum(1 for part in BETWEEN_GPUS.split(gpu) if GPU_NAME.search(part)) > 1:
        return "two kinds of GPU"
    return None


def _throughput(result: dict) -> dict[str, object]:
    model, scenario = _text(result.get("UsedModel")), _text(result.get("Scenario"))
    availability = _text(result.get("Availability"))
    software = _text(result.get("Software"))
    engine, version = _engine(software)
    details = _text(result.get("Details"))
    notes = {
        "submitter": result.get("Submitter"),
        "system": result.get("System"),
        "availability": availability,
        "software": software,
        "remark": result.get("Notes"),
        "result": result.get("Location"),
    }
    return {
        "row_id": joined_id([id_part("", result.get("ID")), id_part("", model), id_part("", scenario)]),
        "model": model,
        "gpu": COUNT_AFTER_NAME.sub("", _text(result.get("Accelerator"))),
        "gpus": _gpus(result),
        "nodes": _whole(result.get("Nodes")),
        "engine": engine,
        "engine_version": version,
        "precision": precision_name(result.get("weight_data_types")),
        # Round v5.0 made the interactive scenario a model of its own.
        "load": "interactive" if "interactive" in model.lower() else LOADS.get(scenario.lower(), scenario),
        "prompts": _prompts(model),
        "phase": "prefill_and_decode",
        "input_length_kind": "unknown",
        "output_length_kind": "unknown",
        "throughput_tok_per_s": result.get("Performance_Result"),
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "confidence": CONFIDENCE.get(availability.lower()),
        "url": details if details.startswith("https://") else None,
        "note": "; ".join(f"{name} {_text(value)}" for name, value in notes.items() if _text(value)),
    }


def _energy(result: dict) -> dict[str, object]:
    # The power analyser of MLPerf sits between the system and the wall; Power_Result is the mean over the run.
    return {
        "boundary": "node_wall",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "window": "whole_run",
        "power_w": result.get("Power_Result"),
        "energy_j_per_output_token": ratio(result.get("Power_Result"), result.get("Performance_Result")),
    }


def _engine(software: str) -> tuple[str | None, str | None]:
    for name, pattern in ENGINES.items():
        found = pattern.search(software)
        if found:
            return name, found["version"]
    # ASSUME: language models are served by TensorRT-LLM where a submitter names only TensorRT, on which it is built.
    return ("TensorRT-LLM", None) if TENSORRT.search(software) else (None, None)


def _prompts(model: str) -> str | None:
    name = model.lower().replace("_", ".")
    return next((prompts for start, prompts in PROMPTS.items() if name.startswith(start)), None)


def _gpus(result: dict) -> object:
    if result.get("Total Accelerators") not in (None, ""):  # v6.0 and later give the total itself
        return _whole(result["Total Accelerators"])
    per_node, nodes = _count(result.get("a#")), _count(result.get("Nodes"))
    return None if per_node is None or nodes is None else _whole(per_node * nodes)


def _count(value: object) -> float | None:
    if isinstance(value, str):
        try:
            return number(float(value))
        except ValueError:
            return None
    return number(value)


def _whole(value: object) -> object:
    count = _count(value)
    return int(count) if count is not None and count.is_integer() else value


def _text(value: object) -> str:
    """Text in one line; empty for anything that is not text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())


def _short(value: object) -> str:
    """Text fit for a reason: printable and not long."""
    return ascii(_text(value))[1:-1][:40]
