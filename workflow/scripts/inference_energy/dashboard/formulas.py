"""The formulas and functions that the page computes with, as JavaScript."""

from inference_energy.common import formula_source, script_source
from inference_energy.energy import day, interventions, operated, power
from inference_energy.fleet import planning
from inference_energy.oviedo import energy
from inference_energy.serving import network, operating_point, predict, step
from inference_energy.serving.operating_point import BatchPrior
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import Step, Time
from inference_energy.throughput import log_linear

FORMULAS = (
    operated.gpu_seconds_per_query,
    operated.context_tokens2,
    operated.query_wh,
    log_linear.node_tok_per_s,
    energy.unit_energy_wh,
    power.board_power_w,
    power.host_power_w,
    power.node_power_w,
    power.datacenter_power_w,
    power.fleet_power_w,
    day.needed_share,
    day.kept_share,
    day.work_share,
    day.energy_per_gpu_second_wh,
    network.dense_layers,
    network.dense_width,
    network.typical_expert,
    network.typical_experts,
    network.shared_parameters,
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
# The serving model, from the sizes of a model and a GPU to time and power.
SERVING = (
    Replicas.kv_copies,
    Replicas.weight_bytes,
    Replicas.largest_batch,
    step.log_unused,
    step.experts_read,
    step.pace,
    step.step_at,
    step.floor_seconds,
    step.boards,
    step.board_share,
    Time.prompt_share,
    Time.growing_share,
    Step.steps_per_token,
    Step.seconds_of_request,
    Step.bytes_of_request,
    Step.computed_flop,
    Step.fastest_s,
    Step.at,
    Step.batch_within,
    Step._largest,
    Step._amount,
    Step._unused_rate,
    Step._experts_read,
    predict.drawn_pace,
    predict.drawn_boards,
    predict.energy_of,
    predict.load_of,
    predict._load,
    BatchPrior.density,
    operating_point.batch_at_speed,
    operating_point.point_at_speed,
    operated.per_token_s,
    operated.share_within,
    operated.node_at,
)


def script() -> str:
    """The text of `formulas.js`, which the page holds before its other scripts."""
    return formula_source.javascript(FORMULAS)


def serving_script() -> str:
    """The text of `serving.js`, which the page holds after the formulas."""
    return script_source.javascript(SERVING, "Serving")
