"""Entries of the summary of an MLPerf Inference results repository, in the keys of `summary_results.json`.

That is the list of results of v4.1 to v6.0 (mlcommons/inference_results_v5.1, `summary_results.json`). `summary.json`
of v4.0 and v6.1 has the columns of the submission checker (mlcommons/inference, `tools/submission/`), as a list or as
an object numbered `"0"`, `"1"`, ...
"""

from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.exact import must_have, refuse_unread
from inference_energy.corpus.formats.json_files import must_be_object, object_lines, parse, read_text
from inference_energy.corpus.formats.values import one_line

RESULT = "Performance_Result"
KEYS = ("UsedModel", "Scenario")
# Columns of the submission checker, by the names that `summary_results.json` gives them.
OF_CHECKER = {
    "Organization": "Submitter",
    "Division": "Category",
    "SystemType": "Suite",
    "SystemName": "System",
    "Model": "UsedModel",
    "number_of_nodes": "Nodes",
    "accelerator_model_name": "Accelerator",
    "accelerators_per_node": "a#",
    "total_accelerators": "Total Accelerators",
    "framework": "Software",
    "notes": "Notes",
    "Result": RESULT,
    "Units": "Performance_Units",
}
CHECKER_KEYS = ("MlperfModel", "Result", "Units")
POWER_UNITS = ("watts", "millijoules")
# Read, derived from what is read, or of the data sheet.
ENERGY_KEYS = (
    "has_power",
    "Power_Result",
    "Power_Units",
    "Inference_per_Joule",
    "Tokens_per_Joule",
    "design_power_watts",
)
IDENTITY = ("Submitter", "Category", "Suite", "System", "Platform", "UsedModel", "Scenario", "Location")


def results_of(path: Path) -> list[tuple[int, dict]]:
    """Every result with its line.

    Raises:
        InputError: not JSON, neither a list nor a numbered object, an entry that is not an MLPerf result, no result at
            all, or measured power or energy under keys that the summaries do not have.
    """
    text = read_text(path)
    document = parse(text, path)
    if isinstance(document, dict) and document and all(key.isdigit() for key in document):
        document = list(document.values())
    if not isinstance(document, list) or not document:
        raise InputError(f"{path}: found {type(document).__name__}; allowed: a list of at least one MLPerf result")
    for place, result in enumerate(document, start=1):
        must_be_object(result, f"{path} entry {place}")
    results = list(zip(object_lines(text, 1), document, strict=True))
    allowed = "results of MLPerf Inference v4.0 or later"
    for _, result in results:
        refuse_unread(result, ENERGY_KEYS, path, allowed)
    if all(key in document[0] for key in CHECKER_KEYS):
        must_have(results, CHECKER_KEYS, path, allowed)
        results = _with_power([(line, _renamed(result)) for line, result in results])
    must_have(results, KEYS, path, allowed)
    if not any(RESULT in result for _, result in results):
        raise InputError(f"{path}: found no entry with the key {RESULT}; allowed: {allowed}")
    return results


def _renamed(result: dict) -> dict:
    return {OF_CHECKER.get(key, key): value for key, value in result.items() if key not in OF_CHECKER.values()}


def _with_power(results: list[tuple[int, dict]]) -> list[tuple[int, dict]]:
    """Results with their power, which the checker writes as a further entry of the same run with a unit of power."""
    runs: list[tuple[int, dict]] = []
    for line, result in results:
        unit = one_line(result.get("Performance_Units"))
        if unit.lower() not in POWER_UNITS:
            runs.append((line, result))
            continue
        power = {"Power_Result": result[RESULT], "Power_Units": unit}
        same = runs and all(runs[-1][1].get(key) == value for key, value in result.items() if key in IDENTITY)
        if same:
            runs[-1] = (runs[-1][0], runs[-1][1] | power)
        else:
            runs.append((line, result))  # out of scope by its unit, and counted so
    return runs
