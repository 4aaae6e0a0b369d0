"""Schemas of throughput: fitted configurations, their errors, attainment and latency."""

import pandera.polars as pa

from inference_energy.corpus.tables import lengths_behind
from inference_energy.statistics.quantiles import PERCENTILES
from inference_energy.tables.columns import count, flag, number, quantiles, share, table, text, texts
from inference_energy.tables.units import FACTOR, J_PER_OUTPUT_TOKEN, SHARE, TOK_PER_S_PER_GPU
from inference_energy.throughput.borrowing import KINSHIPS, OWN
from inference_energy.throughput.latency import CASE, LATENCY_SERIES

FORM_NAMES = ["gpu_seconds", "log_linear", *(f"borrowed_{kinship}" for kinship in KINSHIPS)]
CONFIGURATION = {
    "configuration": text("name of the configuration: model, GPU, precision, version, parallelism"),
    **texts(source="source of its rows", model="model", gpu="GPU", precision="number format of the weights"),
    "engine": text("serving engine", nullable=True),
    "engine_version": text("its version", nullable=True),
    "gpus": count("GPUs of an instance", at_least=1),
    "concurrency": number("requests in flight", "requests in flight", nullable=True),
    **{
        f"{kind}_parallel": count(f"{kind}-parallel degree", at_least=1, nullable=True)
        for kind in ("tensor", "pipeline", "expert", "data")
    },
}


def _gpu_time(*, nullable: bool = False) -> dict[str, pa.Column]:
    per_token, per_token2 = "GPU-seconds per token", "GPU-seconds per token squared"
    return {
        "prefill_s_per_token": number("a: GPU time per input token", per_token, nullable=nullable),
        "decode_s_per_token": number("b: GPU time per output token", per_token, nullable=nullable),
        "attention_s_per_token2": number(
            "c: GPU time per output token and token of context", per_token2, nullable=nullable
        ),
        "kv_growth": number("g: part of the answer in its own context", SHARE, nullable=nullable),
    }


THROUGHPUT_CONFIGURATIONS = table(
    ["configuration"],
    **CONFIGURATION,
    rows=count("rows behind the fit", at_least=3),
    **_gpu_time(),
    fit_error_log_sd=number("typical log ratio of a row left out, pooled with that of all configurations", "log ratio"),
    **lengths_behind("the fit"),
)

THROUGHPUT_LEFT_OUT = table(
    ["form", "source", "row_id"],
    form=text("how it was predicted, without its own row", allowed=FORM_NAMES),
    **CONFIGURATION,
    row_id=text("the row"),
    input_tokens=number("prompt length", "tokens"),
    output_tokens=number("answer length", "tokens"),
    output_tok_per_s_per_gpu=number("observed output throughput", TOK_PER_S_PER_GPU),
    predicted_tok_per_s_per_gpu=number("predicted output throughput", TOK_PER_S_PER_GPU),
    ratio=number("predicted / observed", FACTOR),
    fit_error_log_sd=number("error stated for the prediction, as log deviation, from other rows alone", "log ratio"),
    inside_90=flag("whether the observed value lies in the stated central 90 %"),
)

THROUGHPUT_FORMS = table(
    ["form", "configuration"],
    form=text("how rows were predicted without themselves", allowed=FORM_NAMES),
    configuration=text("configuration, or all"),
    rows=count("rows predicted", at_least=1),
    configurations=count("their configurations", at_least=1),
    ratio_geometric_mean=number("typical predicted / observed", FACTOR),
    ratio_geometric_sd=number("geometric standard deviation of their ratio", FACTOR),
    ratio_min=number("smallest predicted / observed", FACTOR),
    ratio_max=number("largest", FACTOR),
    share_within_band=share("share of rows with a ratio of 0.75 to 1.33"),
    share_inside_90=share("share of rows inside the stated central 90 %"),
)

ATTAINMENT_PAIRS = table(
    ["kind", "source", "row_id"],
    **texts(
        kind="what is compared with what",
        source="source of the online row",
        row_id="the online row",
        reference="the offline row (source/row), or the configuration whose fit stands for it",
        model="model",
        gpu="GPU of the online row",
        precision="number format of the weights",
    ),
    gpus=count("GPUs of the online row", at_least=1, nullable=True),
    output_tokens=number("answer length", "tokens", nullable=True),
    attained_tok_per_s_per_gpu=number("online output throughput", TOK_PER_S_PER_GPU),
    offline_tok_per_s_per_gpu=number("offline output throughput", TOK_PER_S_PER_GPU),
    ratio=number("attained / offline", FACTOR),
    ratio_low=number("the same at one end of what is not stated", FACTOR),
    ratio_high=number("the same at the other end", FACTOR),
    basis=text("how alike the two are"),
)

