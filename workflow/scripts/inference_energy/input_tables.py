"""What every input table must look like: columns, types, allowed values, meaning."""

import pandera.polars as pa
import polars as pl

PRECISIONS = ["FP4", "FP8", "INT8", "BF16", "FP16"]
LENGTH_KINDS = ["fixed", "mean", "unknown"]
SCOPES = ["instance", "gpu", "node"]
COUNTS = ["output", "total"]
EVIDENCE = ["measured", "vendor_published", "provider_stated", "read_off_figure"]
CONFIDENCE = ["high", "medium", "low"]
ESTIMATE_KINDS = [
    "provider_measurement",
    "executive_statement",
    "first_principles",
    "api_inferred",
    "top_down",
    "unbatched_measurement",
]
URL = r"^https?://\S+"
DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"


class InputTable(pa.DataFrameModel):
    """Base of all input tables: exactly the named columns, every number finite."""

    class Config:
        """No columns beyond those named."""

        strict = True

    @pa.dataframe_check(name="finite", error="a finite number")
    def finite(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """NaN and infinity pass comparisons with null handling, so they are looked for by name."""
        floats = [name for name, dtype in data.lazyframe.collect_schema().items() if dtype == pl.Float64]
        if not floats:
            return data.lazyframe.select(pl.lit(True))
        return data.lazyframe.select(pl.all_horizontal(pl.col(floats).is_finite().fill_null(True)))


class Throughput(InputTable):
    """One published or measured token throughput of one configuration."""

    row_id: str = pa.Field(str_matches=r"^\S+$", unique=True, description="name of the row within its source")
    model: str = pa.Field(str_length={"min_value": 1}, description="model, as in resources/models.csv")
    gpu: str = pa.Field(str_length={"min_value": 1}, description="GPU, as in resources/hardware.csv")
    gpus: int = pa.Field(ge=1, le=100_000, description="GPUs behind the throughput")
    nodes: int = pa.Field(ge=1, le=10_000, description="nodes behind the throughput")
    engine: str = pa.Field(nullable=True, description="serving engine")
    engine_version: str = pa.Field(nullable=True, description="version of the engine")
    precision: str = pa.Field(isin=PRECISIONS, description="number format of the weights")
    tensor_parallel: int = pa.Field(nullable=True, ge=1, description="tensor-parallel degree")
    pipeline_parallel: int = pa.Field(nullable=True, ge=1, description="pipeline-parallel degree")
    input_tokens: float = pa.Field(nullable=True, ge=1, le=1e8, description="prompt length, tokens")
    input_length_kind: str = pa.Field(isin=LENGTH_KINDS, description="fixed, mean or unknown prompt length")
    output_tokens: float = pa.Field(nullable=True, ge=1, le=1e8, description="answer length, tokens")
    output_length_kind: str = pa.Field(isin=LENGTH_KINDS, description="fixed, mean or unknown answer length")
    concurrency: float = pa.Field(nullable=True, gt=0, description="requests in flight")
    throughput_tok_per_s: float = pa.Field(gt=0, le=1e9, description="throughput, tokens per second")
    throughput_counts: str = pa.Field(isin=COUNTS, description="tokens counted: output only, or input and output")
    throughput_scope: str = pa.Field(isin=SCOPES, description="what the throughput is of: instance, gpu or node")
    evidence: str = pa.Field(isin=EVIDENCE, description="how the figure was obtained")
    published_on: str = pa.Field(str_matches=DATE, description="date of publication, as exact as known")
    confidence: str = pa.Field(isin=CONFIDENCE, description="confidence in the row, by its publisher")
    url: str = pa.Field(str_matches=URL, description="where the figure stands")
    note: str = pa.Field(nullable=True, description="anything else a reader must know")


class Model(InputTable):
    """One language model."""

    model: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name used throughout")
    aliases: str = pa.Field(nullable=True, description="other names, separated by |")
    developer: str = pa.Field(description="who made it")
    architecture: str = pa.Field(isin=["dense", "moe"], description="dense or mixture of experts")
    total_parameters_billions: float = pa.Field(gt=0, le=1e6, description="all parameters, billions")
    active_parameters_billions: float = pa.Field(gt=0, le=1e6, description="parameters used per token, billions")
    released_on: str = pa.Field(str_matches=DATE, description="date of release")
    source: str = pa.Field(str_matches=URL, description="where these facts stand")


class Hardware(InputTable):
    """One GPU and the node it is sold in."""

    gpu: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name used throughout")
    memory_gb: float = pa.Field(gt=0, description="memory, GB")
    tdp_w: float = pa.Field(gt=0, description="thermal design power, W")
    memory_bandwidth_gb_per_s: float = pa.Field(gt=0, description="memory bandwidth, GB/s")
    peak_fp16_tflop_per_s: float = pa.Field(gt=0, description="peak dense FP16, TFLOP/s")
    peak_fp8_tflop_per_s: float = pa.Field(gt=0, nullable=True, description="peak dense FP8, TFLOP/s")
    gpus_per_node: int = pa.Field(ge=1, description="GPUs in a node")
    node_rated_power_kw: float = pa.Field(gt=0, description="rated maximum power of the node, kW")
    source: str = pa.Field(str_matches=URL, description="where these facts stand")


class PublishedEstimate(InputTable):
    """One statement about the energy of a query."""

    estimate_id: str = pa.Field(str_matches=r"^\S+$", unique=True, description="name of the statement")
    subject: str = pa.Field(description="model or service")
    energy_wh: float = pa.Field(gt=0, description="energy of a query, Wh")
    output_tokens: float = pa.Field(nullable=True, ge=1, description="answer length, tokens, where stated")
    query: str = pa.Field(description="what a query is")
    boundary: str = pa.Field(description="what the energy includes")
    published_on: str = pa.Field(str_matches=DATE, description="date of publication")
    kind: str = pa.Field(isin=ESTIMATE_KINDS, description="how the figure was obtained")
    citation: str = pa.Field(description="who stated it")
    url: str = pa.Field(str_matches=URL, description="where it stands")


class Overhead(InputTable):
    """One factor between the energy of queries and that of the fleet which serves them."""

    overhead: str = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$", unique=True, description="name used in studies")
    factor: float = pa.Field(ge=1, le=10, description="multiplies the energy of the fleet")
    meaning: str = pa.Field(description="what it stands for")
    source: str = pa.Field(str_matches=URL, description="where it stands")


class ReferenceLoad(InputTable):
    """One familiar load to compare a fleet with."""

    reference: str = pa.Field(unique=True, description="name")
    energy_gwh_per_day: float = pa.Field(gt=0, description="GWh per day")
    label: str = pa.Field(description="name in figures")
    derivation: str = pa.Field(description="how it was computed")
    source: str = pa.Field(description="where it stands")


class PublishedValue(InputTable):
    """One number that a publication prints, to be reproduced."""

    study: str = pa.Field(description="study that should reproduce it")
    quantity: str = pa.Field(description="name among the computed quantities")
    label: str = pa.Field(description="name for readers")
    unit: str = pa.Field(description="unit")
    published: float = pa.Field(description="value as printed")
    resolution: float = pa.Field(gt=0, description="one unit of the last printed digit")
    published_source: str = pa.Field(str_matches=URL, description="publication")
    locator: str = pa.Field(description="place in it")
    note: str = pa.Field(nullable=True, description="what a reader must know when it does not come back")

    class Config:
        """A value is named once per study."""

        strict = True
        unique = ["study", "quantity"]  # noqa: RUF012


def with_place(table: type[InputTable]) -> pa.DataFrameSchema:
    """Schema of a table whose rows also say which source, file and line they came from."""
    return table.to_schema().add_columns(
        {
            "source": pa.Column(str, description="folder of the source in resources/benchmarks"),
            "file": pa.Column(str, description="file the row was read from"),
            "line": pa.Column(int, pa.Check.ge(2), description="line in that file"),
        }
    )
