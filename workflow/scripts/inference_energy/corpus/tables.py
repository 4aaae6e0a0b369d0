"""Schemas of the corpus: benchmark rows, registries, corrections, sources and what checks find."""

import pandera.polars as pa
import polars as pl

from inference_energy.corpus.checks.finding import SEVERITIES
from inference_energy.tables.columns import number, text
from inference_energy.tables.inputs import CONFIDENCE, DATE, NAME, URL, InputTable

PRECISIONS = ["FP4", "MXFP4", "INT4", "FP8", "INT8", "BF16", "FP16"]
LENGTH_KINDS = ["fixed", "mean", "unknown"]
SCOPES = ["instance", "gpu", "node"]
COUNTS = ["output", "input", "total"]
EVIDENCE = ["measured", "vendor_published", "provider_stated", "read_off_figure"]
LOADS = ["offline", "closed_loop", "server", "interactive", "production"]
PHASES = ["prefill_and_decode", "prefill", "decode"]
ENERGY_BOUNDARIES = ["gpu_boards", "node_wall"]
ESTIMATE_KINDS = [
    "provider_measurement",
    "executive_statement",
    "first_principles",
    "throughput_based",
    "api_inferred",
    "top_down",
    "unbatched_measurement",
]


class Throughput(InputTable):
    """One published or measured token throughput of one configuration."""

    row_id: str = pa.Field(str_matches=NAME, unique=True, description="name of the row within its source")
    model: str = pa.Field(str_length={"min_value": 1}, description="model, by its name in resources/models.csv")
    gpu: str = pa.Field(str_length={"min_value": 1}, description="GPU, by its name in resources/hardware.csv")
    gpus: int = pa.Field(nullable=True, ge=1, le=100_000, description="GPUs behind the throughput")
    nodes: int = pa.Field(nullable=True, ge=1, le=100_000, description="nodes behind the throughput")
    engine: str = pa.Field(nullable=True, description="serving engine")
    engine_version: str = pa.Field(nullable=True, description="version of the engine")
    precision: str = pa.Field(isin=PRECISIONS, description="number format of the weights")
    tensor_parallel: int = pa.Field(nullable=True, ge=1, le=100_000, description="tensor-parallel degree")
    pipeline_parallel: int = pa.Field(nullable=True, ge=1, le=100_000, description="pipeline-parallel degree")
    expert_parallel: int = pa.Field(nullable=True, ge=1, le=100_000, description="expert-parallel degree")
    data_parallel: int = pa.Field(nullable=True, ge=1, le=100_000, description="data-parallel degree")
    load: str = pa.Field(
        isin=LOADS,
        description="how requests arrive: offline (all at once, the maximum), closed_loop (a fixed number in flight),"
        " server or interactive (random arrivals under a latency limit), production (a live service)",
    )
    prompts: str = pa.Field(nullable=True, description="what the prompts are")
    phase: str = pa.Field(isin=PHASES, description="what these GPUs do: prefill and decode, or one of them")
    input_tokens: float = pa.Field(nullable=True, ge=1, le=1e8, description="prompt length, tokens")
    input_length_kind: str = pa.Field(isin=LENGTH_KINDS, description="fixed, mean or unknown prompt length")
    output_tokens: float = pa.Field(nullable=True, ge=1, le=1e8, description="answer length, tokens")
    output_length_kind: str = pa.Field(isin=LENGTH_KINDS, description="fixed, mean or unknown answer length")
    concurrency: float = pa.Field(nullable=True, gt=0, le=1e8, description="requests in flight, mean over the run")
    throughput_tok_per_s: float = pa.Field(gt=0, le=1e9, description="throughput as stated, tokens per second")
    throughput_counts: str = pa.Field(isin=COUNTS, description="tokens counted: output, input, or both (total)")
    throughput_scope: str = pa.Field(isin=SCOPES, description="what the throughput is of: instance, gpu or node")
    evidence: str = pa.Field(isin=EVIDENCE, description="how the figure was obtained")
    published_on: str = pa.Field(str_matches=DATE, description="date of publication, as exact as known")
    confidence: str = pa.Field(isin=CONFIDENCE, description="confidence in the row")
    url: str = pa.Field(str_matches=URL, description="where the figure stands")
    stated_total_parameters_billions: float = pa.Field(
        nullable=True, gt=0, le=1e6, description="parameters of the model as the source states them, billions"
    )
    stated_active_parameters_billions: float = pa.Field(
        nullable=True, gt=0, le=1e6, description="parameters per token as the source states them, billions"
    )
    note: str = pa.Field(nullable=True, description="anything else a reader must know")

    @pa.dataframe_check(name="gpus", error="gpus: a number, as the throughput is not that of one GPU")
    def gpus_are_known(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """Without the number of GPUs a throughput of several of them says nothing."""
        return data.lazyframe.select((pl.col("throughput_scope") == "gpu") | pl.col("gpus").is_not_null())

    @pa.dataframe_check(name="nodes", error="nodes: a number, as the throughput is that of one node")
    def nodes_are_known(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """The GPUs of a node are those of all nodes over their number."""
        return data.lazyframe.select((pl.col("throughput_scope") != "node") | pl.col("nodes").is_not_null())


class MeasuredEnergy(InputTable):
    """Measured energy of one run whose configuration and throughput are in the throughput table."""

    row_id: str = pa.Field(str_matches=NAME, unique=True, description="row of the throughput table, same source")
    boundary: str = pa.Field(
        isin=ENERGY_BOUNDARIES,
        description="what was metered: the boards of the GPUs, or the whole node at the wall",
    )
    energy_j_per_output_token: float = pa.Field(gt=0, le=1e7, description="energy per output token, J")
    power_w: float = pa.Field(nullable=True, gt=0, le=1e9, description="mean power inside the boundary, W")
    idle_power_w: float = pa.Field(nullable=True, gt=0, le=1e9, description="power before the run, W")
    power_cap_w_per_gpu: float = pa.Field(nullable=True, gt=0, le=1e5, description="power limit set on a GPU, W")
    batch_limit: float = pa.Field(nullable=True, gt=0, le=1e8, description="most requests the engine may batch")
    duration_s: float = pa.Field(nullable=True, gt=0, le=1e9, description="length of the run, s")
    inter_token_latency_mean_ms: float = pa.Field(nullable=True, gt=0, le=1e7, description="inter-token latency, ms")
    inter_token_latency_p50_ms: float = pa.Field(nullable=True, gt=0, le=1e7, description="its median, ms")
    inter_token_latency_p90_ms: float = pa.Field(nullable=True, gt=0, le=1e7, description="its P90, ms")
    inter_token_latency_p95_ms: float = pa.Field(nullable=True, gt=0, le=1e7, description="its P95, ms")
    inter_token_latency_p99_ms: float = pa.Field(nullable=True, gt=0, le=1e7, description="its P99, ms")


class PublishedEstimate(InputTable):
    """One statement about the energy of a query."""

    row_id: str = pa.Field(str_matches=NAME, unique=True, description="name of the statement within its source")
    subject: str = pa.Field(str_length={"min_value": 1}, description="model or service as the source names it")
    model: str = pa.Field(nullable=True, description="the same model in resources/models.csv, where it is one")
    gpu: str = pa.Field(nullable=True, description="GPU by its name in resources/hardware.csv, where stated")
    energy_wh: float = pa.Field(gt=0, le=1e6, description="energy of a query, Wh")
    energy_wh_sd: float = pa.Field(nullable=True, gt=0, le=1e6, description="standard deviation as stated, Wh")
    input_tokens: float = pa.Field(nullable=True, ge=1, le=1e8, description="prompt length, tokens, where stated")
    output_tokens: float = pa.Field(nullable=True, ge=1, le=1e8, description="answer length, tokens, where stated")
    query: str = pa.Field(str_length={"min_value": 1}, description="what a query is")
    boundary: str = pa.Field(str_length={"min_value": 1}, description="what the energy includes")
    published_on: str = pa.Field(str_matches=DATE, description="date of publication")
    kind: str = pa.Field(isin=ESTIMATE_KINDS, description="how the figure was obtained")
    citation: str = pa.Field(str_length={"min_value": 1}, description="who stated it")
    url: str = pa.Field(str_matches=URL, description="where it stands")
    note: str = pa.Field(nullable=True, description="anything else a reader must know")


TABLES: dict[str, type[InputTable]] = {
    "throughput": Throughput,
    "measured_energy": MeasuredEnergy,
    "published_estimate": PublishedEstimate,
}

# What every row of these tables carries besides: where and when it was read.
PLACE = {
    "source": pa.Column(str, description="folder of the source in resources/benchmarks"),
    "file": pa.Column(str, description="file the row was read from"),
    "line": pa.Column(int, pa.Check.ge(1), description="line in that file"),
    "read_on": pa.Column(str, pa.Check.str_matches(DATE), description="date the source was read"),
    "licence": pa.Column(str, description="licence of the source"),
}
PER_GPU = {
    "output_tok_per_s_per_gpu": pa.Column(
        float,
        pa.Check.gt(0),
        nullable=True,
        description="output tokens per second and GPU, derived from throughput, counts and scope;"
        " null where only one phase or only input tokens are known",
    )
}
# Of the run behind a measured energy, these columns come along from its throughput row.
RUN = [
    *("model", "gpu", "gpus", "nodes", "engine", "engine_version", "precision"),
    *("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel", "load", "prompts"),
    *("input_tokens", "output_tokens", "concurrency", "throughput_tok_per_s", "published_on", "confidence", "url"),
]


def of_all_sources(table: type[InputTable], *further: dict[str, pa.Column]) -> pa.DataFrameSchema:
    """Schema of a table that holds the rows of all sources: a row's name is unique within its source."""
    schema = table.to_schema().update_column("row_id", unique=False)
    for columns in (PLACE, *further):
        schema = schema.add_columns(columns)
    schema.unique = ["source", "row_id"]
    return schema


ACCEPTED = {
    "throughput": of_all_sources(Throughput, PER_GPU),
    "measured_energy": of_all_sources(
        MeasuredEnergy, {name: Throughput.to_schema().columns[name] for name in RUN}, PER_GPU
    ),
    "published_estimate": of_all_sources(PublishedEstimate),
}


class Model(InputTable):
    """One language model."""

    model: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name used throughout")
    aliases: str = pa.Field(nullable=True, description="other names, separated by |")
    developer: str = pa.Field(str_length={"min_value": 1}, description="who made it")
    architecture: str = pa.Field(
        isin=["dense", "moe", "hybrid"], description="dense, mixture of experts, or attention mixed with state space"
    )
    total_parameters_billions: float = pa.Field(gt=0, le=1e6, description="all parameters, billions")
    active_parameters_billions: float = pa.Field(gt=0, le=1e6, description="parameters used per token, billions")
    model_class: str = pa.Field(
        isin=["frontier", "large", "medium", "small"],
        description="size class by total parameters: frontier > 200 B, large > 60 B, medium > 20 B, small",
    )
    same_network_as: str = pa.Field(
        nullable=True, description="model with the same shape of network, so with the same throughput"
    )
    released_on: str = pa.Field(str_matches=DATE, description="date of release")
    source: str = pa.Field(str_matches=URL, description="where these facts stand")


class Hardware(InputTable):
    """One GPU and the node it is sold in."""

    gpu: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name used throughout")
    aliases: str = pa.Field(nullable=True, description="other names, separated by |")
    vendor: str = pa.Field(str_length={"min_value": 1}, description="who makes it")
    memory_gb: float = pa.Field(gt=0, le=1e5, description="memory, GB")
    tdp_w: float = pa.Field(gt=0, le=1e5, description="thermal design power, W")
    memory_bandwidth_gb_per_s: float = pa.Field(gt=0, le=1e7, description="memory bandwidth, GB/s")
    peak_fp16_tflop_per_s: float = pa.Field(
        gt=0, le=1e7, nullable=True, description="peak dense FP16 and BF16, TFLOP/s"
    )
    peak_fp8_tflop_per_s: float = pa.Field(gt=0, le=1e7, nullable=True, description="peak dense FP8, TFLOP/s")
    peak_fp4_tflop_per_s: float = pa.Field(gt=0, le=1e7, nullable=True, description="peak dense FP4, TFLOP/s")
    peak_int8_tflop_per_s: float = pa.Field(gt=0, le=1e7, nullable=True, description="peak dense INT8, TOP/s")
    gpus_per_node: int = pa.Field(ge=1, le=1000, description="GPUs in a node")
    node: str = pa.Field(nullable=True, description="name of that node")
    node_rated_power_kw: float = pa.Field(gt=0, le=1e4, nullable=True, description="rated maximum of the node, kW")
    node_idle_power_kw: float = pa.Field(gt=0, le=1e4, nullable=True, description="measured at the wall, idle, kW")
    node_saturated_power_kw: float = pa.Field(
        gt=0, le=1e4, nullable=True, description="measured at the wall, saturated with LLM inference, kW"
    )
    source: str = pa.Field(str_matches=URL, description="where the GPU's figures stand")
    node_source: str = pa.Field(nullable=True, str_matches=URL, description="where the node's figures stand")


class Correction(InputTable):
    """One known error of a published row."""

    source: str = pa.Field(str_matches=NAME, description="folder of the source in resources/benchmarks")
    row_id: str = pa.Field(str_matches=NAME, description="row of that source")
    column: str = pa.Field(str_length={"min_value": 1}, description="column of the throughput table")
    published: str = pa.Field(nullable=True, description="value as published (empty: none)")
    corrected: str = pa.Field(nullable=True, description="value that is right (empty: unknown)")
    reason: str = pa.Field(str_length={"min_value": 1}, description="what is wrong")
    evidence: str = pa.Field(str_length={"min_value": 1}, description="how it is known")
    url: str = pa.Field(str_matches=URL, description="where the evidence stands")

    class Config:
        """A cell is corrected once."""

        strict = True
        unique = ["source", "row_id", "column"]  # noqa: RUF012


BENCHMARK_CHECKS = pa.DataFrameSchema(
    {
        "check": text("name of the check"),
        "severity": text("how serious: cannot be true, needs a look, or good to know", allowed=SEVERITIES),
        "source": text("source of the row", nullable=True),
        "row_id": text("the row", nullable=True),
        "file": text("its file", nullable=True),
        "line": pa.Column(int, nullable=True, description="its line"),
        "model": text("its model", nullable=True),
        "gpu": text("its GPU", nullable=True),
        "found": number("what the row says", nullable=True),
        "expected": number("what it is held against: the limit, or the other row's value", nullable=True),
        "unit": text("unit of both", nullable=True),
        "other_source": text("source of the other row", nullable=True),
        "other_row_id": text("the other row", nullable=True),
        "message": text("the finding in one sentence"),
    },
    strict=True,
)

SOURCES = pa.DataFrameSchema(
    {
        "source": text("folder of the source in resources/benchmarks"),
        "file": text("one of its files"),
        "format": text("format it was read in"),
        "publisher": text("who published it"),
        "title": text("its title"),
        "url": text("where it stands"),
        "version": text("its version"),
        "read_on": text("date it was read"),
        "licence": text("its licence"),
        "citation": text("how to cite it"),
        "notes": text("what a reader must know", nullable=True),
        "sha256": text("verified checksum of the file"),
        "previous_read_on": text("date it was read before", nullable=True),
        "previous_sha256": text("checksum it had then", nullable=True),
        "rows_read": pa.Column(int, pa.Check.ge(0), description="rows of the file, over all tables"),
        "rows_accepted": pa.Column(int, pa.Check.ge(0), description="rows that passed every check of a row"),
        "rows_rejected": pa.Column(int, pa.Check.ge(0), description="rows set aside, see rejected_row"),
        "records_left_out": pa.Column(int, pa.Check.ge(0), description="records outside the scope, see left_out"),
    },
    strict=True,
    unique=["source", "file"],
)

BENCHMARK_SOURCES = pa.DataFrameSchema(
    {
        "source": text("folder of the source in resources/benchmarks"),
        "publisher": text("who published it"),
        "version": text("its version"),
        "read_on": text("date it was read"),
        "licence": text("its licence"),
        "files": pa.Column(int, pa.Check.ge(1), description="number of files"),
        "rows_accepted": pa.Column(int, pa.Check.ge(0), description="rows that passed every check of a row"),
        "rows_rejected": pa.Column(int, pa.Check.ge(0), description="rows set aside"),
        "records_left_out": pa.Column(int, pa.Check.ge(0), description="records outside the scope of the corpus"),
        "throughput_rows": pa.Column(int, pa.Check.ge(0), description="rows of table throughput"),
        "measured_energies": pa.Column(int, pa.Check.ge(0), description="rows of table measured_energy"),
        "published_estimates": pa.Column(int, pa.Check.ge(0), description="rows of table published_estimate"),
        **{
            f"{severity}s": pa.Column(int, pa.Check.ge(0), description=f"findings of severity {severity}")
            for severity in SEVERITIES
        },
    },
    strict=True,
    unique=["source"],
)
