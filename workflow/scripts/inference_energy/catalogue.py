"""Every public table: its name, its file, what one row of it is, and the schema that says what its columns mean."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandera.polars as pa
import polars as pl

from inference_energy import calibration_tables, corpus_tables, input_tables, nested_tables, result_tables
from inference_energy.benchmark_tables import ACCEPTED
from inference_energy.errors import InputError, like, one_of
from inference_energy.tables import columns_of

Schema = pa.DataFrameSchema | type[pa.DataFrameModel]
METHODS = ("published", "nested")
STUDY = "{study}"


@dataclass(frozen=True, kw_only=True)
class PublicTable:
    """One public table; a contract with those who build on it, like the columns of its schemas.

    Attributes:
        name: name in the database, the workbook and the data package.
        path: its file under `results`; with `{study}` where every study has one of its own.
        meaning: what one row is.
        schemas: by method of the study where every study has its own file; else one, by the empty name.
        named_by: columns that together name a row, where the schema does not say it.
        drawn: whether it is a curve or a density that figures are drawn from, rather than numbers to cite.
    """

    name: str
    path: str
    meaning: str
    schemas: Mapping[str, Schema]
    named_by: tuple[str, ...] = ()
    drawn: bool = False

    @property
    def of_a_study(self) -> bool:
        """Whether every study has a file of its own."""
        return STUDY in self.path

    def files(self, studies: Mapping[str, str]) -> dict[str, str]:
        """Files under `results` by study, of those whose method has the table; one by the empty name for all others.

        Args:
            studies: method of every study, by its name.
        """
        if not self.of_a_study:
            return {"": self.path}
        return {name: self.path.format(study=name) for name, method in studies.items() if method in self.schemas}

    def columns(self) -> dict[str, str]:
        """Meaning of every column, those that name a row first; where methods differ, both meanings."""
        found: dict[str, dict[str, list[str]]] = {}
        for method, schema in self.schemas.items():
            for column, of in columns_of(schema).items():
                found.setdefault(column, {}).setdefault(of.description, []).append(method)
        meanings = {} if "study" in found or not self.of_a_study else {"study": "study"}
        for column, by_meaning in found.items():
            one = len(by_meaning) == 1
            meanings[column] = "; ".join(
                text if one else f"{text} (method {', '.join(methods)})" for text, methods in by_meaning.items()
            )
        return {column: meanings[column] for column in dict.fromkeys([*self.key(), *meanings])}

    def types(self) -> dict[str, pl.DataType]:
        """Type of every column, in the same order."""
        of = {
            name: column.dtype.type for schema in self.schemas.values() for name, column in columns_of(schema).items()
        }
        return {column: of.get(column, pl.String()) for column in self.columns()}

    def key(self) -> list[str]:
        """Columns that together name a row; empty where rows have no name, as those of a density."""
        by_schema = [list(columns_of_key) for columns_of_key in map(_unique, self.schemas.values())]
        names = self.named_by or max(by_schema, key=len)
        study = ["study"] if self.of_a_study and names and "study" not in names else []
        return [*study, *names]


def _unique(schema: Schema) -> list[str]:
    return (schema if isinstance(schema, pa.DataFrameSchema) else schema.to_schema()).unique or []


def read(table: PublicTable, root: Path, studies: Mapping[str, str]) -> pl.DataFrame:
    """All rows of a public table, those of all studies one below another, columns as in `PublicTable.columns`.

    Args:
        table: which.
        root: folder of the results.
        studies: method of every study, by its name.

    Raises:
        InputError: a file that lacks a column of its schema, or has one that it does not know.
    """
    types = table.types()
    frames = [pl.DataFrame(schema=types)]  # so that a table that no study has is there, without rows
    for study, file in table.files(studies).items():
        path = root / file
        frame = pl.read_csv(path, schema_overrides=types) if path.suffix == ".csv" else pl.read_parquet(path)
        _check_columns(path, frame, table.schemas[studies.get(study, "")])
        if table.of_a_study and "study" not in frame.columns:
            frame = frame.with_columns(pl.lit(study).alias("study"))
        frames.append(frame.cast({name: types[name] for name in frame.columns}))
    return pl.concat(frames, how="diagonal").select(list(types))


def _check_columns(path: Path, frame: pl.DataFrame, schema: Schema) -> None:
    known = columns_of(schema)
    for name in known:
        if name not in frame.columns:
            raise InputError(f"{path}: column {name}: missing; found: {one_of(frame.columns)}")
    for name in frame.columns:
        if name not in known:
            raise InputError(f"{path}: column {name}: unknown; allowed: {like(name, known)}")


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


def _one(schema: Schema) -> dict[str, Schema]:
    return {"": schema}


def _both(name: str) -> dict[str, Schema]:
    return {"published": getattr(result_tables, name), "nested": getattr(nested_tables, name)}


def _published(schema: Schema) -> dict[str, Schema]:
    return {"published": schema}


def _nested(schema: Schema) -> dict[str, Schema]:
    return {"nested": schema}


def _table(name: str, path: str, schemas: dict[str, Schema], meaning: str, **facts: bool | tuple) -> PublicTable:
    return PublicTable(name=name, path=path, meaning=meaning, schemas=schemas, **facts)


def _compared(name: str, schema: Schema, meaning: str, *, named: str | None = None) -> PublicTable:
    return _table(named or name, f"comparison/{name}.parquet", _one(schema), meaning)


def _corpus(file: str, table: str, schema: Schema, *named_by: str) -> PublicTable:
    meaning = corpus_tables.TABLES[table].text
    return _table(table, f"validated/{file}.parquet", _one(schema), meaning, named_by=named_by)


def _of_study(name: str, schemas: dict[str, Schema], meaning: str, **facts: bool | tuple) -> PublicTable:
    return _table(name, f"{STUDY}/{name}.parquet", schemas, meaning, **facts)


# In the order in which a reader asks: answers, what they rest on, what they are held against, the corpus.
PUBLIC_TABLES = (
    _table(
        "headline",
        "headline.csv",
        _one(result_tables.HEADLINE),
        "One number that a publication prints beside the one computed here, or one of our own headline numbers",
    ),
    _of_study("energy_per_query", _both("ENERGY_PER_QUERY"), "Energy of a query of one model or class and workload"),
    _of_study(
        "energy_by_boundary",
        _nested(nested_tables.ENERGY_BY_BOUNDARY),
        "Energy of a query of one model or class and workload, within one boundary",
    ),
    _of_study(
        "energy_density",
        {"published": result_tables.ENERGY_DENSITY, "nested": result_tables.ENERGY_DENSITY},
        "One point of the distribution of the energy of a query",
        drawn=True,
    ),
    _of_study(
        "intervention_multipliers",
        _both("INTERVENTION_MULTIPLIERS"),
        "What one lever, or levers together, divide the energy of a query by, and what remains",
    ),
    _of_study("scenario_aggregates", _both("SCENARIO_AGGREGATES"), "Energy of a fleet per day in one scenario"),
    _of_study(
        "fleet_plan",
        _nested(nested_tables.FLEET_PLAN),
        "One quantity that a planner asks about a scenario: GPUs, nodes, power, energy, emissions, water",
    ),
    _of_study("sweeps", _nested(nested_tables.SWEEPS), "Mean energy at one value of one assumption"),
    _of_study(
        "variance_shares",
        _nested(nested_tables.VARIANCE_SHARES),
        "Share of one ingredient in the variance of the energy of a query, or of the mean over queries",
    ),
    _of_study("assumptions", _nested(nested_tables.ASSUMED), "What is assumed of one ingredient that a fleet shares"),
    _of_study("throughput_fit", _both("THROUGHPUT_FIT"), "The curve that serves one model (on one GPU)"),
    _of_study(
        "throughput_rows",
        _published(result_tables.THROUGHPUT_ROWS),
        "A benchmark row behind a curve, beside the fitted value and the one of a fit without it",
        named_by=("source", "row_id"),
    ),
    _of_study(
        "throughput_curve", _published(result_tables.THROUGHPUT_CURVE), "One point of a fitted curve", drawn=True
    ),
    _of_study(
        "token_length_density",
        _published(result_tables.TOKEN_LENGTH_DENSITY),
        "One point of the distribution of answer lengths",
        drawn=True,
    ),
    _of_study(
        "token_length_quantiles",
        _published(result_tables.TOKEN_LENGTH_QUANTILES),
        "A quantile of answer lengths",
        named_by=("workload", "name"),
    ),
    _compared(
        "method_bridge",
        nested_tables.METHOD_BRIDGE,
        "A quantity before and after one step from the published to the current estimate",
    ),
    _compared("backtest", calibration_tables.BACKTEST, "A measured run beside what is predicted of it"),
    _compared("backtest_peers", calibration_tables.BACKTEST_PEERS, "A measured run beside what another method says"),
    _compared("scores", calibration_tables.SCORES, "How far a method misses a group of measured runs"),
    _compared("cross_methods", calibration_tables.CROSS_METHODS, "One query by one method within one boundary"),
    _compared(
        "cross_method_parts",
        calibration_tables.CROSS_METHOD_PARTS,
        "A part of the factor between the highest and the lowest method on one query",
    ),
    _compared(
        "published_estimates",
        calibration_tables.STATEMENTS,
        "A statement of others about the energy of a query, beside ours for the same tokens",
        named="statements",
    ),
    _compared(
        "published_estimate_kinds",
        calibration_tables.STATEMENT_KINDS,
        "One kind of statement: how far such statements lie from ours",
        named="statement_kinds",
    ),
    _compared("tornado", calibration_tables.TORNADO, "A headline number with one assumption at its P5 and P95"),
    _compared("latency_runs", calibration_tables.LATENCY_RUNS, "One run of a batch sweep: energy and latency"),
    _compared("latency_costs", calibration_tables.LATENCY_COSTS, "What a latency target costs one model, in energy"),
    _compared("latency_summary", calibration_tables.LATENCY_SUMMARY, "What a latency target costs, over models"),
    _compared(
        "throughput_configurations",
        result_tables.THROUGHPUT_CONFIGURATIONS,
        "GPU-seconds per token of one measured configuration, with their stated error",
    ),
    _compared(
        "throughput_left_out",
        result_tables.THROUGHPUT_LEFT_OUT,
        "A benchmark row predicted without itself, by one form of throughput",
    ),
    _compared(
        "throughput_forms", result_tables.THROUGHPUT_FORMS, "How far a form of throughput misses rows it has not seen"
    ),
    _compared(
        "attainment_pairs",
        result_tables.ATTAINMENT_PAIRS,
        "An online and an offline throughput of the same model, and their ratio",
    ),
    _compared(
        "request_length_quantiles",
        result_tables.REQUEST_LENGTH_QUANTILES,
        "Quantiles of the prompts or answers of a trace",
    ),
    _table(
        "benchmark_checks",
        "benchmark_checks.parquet",
        _one(result_tables.BENCHMARK_CHECKS),
        "A finding of a check across benchmark rows",
    ),
    _table(
        "benchmark_sources",
        "benchmark_sources.csv",
        _one(result_tables.BENCHMARK_SOURCES),
        "A benchmark source: what was read of it and what checks found",
    ),
    _corpus("throughput", "throughput", ACCEPTED["throughput"], "source", "row_id"),
    _corpus("measured_energy", "measured_energy", ACCEPTED["measured_energy"], "source", "row_id"),
    _corpus("published_estimates", "published_estimate", ACCEPTED["published_estimate"], "source", "row_id"),
    _corpus("models", "model", input_tables.Model, "model"),
    _corpus("hardware", "hardware", input_tables.Hardware, "gpu"),
    _corpus("corrections", "correction", input_tables.Correction, "source", "row_id", "column"),
    _corpus("sources", "source", result_tables.SOURCES),
    _table(
        "request_lengths",
        "validated/request_lengths.parquet",
        _one(result_tables.REQUEST_LENGTHS),
        "A bin of the joint lengths of prompts and answers of a trace",
        named_by=("workload", "input_tokens", "output_tokens"),
    ),
    _table(
        "output_length_quantiles",
        "validated/output_length_quantiles.parquet",
        _one(result_tables.OUTPUT_LENGTH_QUANTILES),
        "Quantiles of the answers of one model on one task",
        named_by=("task", "model"),
    ),
)
BY_NAME = {table.name: table for table in PUBLIC_TABLES}
