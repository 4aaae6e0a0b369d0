"""Every public table: its name, file, columns and meaning."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import polars as pl

from inference_energy.corpus import registry_tables as registries, tables as corpus, views
from inference_energy.corpus.tables import ACCEPTED
from inference_energy.energy import tables as energy
from inference_energy.fleet import tables as fleet
from inference_energy.headline import tables as headline
from inference_energy.oviedo import tables as oviedo
from inference_energy.requests import service_tables as services, tables as requests
from inference_energy.serving import tables as serving
from inference_energy.tables.columns import Schema
from inference_energy.tables.public import STUDY, PublicTable, read
from inference_energy.throughput import tables as throughput
from inference_energy.validation import tables as validation

# Files that are not named as their tables, of which others have the names.
FILES = {"statements": "published_estimates", "statement_kinds": "published_estimate_kinds"}


def _table(name: str, path: str, schema: Schema, meaning: str, *named_by: str, **facts: bool) -> PublicTable:
    return PublicTable(name=name, path=path, meaning=meaning, schemas={"": schema}, named_by=named_by, **facts)


def _of_study(name: str, meaning: str, *named_by: str, drawn: bool = False, **tables: ModuleType) -> PublicTable:
    """A table of every study: by method the module that declares its columns, under the name of the table."""
    schemas = {method: getattr(module, name.upper()) for method, module in tables.items()}
    path = f"{STUDY}/{name}.parquet"
    return PublicTable(name=name, path=path, meaning=meaning, schemas=schemas, drawn=drawn, named_by=named_by)


def _in(
    folder: str, module: ModuleType, *, drawn: bool = False, bridged: bool = False, **rows: str
) -> Iterator[PublicTable]:
    """Tables of a folder: what one row is, by their names, under which a module declares their columns."""
    for name, meaning in rows.items():
        file = FILES.get(name, name)
        schema = getattr(module, file.upper())
        yield _table(name, f"{folder}/{file}.parquet", schema, meaning, drawn=drawn, bridged=bridged)


def _corpus(file: str, table: str, schema: Schema, *named_by: str) -> PublicTable:
    return _table(table, f"validated/{file}.parquet", schema, views.TABLES[table].text, *named_by)


# In the order in which a reader asks: answers, their evidence, what they are compared with, the corpus.
PUBLIC_TABLES = (
    _table(
        "headline",
        "headline.csv",
        headline.HEADLINE,
        "One published number compared with the one computed here, or one headline number of this work",
    ),
    _of_study(
        "energy_per_query", "Energy of a query of one model or class and workload", published=oviedo, nested=energy
    ),
    _of_study(
        "energy_by_boundary", "Energy of a query of one model or class and workload, within one boundary", nested=energy
    ),
    _of_study(
        "energy_density",
        "One point of the distribution of the energy of a query",
        published=energy,
        nested=energy,
        drawn=True,
    ),
    _of_study(
        "intervention_multipliers",
        "Factor by which one intervention, or several together, divide the energy of a query, and what remains",
        published=oviedo,
        nested=energy,
    ),
    _of_study("scenario_aggregates", "Energy of a fleet per day in one scenario", published=oviedo, nested=fleet),
    _of_study(
        "fleet_plan",
        "One quantity that a planner asks about a scenario: GPUs, nodes, power, energy, emissions, water",
        nested=fleet,
    ),
    _of_study("fleet_hours", "Power and GPUs of a fleet in one hour of the day", nested=fleet),
    _of_study("sweeps", "Mean energy at one value of one assumption", nested=fleet),
    _of_study("sweep_grids", "Mean energy at one value each of two assumptions", nested=fleet),
    _of_study(
        "variance_shares",
        "Share of one ingredient in the variance of the energy of a query, or of the mean over queries",
        nested=fleet,
    ),
    _of_study("assumptions", "What is assumed of one ingredient of the shared uncertainty", nested=energy),
    _of_study("throughput_fit", "The curve that serves one model", published=oviedo),
    _of_study(
        "throughput_rows",
        "A benchmark row behind a curve, with the fitted value and that of a fit without the row",
        published=oviedo,
    ),
    _of_study("throughput_curve", "One point of a fitted curve", published=oviedo, drawn=True),
    _of_study("token_length_density", "One point of the distribution of answer lengths", published=oviedo, drawn=True),
    _of_study("token_length_quantiles", "A quantile of answer lengths", "workload", "name", published=oviedo),
    _of_study(
        "overstatement_pairs",
        "A non-production estimate over the median of a study for the same model, tokens and boundary",
        published=headline,
    ),
    *_in(
        "comparison",
        headline,
        bridged=True,
        method_bridge="A quantity before and after one step from the published to the current estimate",
    ),
    *_in(
        "comparison",
        validation,
        bridged=True,
        cross_methods="One query by one method within one boundary",
        cross_method_parts="A part of the factor between the highest and the lowest method on one query",
        statements="A published estimate of the energy of a query, compared with this work at the same tokens",
        statement_kinds="One kind of published estimate, and its ratio to this work",
    ),
    _table(
        "held_out_scores",
        "validation/scores.csv",
        validation.HELD_OUT_SCORES,
        "Error of one kind of prediction on runs that it did not learn from, or on a group of them",
        bridged=True,
    ),
    *_in(
        "validation",
        validation,
        published_fleets="What a service states of its day or of its queries, and the prediction without it",
    ),
    *_in(
        "validation",
        validation,
        drawn=True,
        bridged=True,
        held_out="A measured run predicted without its source, model, GPU or version, or by another method",
    ),
    *_in("comparison", fleet, bridged=True, tornado="A headline number with one assumption at its P5 and P95"),
    *_in(
        "comparison",
        throughput,
        throughput_configurations="GPU-seconds per token of one measured configuration, with their stated error",
        throughput_left_out="A benchmark row predicted without itself, by one form of throughput",
        throughput_forms="Error of a throughput form on rows it was not fitted to",
    ),
    *_in(
        "serving",
        serving,
        serving_parameters="A parameter of the serving model: its prior and its fitted value",
        serving_effects="What one engine, GPU, network or campaign adds to a term of the serving model",
        serving_errors="What the serving model leaves unexplained of time or power",
    ),
    *_in(
        "serving",
        serving,
        drawn=True,
        serving_covariance="Covariance of two parameters or effects of the serving model",
        serving_runs="A run with everything that the serving model is told of it",
    ),
    *_in(
        "comparison",
        energy,
        intervention_pairs="Two benchmark rows that differ in one intervention, and the saving between them",
        board_power_shares="A measured run near saturation: power of its GPU boards over their thermal design power",
    ),
    *_in("comparison", requests, request_length_quantiles="Quantiles of the prompts or answers of a trace"),
    _table(
        "benchmark_checks",
        "benchmark_checks.parquet",
        corpus.BENCHMARK_CHECKS,
        "A finding of a check across benchmark rows",
    ),
    _table(
        "benchmark_sources",
        "benchmark_sources.csv",
        corpus.BENCHMARK_SOURCES,
        "A benchmark source: rows that were read, and findings of the checks",
    ),
    _corpus("throughput", "throughput", ACCEPTED["throughput"]),
    _corpus("measured_energy", "measured_energy", ACCEPTED["measured_energy"]),
    _corpus("implausible_energy", "implausible_energy", corpus.IMPLAUSIBLE_ENERGY),
    _corpus("published_estimates", "published_estimate", ACCEPTED["published_estimate"]),
    _corpus("models", "model", registries.Model, "model"),
    _corpus("closed_models", "closed_model", registries.ClosedModel, "model"),
    _corpus("hardware", "hardware", registries.Hardware, "gpu"),
    _corpus("corrections", "correction", registries.Correction),
    _corpus("sources", "source", corpus.SOURCES),
    *_in(
        "validated",
        requests,
        request_lengths="A bin of the joint lengths of prompts and answers of a trace",
        output_length_quantiles="Quantiles of the answers of one model on one task",
    ),
    *_in(
        "validated",
        services,
        service_rates="Requests per second that a service got in one hour, and their ratio to the mean of all hours",
        service_lengths="Quantiles of prompts, answers or shares of reasoning over the requests of a service",
        service_tokens="Tokens of one of the most used models in one week, by kind",
    ),
    *_in(
        "comparison",
        services,
        service_tokens_by_month=(
            "Tokens of a model in one month by kind, with shares of cache and reasoning, and tokens per request"
        ),
    ),
    *_in(
        "validated",
        services,
        service_speed="Output speed and time to first token of a model at a public interface, as one user sees them",
    ),
)
BY_NAME = {table.name: table for table in PUBLIC_TABLES}


def read_built(root: Path, studies: Mapping[str, str], built: Collection[str]) -> dict[str, pl.DataFrame]:
    """Every public table by name; one whose files are not built, such as a bridge between other studies, has no rows.

    `built` are files that are there, as paths with their folder.

    Raises:
        InputError: a file that lacks a column of its schema, or has one that it does not know.
    """
    return {
        table.name: read(table, root, studies)
        if all(str(root / file) in built for file in table.files(studies).values())
        else pl.DataFrame(schema=table.types())
        for table in PUBLIC_TABLES
    }
