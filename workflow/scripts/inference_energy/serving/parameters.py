"""Fixed parameters and random effects of the serving model, with their priors and where these come from."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

OWN = "assumed: a wide prior around what single kernels reach"
OLD_VLLM = "https://blog.vllm.ai/2024/09/05/perf-update.html, https://blog.vllm.ai/2025/01/27/v1-alpha-release.html"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A fixed parameter."""

    name: str
    meaning: str
    # whether it stands in the equations as its own exponential (`log`) or as it is (`plain`)
    scale: Literal["log", "plain"]
    unit: str  # of its exponential, or of itself
    prior: float  # mean of the prior, on the scale of the equations
    prior_sd: float  # its standard deviation
    source: str = OWN  # where the prior comes from


def _log(name: str, meaning: str, unit: str, middle: float, sd: float, source: str = OWN) -> Parameter:
    logarithm = float(np.log(middle))
    return Parameter(name=name, meaning=meaning, scale="log", unit=unit, prior=logarithm, prior_sd=sd, source=source)


def _plain(name: str, meaning: str, middle: float, sd: float, source: str = OWN) -> Parameter:
    return Parameter(name=name, meaning=meaning, scale="plain", unit="", prior=middle, prior_sd=sd, source=source)


TIME = (
    _log("step_s", "overhead of a step", "s", 1e-3, 1.0),
    _log("layer_s", "overhead of a layer in a step", "s", 60e-6, 0.7),
    _log("request_layer_s", "overhead of a layer per running request", "s", 0.17e-6, 0.7),
    _log("all_reduce_s", "overhead of a layer per doubling of GPUs", "s", 3.3e-6, 0.5),
    _log("bandwidth", "share of the memory bandwidth that is reached", "share", 0.8, 0.08, "measured by many kernels"),
    _log("compute", "share of the peak that decoding reaches", "share", 0.4, 0.5),
    _log("prefill", "share of the peak that prefill reaches", "share", 0.4, 0.5),
    _plain("narrow_formats", "part of the nominal gain of narrower formats that is lost", 0.3, 0.3),
    _log("key_reading", "bytes of keys and values over their number", "factor", 1.35, 0.4),
    _plain("experts_memory", "memory time of models with experts, log factor", 0.3, 0.2),
    _plain("experts_compute", "compute time of models with experts, log factor", 0.3, 0.7),
    _log("accepted_tokens", "tokens accepted per step of speculative decoding", "tokens", 2.0, 0.3),
    _log("verified_tokens", "tokens verified beyond the first in such a step", "tokens", 2.0, 0.5),
    _plain("data_parallel_attention", "roofline time where each GPU attends to its own requests, log factor", 0.0, 0.3),
    _plain("roofline_of_tuned", "roofline time of engines tuned for one workload, log factor", -0.2, 0.3),
    _plain("roofline_per_year", "fall of the roofline time per year of software, log", 0.15, 0.15),
    _plain("roofline_of_attention_stages", "roofline time per stage of attention, log factor", 0.0, 0.2),
    _plain("overhead_of_tuned", "overhead of engines tuned for one workload, log factor", -0.2, 0.3),
    _plain("overhead_per_year", "fall of the overhead per year of software, log", 0.2, 0.2),
    _plain("overhead_of_attention_stages", "overhead per stage of attention, log factor", 0.2, 0.2),
    # Throughput of vLLM 0.6.0 over 0.5.3: 1.8 with 70 B, 2.7 with 8 B; then 1.7 by its version 1.
    _plain(
        "old_engine", "time with an engine of 2024 that schedules one step at a time, log factor", 0.6, 0.3, OLD_VLLM
    ),
    _plain("overhead_of_old_engine", "its overhead beyond that, log factor", 0.9, 0.4, OLD_VLLM),
    _plain("youth", "time of a model on its day of release, log factor", 0.0, 0.5),
)

POWER = (
    _log("idle_share", "share of the rated power of a board that serves and does nothing", "share", 0.25, 0.4),
    _log("bandwidth_power", "rise of power with the share of the bandwidth that is used", "factor", 1.0, 0.7),
    _log("compute_power", "rise of power with the share of the peak that is used", "factor", 3.0, 0.8),
    _plain("narrow_formats_power", "part of the nominal gain of narrower formats that costs no power", 0.5, 0.4),
)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A random effect: a level for each value of some columns, drawn from a normal distribution around 0."""

    name: str
    on: Literal["overhead", "roofline", "time", "power"]  # the term whose logarithm it shifts
    by: tuple[str, ...]  # columns whose values are its levels
    sd: float  # standard deviation between levels, to start with
    floor: float  # least standard deviation
    held: bool = False  # whether the deviation is not estimated, as few levels were seen


TIME_EFFECTS = (
    Effect(name="overhead_engine", on="overhead", by=("engine", "vendor"), sd=0.31, floor=0.05),
    Effect(name="overhead_engine_gpu", on="overhead", by=("engine", "gpu"), sd=0.16, floor=0.03),
    Effect(name="overhead_network", on="overhead", by=("network",), sd=0.57, floor=0.05),
    Effect(name="overhead_campaign", on="overhead", by=("campaign",), sd=0.5, floor=0.2, held=True),
    Effect(name="roofline_gpu_format", on="roofline", by=("gpu", "computes_in"), sd=0.22, floor=0.03),
    Effect(name="roofline_gpu", on="roofline", by=("gpu",), sd=0.11, floor=0.05),
    Effect(name="roofline_generation", on="roofline", by=("generation",), sd=0.2, floor=0.1),
    Effect(name="roofline_engine", on="roofline", by=("engine",), sd=0.18, floor=0.05),
    Effect(name="roofline_network", on="roofline", by=("network",), sd=0.48, floor=0.05),
    Effect(name="time_network_gpu", on="time", by=("network", "gpu"), sd=0.14, floor=0.02),
    Effect(name="time_campaign", on="time", by=("campaign",), sd=0.3, floor=0.2, held=True),
)

POWER_EFFECTS = (
    Effect(name="power_gpu", on="power", by=("gpu",), sd=0.3, floor=0.05),
    Effect(name="power_generation", on="power", by=("generation",), sd=0.25, floor=0.1),
    Effect(name="power_gpu_format", on="power", by=("gpu", "computes_in"), sd=0.14, floor=0.02),
    Effect(name="power_network", on="power", by=("network",), sd=0.09, floor=0.02),
    Effect(name="power_network_gpu", on="power", by=("network", "gpu"), sd=0.08, floor=0.02),
    Effect(name="power_campaign", on="power", by=("campaign",), sd=0.1, floor=0.1, held=True),
)
