"""The formulas that the page computes with, as JavaScript."""

from inference_energy.common import formula_source
from inference_energy.energy import interventions, operated, power
from inference_energy.fleet import planning
from inference_energy.oviedo import energy
from inference_energy.throughput import log_linear

FORMULAS = (
    operated.gpu_seconds_per_query,
    operated.context_tokens2,
    operated.query_wh,
    log_linear.node_tok_per_s,
    energy.unit_energy_wh,
    power.datacenter_power_w,
    power.fleet_power_w,
    interventions.saving,
    planning.traditional_queries_per_day,
    planning.long_queries_per_day,
    planning.energy_gwh_per_day,
    planning.gpus_needed,
    planning.nodes_needed,
    planning.average_power_mw,
    planning.emissions_t_per_day,
    planning.water_m3_per_day,
)


def script() -> str:
    """The text of `formulas.js`, which the page holds before its other scripts."""
    return formula_source.javascript(FORMULAS)
