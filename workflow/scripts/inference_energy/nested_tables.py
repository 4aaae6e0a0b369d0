"""What the result tables of studies of method `nested` must look like; a public contract like `result_tables`."""

import pandera.polars as pa

from inference_energy.fleet_factors import BOUNDARIES
from inference_energy.lever_evidence import ACTS_ON, LEVELS
from inference_energy.levers import COMBINATIONS
from inference_energy.relatives import KINSHIPS
from inference_energy.result_tables import QUANTILES, SHARE, number, text
from inference_energy.serving import OWN

SPREADS = ["untrimmed", "per_query", "shared"]
KIND_OF_SPREAD = (
    "untrimmed: a query about which nothing is known; per_query: how queries of one fleet differ;"
    " shared: how well the mean over queries is known"
)
BOUNDARY = text("what is metered", allowed=list(BOUNDARIES))
PERCENTILES = ("p05", "p50", "p95")

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

ASSUMED = pa.DataFrameSchema(
    {
        "study": text("study"),
        "ingredient": text("what the fleet shares"),
        "unit": text("unit"),
        **{q: number(f"{q.upper()} of what is assumed") for q in QUANTILES},
    },
    strict=True,
    unique=["study", "ingredient"],
)

ENERGY_BY_BOUNDARY = pa.DataFrameSchema(
    {
        "study": text("study"),
        "workload": text("workload"),
        "subject_kind": text("model or class", allowed=["model", "class"]),
        "subject": text("model, or class of models"),
        "boundary": BOUNDARY,
        "spread": text(KIND_OF_SPREAD, allowed=SPREADS),
        "draws": pa.Column(int, pa.Check.ge(1), description="Monte Carlo draws; 1 where it is a sum"),
        **{f"energy_wh_{q}": number(f"{q.upper()} of energy per query, Wh") for q in (*QUANTILES, "mean")},
        **{f"energy_wh_{q}_se": number("its Monte Carlo standard error, Wh") for q in (*QUANTILES, "mean")},
        "energy_wh_p50_relative_se": number("Monte Carlo standard error of the median, share of it"),
        "extrapolated_share": pa.Column(
            float, SHARE, description="share of queries with lengths outside the benchmarks behind the curve"
        ),
        "borrowed_share": pa.Column(
            float, SHARE, description="share of queries that are served by a curve borrowed from a relative"
        ),
    },
    strict=True,
    unique=["study", "workload", "subject", "boundary", "spread"],
)
ENERGY_PER_QUERY = pa.DataFrameSchema(
    ENERGY_BY_BOUNDARY.columns, strict=True, unique=["study", "workload", "subject", "spread"]
)

VARIANCE_SHARES = pa.DataFrameSchema(
    {
        "study": text("study"),
        "subject": text("class of models"),
        "label": text("name in figures"),
        "workload": text("workload"),
        "boundary": BOUNDARY,
        "spread": text(
            "untrimmed: of a single query; shared: of the mean over queries", allowed=["untrimmed", "shared"]
        ),
        "ingredient": text("where the spread comes from; interplay: what no ingredient explains alone"),
        "variance_share": number("share of the variance of ln energy; they sum to 1", at_least=None),
        "log_variance": number("that variance"),
    },
    strict=True,
    unique=["study", "subject", "workload", "spread", "ingredient"],
)

INTERVENTION_MULTIPLIERS = pa.DataFrameSchema(
    {
        "study": text("study"),
        "workload": text("workload"),
        "subject": text("class of models"),
        "boundary": BOUNDARY,
        "level": text("where a lever acts", allowed=[*LEVELS, "combined"]),
        "lever": text("lever, or set of levers"),
        "label": text("name in figures"),
        "combination": text("how levers combine", allowed=["single", *COMBINATIONS]),
        "acts_on": text("ingredient that it improves", allowed=ACTS_ON, nullable=True),
        "in_benchmarks": pa.Column(
            bool, nullable=True, description="whether today's benchmarks contain it, so that the energy has it already"
        ),
        "source": text("where its range stands", nullable=True),
        "spread": text(KIND_OF_SPREAD, allowed=["untrimmed", "shared"]),
        **{
            f"multiplier_{q}": number("factor by which the mean energy falls")
            for q in ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
        },
        "multiplier_share_below_8": pa.Column(float, SHARE, description="share of draws with a multiplier below 8"),
        "multiplier_share_above_20": pa.Column(float, SHARE, description="share of draws with one above 20"),
        **{f"energy_wh_{q}": number("energy per query that remains, Wh") for q in (*QUANTILES, "mean")},
        "energy_wh_p50_se": number("Monte Carlo standard error of the median, Wh"),
    },
    strict=True,
    unique=["study", "workload", "lever", "combination", "spread"],
)

SCENARIO_AGGREGATES = pa.DataFrameSchema(
    {
        "study": text("study"),
        "scenario": text("scenario"),
        "label": text("name in figures"),
        "boundary": BOUNDARY,
        "queries_per_day": number("queries per day"),
        "long_share": pa.Column(float, SHARE, description="share of long queries"),
        "interventions": pa.Column(bool, description="whether the study's levers are pulled"),
        "overhead_traditional": number("mean overhead factor of traditional queries", at_least=1),
        "overhead_long": number("mean overhead factor of long queries", at_least=1),
        **{
            f"energy_gwh_per_day_{q}": number(f"{q.upper()} over what the fleet shares, GWh/day")
            for q in (*PERCENTILES, "mean")
        },
        "energy_gwh_per_day_mean_traditional": number("of the mean traditional queries"),
        "energy_gwh_per_day_mean_long": number("of the mean long queries"),
        "energy_gwh_per_day_mean_se": number("Monte Carlo standard error of the mean"),
    },
    strict=True,
    unique=["study", "scenario"],
)

FLEET_PLAN = pa.DataFrameSchema(
    {
        "study": text("study"),
        "scenario": text("scenario"),
        "label": text("name in figures"),
        "quantity": text("what a planner asks"),
        "unit": text("its unit"),
        **{q: number(f"{q.upper()} over what the fleet shares") for q in (*PERCENTILES, "mean")},
        "basis": text("what it rests on"),
    },
    strict=True,
    unique=["study", "scenario", "quantity"],
)

MEAN_OVER_SHARED = {
    q: number(f"{q.upper()} of the mean energy over what else the fleet shares") for q in (*PERCENTILES, "mean")
}
SWEEPS = pa.DataFrameSchema(
    {
        "study": text("study"),
        "parameter": text("assumption that is varied"),
        "value": number("its value"),
        "workload": text("workload, or all of a fleet's day"),
        "unit": text("unit of the energy"),
        **MEAN_OVER_SHARED,
    },
    strict=True,
    unique=["study", "parameter", "value", "workload"],
)

MODEL_SWEEPS = pa.DataFrameSchema(
    {
        "study": text("study"),
        "model": text("model that serves every query"),
        "model_class": text("size class of the model"),
        "parameter": text("assumption that is varied"),
        "value": number("its value"),
        "workload": text("workload"),
        "unit": text("unit of the energy"),
        **MEAN_OVER_SHARED,
    },
    strict=True,
    unique=["study", "model", "parameter", "value", "workload"],
)

METHOD_BRIDGE = pa.DataFrameSchema(
    {
        "step": pa.Column(int, pa.Check.ge(0), description="order"),
        "study": text("study that the quantity is computed by after the step"),
        "change": text("what the step changes"),
        "quantity": text("what is followed"),
        "unit": text("its unit"),
        "before": number("value before the step"),
        "after": number("value after it"),
        "factor": number("after / before"),
    },
    strict=True,
    unique=["step", "quantity"],
)
