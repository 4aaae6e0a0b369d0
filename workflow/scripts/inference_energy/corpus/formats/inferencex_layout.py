"""What the keys of an InferenceX result say of its GPUs and speeds, for adapters of such results.

The meaning of the keys is that of SemiAnalysisAI/InferenceX, `utils/process_result.py`.
"""

from inference_energy.corpus.formats.values import milliseconds, number, positive

STATISTICS = {"mean": "mean", "p50": "median", "p90": "p90", "p95": "p95", "p99": "p99"}
AGREE = 0.02  # figures are rounded to six digits


def disaggregated(record: dict) -> bool:
    """Whether prefill and decode are on separate GPUs."""
    framework = str(record.get("framework")).lower()
    by_name = framework.endswith("-disagg") or framework.startswith("mori-")
    return flag(record.get("disagg")) is True or by_name


def explained(record: dict) -> bool:
    """Whether prefill and decode GPUs are those that a disaggregated run's figures per GPU were divided by."""
    keys = ("num_prefill_gpu", "num_decode_gpu", "tput_per_gpu", "input_tput_per_gpu", "output_tput_per_gpu")
    prefill, decode, both, inputs, outputs = (positive(record.get(key)) for key in keys)
    if None in (prefill, decode, both, inputs, outputs):
        return False
    return abs((inputs * prefill + outputs * decode) / (both * (prefill + decode)) - 1) <= AGREE


def gpus_of(record: dict) -> int | None:
    """GPUs of the whole deployment; null where the result does not say."""
    prefill, decode = (positive(record.get(f"num_{role}_gpu")) for role in ("prefill", "decode"))
    if disaggregated(record):
        return whole(prefill + decode) if prefill and decode else None
    stated = whole(first(record, "num_gpus", "physical_gpus"))
    if stated:
        return stated
    if flag(record.get("is_multinode")):  # aggregated: one engine, written once or under both roles
        return whole(max(prefill or 0, decode or 0) or None)
    # On one node num_prefill_gpu may be tensor x expert parallel, though the experts are on the same GPUs.
    tensor, pipeline, context = (positive(first(record, key, f"decode_{key}")) for key in ("tp", "pp", "pcp_size"))
    return None if tensor is None else whole(tensor * (pipeline or 1.0) * (context or 1.0))


def output_speed(record: dict, gpus: int | None) -> float | None:
    """Output tokens per second of all GPUs."""
    each = positive(record.get("output_tput_per_gpu"))
    behind = positive(record.get("num_decode_gpu")) if disaggregated(record) else gpus
    return each * behind if each and behind else None


def latencies(record: dict, column: str, key: str, statistics: tuple[str, ...]) -> dict[str, float | None]:
    """Columns in ms of a latency in seconds."""
    return {f"{column}_{name}_ms": milliseconds(record.get(f"{STATISTICS[name]}_{key}")) for name in statistics}


def first(record: dict, *keys: str) -> object:
    """The first of several keys that holds something but zero."""
    return next((record[key] for key in keys if record.get(key) not in (None, "", 0)), None)


def whole(value: object) -> int | None:
    """A whole number; null for anything else."""
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def flag(value: object) -> bool | None:
    """A truth value, which may be written as text; null for anything else."""
    return {"true": True, "false": False}.get(str(value).strip().lower())
