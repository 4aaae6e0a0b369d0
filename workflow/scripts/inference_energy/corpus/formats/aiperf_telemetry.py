"""Power and energy of GPU boards in exports of AIPerf and GenAI-Perf.

Sources of the meaning: ai-dynamo/aiperf, `src/aiperf/metrics/types/power_efficiency_metrics.py` and
`docs/reference/json-export-schema.md`; triton-inference-server/perf_analyzer,
`genai-perf/genai_perf/metrics/telemetry_metrics.py`.
"""

from dataclasses import dataclass

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.json_files import part
from inference_energy.corpus.formats.measured_runs import ENERGY_UNITS, POWER_UNITS, in_unit
from inference_energy.corpus.formats.values import ratio, rounded

VENDORS = ("", "nvidia_", "amd_")  # version 1.5 of the export names the maker
TOTALS = {
    "total_gpu_power": POWER_UNITS,
    "total_gpu_energy": ENERGY_UNITS,
    "output_tokens_per_joule": {"tokens/J": 1.0},
}
# Quotients of the totals with what else the export holds.
FURTHER = ["average_gpu_power", "energy_delay_product", "performance_per_watt", "output_tps_per_watt"]
FURTHER += ["goodput_per_watt", *(f"energy_per_{each}" for each in ("user", "request", "output_token", "total_token"))]
POWER_OF_GPU = ("gpu_power_usage", "nvidia_power_usage", "amd_power")
# Counters since the driver was loaded, limits and throttling: nothing of the run itself beyond its totals.
OF_GPU = ["energy_consumption", "gpu_power_limit", "power_limit", "power_management_limit", "power_violation"]
OF_GPU += ["power_throttle_duration", "power_throttle", "power_usage"]
KEYS = [
    *(vendor + key for vendor in VENDORS for key in (*TOTALS, *FURTHER, *OF_GPU)),
    *POWER_OF_GPU,
]
SUM_AGREES = 0.05


@dataclass(frozen=True)
class Boards:
    """What telemetry says of the GPUs."""

    gpu: str | None  # their name; null where it is not stated
    gpus: int | None  # their number; null where the list is not known to be that of the GPUs behind the throughput
    power_w: float | None  # mean power of all of them together, in W
    j_per_output_token: float | None  # energy per output token, in J
    note: str | None  # what a reader must know of the telemetry


def boards(document: dict, metrics: dict, output_tokens: float | None, speed: float | None, place: str) -> Boards:
    """Power and energy per output token of an export, of which `metrics` is the part that holds its metrics.

    The answers of all requests have `output_tokens`; `speed` is output tokens per second.

    Raises:
        InputError: GPUs of two names or makers, or a unit that is not known.
    """
    names, each = _listed(document, place)
    found = [vendor for vendor in VENDORS if any(_has_value(metrics.get(vendor + key)) for key in TOTALS)]
    if len(set(names)) > 1 or len(found) > 1:
        kinds = one_of(set(names)) if len(set(names)) > 1 else one_of([vendor.strip("_") or "GPU" for vendor in found])
        raise InputError(f"{place}: telemetry: found {kinds}; allowed: GPUs of one name")
    vendor = found[0] if found else ""
    total, energy, per_joule = (
        in_unit(metrics.get(vendor + key), "avg", units, f"{place}: {vendor}{key}") for key, units in TOTALS.items()
    )
    listed = rounded(sum(each)) if each and None not in each else None
    same = total is not None and listed is not None and abs(listed / total - 1) <= SUM_AGREES
    power = total or listed
    joules = ratio(1.0, per_joule) or ratio(energy, output_tokens) or ratio(power, speed)
    # The list may have GPUs that serve something else, or lack those of other hosts: only its sum proves it.
    unproven = f"GPUs in the telemetry: {len(each)}, perhaps not those behind the throughput" if each else None
    return Boards(
        names[0] if names else None, len(each) if same else None, power, rounded(joules), None if same else unproven
    )


def _listed(document: dict, place: str) -> tuple[list[str], list[float | None]]:
    """Name of every GPU of the telemetry, where there are names, and mean power of each in W."""
    names, each = [], []
    endpoints = part(document, "telemetry_data", "endpoints")
    for endpoint in endpoints.values() if isinstance(endpoints, dict) else []:
        gpus = part(endpoint, "gpus")
        for gpu in gpus.values() if isinstance(gpus, dict) else []:
            if isinstance(name := part(gpu, "gpu_name"), str):
                names.append(name)
            powers = [part(gpu, "metrics", key) for key in POWER_OF_GPU]
            each.append(_power(next((power for power in powers if power), None), f"{place}: telemetry_data"))
    stated = part(document, "telemetry_stats", "gpu_power_usage")
    for name, gpu in stated.items() if isinstance(stated, dict) else []:
        if isinstance(gpu, dict):
            each.append(_power(gpu | {"unit": stated.get("unit")}, f"{place}: telemetry_stats.gpu_power_usage.{name}"))
    return names, each


def _power(metric: object, place: str) -> float | None:
    return in_unit(metric, "avg", POWER_UNITS, place)


def _has_value(metric: object) -> bool:
    return part(metric, "avg") not in (None, 0)
