"""Schemas of the corpus: benchmark rows, sources and what checks find; those of the registries: registry_tables."""

import pandera.polars as pa
import polars as pl

from inference_energy.corpus.checks.finding import SEVERITIES
from inference_energy.tables.columns import column, count, number, table, text, texts
from inference_energy.tables.inputs import CONFIDENCE, DATE, NAME, URL, InputTable, cell, filled, optional
from inference_energy.tables.units import COUNT, J_PER_OUTPUT_TOKEN, OF_ROW, POSITION, TOK_PER_S_PER_GPU

PRECISIONS = ["FP4", "MXFP4", "INT4", "FP8", "INT8", "BF16", "FP16"]
LENGTH_KINDS = ["fixed", "mean", "unknown"]
SCOPES = ["instance", "gpu", "node"]
COUNTS = ["output", "input", "total"]
EVIDENCE = ["measured", "vendor_published", "provider_stated", "read_off_figure"]
LOADS = ["offline", "closed_loop", "server", "interactive", "production"]
PHASES = ["prefill_and_decode", "prefill", "decode"]
SERVING = ["aggregated", "disaggregated"]
SPECULATION = ["none", "mtp", "eagle", "other"]
ENERGY_BOUNDARIES = ["gpu_boards", "node", "node_wall"]
METERED = ["all_gpus", "one_gpu"]
INCLUDES_PREFILL = ["yes", "no", "unknown"]
MEASURED_OVER = ["whole_run", "steady_state"]
VALIDITY = ["stated_valid", "not_stated"]
ESTIMATE_KINDS = [
    "provider_measurement",
    "executive_statement",
    "first_principles",
    "throughput_based",
    "api_inferred",
    "top_down",
    "unbatched_measurement",
]


class Throughput(
    InputTable,
    rules={
        # Without the number of GPUs a throughput of several of them says nothing.
        "gpus: a number, as the throughput is not that of one GPU": (pl.col("throughput_scope") == "gpu")
        | pl.col("gpus").is_not_null(),
        # The GPUs of a node are those of all nodes over their number.
        "nodes: a number, as the throughput is that of one node": (pl.col("throughput_scope") != "node")
        | pl.col("nodes").is_not_null(),
    },
):
    """One published or measured token throughput of one configuration."""

    row_id: str = cell("name of the row within its source", str_matches=NAME, unique=True)
    model: str = filled("model, by its name in resources/models.csv")
    gpu: str = filled("GPU, by its name in resources/hardware.csv")
    gpus: int = optional("GPUs behind the throughput", COUNT, ge=1, le=100_000)
    nodes: int = optional("nodes behind the throughput", COUNT, ge=1, le=100_000)
    engine: str = optional("serving engine")
    engine_version: str = optional("version of the engine")
    precision: str = cell("number format of the weights", isin=PRECISIONS)
    tensor_parallel: int = optional("tensor-parallel degree", COUNT, ge=1, le=100_000)
    pipeline_parallel: int = optional("pipeline-parallel degree", COUNT, ge=1, le=100_000)
    expert_parallel: int = optional("expert-parallel degree", COUNT, ge=1, le=100_000)
    data_parallel: int = optional("data-parallel degree", COUNT, ge=1, le=100_000)
    load: str = cell(
        "how requests arrive: offline (all at once, the maximum), closed_loop (a fixed number in flight),"
        " server or interactive (random arrivals under a latency limit), production (a live service)",
        isin=LOADS,
    )
    prompts: str = optional("what the prompts are")
    phase: str = cell("what these GPUs do: prefill and decode, or one of them", isin=PHASES)
    input_tokens: float = optional("prompt length", "tokens", ge=1, le=1e8)
    input_length_kind: str = cell("fixed, mean or unknown prompt length", isin=LENGTH_KINDS)
    output_tokens: float = optional("answer length", "tokens", ge=1, le=1e8)
    output_length_kind: str = cell("fixed, mean or unknown answer length", isin=LENGTH_KINDS)
    concurrency: float = optional("requests in flight, mean over the run", "requests in flight", gt=0, le=1e8)
    throughput_tok_per_s: float = cell("throughput as stated", "tok/s", gt=0, le=1e9)
    throughput_counts: str = cell("tokens counted: output, input, or both (total)", isin=COUNTS)
    throughput_scope: str = cell("what the throughput is of: instance, gpu or node", isin=SCOPES)
    evidence: str = cell("how the figure was obtained", isin=EVIDENCE)
    published_on: str = cell("date of publication, as exact as known", str_matches=DATE)
    confidence: str = cell("confidence in the row", isin=CONFIDENCE)
    url: str = cell("where the figure stands", str_matches=URL)
    stated_total_parameters_billions: float = optional(
        "parameters of the model as the source states them", "billions", gt=0, le=1e6
    )
    stated_active_parameters_billions: float = optional(
        "parameters per token as the source states them", "billions", gt=0, le=1e6
    )
    serving: str = optional(
        "prefill and decode on the same GPUs (aggregated) or on separate ones (disaggregated)", isin=SERVING
    )
    prefill_gpus: int = optional("GPUs that only do prefill", COUNT, ge=0, le=100_000)
    decode_gpus: int = optional("GPUs that only do decode", COUNT, ge=0, le=100_000)
    speculative_decoding: str = optional("method of speculative decoding", isin=SPECULATION)
    time_to_first_token_mean_ms: float = optional("time to first token", "ms", gt=0, le=1e8)
    time_to_first_token_p50_ms: float = optional("its median", "ms", gt=0, le=1e8)
    time_to_first_token_p99_ms: float = optional("its P99", "ms", gt=0, le=1e8)
    time_per_output_token_mean_ms: float = optional(
        "time per output token of a request after its first", "ms", gt=0, le=1e7
    )
    time_per_output_token_p50_ms: float = optional("its median", "ms", gt=0, le=1e7)
    time_per_output_token_p99_ms: float = optional("its P99", "ms", gt=0, le=1e7)
    stated_model: str = optional("name of the model as it stands in the file or its facts")
    stated_gpu: str = optional("name of the GPU as it stands in the file or its facts")
    overruled: str = optional("what the file states where a fact of its origin overrules it")
    note: str = optional("anything else a reader must know")


