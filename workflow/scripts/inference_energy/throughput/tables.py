"""Schemas of throughput: fitted configurations, their errors, attainment and latency."""

import pandera.polars as pa

from inference_energy.tables.columns import J_PER_OUTPUT_TOKEN, SHARE, count, flag, number, text
from inference_energy.throughput.borrowing import KINSHIPS, OWN
from inference_energy.throughput.latency import CASE, SERIES

FORM_NAMES = ["gpu_seconds", "log_linear", *(f"borrowed_{kinship}" for kinship in KINSHIPS)]
CONFIGURATION = {
    "configuration": text("name of the configuration: model, GPU, precision, version, parallelism"),
    "source": text("source of its rows"),
    "model": text("model"),
    "gpu": text("GPU"),
    "precision": text("number format of the weights"),
    "engine": text("serving engine", nullable=True),
    "engine_version": text("its version", nullable=True),
    "gpus": pa.Column(int, pa.Check.ge(1), description="GPUs of an instance"),
    "concurrency": number("requests in flight", nullable=True),
    **{
        f"{kind}_parallel": pa.Column(int, pa.Check.ge(1), nullable=True, description=f"{kind}-parallel degree")
        for kind in ("tensor", "pipeline", "expert", "data")
    },
}

THROUGHPUT_CONFIGURATIONS = pa.DataFrameSchema(
    CONFIGURATION
    | {
        "rows": pa.Column(int, pa.Check.ge(3), description="rows behind the fit"),
        "prefill_s_per_token": number("a: GPU-seconds per input token"),
        "decode_s_per_token": number("b: GPU-seconds per output token"),
        "attention_s_per_token2": number("c: GPU-seconds per output token and token of context"),
        "kv_growth": number("g: part of the answer in its own context"),
        "fit_error_log_sd": number("typical log ratio of a row left out, pooled with that of all configurations"),
        "input_tokens_min": number("shortest prompt behind the fit"),
        "input_tokens_max": number("longest prompt behind the fit"),
        "output_tokens_min": number("shortest answer behind the fit"),
        "output_tokens_max": number("longest answer behind the fit"),
    },
    strict=True,
    unique=["configuration"],
)

THROUGHPUT_LEFT_OUT = pa.DataFrameSchema(
    {"form": text("how it was predicted, without its own row", allowed=FORM_NAMES)}
    | CONFIGURATION
    | {
        "row_id": text("the row"),
        "input_tokens": number("prompt length, tokens"),
        "output_tokens": number("answer length, tokens"),
        "output_tok_per_s_per_gpu": number("observed, output tok/s per GPU"),
        "predicted_tok_per_s_per_gpu": number("predicted, output tok/s per GPU"),
        "ratio": number("predicted / observed"),
        "fit_error_log_sd": number("error stated for the prediction, as log deviation, from other rows alone"),
        "inside_90": pa.Column(bool, description="whether the observed value lies in the stated central 90 %"),
    },
    strict=True,
    unique=["form", "source", "row_id"],
)

THROUGHPUT_FORMS = pa.DataFrameSchema(
    {
        "form": text("how rows were predicted without themselves", allowed=FORM_NAMES),
        "configuration": text("configuration, or all"),
        "rows": pa.Column(int, pa.Check.ge(1), description="rows predicted"),
        "configurations": pa.Column(int, pa.Check.ge(1), description="their configurations"),
        "ratio_geometric_mean": number("typical predicted / observed"),
        "ratio_geometric_sd": number("typical factor between the two"),
        "ratio_min": number("smallest predicted / observed"),
        "ratio_max": number("largest"),
        "share_within_band": pa.Column(float, SHARE, description="share of rows with a ratio of 0.75 to 1.33"),
        "share_inside_90": pa.Column(float, SHARE, description="share of rows inside the stated central 90 %"),
    },
    strict=True,
    unique=["form", "configuration"],
)

ATTAINMENT_PAIRS = pa.DataFrameSchema(
    {
        "kind": text("what is held against what"),
        "source": text("source of the online row"),
        "row_id": text("the online row"),
        "reference": text("the offline row (source/row), or the configuration whose fit stands for it"),
        "model": text("model"),
        "gpu": text("GPU of the online row"),
        "precision": text("number format of the weights"),
        "gpus": pa.Column(int, pa.Check.ge(1), nullable=True, description="GPUs of the online row"),
        "output_tokens": number("answer length, tokens", nullable=True),
        "attained_tok_per_s_per_gpu": number("online, output tok/s per GPU"),
        "offline_tok_per_s_per_gpu": number("offline, output tok/s per GPU"),
        "ratio": number("attained / offline"),
        "ratio_low": number("the same at one end of what is not stated"),
        "ratio_high": number("the same at the other end"),
        "basis": text("how alike the two are"),
    },
    strict=True,
    unique=["kind", "source", "row_id"],
)

