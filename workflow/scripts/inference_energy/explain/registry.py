"""What explains which public table, and which of their columns are arithmetic in others of the same row."""

from collections.abc import Callable, Mapping
from functools import partial

from inference_energy.common.step import Node
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import Build
from inference_energy.explain.derivations import (
    corpus,
    evidence,
    headline,
    ingredients,
    interventions,
    lengths,
    oviedo,
    scenarios,
    service,
    services,
    serving,
    sweeps,
)
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.derivations.validation import compared, held_out
from inference_energy.explain.trace import following
from inference_energy.studies.study import WORKLOADS


def _energy(asked: Asked) -> Node:
    return (oviedo if asked.entries.method == "published" else service).explained(asked)


EXPLAINERS: Mapping[str, Callable[[Asked], Node]] = {
    "headline": headline.explained,
    "energy_per_query": _energy,
    "energy_by_boundary": _energy,
    "energy_density": lengths.energy_density,
    "intervention_multipliers": interventions.explained,
    "scenario_aggregates": scenarios.scenario,
    "fleet_plan": scenarios.plan,
    "fleet_hours": scenarios.hour,
    "sweeps": sweeps.sweep,
    "sweep_grids": sweeps.grid,
    "variance_shares": ingredients.variance,
    "assumptions": ingredients.assumed,
    "throughput_fit": curves.of_a_study,
    "throughput_rows": curves.published_row,
    "throughput_curve": curves.curve_point,
    "token_length_density": lengths.token_density,
    "token_length_quantiles": lengths.quantile,
    "method_bridge": compared.bridge,
    "cross_methods": compared.query,
    "cross_method_parts": compared.parts,
    "statements": compared.statement,
    "statement_kinds": compared.kind_of_statement,
    "overstatement_pairs": compared.pair,
    "held_out_scores": held_out.score,
    "published_fleets": held_out.published_fleet,
    "held_out": held_out.explained,
    "tornado": sweeps.moved,
    "throughput_configurations": curves.configuration,
    "throughput_left_out": curves.left_out,
    "throughput_forms": curves.forms,
    "serving_parameters": serving.parameter,
    "serving_effects": serving.effect,
    "serving_errors": serving.error,
    "serving_covariance": serving.covariance,
    "serving_runs": serving.run,
    "intervention_pairs": evidence.pair,
    "board_power_shares": evidence.board_share,
    "request_length_quantiles": corpus.length_quantile,
    "benchmark_checks": corpus.check,
    "benchmark_sources": corpus.source_counts,
    "throughput": corpus.row_of,
    "measured_energy": corpus.row_of,
    "implausible_energy": corpus.row_of,
    "published_estimate": corpus.row_of,
    "model": corpus.registry,
    "closed_model": corpus.registry,
    "hardware": corpus.registry,
    "correction": corpus.registry,
    "source": corpus.source_file,
    "request_lengths": corpus.workload_row,
    "output_length_quantiles": corpus.workload_row,
    "service_rates": services.rate,
    "service_lengths": services.line,
    "service_tokens": services.line,
    "service_tokens_by_month": services.month,
    "service_speed": services.line,
}
# By table and column; a symbol is a column.
FORMULAS: Mapping[tuple[str, str], str] = {
    ("energy_per_query", "energy_wh_p50_relative_se"): "energy_wh_p50_se / energy_wh_p50",
    ("energy_by_boundary", "energy_wh_p50_relative_se"): "energy_wh_p50_se / energy_wh_p50",
    ("scenario_aggregates", "energy_gwh_per_day_mean"): " + ".join(f"energy_gwh_per_day_mean_{of}" for of in WORKLOADS),
    ("method_bridge", "factor"): "after / before",
    ("statements", "factor"): "energy_wh / ours_wh_p50",
    ("statements", "factor_p05"): "energy_wh / ours_wh_p95",
    ("statements", "factor_p95"): "energy_wh / ours_wh_p05",
    ("overstatement_pairs", "factor"): "energy_wh / study_wh",
    ("published_fleets", "ratio"): "predicted_p50 / stated",
    ("serving_runs", "seconds_per_token"): "1 / (output_tok_per_s_per_gpu * gpus)",
    ("serving_runs", "board_share"): "energy_j_per_output_token * output_tok_per_s_per_gpu / tdp_w",
    ("serving_runs", "shared_parameters"): "active_parameters - experts_per_token * expert_parameters",
    ("board_power_shares", "board_share_of_tdp"): "energy_j_per_output_token * output_tok_per_s_per_gpu / tdp_w",
    ("service_tokens_by_month", "cached_prompt_share"): "cached_prompt_tokens / prompt_tokens",
    ("service_tokens_by_month", "reasoning_share"): "reasoning_tokens / completion_tokens",
    ("service_tokens_by_month", "prompt_tokens_per_request"): "prompt_tokens / requests",
    ("service_tokens_by_month", "completion_tokens_per_request"): "completion_tokens / requests",
}


def explained(build: Build, table: str, row: dict, column: str) -> Node:
    """Derivation of one number: a column of numbers of a row of a public table."""
    with following():
        return _explain(Asked(build=build, table=table, row=row, column=column, explain=_explain))


def _explain(asked: Asked) -> Node:
    """The same step once, however many ask for it; a number that is not there is said to be so."""
    if asked.value is None:
        why = asked.row.get("reason") or asked.row.get("note")
        why = why or "nothing was stated, or it does not apply to this row."
        return asked.node(note=f"There is no number here: {why}")
    named = asked.key if asked.build.key(asked.table) else str(sorted(asked.row.items(), key=str))
    place = (asked.table, asked.column, named)
    formula = FORMULAS.get((asked.table, asked.column))
    read = partial(asked.of_columns, formula) if formula else partial(EXPLAINERS[asked.table], asked)
    return asked.build.once("step", *place, read=read)
