"""Every public table: its name, file, columns and meaning."""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

import polars as pl

from inference_energy.corpus import registry_tables, tables as corpus_tables, views
from inference_energy.corpus.tables import ACCEPTED
from inference_energy.energy import tables as energy_tables
from inference_energy.fleet import tables as fleet_tables
from inference_energy.headline import tables as headline_tables
from inference_energy.oviedo import tables as oviedo_tables
from inference_energy.requests import service_tables, tables as requests_tables
from inference_energy.tables.columns import Schema
from inference_energy.tables.public import STUDY, PublicTable, read
from inference_energy.throughput import tables as throughput_tables
from inference_energy.validation import tables


def _table(name: str, path: str, schema: Schema, meaning: str, **facts: bool | tuple) -> PublicTable:
    return PublicTable(name=name, path=path, meaning=meaning, schemas={"": schema}, **facts)


def _compared(name: str, schema: Schema, meaning: str, *, named: str | None = None, **facts: bool) -> PublicTable:
    return _table(named or name, f"comparison/{name}.parquet", schema, meaning, **facts)


_bridged = partial(_compared, bridged=True)


def _corpus(file: str, table: str, schema: Schema, *named_by: str) -> PublicTable:
    return _table(table, f"validated/{file}.parquet", schema, views.TABLES[table].text, named_by=named_by)


def _of_study(
    name: str, meaning: str, *, drawn: bool = False, named_by: tuple[str, ...] = (), **schemas: Schema
) -> PublicTable:
    path = f"{STUDY}/{name}.parquet"
    return PublicTable(name=name, path=path, meaning=meaning, schemas=schemas, drawn=drawn, named_by=named_by)


