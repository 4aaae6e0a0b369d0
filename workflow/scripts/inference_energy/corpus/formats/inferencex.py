"""Results of InferenceX in JSON: `agg_*.json` of its runs, and the rows that its public API answers with.

Sources of the format: SemiAnalysisAI/InferenceX, `utils/process_result.py` and `docs/results-and-ingestion.md`; for the
API SemiAnalysisAI/InferenceX-app, `packages/db/src/queries/benchmarks.ts`.
"""

from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import inferencex_power, inferencex_rows
from inference_energy.corpus.formats.exact import refuse_unread
from inference_energy.corpus.formats.json_files import objects
from inference_energy.corpus.formats.measured_runs import runs_reading
from inference_energy.corpus.formats.reading import Reading

OF_RUN = ("hw", "model", "framework", "precision", "conc")
SPEEDS = ("tput_per_gpu", "scenario_type")  # replays of agents' traces state their speeds elsewhere
OF_API = ("hardware", "model", "framework", "precision", "spec_method", "conc", "metrics")


def read(path: Path) -> Reading:
    """Throughput (output tokens/s) and energy of the GPU boards (J per output token, W) of every result.

    The file holds one result or a list of them. A result whose power is flagged as invalid, or whose joules may not be
    of all GPUs, has no energy row; `left_out` counts these.

    Raises:
        InputError: not JSON, or an entry that is not such a result or measures power in keys that are not known.
    """
    results = [(line, _flat(record, f"{path} line {line}")) for line, record in objects(path)]
    for line, result in results:
        if not inferencex_rows.out_of_scope(result):
            refuse_unread(result, inferencex_power.POWER_KEYS, path, f"results of InferenceX (line {line})")
    return runs_reading(results, path, inferencex_rows.run)


def _flat(record: dict, place: str) -> dict:
    """A result under the names of `agg_*.json`; a row of the API has its measurements one level deeper."""
    if all(key in record for key in OF_API) and isinstance(record["metrics"], dict):
        metrics = record["metrics"]
        names = {"hw": record["hardware"], "spec_decoding": record["spec_method"]}
        return metrics | {key: value for key, value in record.items() if key != "metrics"} | names
    if all(key in record for key in OF_RUN) and any(key in record for key in SPEEDS):
        return record
    raise InputError(
        f"{place}: found keys {', '.join(map(repr, sorted(record)[:5])) or 'none'}; allowed: results of InferenceX,"
        f" that is {', '.join(OF_RUN)} and tput_per_gpu, or rows of its API with hardware and metrics"
    )
