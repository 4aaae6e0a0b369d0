"""Results of MLPerf Inference, from the summary of a results repository, v4.0 to v6.1 (`mlperf_files`)."""

import re
from pathlib import Path

from inference_energy.corpus.formats import mlperf_names
from inference_energy.corpus.formats.measured_runs import FACTS, Run, runs_reading
from inference_energy.corpus.formats.mlperf_files import RESULT, results_of
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import is_plain, row_id
from inference_energy.corpus.formats.values import as_number, as_whole, one_line, precision_name, ratio, short

LOADS = {"offline": "offline", "server": "server", "interactive": "interactive"}
CONFIDENCE = {"available": "high", "preview": "medium", "rdi": "medium"}
TOKENS_PER_SAMPLE = re.compile(r"TOKENS_PER_SAMPLE:\s*(\d+(?:\.\d+)?)")


def read(path: Path) -> Reading:
    """Throughput (output tokens per second of the system) and wall power (W, J per output token) of language models.

    In scope are results of the closed division and the datacenter suite on one kind of GPU.

    Raises:
        InputError: not such a summary.
    """
    return runs_reading(results_of(path), path, _run)


def _run(result: dict) -> Run:
    return _out_of_scope(result) or (_throughput(result), _energy(result))


def _out_of_scope(result: dict) -> str | None:
    category, suite = short(result.get("Category")).lower(), short(result.get("Suite")).lower()
    units, gpu = short(result.get("Performance_Units")), one_line(result.get("Accelerator"))
    if category != "closed":
        return f"{category or 'unstated'} division"
    if "datacenter" not in suite:  # a system may be entered for both suites: "datacenter,edge"
        return f"{suite or 'unstated'} suite"
    if not mlperf_names.is_language_model(one_line(result.get("UsedModel"))):
        return "not a language model"
    if result.get(RESULT) is None:
        return "no result"
    if units != "Tokens/s":
        return f"unit {units or 'not stated'}"
    if gpu in ("", "-"):
        return "no GPU"
    if mlperf_names.kinds_of_gpu(gpu) > 1:
        return "two kinds of GPU"
    return None


def _throughput(result: dict) -> dict[str, object]:
    model, scenario = one_line(result.get("UsedModel")), one_line(result.get("Scenario"))
    availability = one_line(result.get("Availability"))
    software = one_line(result.get("Software"))
    engine, version = mlperf_names.engine(software)
    details, accelerator = one_line(result.get("Details")), one_line(result.get("Accelerator"))
    tokens = TOKENS_PER_SAMPLE.search(one_line(result.get("Accuracy")))
    gpu, gpus = mlperf_names.gpu(accelerator), _gpus(result)
    notes = {
        "submitter": result.get("Submitter"),
        "system": result.get("System"),
        "accelerator": accelerator if gpu != accelerator else "",
        "availability": availability,
        "software": software,
        "remark": result.get("Notes"),
        # The checker took it from a run of another scenario, or of an easier one.
        "inferred from": "another run" if one_line(result.get("inferred")) not in ("", "0") else "",
        "result": result.get("Location"),
    }
    return FACTS | {
        "row_id": row_id(*_system(result), ("", model), ("", scenario)),
        "model": mlperf_names.without_scenario(model),
        "gpu": gpu,
        "gpus": gpus,
        "nodes": as_whole(result.get("Nodes")),
        "engine": engine,
        "engine_version": version,
        "precision": precision_name(result.get("weight_data_types")),
        "load": "interactive" if "interactive" in model.lower() else LOADS.get(scenario.lower(), scenario),
        "prompts": mlperf_names.prompts(model),
        "input_length_kind": "unknown",
        # ASSUME: answers of the accuracy run, whose mean length is stated, are as long as those of the measured run.
        "output_tokens": tokens[1] if tokens else None,
        "output_length_kind": "mean" if tokens else "unknown",
        "throughput_tok_per_s": result[RESULT],
        "confidence": CONFIDENCE.get(availability.lower()),
        "url": details if details.startswith("https://") else None,
        "note": "; ".join(f"{name} {one_line(value)}" for name, value in notes.items() if one_line(value)),
    }


def _system(result: dict) -> list[tuple[str, object]]:
    """The result's ID; `summary.json` has none, and the submitter and the platform name its systems."""
    keys = ("ID",) if is_plain(result.get("ID")) else ("version", "Submitter", "Platform")
    return [("", result.get(key)) for key in keys]


def _energy(result: dict) -> dict[str, object] | str | None:
    """Measured energy of a result; null if it has none, or the reason why its power gives none."""
    if str(result.get("has_power")).lower() != "true":
        return None
    unit = short(result.get("Power_Units"))
    if unit.lower() != "watts":
        return f"power in unit {unit or 'not stated'}"
    energy = ratio(as_number(result.get("Power_Result")), as_number(result[RESULT]))
    if energy is None:
        return "power without a value"
    # The power analyser of MLPerf sits between the system and the wall; Power_Result is the mean over the run.
    return {
        "boundary": "node_wall",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "whole_run",
        "power_w": result.get("Power_Result"),
        "energy_j_per_output_token": energy,
    }


def _gpus(result: dict) -> object:
    per_node, nodes = as_number(result.get("a#")), as_number(result.get("Nodes"))
    counted = mlperf_names.counted(one_line(result.get("Accelerator")), per_node)
    if counted:
        return counted
    if result.get("Total Accelerators") not in (None, ""):  # v6.0 and later give the total itself
        return as_whole(result["Total Accelerators"])
    return None if per_node is None or nodes is None else as_whole(per_node * nodes)