# In the order in which a reader asks: answers, their evidence, what they are compared with, the corpus.
PUBLIC_TABLES = (
    _table(
        "headline",
        "headline.csv",
        headline_tables.HEADLINE,
        "One published number compared with the one computed here, or one headline number of this work",
    ),
    _of_study(
        "energy_per_query",
        "Energy of a query of one model or class and workload",
        published=oviedo_tables.ENERGY_PER_QUERY,
        nested=energy_tables.ENERGY_PER_QUERY,
    ),
    _of_study(
        "energy_by_boundary",
        "Energy of a query of one model or class and workload, within one boundary",
        nested=energy_tables.ENERGY_BY_BOUNDARY,
    ),
    _of_study(
        "energy_density",
        "One point of the distribution of the energy of a query",
        published=energy_tables.ENERGY_DENSITY,
        nested=energy_tables.ENERGY_DENSITY,
        drawn=True,
    ),
    _of_study(
        "intervention_multipliers",
        "Factor by which one intervention, or several together, divide the energy of a query, and what remains",
        published=oviedo_tables.INTERVENTION_MULTIPLIERS,
        nested=energy_tables.INTERVENTION_MULTIPLIERS,
    ),
    _of_study(
        "scenario_aggregates",
        "Energy of a fleet per day in one scenario",
        published=oviedo_tables.SCENARIO_AGGREGATES,
        nested=fleet_tables.SCENARIO_AGGREGATES,
    ),
    _of_study(
        "fleet_plan",
        "One quantity that a planner asks about a scenario: GPUs, nodes, power, energy, emissions, water",
        nested=fleet_tables.FLEET_PLAN,
    ),
    _of_study("sweeps", "Mean energy at one value of one assumption", nested=fleet_tables.SWEEPS),
    _of_study(
        "variance_shares",
        "Share of one ingredient in the variance of the energy of a query, or of the mean over queries",
        nested=fleet_tables.VARIANCE_SHARES,
    ),
    _of_study(
        "assumptions", "What is assumed of one ingredient of the shared uncertainty", nested=energy_tables.ASSUMPTIONS
    ),
    _of_study(
        "throughput_fit",
        "The curve that serves one model (on one GPU)",
        published=oviedo_tables.THROUGHPUT_FIT,
        nested=throughput_tables.THROUGHPUT_FIT,
    ),
    _of_study(
        "throughput_rows",
        "A benchmark row behind a curve, with the fitted value and that of a fit without the row",
        published=oviedo_tables.THROUGHPUT_ROWS,
        named_by=("source", "row_id"),
    ),
    _of_study("throughput_curve", "One point of a fitted curve", published=oviedo_tables.THROUGHPUT_CURVE, drawn=True),
    _of_study(
        "token_length_density",
        "One point of the distribution of answer lengths",
        published=oviedo_tables.TOKEN_LENGTH_DENSITY,
        drawn=True,
    ),
    _of_study(
        "token_length_quantiles",
        "A quantile of answer lengths",
        published=oviedo_tables.TOKEN_LENGTH_QUANTILES,
        named_by=("workload", "name"),
    ),
    _bridged(
        "method_bridge",
        headline_tables.METHOD_BRIDGE,
        "A quantity before and after one step from the published to the current estimate",
    ),
    _bridged("backtest", tables.BACKTEST, "A measured run compared with its prediction"),
    _bridged("backtest_peers", tables.BACKTEST_PEERS, "A measured run compared with the prediction of another method"),
    _bridged("scores", tables.SCORES, "Error of a method on a group of measured runs"),
    _bridged("cross_methods", tables.CROSS_METHODS, "One query by one method within one boundary"),
    _bridged(
        "cross_method_parts",
        tables.CROSS_METHOD_PARTS,
        "A part of the factor between the highest and the lowest method on one query",
    ),
    _bridged(
        "published_estimates",
        tables.PUBLISHED_ESTIMATES,
        "A published estimate of the energy of a query, compared with this work at the same tokens",
        named="statements",
    ),
    _bridged(
        "published_estimate_kinds",
        tables.PUBLISHED_ESTIMATE_KINDS,
        "One kind of published estimate, and its ratio to this work",
        named="statement_kinds",
    ),
    _bridged("tornado", fleet_tables.TORNADO, "A headline number with one assumption at its P5 and P95"),
    _compared("latency_runs", throughput_tables.LATENCY_RUNS, "One run of a batch sweep: energy and latency"),
    _compared("latency_costs", throughput_tables.LATENCY_COSTS, "What a latency target costs one model, in energy"),
    _compared("latency_summary", throughput_tables.LATENCY_SUMMARY, "What a latency target costs, over models"),
    _compared(
        "throughput_configurations",
        throughput_tables.THROUGHPUT_CONFIGURATIONS,
        "GPU-seconds per token of one measured configuration, with their stated error",
    ),
    _compared(
        "throughput_left_out",
        throughput_tables.THROUGHPUT_LEFT_OUT,
        "A benchmark row predicted without itself, by one form of throughput",
    ),
    _compared(
        "throughput_forms",
        throughput_tables.THROUGHPUT_FORMS,
        "Error of a throughput form on rows it was not fitted to",
    ),
    _compared(
        "attainment_pairs",
        throughput_tables.ATTAINMENT_PAIRS,
        "An online and an offline throughput of the same model, and their ratio",
    ),
    _compared(
        "intervention_pairs",
        energy_tables.INTERVENTION_PAIRS,
        "Two benchmark rows that differ in one intervention, and the saving between them",
    ),
    _compared(
        "board_power_shares",
        energy_tables.BOARD_POWER_SHARES,
        "A measured run near saturation: power of its GPU boards over their thermal design power",
    ),
    _compared(
        "request_length_quantiles",
        requests_tables.REQUEST_LENGTH_QUANTILES,
        "Quantiles of the prompts or answers of a trace",
    ),
    _table(
        "benchmark_checks",
        "benchmark_checks.parquet",
        corpus_tables.BENCHMARK_CHECKS,
        "A finding of a check across benchmark rows",
    ),
    _table(
        "benchmark_sources",
        "benchmark_sources.csv",
        corpus_tables.BENCHMARK_SOURCES,
        "A benchmark source: rows that were read, and findings of the checks",
    ),
    _corpus("throughput", "throughput", ACCEPTED["throughput"], "source", "row_id"),
    _corpus("measured_energy", "measured_energy", ACCEPTED["measured_energy"], "source", "row_id"),
    _corpus("implausible_energy", "implausible_energy", corpus_tables.IMPLAUSIBLE_ENERGY, "source", "row_id"),
    _corpus("published_estimates", "published_estimate", ACCEPTED["published_estimate"], "source", "row_id"),
    _corpus("models", "model", registry_tables.Model, "model"),
    _corpus("closed_models", "closed_model", registry_tables.ClosedModel, "model"),
    _corpus("hardware", "hardware", registry_tables.Hardware, "gpu"),
    _corpus("corrections", "correction", registry_tables.Correction, "source", "row_id", "column"),
    _corpus("sources", "source", corpus_tables.SOURCES),
    _table(
        "request_lengths",
        "validated/request_lengths.parquet",
        requests_tables.REQUEST_LENGTHS,
        "A bin of the joint lengths of prompts and answers of a trace",
        named_by=("workload", "input_tokens", "output_tokens"),
    ),
    _table(
        "output_length_quantiles",
        "validated/output_length_quantiles.parquet",
        requests_tables.OUTPUT_LENGTH_QUANTILES,
        "Quantiles of the answers of one model on one task",
        named_by=("task", "model"),
    ),
    _table(
        "service_rates",
        "validated/service_rates.parquet",
        service_tables.SERVICE_RATES,
        "Requests per second that a service got in one hour, and their ratio to the mean of all hours",
        named_by=("workload", "hour"),
    ),
    _table(
        "service_lengths",
        "validated/service_lengths.parquet",
        service_tables.SERVICE_LENGTHS,
        "Quantiles of prompts, answers or shares of reasoning over the requests of a service",
        named_by=("workload", "quantity"),
    ),
    _table(
        "service_tokens",
        "validated/service_tokens.parquet",
        service_tables.SERVICE_TOKENS,
        "Tokens of one of the most used models in one week, by kind",
        named_by=("read_on_day", "model"),
    ),
    _compared(
        "service_tokens_by_month",
        service_tables.SERVICE_TOKENS_BY_MONTH,
        "Tokens of a model in one month by kind, with shares of cache and reasoning, and tokens per request",
    ),
    _table(
        "service_speed",
        "validated/service_speed.parquet",
        service_tables.SERVICE_SPEED,
        "Output speed and time to first token of a model at a public interface, as one user sees them",
        named_by=("provider", "model"),
    ),
)
BY_NAME = {table.name: table for table in PUBLIC_TABLES}


def read_built(root: Path, studies: Mapping[str, str], built: Collection[str]) -> dict[str, pl.DataFrame]:
    """Every public table by name; one whose files are not built, such as a bridge between other studies, has no rows.

    Args:
        root: folder of the results.
        studies: method of every study, by its name.
        built: files that are there, as paths with their folder.

    Raises:
        InputError: a file that lacks a column of its schema, or has one that it does not know.
    """
    return {
        table.name: read(table, root, studies)
        if all(str(root / file) in built for file in table.files(studies).values())
        else pl.DataFrame(schema=table.types())
        for table in PUBLIC_TABLES
    }
