"""Measured power and energy of one InferenceX result.

The meaning of the keys is that of SemiAnalysisAI/InferenceX, `utils/aggregate_power.py` and
`utils/aggregate_power_multinode.py`, and of SemiAnalysisAI/InferenceX-app, `packages/constants/src/metric-keys.ts`.
"""

from inference_energy.corpus.formats.inferencex_layout import (
    STATISTICS,
    disaggregated,
    gpus_of,
    latencies,
    output_speed,
)
from inference_energy.corpus.formats.measured_runs import OF_ALL_BOARDS
from inference_energy.corpus.formats.values import number, positive, ratio, rounded

SAME_ENERGY = 0.1  # the windows of power and of throughput differ by seconds
PER_TOKEN = ("joules_per_input_token", "joules_per_output_token", "joules_per_total_token")
ROLES = ("gpu_energy_j", "avg_power_w", "joules_per_input_token", "joules_per_output_token")
# Keys that are read, that say how power was measured, or that are parts and percentiles of what is read.
POWER_KEYS = [
    *("power_metric_schema_version", "power_valid", "power_invalid_reasons", "power_audit", "cpu_power_valid"),
    *("avg_power_w", "avg_total_gpu_power_w", "total_gpu_energy_j", "joules_per_successful_query", *PER_TOKEN),
    *(f"{quantile}_{power}" for quantile in ("p75", "p90") for power in ("power_w", "total_gpu_power_w")),
    *(f"{role}_{key}" for role in ("prefill", "decode") for key in ROLES),
    *("avg_cpu_socket_power_w", "avg_total_cpu_power_w", "total_cpu_energy_j"),
    *("avg_total_module_power_w", "total_module_energy_j"),
]


def energy(record: dict) -> dict[str, object] | str | None:
    """Columns of the energy table (J per output token, W of all GPU boards), or why a measurement gives none; null
    where nothing was measured.

    Joules and watts are of the GPU boards of the whole deployment, prefill included, over the serving window.
    """
    gpus, split = gpus_of(record), disaggregated(record)
    joules, each = positive(record.get("joules_per_output_token")), positive(record.get("avg_power_w"))
    total, version = positive(record.get("avg_total_gpu_power_w")), record.get("power_metric_schema_version")
    valid = record.get("power_valid")
    if valid is not None and valid not in (1, "1", "true", "True"):
        return "power that the file states to be invalid"
    if joules is None and each is None and total is None:
        return None if valid is None else "power stated to be valid, without a value"
    if version is not None and number(version) not in (1.0, 2.0):
        return "power in a power_metric_schema_version other than 1 and 2"
    power = rounded(total or (each * gpus if each and gpus else None))
    computed = ratio(power, output_speed(record, gpus))
    # Before version 2, joules of a disaggregated run may be of the decode GPUs alone; power and throughput show it.
    alike = joules is not None and computed is not None and abs(joules / computed - 1) <= SAME_ENERGY
    if split and number(version) != 2 and not alike:
        return "power of a disaggregated run, not stated to be of all its GPUs (power_metric_schema_version 2)"
    if joules is None and computed is None:
        return "power without joules or the numbers that they follow from"
    return OF_ALL_BOARDS | {
        "validity": "not_stated" if valid is None else "stated_valid",
        "energy_j_per_output_token": joules or rounded(computed),
        "power_w": power,
        "duration_s": rounded(ratio(record.get("total_gpu_energy_j"), total)),
        **latencies(record, "inter_token_latency", "itl", tuple(STATISTICS)),
    }
