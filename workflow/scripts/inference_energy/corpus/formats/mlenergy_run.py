"""`results.json` of one run of the ML.ENERGY benchmark (ml-energy/benchmark, `docs/analyzing-results.md`)."""

from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.exact import must_have, refuse_unread
from inference_energy.corpus.formats.json_files import document, object_lines, part
from inference_energy.corpus.formats.measured_runs import OF_ALL_BOARDS
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.formats.row_ids import row_id
from inference_energy.corpus.formats.serving_client import inter_token_latencies, load_of_rate, reading
from inference_energy.corpus.formats.values import noted, number, positive, ratio
from inference_energy.corpus.formats.vllm_bench import row

KEYS = ("model_id", "completed", "output_throughput", "steady_state_energy", "steady_state_energy_per_token")
OF_PREFILL = "steady_state_prefill_energy"
# Besides the two totals that are read, the file has parts of them (by GPU, phase and request), and power over time.
ENERGY_KEYS = (
    *("steady_state_energy", "steady_state_energy_per_token", "gpu_energy", "energy", "power", "power_timeline"),
    *(OF_PREFILL, "steady_state_prefill_energy_per_token"),
    *("steady_state_decode_energy", "steady_state_decode_energy_per_token"),
)
OF_HOST = ("cpu_energy", "dram_energy", "soc_energy")


def read(path: Path) -> Reading:
    """Throughput of the whole run (output tokens per second of all GPUs) and energy of its steady state (J, W).

    The benchmark calls a run a failure if not all requests completed; such a run has a throughput row and no energy.

    Raises:
        InputError: not JSON, not such a run, more or fewer GPUs metered than stated, or measured energy under keys that
            the benchmark does not write.
    """
    text, run = document(path)
    line = object_lines(text, 0)[0]
    allowed = "results.json of an ML.ENERGY run of a language model"
    must_have([(line, run)], KEYS, path, allowed)
    if not isinstance(run.get("results", []), list):
        raise InputError(f"{path}: results: found {type(run['results']).__name__}; allowed: a list")
    refuse_unread(run, (*ENERGY_KEYS, *OF_HOST), path, allowed)
    metered, stated = _metered_gpus(run), run.get("num_gpus")
    if None not in (metered, stated) and metered != stated:
        raise InputError(
            f"{path}: num_gpus: found {stated} and energy of {metered}; allowed: as many GPUs as were metered"
        )
    return reading([(line, run)], path, _row, _energy)


def _metered_gpus(run: dict) -> int | None:
    """Number of GPUs with energy in the steady state; null where the file has only their total."""
    of_gpus = part(run, "steady_state_measurement", "gpu_energy")
    return len(of_gpus) if isinstance(of_gpus, dict) and of_gpus else None


def _row(run: dict) -> dict[str, object]:
    common, gpus = row(run), run.get("num_gpus") or _metered_gpus(run)
    host = any(part(run, "steady_state_measurement", key) for key in OF_HOST)
    parts = [("", run["model_id"]), ("", run.get("gpu_model")), ("gpus-", gpus), ("batch-", run.get("max_num_seqs"))]
    # ASSUME: where requests are sent all at once, as many are in flight as the engine may batch, as the leaderboard
    # states for such runs; the mean number in flight is in another file of the run.
    at_once = common["load"] is None or load_of_rate(run.get("request_rate")) == "offline"
    return (
        common
        | _mean_length(run, "input")
        | _mean_length(run, "output")
        | {
            "row_id": row_id(*parts, ("", run.get("date"))),
            "gpu": run.get("gpu_model"),
            "gpus": gpus,
            "load": "closed_loop" if at_once else common["load"],
            "serving": "disaggregated" if run.get(OF_PREFILL) else None,
            "note": noted(common["note"], "energy of CPU and memory in the file is not read" if host else None),
        }
    )


def _mean_length(run: dict, side: str) -> dict[str, object]:
    """Mean length of the requests that completed, in tokens, and its kind; nothing if the file has no requests."""
    done = [request for request in run.get("results", []) if isinstance(request, dict) and not request.get("error")]
    lengths = [number(request.get(f"{side}_len")) for request in done if request.get("success") is not False]
    if not lengths or None in lengths:
        return {}
    # ASSUME: lengths are fixed only where the file proves it, by several requests of one length.
    kind = "fixed" if len(set(lengths)) == 1 < len(lengths) else "mean"
    return {f"{side}_tokens": sum(lengths) / len(lengths), f"{side}_length_kind": kind}


def _energy(run: dict) -> dict[str, object] | str:
    per_token = positive(run["steady_state_energy_per_token"])
    if per_token is None:
        return "energy of a run without a steady state"
    asked, completed = number(run.get("num_prompts")), number(run["completed"])
    if asked is not None and completed is not None and completed < asked:
        return "energy of a run of which requests failed"
    # ASSUME: the benchmark, not the file, states that energy is of the boards of all GPUs over the steady state.
    return OF_ALL_BOARDS | {
        "measured_over": "steady_state",
        "energy_j_per_output_token": per_token,
        "power_w": ratio(run["steady_state_energy"], run.get("steady_state_duration")),
        "batch_limit": run.get("max_num_seqs"),
        "duration_s": positive(run.get("steady_state_duration")),
        **inter_token_latencies(run),
    }