THROUGHPUT_FIT = table(
    ["study", "model", "gpu", "precision"],
    **texts(study="study", model="model", gpu="GPU that serves it", precision="number format of the weights"),
    form=text("form of the curve", allowed=["gpu_seconds", "log_linear", "constant"]),
    kinship=text("whose rows the curve rests on: its own, or those of a relative", allowed=[OWN, *KINSHIPS]),
    configuration=text("configuration whose fit is used", nullable=True),
    rows=count("benchmark rows of its own behind the curve"),
    **_gpu_time(nullable=True),
    intercept=number("b0 of ln tok/s of a node (log-linear form)", "ln(tok/s)", at_least=None, nullable=True),
    slope_input=number(
        "change of ln tok/s per ln input tokens", "ln(tok/s) per ln(token)", at_least=None, nullable=True
    ),
    slope_output=number(
        "change of ln tok/s per ln output tokens", "ln(tok/s) per ln(token)", at_least=None, nullable=True
    ),
    cap_tok_per_s=number("largest observed throughput of a node", "tok/s", nullable=True),
    fit_error_log_sd=number(
        "what the curve misses, as log deviation, from rows or configurations left out", "log ratio"
    ),
    leave_one_out_ratio_min=number("smallest predicted / observed of a row left out", FACTOR, nullable=True),
    leave_one_out_ratio_max=number("largest predicted / observed of a row left out", FACTOR, nullable=True),
    **lengths_behind("the curve"),
)

LATENCY = {"latency_statistic": text("what its source states of the latency", allowed=["median", "mean"])}
_OF_A_CASE = {name: text(name.replace("_", " "), nullable=name == "prompts") for name in CASE}
_OF_A_SERIES = {
    name: count(name.replace("_", " "), nullable=True)
    if name == "gpus" or name.endswith("_parallel")
    else text(name.replace("_", " "), nullable=name in ("prompts", "precision"))
    for name in LATENCY_SERIES
}

LATENCY_RUNS = table(
    ["source", "row_id"],
    **_OF_A_SERIES,
    row_id=text("the run"),
    concurrency=number("requests in flight", "requests in flight"),
    inter_token_latency_ms=number("latency between tokens of an answer", "ms"),
    **LATENCY,
    time_per_output_token_ms=number("requests in flight over output tokens per second", "ms"),
    energy_j_per_output_token=number("energy of the GPU boards", J_PER_OUTPUT_TOKEN),
    output_tok_per_s_per_gpu=number("output throughput", TOK_PER_S_PER_GPU),
    energy_over_best=number("energy over the least of its model, GPU and prompts", FACTOR, at_least=1),
    stalled=flag("whether its requests mostly wait"),
    pareto=flag("whether no other run has both less latency and less energy"),
)

LATENCY_COSTS = table(
    [*CASE, "target_ms"],
    **_OF_A_CASE,
    **LATENCY,
    target_ms=number("largest latency between tokens that is allowed", "ms"),
    runs=count("runs"),
    runs_that_meet=count("runs that meet the target"),
    cost=number("least energy that meets it over the least of all", FACTOR, at_least=1, nullable=True),
    throughput_share_at_latency=share("largest throughput that meets it over the largest of all", nullable=True),
)

LATENCY_SUMMARY = table(
    ["source", "gpu", "target_ms"],
    **texts(source="source of the runs", gpu="GPU"),
    **LATENCY,
    target_ms=number("largest latency between tokens that is allowed", "ms"),
    models=count("models"),
    models_that_meet=count("models that meet the target"),
    **quantiles("cost_{}", "{} over models of the cost", FACTOR, PERCENTILES, at_least=1, nullable=True),
    **quantiles(
        "throughput_share_at_latency_{}",
        "{} over models of the share of throughput that is left",
        SHARE,
        PERCENTILES,
        at_most=1,
        nullable=True,
    ),
)