THROUGHPUT_FIT = pa.DataFrameSchema(
    {
        "study": text("study"),
        "model": text("model"),
        "gpu": text("GPU that serves it"),
        "precision": text("number format of the weights"),
        "form": text("form of the curve", allowed=["gpu_seconds", "log_linear", "constant"]),
        "kinship": text("whose rows the curve rests on: its own, or those of a relative", allowed=[OWN, *KINSHIPS]),
        "configuration": text("configuration whose fit is used", nullable=True),
        "rows": pa.Column(int, pa.Check.ge(0), description="benchmark rows of its own behind the curve"),
        "prefill_s_per_token": number("a: GPU-seconds per input token", nullable=True),
        "decode_s_per_token": number("b: GPU-seconds per output token", nullable=True),
        "attention_s_per_token2": number("c: GPU-seconds per output token and token of context", nullable=True),
        "kv_growth": number("g: part of the answer in its own context", nullable=True),
        "intercept": number("b0 of ln tok/s of a node (log-linear form)", at_least=None, nullable=True),
        "slope_input": number("change of ln tok/s per ln input tokens", at_least=None, nullable=True),
        "slope_output": number("change of ln tok/s per ln output tokens", at_least=None, nullable=True),
        "cap_tok_per_s": number("largest observed throughput of a node, tok/s", nullable=True),
        "fit_error_log_sd": number("what the curve misses, as log deviation, from rows or configurations left out"),
        "leave_one_out_ratio_min": number("smallest predicted / observed of a row left out", nullable=True),
        "leave_one_out_ratio_max": number("largest predicted / observed of a row left out", nullable=True),
        "input_tokens_min": number("shortest prompt behind the curve"),
        "input_tokens_max": number("longest prompt behind the curve"),
        "output_tokens_min": number("shortest answer behind the curve"),
        "output_tokens_max": number("longest answer behind the curve"),
    },
    strict=True,
    unique=["study", "model", "gpu", "precision"],
)

LATENCY = {"latency_statistic": text("what its source states of the latency", allowed=["median", "mean"])}
_OF_A_CASE = {name: text(name.replace("_", " "), nullable=name == "prompts") for name in CASE}
_OF_A_SERIES = {
    name: count(name.replace("_", " "), nullable=True)
    if name == "gpus" or name.endswith("_parallel")
    else text(name.replace("_", " "), nullable=name in ("prompts", "precision"))
    for name in SERIES
}

LATENCY_RUNS = pa.DataFrameSchema(
    _OF_A_SERIES
    | {
        "row_id": text("the run"),
        "concurrency": number("requests in flight"),
        "inter_token_latency_ms": number("latency between tokens of an answer, ms"),
        **LATENCY,
        "time_per_output_token_ms": number("requests in flight over output tokens per second, ms"),
        "energy_j_per_output_token": number(f"energy of the GPU boards, {J_PER_OUTPUT_TOKEN}"),
        "output_tok_per_s_per_gpu": number("throughput, output tok/s per GPU"),
        "energy_over_best": number("energy over the least of its model, GPU and prompts", at_least=1),
        "stalled": flag("whether its requests mostly wait"),
        "pareto": flag("whether no other run has both less latency and less energy"),
    },
    strict=True,
    unique=["source", "row_id"],
)

LATENCY_COSTS = pa.DataFrameSchema(
    _OF_A_CASE
    | LATENCY
    | {
        "target_ms": number("largest latency between tokens that is allowed, ms"),
        "runs": count("runs"),
        "runs_that_meet": count("runs that meet the target"),
        "cost": number("least energy that meets it over the least of all", at_least=1, nullable=True),
        "throughput_share_at_latency": pa.Column(
            float, SHARE, nullable=True, description="largest throughput that meets it over the largest of all"
        ),
    },
    strict=True,
    unique=[*CASE, "target_ms"],
)

LATENCY_SUMMARY = pa.DataFrameSchema(
    {
        "source": text("source of the runs"),
        "gpu": text("GPU"),
        **LATENCY,
        "target_ms": number("largest latency between tokens that is allowed, ms"),
        "models": count("models"),
        "models_that_meet": count("models that meet the target"),
        **{
            f"cost_{q}": number(f"{q.upper()} over models of the cost", at_least=1, nullable=True)
            for q in ("p05", "p50", "p95")
        },
        **{
            f"throughput_share_at_latency_{q}": pa.Column(
                float,
                SHARE,
                nullable=True,
                description=f"{q.upper()} over models of the share of throughput that is left",
            )
            for q in ("p05", "p50", "p95")
        },
    },
    strict=True,
    unique=["source", "gpu", "target_ms"],
)
