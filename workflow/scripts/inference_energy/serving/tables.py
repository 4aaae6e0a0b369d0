"""Schemas of the serving model: its inputs, its parameters and effects, and the runs that it is fitted to."""

from inference_energy.tables.columns import count, number, table, text, texts
from inference_energy.tables.inputs import DATE, NAME, URL, InputTable, cell, filled
from inference_energy.tables.units import COUNT, FACTOR, J_PER_OUTPUT_TOKEN, OF_ROW, SHARE, TOK_PER_S_PER_GPU

# What `Replicas` holds, in its order: see there.
FIELDS = {
    "gpus": ("GPUs of the replica", COUNT),
    "active_parameters": ("parameters used per token", COUNT),
    "experts": ("experts of a layer; 1 without", COUNT),
    "experts_per_token": ("of these, used per token; 0 without", COUNT),
    "with_experts": ("1 with experts", COUNT),
    "layers": ("layers", COUNT),
    "attention_stages": ("stages of attention beyond attending to keys", COUNT),
    "key_value_heads": ("key-value heads", COUNT),
    "kv_full": ("numbers that a step reads per token of context", COUNT),
    "kv_window": ("those of layers that read a window", COUNT),
    "window_tokens": ("the window", "tokens"),
    "kv_stored": ("numbers kept per token of context", COUNT),
    "kv_stored_window": ("those of layers that keep a window", COUNT),
    "state": ("numbers kept per request", COUNT),
    "attention_full_flop": ("work of an output token per token of context", "FLOP"),
    "attention_window_flop": ("that of layers with a window", "FLOP"),
    "attention_prompt_flop": ("work of a token of the prompt per token of context", "FLOP"),
    "shared_bytes": ("weights that every token reads", "B"),
    "expert_bytes": ("weights of one expert in all layers", "B"),
    "kv_bytes": ("bytes per number of keys and values", "B"),
    "memory_b": ("memory of a GPU", "B"),
    "tdp_w": ("thermal design power of a GPU", "W"),
    "bandwidth_b_per_s": ("memory bandwidth of a GPU", "B/s"),
    "peak_flop_per_s": ("peak of a GPU in the format it computes in", "FLOP/s"),
    "peak_16_bit_flop_per_s": ("peak with numbers of 16 bits", "FLOP/s"),
    "attention_data_parallel": ("1 where each GPU attends to its own requests", COUNT),
    "speculative": ("1 with speculative decoding", COUNT),
    "tuned": ("1 where the engine was tuned for one workload", COUNT),
    "old_engine": ("1 for an engine of 2024 that schedules one step at a time", COUNT),
    "software_years": ("date of the software after 2026", "years"),
    "youth": ("how new the model was to the software", SHARE),
    "input_tokens": ("mean prompt length", "tokens"),
    "output_tokens": ("mean answer length", "tokens"),
    "cached_share": ("share of the prompt that is cached", SHARE),
}
BATCH_FROM = ["stated", "time per token", "memory"]
TERMS = ["overhead", "roofline", "time", "power"]


class PromptLengths(InputTable):
    """Mean lengths and latency limits of one kind of prompts, where benchmarks do not state them with their results."""

    prompts: str = filled("kind of prompts, as in the corpus")
    model: str = cell("model that the row is for; empty: all others", nullable=True)
    input_tokens_mean: float = cell("mean prompt length", "tokens", gt=0, le=1e8)
    output_tokens_mean: float = cell("mean answer length", "tokens", gt=0, le=1e8, nullable=True)
    server_time_per_token_limit_ms: float = cell("P99 limit in runs of kind server", "ms", gt=0, nullable=True)
    interactive_time_per_token_limit_ms: float = cell(
        "P99 limit in runs of kind interactive", "ms", gt=0, nullable=True
    )
    assumed: str = cell("what is assumed rather than read: input", isin=["input"], nullable=True)
    url: str = cell("where the figures stand", str_matches=URL)
    note: str = filled("how they were found")

    class Config:
        """One row per kind and model."""

        strict = True
        unique = ["prompts", "model"]  # noqa: RUF012


