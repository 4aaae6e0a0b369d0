"""The tables of `results/inference_energy.duckdb`, and views that answer the questions asked most."""

from collections.abc import Mapping

from inference_energy.statistics.quantiles import PERCENTILES
from inference_energy.tables.columns import comments, count, number, quantiles
from inference_energy.tables.database import Meaning
from inference_energy.tables.public import PublicTable
from inference_energy.tables.units import FACTOR, POSITION, SHARE

# Columns of views that no table has.
COMPUTED = comments(
    {
        **quantiles(
            "query_wh_{}", "{} over single queries, all variability and uncertainty together", "Wh", PERCENTILES
        ),
        **quantiles("mean_wh_{}", "{} of the mean over queries, over the shared uncertainty", "Wh", PERCENTILES),
        "expected_wh": number("mean over variability and uncertainty", "Wh"),
        "mean_power_mw": number("expected energy of a day over 24 hours", "MW"),
        "saved_share": number("1 - 1 / median multiplier, saved", SHARE),
        "swing": number("larger over smaller of the two", FACTOR),
        "order_in_quantity": count("order of the assumption by its swing, 1 the widest", POSITION),
        "left_out_ratio": number("predicted without this row / observed", FACTOR),
        "ratio": number("predicted / measured", FACTOR),
    }
)


def meanings(tables: Mapping[str, PublicTable]) -> dict[str, Meaning]:
    """Meaning and unit of every table, every view and every column of them.

    Args:
        tables: public tables by name.
    """
    found = {name: Meaning(table.meaning, table.comments()) for name, table in tables.items()}
    return found | _views({name: table.columns for name, table in found.items()})


def _views(of: Mapping[str, dict[str, str]]) -> dict[str, Meaning]:
    return {
        "energy_per_query_at_a_glance": Meaning(
            "Energy per query of one class of models and workload, with its interval, in every study",
            of["energy_per_query"] | COMPUTED,
            """SELECT q.subject, q.workload, q.study, q.boundary, q.energy_wh_p50 AS query_wh_p50,
            q.energy_wh_p05 AS query_wh_p05, q.energy_wh_p95 AS query_wh_p95, q.energy_wh_mean AS expected_wh,
            m.energy_wh_p50 AS mean_wh_p50, m.energy_wh_p05 AS mean_wh_p05, m.energy_wh_p95 AS mean_wh_p95,
            q.served_share, q.reached_share, q.batch_p50
            FROM energy_per_query q LEFT JOIN energy_per_query m
            ON m.study = q.study AND m.workload = q.workload AND m.subject = q.subject AND m.spread = 'shared'
            WHERE q.subject_kind = 'class' AND q.spread = 'untrimmed'
            ORDER BY q.subject, q.workload DESC, q.study""",
        ),
        "printed_values_that_do_not_come_back": Meaning(
            "A published number that is not reproduced, with a note for readers",
            of["headline"],
            """SELECT study, label, unit, published, computed, relative_difference, tolerance, note, locator,
            published_source, quantity FROM headline WHERE NOT within ORDER BY study, quantity""",
        ),
        "fleets_side_by_side": Meaning(
            "One scenario of a fleet in every study: energy per day and the mean power behind it",
            of["scenario_aggregates"] | COMPUTED,
            """SELECT scenario, label, study, long_share, interventions, queries_per_day, energy_gwh_per_day_mean,
            energy_gwh_per_day_p05, energy_gwh_per_day_p50, energy_gwh_per_day_p95,
            energy_gwh_per_day_mean * 1000 / 24 AS mean_power_mw, boundary
            FROM scenario_aggregates ORDER BY scenario, study""",
        ),
        "what_levers_save": Meaning(
            "Saving of a query's energy by one intervention, or several together, the largest first",
            of["intervention_multipliers"] | COMPUTED,
            """SELECT study, workload, lever, label, combination, level, multiplier_p50, multiplier_p05,
            multiplier_p95, 1 - 1 / multiplier_p50 AS saved_share, energy_wh_p50, evidence, pairs, measured_p50,
            predicted_p50, source
            FROM intervention_multipliers WHERE spread IN ('untrimmed', 'shared')
            ORDER BY study, workload DESC, combination <> 'single', multiplier_p50 DESC, lever""",
        ),
        "which_assumptions_matter_most": Meaning(
            "A headline number with one assumption at its P5 and P95, the widest swing first",
            of["tornado"] | COMPUTED,
            """SELECT study, quantity, rank() OVER (PARTITION BY study, quantity
            ORDER BY greatest(at_low, at_high) / least(at_low, at_high) DESC, ingredient) AS order_in_quantity,
            label, at_low, central, at_high, unit,
            greatest(at_low, at_high) / least(at_low, at_high) AS swing, ingredient
            FROM tornado ORDER BY study, quantity, order_in_quantity""",
        ),
        "where_the_spread_comes_from": Meaning(
            "An ingredient's share of the variance of a query's energy, or of the mean over queries, the largest first",
            of["variance_shares"],
            """SELECT study, subject, workload, spread, ingredient, variance_share FROM variance_shares
            ORDER BY study, subject, workload DESC, spread, variance_share DESC, ingredient""",
        ),
        "benchmark_rows_behind_a_curve": Meaning(
            "A benchmark row that a published curve rests on, with its file, line and address",
            of["throughput"] | of["throughput_fit"] | COMPUTED,
            """SELECT f.study, f.model, r.gpu, r.precision, f.form, r.source, r.row_id, r.input_tokens, r.output_tokens,
            r.throughput_tok_per_s, t.output_tok_per_s_per_gpu,
            r.left_out_tok_per_s / r.node_tok_per_s AS left_out_ratio,
            r.file, r.line, r.url
            FROM throughput_fit f JOIN throughput_rows r ON r.study = f.study AND r.model = f.model
            LEFT JOIN throughput t ON t.source = r.source AND t.row_id = r.row_id
            ORDER BY study, model, gpu, source, row_id""",
        ),
        "measured_against_predicted": Meaning(
            "A metered run predicted by the serving model without its source, model or GPU; with file, line, address",
            of["held_out"] | of["measured_energy"] | COMPUTED,
            """SELECT h.left_out, h.value, h.source, h.row_id, e.model, h.gpu, h.measured, h.predicted_p50,
            h.predicted_p05, h.predicted_p95, h.predicted_p50 / h.measured AS ratio, e.file, e.line, e.url
            FROM held_out h LEFT JOIN measured_energy e USING (source, row_id)
            WHERE h.score = 'energy_at_batch'
            ORDER BY h.left_out, h.source, h.row_id""",
        ),
        "statements_of_others_against_ours": Meaning(
            "A published estimate of the energy of a query, compared with this work at the same tokens, with citation",
            of["published_estimate"] | of["statements"],
            """SELECT s.study, s.kind, s.subject, s.energy_wh, s.ours_wh_p50, s.ours_wh_p05, s.ours_wh_p95, s.factor,
            s.boundary, s.input_tokens, s.output_tokens, s.compared_with, s.reason, p.citation, p.published_on, p.url,
            s.source, s.row_id
            FROM statements s LEFT JOIN published_estimate p USING (source, row_id)
            ORDER BY s.study, s.kind, s.source, s.row_id""",
        ),
    }
