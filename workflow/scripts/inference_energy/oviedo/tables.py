"""Schemas of the published method: throughput curves, token lengths, energy, interventions, scenarios."""

import pandera.polars as pa

from inference_energy.corpus.tables import Throughput, of_all_sources
from inference_energy.tables.columns import QUANTILES, SHARE, number, text

SPREADS = ["untrimmed", "as_published"]

THROUGHPUT_FIT = pa.DataFrameSchema(
    {
        "study": text("study"),
        "model": text("model"),
        "form": text("log_linear, or constant where rows are too few", allowed=["log_linear", "constant"]),
        "rows": pa.Column(int, pa.Check.ge(2), description="benchmark rows behind the fit"),
        "intercept": number("b0 of ln tok/s", at_least=None),
        "slope_input": number("change of ln tok/s per ln input tokens", at_least=None),
        "slope_output": number("change of ln tok/s per ln output tokens", at_least=None),
        "cap_tok_per_s": number("largest observed throughput of a node, tok/s"),
        "fit_ratio_geometric_sd": number("typical factor between fitted and observed"),
        "leave_one_out_ratio_min": number("smallest predicted / observed of a row left out"),
        "leave_one_out_ratio_max": number("largest predicted / observed of a row left out"),
        "leave_one_out_ratio_geometric_sd": number("typical factor between predicted and observed, row left out"),
        "input_tokens_min": number("shortest prompt behind the fit"),
        "input_tokens_max": number("longest prompt behind the fit"),
        "output_tokens_min": number("shortest answer behind the fit"),
        "output_tokens_max": number("longest answer behind the fit"),
    },
    strict=True,
    unique=["study", "model"],
)

THROUGHPUT_ROWS = of_all_sources(
    Throughput,
    {
        "node_tok_per_s": number("output throughput of an 8-GPU node, tok/s"),
        "study": text("study"),
        "fitted_tok_per_s": number("throughput by the fit, tok/s"),
        "left_out_tok_per_s": number("throughput by a fit without this row, tok/s"),
    },
)

THROUGHPUT_CURVE = pa.DataFrameSchema(
    {
        "model": text("model"),
        "part": text("place beside the fitted lengths", allowed=["shorter", "fitted", "longer"]),
        "output_tokens": number("answer length, tokens"),
        "tok_per_s": number("fitted throughput at the prompt length of traditional queries, tok/s"),
    },
    strict=True,
)

TOKEN_LENGTH_DENSITY = pa.DataFrameSchema(
    {
        "workload": text("workload"),
        "label": text("name in figures"),
        "output_tokens": number("answer length, tokens"),
        "density_per_e_fold": number("share of queries per factor of e in length"),
    },
    strict=True,
)

TOKEN_LENGTH_QUANTILES = pa.DataFrameSchema(
    {
        "workload": text("workload"),
        "label": text("name in figures"),
        "name": text("P5, median or P95"),
        "output_tokens": number("answer length, tokens"),
    },
    strict=True,
)

ENERGY_PER_QUERY = pa.DataFrameSchema(
    {
        "study": text("study"),
        "workload": text("workload"),
        "subject_kind": text("model or class", allowed=["model", "class"]),
        "subject": text("model, or class of models"),
        "boundary": text("what is metered: node x PUE", allowed=["datacenter"]),
        "spread": text("all draws, or cut twice as the publication did", allowed=SPREADS),
        "draws": pa.Column(int, pa.Check.ge(1), description="Monte Carlo draws, before any trimming"),
        **{f"energy_wh_{q}": number(f"{q.upper()} of energy per query, Wh") for q in (*QUANTILES, "mean")},
        **{f"energy_wh_{q}_se": number("its Monte Carlo standard error, Wh") for q in (*QUANTILES, "mean")},
        **{f"energy_wh_{q}_exact": number("the same by exact summation, Wh") for q in (*QUANTILES, "mean")},
        "energy_wh_p50_relative_se": number("Monte Carlo standard error of the median, share of it"),
        "largest_deviation_from_exact_se": number(
            "largest difference from the exact summation, in standard errors", at_least=None
        ),
        "extrapolated_share": pa.Column(
            float, SHARE, description="share of queries with lengths outside the benchmarks behind the fit"
        ),
    },
    strict=True,
    unique=["study", "workload", "subject", "spread"],
)

INTERVENTION_MULTIPLIERS = pa.DataFrameSchema(
    {
        "study": text("study"),
        "workload": text("workload"),
        "subject": text("class of models"),
        "boundary": text("what is metered: node x PUE", allowed=["datacenter"]),
        "level": text("where a lever acts", allowed=["model", "serving", "hardware", "workload", "combined"]),
        "lever": text("lever"),
        "label": text("name in figures"),
        "combination": text("how levers combine", allowed=["single", "independent", "overlap"]),
        "spread": text("all draws, or cut twice as the publication did", allowed=SPREADS),
        **{f"multiplier_{q}": number("factor by which energy falls") for q in ("p05", "p10", "p50", "p90", "p95")},
        **{f"energy_wh_{q}": number("energy per query that remains, Wh") for q in (*QUANTILES, "mean")},
        "energy_wh_p50_se": number("Monte Carlo standard error of the median, Wh"),
        "energy_wh_p50_exact": number("median by exact summation, Wh (untrimmed only)", nullable=True),
    },
    strict=True,
    unique=["study", "workload", "lever", "spread"],
)

SCENARIO_AGGREGATES = pa.DataFrameSchema(
    {
        "study": text("study"),
        "scenario": text("scenario"),
        "label": text("name in figures"),
        "boundary": text("what is metered: node x PUE x overheads", allowed=["fleet"]),
        "queries_per_day": number("queries per day"),
        "long_share": pa.Column(float, SHARE, description="share of long queries"),
        "interventions": pa.Column(bool, description="whether the serving intervention is applied"),
        "overhead_traditional": number("overhead factor of traditional queries", at_least=1),
        "overhead_long": number("overhead factor of long queries", at_least=1),
        "energy_gwh_per_day_p05": number("P5 with utilisation, PUE and serving shared by the fleet, GWh/day"),
        "energy_gwh_per_day_p50": number("P50, likewise"),
        "energy_gwh_per_day_p95": number("P95, likewise"),
        "energy_gwh_per_day_mean": number("mean, GWh/day"),
        "energy_gwh_per_day_mean_traditional": number("of it traditional queries"),
        "energy_gwh_per_day_mean_long": number("of it long queries"),
        "energy_gwh_per_day_mean_se": number("Monte Carlo standard error of the mean"),
        "energy_gwh_per_day_published_se": number("the same for a run of the published size"),
        "energy_gwh_per_day_p05_as_published": number("P5 of the published bootstrap of the mean", at_least=None),
        "energy_gwh_per_day_p50_as_published": number("P50, likewise"),
        "energy_gwh_per_day_p95_as_published": number("P95, likewise"),
    },
    strict=True,
    unique=["study", "scenario"],
)