class MeasuredEnergy(InputTable):
    """Measured energy of one run whose configuration and throughput are in the throughput table."""

    row_id: str = cell("row of the throughput table, same source", str_matches=NAME, unique=True)
    boundary: str = cell(
        "what was metered: the boards of the GPUs, the node behind its power supplies, or the node at the wall",
        isin=ENERGY_BOUNDARIES,
    )
    metered: str = cell(
        "what the file's energy and power are of: all GPUs of the deployment, or one of them; in the corpus both are"
        " of all GPUs",
        isin=METERED,
    )
    includes_prefill: str = cell("whether the energy of prefill is included", isin=INCLUDES_PREFILL)
    measured_over: str = optional(
        "what the energy was measured over: the whole run, or its steady state", isin=MEASURED_OVER
    )
    validity: str = optional("whether the file itself states that the measurement is valid", isin=VALIDITY)
    energy_j_per_output_token: float = cell("energy per output token", J_PER_OUTPUT_TOKEN, gt=0, le=1e7)
    power_w: float = optional("mean power inside the boundary", "W", gt=0, le=1e9)
    idle_power_w: float = optional("power before the run", "W", gt=0, le=1e9)
    power_cap_w_per_gpu: float = optional("power limit set on a GPU", "W per GPU", gt=0, le=1e5)
    batch_limit: float = optional("most requests the engine may batch", "requests in flight", gt=0, le=1e8)
    duration_s: float = optional("length of the run", "s", gt=0, le=1e9)
    inter_token_latency_mean_ms: float = optional("inter-token latency", "ms", gt=0, le=1e7)
    inter_token_latency_p50_ms: float = optional("its median", "ms", gt=0, le=1e7)
    inter_token_latency_p90_ms: float = optional("its P90", "ms", gt=0, le=1e7)
    inter_token_latency_p95_ms: float = optional("its P95", "ms", gt=0, le=1e7)
    inter_token_latency_p99_ms: float = optional("its P99", "ms", gt=0, le=1e7)


class PublishedEstimate(InputTable):
    """One statement about the energy of a query."""

    row_id: str = cell("name of the statement within its source", str_matches=NAME, unique=True)
    subject: str = filled("model or service as the source names it")
    model: str = optional("the same model in resources/models.csv, where it is one")
    gpu: str = optional("GPU by its name in resources/hardware.csv, where stated")
    energy_wh: float = cell("energy of a query", "Wh", gt=0, le=1e6)
    energy_wh_sd: float = optional("standard deviation as stated", "Wh", gt=0, le=1e6)
    input_tokens: float = optional("prompt length, where stated", "tokens", ge=1, le=1e8)
    output_tokens: float = optional("answer length, where stated", "tokens", ge=1, le=1e8)
    query: str = filled("what a query is")
    boundary: str = filled("what the energy includes")
    published_on: str = cell("date of publication", str_matches=DATE)
    kind: str = cell("how the figure was obtained", isin=ESTIMATE_KINDS)
    citation: str = filled("who stated it")
    url: str = cell("where it stands", str_matches=URL)
    note: str = optional("anything else a reader must know")


TABLES: dict[str, type[InputTable]] = {
    "throughput": Throughput,
    "measured_energy": MeasuredEnergy,
    "published_estimate": PublishedEstimate,
}

