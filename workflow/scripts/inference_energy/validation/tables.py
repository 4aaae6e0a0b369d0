"""Schemas of the validation: scores, other methods, statements of others."""

from inference_energy.corpus.tables import PRECISIONS
from inference_energy.statistics.quantiles import PERCENTILES
from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import count, flag, number, quantiles, share, table, text, texts
from inference_energy.tables.inputs import DATE, URL, InputTable, cell, filled
from inference_energy.tables.units import COUNT, FACTOR, OF_ROW, POSITION, SHARE

OF_ROW_SCORE = "that of the score"
CROSS_METHODS = table(
    ["model", "output_tokens", "method", "boundary"],
    model=text("model"),
    input_tokens=number("prompt length", "tokens"),
    output_tokens=number("answer length", "tokens"),
    **texts(method="method", label="name in figures"),
    boundary=text("what is metered", allowed=list(BOUNDARIES)),
    energy_wh=number("energy of the query (this work: median)", "Wh"),
    energy_wh_p05=number("P5 of this work", "Wh", nullable=True),
    energy_wh_p95=number("P95 of this work", "Wh", nullable=True),
)

CROSS_METHOD_PARTS = table(
    ["model", "output_tokens", "part"],
    model=text("model"),
    output_tokens=number("answer length", "tokens"),
    part=text("part of the range of the methods' own figures; whole is their product"),
    factor=number("factor between the largest and the smallest that the part accounts for", FACTOR),
)

PUBLISHED_ESTIMATES = table(
    ["study", "source", "row_id"],
    **texts(study="study that they are compared with", source="source of the estimate"),
    **texts(row_id="the estimate", subject="what it is about"),
    model=text("its model, if it is in the registry", nullable=True),
    kind=text("kind of estimate"),
    energy_wh=number("what it states", "Wh"),
    input_tokens=number("prompt length", "tokens", nullable=True),
    output_tokens=number("answer length", "tokens", nullable=True),
    boundary=text("boundary of this project that matches it", allowed=list(BOUNDARIES), nullable=True),
    compared_with=text("model or class of the study that it is compared with", nullable=True),
    reason=text("why it cannot be compared", nullable=True),
    **quantiles("ours_wh_{}", "{} of this work over the shared uncertainty", "Wh", PERCENTILES, nullable=True),
    factor=number("published over this work's median", FACTOR, nullable=True),
    factor_p05=number("published over this work's P95", FACTOR, nullable=True),
    factor_p95=number("published over this work's P5", FACTOR, nullable=True),
)

PUBLISHED_ESTIMATE_KINDS = table(
    ["study", "kind"],
    **texts(study="study that they are compared with", kind="kind of estimate"),
    estimates=count("estimates that can be compared"),
    factor_p50=number("median of published over this work", FACTOR),
    factor_min=number("smallest", FACTOR),
    factor_max=number("largest", FACTOR),
    share_within_4_to_20=share("share that overstates by 4 to 20"),
    share_above_20=share("share that overstates by more than 20"),
)

LEFT_OUT = ["source", "model", "gpu", "version"]
HELD_OUT_SCORES = table(
    ["score", "left_out", "group"],
    score=text("what is predicted, and by which method where it is not the serving model"),
    left_out=text(
        "what the model did not learn from: the run's source, model, GPU or version", allowed=[*LEFT_OUT, "none"]
    ),
    group=text("runs that are scored: all, or those of one value of a column"),
    rows=count("runs"),
    median_ratio=number("median of predicted over measured", FACTOR),
    factor=number("exp of the root mean square of ln(predicted over measured)", FACTOR, at_least=1),
    coverage_90=share("share of measurements within P5 to P95", nullable=True),
)

HELD_OUT = table(
    ["score", "left_out", "source", "row_id"],
    score=text("what is predicted"),
    left_out=text("what the prediction does not learn from", allowed=[*LEFT_OUT, "none"]),
    value=text("which; nothing for methods as they are", nullable=True),
    **texts(source="source of the run", row_id="the run", campaign="sources measured with one set-up"),
    **texts(network="network", gpu="GPU", vendor="who makes it", precision="number format", engine="engine"),
    prompts=text("kind of prompts", nullable=True),
    measured=number("measured: J per output token, or s per output token of offline_time", OF_ROW_SCORE),
    **quantiles("predicted_{}", "{} predicted", OF_ROW_SCORE, PERCENTILES, nullable=True),
    reached=share("share of the draws that reach the speed"),
)


class PublishedFleet(InputTable):
    """The published day of one service: its tokens, its speed and the nodes that it needed.

    Its prompts are computed on GPUs of their own.
    """

    service: str = filled("name of the service", unique=True)
    model: str = filled("model, by its name in resources/models.csv")
    gpu: str = filled("GPU, by its name in resources/hardware.csv")
    precision: str = cell("number format of the weights", isin=PRECISIONS)
    day: str = cell("the day", str_matches=DATE)
    input_tokens_per_day: float = cell("prompt tokens of the day", "tokens", gt=0)
    output_tokens_per_day: float = cell("answer tokens of the day", "tokens", gt=0)
    cached_share: float = cell("share of the prompt tokens that was in the cache", SHARE, ge=0, le=1)
    context_tokens: float = cell("mean context of an answer token", "tokens", gt=0)
    speed_tok_per_s: float = cell("tokens a second of a user", "tok/s", gt=0)
    replica_gpus: int = cell("GPUs that decode together", COUNT, ge=1)
    nodes_mean: float = cell("nodes of 8 GPUs on the average of the day", COUNT, gt=0)
    nodes_peak: float = cell("the same in the busiest hour", COUNT, gt=0)
    source: str = cell("where the figures stand", str_matches=URL)


PUBLISHED_FLEETS = table(
    ["service", "quantity", "boundary"],
    **texts(service="service", quantity="what is predicted"),
    boundary=text("what is counted or metered", allowed=list(BOUNDARIES)),
    unit=text("unit of the quantity", allowed=[COUNT, "Wh"]),
    stated=number("what it states", OF_ROW),
    **quantiles("predicted_{}", "{} predicted without it", OF_ROW, PERCENTILES),
    ratio=number("predicted median over stated", FACTOR),
    inside_90=flag("whether what is stated lies within P5 to P95"),
    reached_share=share("share of the draws that reach its speed"),
    batch_p50=number("median of the running requests of a replica", "requests"),
    replica_gpus_p50=number("median of the GPUs of a replica", COUNT),
    source=text("where it is stated"),
)

SOURCE_RUNS = table(
    [],
    score=text("what is predicted; nothing where a row or its energy is not", nullable=True),
    source=text("folder of the source"),
    row_id=text("the run; nothing for a row that was rejected", nullable=True),
    file=text("file of the row; nothing for the least energy of several", nullable=True),
    line=count("line in that file", POSITION, at_least=1, nullable=True),
    reason=text("why it is not predicted", nullable=True),
    measured=number("measured: J per output token, or s of time_at_batch", OF_ROW_SCORE, nullable=True),
    **quantiles("predicted_{}", "{} predicted", OF_ROW_SCORE, PERCENTILES, nullable=True),
    reached=share("share of the draws that reach the speed", nullable=True),
    batch=number("running requests of a replica", "requests", nullable=True),
    batch_from=text("where the batch comes from", nullable=True),
    **texts(nullable=True, network="network", gpu="GPU", precision="number format"),
    **texts(nullable=True, engine="engine", prompts="kind of prompts"),
)
