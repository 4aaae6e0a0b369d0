"""Schema of the factor table."""

from inference_energy.answers.evidence import MEASURED, PHYSICS, TRANSFERRED
from inference_energy.answers.factors import CONTEXTS, KINDS
from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import INTERVAL, count, number, quantiles, table, text, texts

MEANINGS = {
    "uncached_input": "prompt tokens that are not in the cache: their prefill, and the attention of the answer to them",
    "cached_input": "prompt tokens in the cache: the attention of the answer to them",
    "output": "answer tokens: their decoding, and the attention of the answer to itself",
}
_FACTORS = {
    name: column
    for kind in KINDS
    for name, column in quantiles(
        f"wh_per_1000_{kind}_tokens_{{}}",
        f"energy of 1,000 {MEANINGS[kind]}, {{}} of what is not known",
        "Wh per 1,000 tokens",
        INTERVAL,
    ).items()
}
FACTORS = table(
    ["factor_id"],
    factor_id=text("stable name of the row: model, GPU, number format, context, speed and boundary"),
    **texts(model="name in resources/models.csv", gpu="name in resources/hardware.csv"),
    precision=text("number format of the weights: the narrowest that the GPU computes in"),
    context=text("lengths of the queries of the service", allowed=list(CONTEXTS)),
    input_tokens=count("prompt of these queries", "tokens"),
    output_tokens=count("answer of these queries", "tokens"),
    speed_tok_per_s=count("tokens a second that users see in the busiest hour", "tok/s"),
    boundary=text("what is metered", allowed=list(BOUNDARIES)),
    evidence=text("what the factors rest on", allowed=[MEASURED, TRANSFERRED, PHYSICS]),
    **_FACTORS,
)
ENERGY_BY_ANSWER_LENGTH = table(
    ["model", "gpu", "output_tokens"],
    **texts(model="name in resources/models.csv", gpu="name in resources/hardware.csv"),
    precision=text("number format of the weights: the narrowest that the GPU computes in"),
    evidence=text("what the estimate rests on", allowed=[MEASURED, TRANSFERRED, PHYSICS]),
    boundary=text("what is metered", allowed=list(BOUNDARIES)),
    input_tokens=number("length of the prompt", "tokens"),
    output_tokens=number("length of the answer", "tokens"),
    **quantiles("energy_wh_{}", "energy of the query, {} of its uncertainty at these lengths", "Wh", INTERVAL),
)
MEASURED_QUERIES = table(
    ["source", "row_id"],
    **texts(source="source of the run", row_id="the run"),
    **texts(model="model whose network it ran", gpu="name in resources/hardware.csv"),
    boundary=text("what was metered", allowed=list(BOUNDARIES)),
    input_tokens=number("mean length of its prompts; nothing where it is not stated", "tokens", nullable=True),
    output_tokens=number("mean length of its answers", "tokens"),
    energy_wh=number("mean energy of a query: that of an answer token times the mean length of an answer", "Wh"),
)
POINTS = table(
    ["model", "gpu", "precision", "point"],
    **texts(
        model="name in resources/models.csv, or a class of the study", gpu="name in resources/hardware.csv, or empty"
    ),
    precision=text("number format of the weights; empty where the study's GPUs have several"),
    evidence=text("what the points rest on", allowed=[MEASURED, TRANSFERRED, PHYSICS]),
    point=count("its place, by the energy of a query"),
    prefill_s=number("GPU time per prompt token that is not in the cache", "GPU-seconds"),
    decode_s=number("GPU time per answer token", "GPU-seconds"),
    attention_s=number("GPU time per answer token and token of its context", "GPU-seconds"),
    boards_wh=number("energy of the boards that goes with a GPU-second", "Wh"),
    node_wh=number("energy of the node that goes with a GPU-second", "Wh"),
)