# Further columns of every row: where and when it was read.
PLACE = {
    **texts(source="folder of the source in resources/benchmarks", file="file the row was read from"),
    "line": count("line in that file", POSITION, at_least=1),
    "read_on": text("date the source was read", like=DATE),
    "licence": text("licence of the source"),
}
PER_GPU = {
    "output_tok_per_s_per_gpu": column(
        float,
        "output throughput, derived from throughput, counts and scope; null where only one phase or only input tokens"
        " are known",
        TOK_PER_S_PER_GPU,
        pa.Check.gt(0),
        nullable=True,
    )
}
# Of the run behind a measured energy, these columns come along from its throughput row.
RUN = [
    *("model", "gpu", "gpus", "nodes", "engine", "engine_version", "precision"),
    *("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel", "load", "prompts"),
    *("input_tokens", "output_tokens", "concurrency", "serving", "throughput_tok_per_s", "published_on", "confidence"),
    "url",
]


def of_all_sources(table: type[InputTable], *further: dict[str, pa.Column]) -> pa.DataFrameSchema:
    """Schema of a table that holds the rows of all sources: a row's name is unique within its source."""
    schema = table.to_schema().update_column("row_id", unique=False)
    for columns in (PLACE, *further):
        schema = schema.add_columns(columns)
    schema.unique = ["source", "row_id"]
    return schema


def lengths_behind(fitted: str) -> dict[str, pa.Column]:
    """Columns of the shortest and longest prompt and answer behind a fit."""
    return {
        f"{side}_tokens_{end}": number(f"{extreme} {name} behind {fitted}", "tokens")
        for side, name in (("input", "prompt"), ("output", "answer"))
        for end, extreme in (("min", "shortest"), ("max", "longest"))
    }


ACCEPTED = {
    "throughput": of_all_sources(Throughput, PER_GPU),
    "measured_energy": of_all_sources(
        MeasuredEnergy, {name: Throughput.to_schema().columns[name] for name in RUN}, PER_GPU
    ),
    "published_estimate": of_all_sources(PublishedEstimate),
}
IMPLAUSIBLE_ENERGY = ACCEPTED["measured_energy"].add_columns(
    {
        **texts(check="the check that the row breaks"),
        "found": number("what the row says", OF_ROW),
        "expected": number("the limit, or what its other columns say", OF_ROW),
        **texts(unit="unit of both", message="the finding in one sentence"),
    }
)


BENCHMARK_CHECKS = table(
    [],
    check=text("name of the check"),
    severity=text("how serious: cannot be true, needs a look, or good to know", allowed=SEVERITIES),
    source=text("source of the row", nullable=True),
    row_id=text("the row", nullable=True),
    file=text("its file", nullable=True),
    line=column(int, "its line", POSITION, nullable=True),
    model=text("its model", nullable=True),
    gpu=text("its GPU", nullable=True),
    found=number("what the row says", OF_ROW, nullable=True),
    expected=number("what it is compared with: the limit, or the other row's value", OF_ROW, nullable=True),
    unit=text("unit of both", nullable=True),
    other_source=text("source of the other row", nullable=True),
    other_row_id=text("the other row", nullable=True),
    message=text("the finding in one sentence"),
)

SOURCES = table(
    ["source", "file"],
    **texts(
        source="folder of the source in resources/benchmarks",
        file="one of its files",
        format="format it was read in",
        publisher="who published it",
        title="its title",
        url="where it stands",
        version="its version",
        read_on="date it was read",
        licence="its licence",
        citation="how to cite it",
    ),
    notes=text("what a reader must know", nullable=True),
    obtained=text("original, a secondary copy, or derived figures", nullable=True),
    carrier=text("who carries the secondary copy", nullable=True),
    refresh=text("how a newer edition is fetched", nullable=True),
    sha256=text("verified checksum of the file"),
    previous_read_on=text("date it was read before", nullable=True),
    previous_sha256=text("checksum it had then", nullable=True),
    rows_read=count("rows of the file, over all tables"),
    rows_accepted=count("rows that passed every check of a row"),
    rows_rejected=count("rows set aside, see rejected_row"),
    records_left_out=count("records outside the scope, see left_out"),
)

BENCHMARK_SOURCES = table(
    ["source"],
    **texts(
        source="folder of the source in resources/benchmarks",
        publisher="who published it",
        version="its version",
        read_on="date it was read",
        licence="its licence",
    ),
    files=count("number of files", at_least=1),
    rows_accepted=count("rows that passed every check of a row"),
    rows_rejected=count("rows set aside"),
    records_left_out=count("records outside the scope of the corpus"),
    throughput_rows=count("rows of table throughput"),
    measured_energies=count("rows of table measured_energy"),
    energies_set_apart=count("rows of table implausible_energy, which cannot be true"),
    published_estimates=count("rows of table published_estimate"),
    **{f"{severity}s": count(f"findings of severity {severity}") for severity in SEVERITIES},
)
