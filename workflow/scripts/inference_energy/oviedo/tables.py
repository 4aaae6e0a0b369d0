"""Schemas of the published method: throughput curves, token lengths, energy, interventions, scenarios."""

from inference_energy.corpus.tables import Throughput, lengths_behind, of_all_sources
from inference_energy.energy.tables import QUERY
from inference_energy.statistics.quantiles import PERCENTILES
from inference_energy.tables.columns import count, flag, number, quantiles, share, table, text, texts
from inference_energy.tables.units import FACTOR, SHARE

SPREAD = text("all draws, or cut twice as the publication did", allowed=["untrimmed", "as_published"])
BOUNDARY = text("what is metered: node x PUE", allowed=["datacenter"])

THROUGHPUT_FIT = table(
    ["study", "model"],
    **texts(study="study", model="model"),
    form=text("log_linear, or constant where rows are too few", allowed=["log_linear", "constant"]),
    rows=count("benchmark rows behind the fit", at_least=2),
    intercept=number("b0 of ln tok/s", "ln(tok/s)", at_least=None),
    slope_input=number("change of ln tok/s per ln input tokens", "ln(tok/s) per ln(token)", at_least=None),
    slope_output=number("change of ln tok/s per ln output tokens", "ln(tok/s) per ln(token)", at_least=None),
    cap_tok_per_s=number("largest observed throughput of a node", "tok/s"),
    fit_ratio_geometric_sd=number("geometric standard deviation of fitted over observed", FACTOR),
    leave_one_out_ratio_min=number("smallest predicted / observed of a row left out", FACTOR),
    leave_one_out_ratio_max=number("largest predicted / observed of a row left out", FACTOR),
    leave_one_out_ratio_geometric_sd=number(
        "geometric standard deviation of predicted / observed of rows left out", FACTOR
    ),
    **lengths_behind("the fit"),
)

THROUGHPUT_ROWS = of_all_sources(
    Throughput,
    {
        "node_tok_per_s": number("output throughput of an 8-GPU node", "tok/s"),
        "study": text("study"),
        "fitted_tok_per_s": number("throughput by the fit", "tok/s"),
        "left_out_tok_per_s": number("throughput by a fit without this row", "tok/s"),
    },
)

THROUGHPUT_CURVE = table(
    [],
    model=text("model"),
    part=text("place beside the fitted lengths", allowed=["shorter", "fitted", "longer"]),
    output_tokens=number("answer length", "tokens"),
    tok_per_s=number("fitted throughput at the prompt length of traditional queries", "tok/s"),
)

TOKEN_LENGTH_DENSITY = table(
    [],
    **texts(workload="workload", label="name in figures"),
    output_tokens=number("answer length", "tokens"),
    density_per_e_fold=number("share of queries per factor of e in length", "share of 1 per factor of e"),
)

TOKEN_LENGTH_QUANTILES = table(
    [],
    **texts(workload="workload", label="name in figures", name="P5, median or P95"),
    output_tokens=number("answer length", "tokens"),
)

ENERGY_PER_QUERY = table(
    ["study", "workload", "subject", "spread"],
    **QUERY,
    boundary=BOUNDARY,
    spread=SPREAD,
    draws=count("draws, quasi-random, before any trimming", at_least=1),
    **quantiles("energy_wh_{}", "{} of energy per query", "Wh"),
    **quantiles("energy_wh_{}_se", "standard error of the {}, from the scatter of 16 replicates", "Wh"),
    **quantiles("energy_wh_{}_published_se", "standard error of the {} in a run of the published size", "Wh"),
    **quantiles("energy_wh_{}_exact", "{} by exact summation", "Wh"),
    energy_wh_p50_relative_se=number("standard error of the median, share of it", SHARE),
    largest_deviation_from_exact_se=number(
        "largest difference from the exact summation", "standard errors", at_least=None
    ),
    extrapolated_share=share("share of queries with lengths outside the benchmarks behind the fit"),
)

MULTIPLIER_QUANTILES = ("p05", "p10", "p50", "p90", "p95")
INTERVENTION_MULTIPLIERS = table(
    ["study", "workload", "lever", "spread"],
    **texts(study="study", workload="workload", subject="class of models"),
    boundary=BOUNDARY,
    level=text("where an intervention acts", allowed=["model", "serving", "hardware", "workload", "combined"]),
    **texts(lever="lever", label="name in figures"),
    combination=text("how levers combine", allowed=["single", "independent", "overlap"]),
    spread=SPREAD,
    **quantiles("multiplier_{}", "{} of the factor by which energy falls", FACTOR, MULTIPLIER_QUANTILES),
    **quantiles(
        "multiplier_{}_published_se",
        "standard error of the {} in a run of the published size",
        FACTOR,
        MULTIPLIER_QUANTILES,
    ),
    **quantiles("energy_wh_{}", "{} of the energy per query that remains", "Wh"),
    energy_wh_p50_se=number("standard error of the median, from the scatter of 16 replicates", "Wh"),
    energy_wh_p50_published_se=number("standard error of the median in a run of the published size", "Wh"),
    energy_wh_p50_exact=number("median by exact summation (untrimmed only)", "Wh", nullable=True),
)

SCENARIO_AGGREGATES = table(
    ["study", "scenario"],
    **texts(study="study", scenario="scenario", label="name in figures"),
    boundary=text("what is metered: node x PUE x overheads", allowed=["fleet"]),
    queries_per_day=number("queries per day", "queries per day"),
    long_share=share("share of long queries"),
    interventions=flag("whether the serving intervention is applied"),
    overhead_traditional=number("overhead factor of traditional queries", FACTOR, at_least=1),
    overhead_long=number("overhead factor of long queries", FACTOR, at_least=1),
    **quantiles(
        "energy_gwh_per_day_{}", "{} with utilisation, PUE and serving shared by the fleet", "GWh/day", PERCENTILES
    ),
    energy_gwh_per_day_mean=number("mean", "GWh/day"),
    energy_gwh_per_day_mean_traditional=number("of it traditional queries", "GWh/day"),
    energy_gwh_per_day_mean_long=number("of it long queries", "GWh/day"),
    energy_gwh_per_day_mean_se=number("standard error of the mean, from the scatter of 16 replicates", "GWh/day"),
    energy_gwh_per_day_published_se=number("standard error of the mean in a run of the published size", "GWh/day"),
    energy_gwh_per_day_p05_as_published=number("P5 of the published bootstrap of the mean", "GWh/day", at_least=None),
    energy_gwh_per_day_p50_as_published=number("median of it", "GWh/day"),
    energy_gwh_per_day_p95_as_published=number("P95 of it", "GWh/day"),
)
