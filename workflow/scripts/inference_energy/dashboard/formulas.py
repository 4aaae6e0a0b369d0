"""The formulas that the page computes with, as JavaScript."""

from inference_energy.common import formula_source
from inference_energy.energy import gpu_second, interventions, power, service, uncertainty
from inference_energy.fleet import planning
from inference_energy.throughput import gpu_time, log_linear

FORMULAS = (
    log_linear.node_tok_per_s,
    gpu_time.gpu_seconds_of_node,
    gpu_time.uncached_tokens,
    gpu_time.context_tokens2,
    gpu_time.growth_tokens2,
    gpu_time.gpu_seconds_per_query,
    power.board_power_w,
    power.host_power_w,
    power.node_power_w,
    power.used_power_w,
    power.datacenter_power_w,
    power.node_power_kw,
    gpu_second.energy_per_gpu_second_wh,
    service.query_wh,
    uncertainty.missed_by_fit,
    interventions.overlapping_multiplier,
    interventions.raised_share,
    interventions.lowered_pue,
    interventions.with_interventions,
    interventions.saving,
    planning.traditional_queries_per_day,
    planning.long_queries_per_day,
    planning.energy_gwh_per_day,
    planning.gpus_needed,
    planning.nodes_needed,
    planning.average_power_mw,
    planning.peak_power_mw,
    planning.emissions_t_per_day,
    planning.water_m3_per_day,
)


def script() -> str:
    """The text of `formulas.js`, which the page holds before its other scripts."""
    return formula_source.javascript(FORMULAS)
