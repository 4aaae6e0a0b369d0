"""Schemas of the serving model: its inputs, its parameters and effects, and the runs that it is fitted to."""

from dataclasses import fields

from inference_energy.serving.replicas import Replicas
from inference_energy.tables.columns import count, number, table, text, texts
from inference_energy.tables.inputs import DATE, NAME, URL, InputTable, cell, filled, optional
from inference_energy.tables.units import COUNT, FACTOR, J_PER_OUTPUT_TOKEN, OF_ROW, SHARE, TOK_PER_S_PER_GPU

# Meaning and unit of what `Replicas` holds; the context of a run follows from its lengths.
FIELDS = {of.name: of.type.__metadata__ for of in fields(Replicas) if of.name != "context_tokens"}
BATCH_FROM = ["stated", "time per token", "memory"]
TERMS = ["overhead", "roofline", "time", "power"]


class PromptLengths(InputTable, unique=["prompts", "model"]):
    """Mean lengths and latency limits of one kind of prompts, where benchmarks do not state them with their results."""

    prompts: str = filled("kind of prompts, as in the corpus")
    model: str = optional("model that the row is for; empty: all others")
    input_tokens_mean: float = cell("mean prompt length", "tokens", gt=0, le=1e8)
    output_tokens_mean: float = optional("mean answer length", "tokens", gt=0, le=1e8)
    server_time_per_token_limit_ms: float = optional("P99 limit in runs of kind server", "ms", gt=0)
    interactive_time_per_token_limit_ms: float = optional("P99 limit in runs of kind interactive", "ms", gt=0)
    assumed: str = optional("what is assumed rather than read: input", isin=["input"])
    url: str = cell("where the figures stand", str_matches=URL)
    note: str = filled("how they were found")


class EngineRelease(InputTable, unique=["source", "engine", "engine_version"]):
    """Date of one version of an engine, or of the software behind the rows of a source that do not state it."""

    source: str = optional("source whose rows do not state their version", str_matches=NAME)
    engine: str = optional("serving engine")
    engine_version: str = optional("its version")
    released_on: str = optional("date of the version", str_matches=DATE)
    since: str = optional("date since which rows are medians over all versions", str_matches=DATE)
    url: str = cell("where the date stands", str_matches=URL)
    note: str = optional("what else a reader must know")


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
    **{name: number(*facts, at_least=None, nullable=name == "tdp_w") for name, facts in FIELDS.items()},
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