class EngineRelease(InputTable):
    """Date of one version of an engine, or of the software behind the rows of a source that do not state it."""

    source: str = cell("source whose rows do not state their version", nullable=True, str_matches=NAME)
    engine: str = cell("serving engine", nullable=True)
    engine_version: str = cell("its version", nullable=True)
    released_on: str = cell("date of the version", nullable=True, str_matches=DATE)
    since: str = cell("date since which rows are medians over all versions", nullable=True, str_matches=DATE)
    url: str = cell("where the date stands", str_matches=URL)
    note: str = cell("what else a reader must know", nullable=True)

    class Config:
        """One row per version, or per source."""

        strict = True
        unique = ["source", "engine", "engine_version"]  # noqa: RUF012


SERVING_RUNS = table(
    ["source", "row_id"],
    **texts(source="source of the run", row_id="the run", campaign="sources measured with one set-up"),
    **texts(model="model", network="network behind it", gpu="GPU", vendor="who makes it", generation="its generation"),
    **texts(precision="number format of the weights", computes_in="number format of the arithmetic", engine="engine"),
    engine_version=text("version of the engine", nullable=True),
    prompts=text("kind of prompts", nullable=True),
    **texts(load="how requests arrive", cell="name of the configuration"),
    batch_from=text("where the batch comes from", allowed=BATCH_FROM, nullable=True),
    batch=number("running requests of a replica", "requests", nullable=True),
    largest_batch=number("requests whose keys fit into its memory", "requests"),
    seconds_per_token=number("time of a replica per output token", "s"),
    output_tok_per_s_per_gpu=number("output throughput", TOK_PER_S_PER_GPU),
    board_share=number("mean power of a board over its rated power", SHARE, nullable=True),
    boundary=text("what is metered", nullable=True),
    energy_j_per_output_token=number("measured energy", J_PER_OUTPUT_TOKEN, nullable=True),
    power_cap_w_per_gpu=number("cap of a board's power", "W", nullable=True),
    time_per_token_limit_ms=number("limit of the time per token", "ms", nullable=True),
    shared_parameters=number("parameters that every token reads", COUNT),
    expert_parameters=number("parameters of one expert in all layers", COUNT),
    **{
        name: number(meaning, unit, at_least=None, nullable=name == "tdp_w") for name, (meaning, unit) in FIELDS.items()
    },
)

SERVING_PARAMETERS = table(
    ["part", "parameter"],
    part=text("what is computed", allowed=["time", "power"]),
    **texts(parameter="name of the parameter", meaning="what it is"),
    unit=text("its unit; nothing for the logarithm of a factor", nullable=True),
    scale=text("log: values are of its logarithm", allowed=["log", "plain"]),
    prior=number("mean of its prior", FACTOR, at_least=None),
    prior_sd=number("standard deviation of the prior", FACTOR),
    fitted=number("fitted value", FACTOR, at_least=None),
    fitted_sd=number("its standard deviation", FACTOR),
    value=number("fitted value in its unit", OF_ROW, at_least=None),
    source=text("where the prior comes from"),
)

SERVING_EFFECTS = table(
    ["effect", "level"],
    effect=text("random effect"),
    term=text("term whose logarithm it shifts", allowed=TERMS),
    level=text("level"),
    rows=count("rows of the level"),
    fitted=number("shift of the logarithm", FACTOR, at_least=None),
    fitted_sd=number("its standard deviation", FACTOR),
    deviation=number("standard deviation between levels", FACTOR),
)

SERVING_COVARIANCE = table(
    ["part", "first", "second"],
    part=text("what is computed", allowed=["time", "power"]),
    **texts(first="parameter, or effect and level", second="another, not before it"),
    covariance=number("covariance of the two", FACTOR, at_least=None),
)

SERVING_ERRORS = table(
    ["part"],
    part=text("what is computed", allowed=["time", "power"]),
    rows=count("rows that it is fitted to"),
    cells=count("configurations of these rows"),
    cell_sd=number("log deviation between configurations", FACTOR),
    row_sd=number("log deviation between rows of one configuration", FACTOR),
)
