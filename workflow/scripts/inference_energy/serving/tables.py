"""Schemas of the serving model: its inputs, its parameters and effects, and the runs that it is fitted to."""

from inference_energy.tables.columns import count, number, table, text, texts
from inference_energy.tables.inputs import DATE, NAME, URL, InputTable, cell, filled
from inference_energy.tables.units import FACTOR

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


SERVING_PARAMETERS = table(
    ["part", "parameter"],
    part=text("what is computed", allowed=["time", "power"]),
    **texts(parameter="name of the parameter", meaning="what it is"),
    unit=text("its unit; empty for the logarithm of a factor"),
    scale=text("log: values are of its logarithm", allowed=["log", "plain"]),
    prior=number("mean of its prior", FACTOR, at_least=None),
    prior_sd=number("standard deviation of the prior", FACTOR),
    fitted=number("fitted value", FACTOR, at_least=None),
    fitted_sd=number("its standard deviation", FACTOR),
    value=number("fitted value in its unit", "as in column unit", at_least=None),
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
