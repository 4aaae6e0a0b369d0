"""What every result table must look like. These names are a public contract: add freely, never rename."""

import pandera.polars as pa
import polars as pl

from inference_energy.benchmark_tables import Throughput, of_all_sources
from inference_energy.checks.finding import SEVERITIES
from inference_energy.relatives import KINSHIPS
from inference_energy.workload_tables import OutputLengthQuantiles, RequestLengths


def number(meaning: str, *, at_least: float | None = 0, nullable: bool = False) -> pa.Column:
    """Column of finite numbers."""
    checks = [pa.Check(_finite, name="a finite number")]
    if at_least is not None:
        checks.append(pa.Check.ge(at_least))
    return pa.Column(float, checks, nullable=nullable, description=meaning)


def _finite(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).is_finite())


def text(meaning: str, *, allowed: list[str] | None = None, nullable: bool = False) -> pa.Column:
    """Column of text, of certain values where they are given."""
    return pa.Column(str, pa.Check.isin(allowed) if allowed else None, nullable=nullable, description=meaning)


SHARE = [pa.Check.ge(0), pa.Check.le(1)]
SPREADS = ["untrimmed", "as_published"]
QUANTILES = ("p05", "p25", "p50", "p75", "p95")

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

ENERGY_DENSITY = pa.DataFrameSchema(
    {
        "study": text("study"),
        "workload": text("workload"),
        "subject_kind": text("model or class", allowed=["model", "class"]),
        "subject": text("model, or class of models"),
        "energy_wh": number("energy of a query, Wh"),
        "density_per_e_fold": number("share of queries per factor of e in energy"),
    },
    strict=True,
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

HEADLINE = pa.DataFrameSchema(
    {
        "study": text("study"),
        "quantity": text("name of the number"),
        "label": text("name for readers"),
        "unit": text("unit"),
        "published": number("value as printed", nullable=True),
        "computed": number("value computed here"),
        "computed_p05": number("P5 of what it is the median or mean of", nullable=True),
        "computed_p95": number("P95 of it", nullable=True),
        "spread": text("what that interval is over: single queries, or what the whole fleet shares", nullable=True),
        "relative_difference": number("computed / published - 1", at_least=None, nullable=True),
        "tolerance": number("half the last printed digit + 3 standard errors of the published run", nullable=True),
        "within": pa.Column(
            bool,
            nullable=True,
            description="whether the difference is inside the tolerance; not asked of other methods",
        ),
        "same_digits": pa.Column(bool, nullable=True, description="whether the value rounds to the printed one"),
        "sampling_se": number("standard error in a run of the published size", nullable=True),
        "published_source": text("publication", nullable=True),
        "locator": text("place in it", nullable=True),
        "note": text("what a reader must know", nullable=True),
    },
    strict=True,
    unique=["study", "quantity"],
)

BENCHMARK_CHECKS = pa.DataFrameSchema(
    {
        "check": text("name of the check"),
        "severity": text("how serious: cannot be true, needs a look, or good to know", allowed=SEVERITIES),
        "source": text("source of the row", nullable=True),
        "row_id": text("the row", nullable=True),
        "file": text("its file", nullable=True),
        "line": pa.Column(int, nullable=True, description="its line"),
        "model": text("its model", nullable=True),
        "gpu": text("its GPU", nullable=True),
        "found": number("what the row says", nullable=True),
        "expected": number("what it is held against: the limit, or the other row's value", nullable=True),
        "unit": text("unit of both", nullable=True),
        "other_source": text("source of the other row", nullable=True),
        "other_row_id": text("the other row", nullable=True),
        "message": text("the finding in one sentence"),
    },
    strict=True,
)

SOURCES = pa.DataFrameSchema(
    {
        "source": text("folder of the source in resources/benchmarks"),
        "file": text("one of its files"),
        "format": text("format it was read in"),
        "publisher": text("who published it"),
        "title": text("its title"),
        "url": text("where it stands"),
        "version": text("its version"),
        "read_on": text("date it was read"),
        "licence": text("its licence"),
        "citation": text("how to cite it"),
        "notes": text("what a reader must know", nullable=True),
        "sha256": text("verified checksum of the file"),
        "previous_read_on": text("date it was read before", nullable=True),
        "previous_sha256": text("checksum it had then", nullable=True),
        "rows_read": pa.Column(int, pa.Check.ge(0), description="rows of the file, over all tables"),
        "rows_accepted": pa.Column(int, pa.Check.ge(0), description="rows that passed every check of a row"),
        "rows_rejected": pa.Column(int, pa.Check.ge(0), description="rows set aside, see rejected_row"),
        "records_left_out": pa.Column(int, pa.Check.ge(0), description="records outside the scope, see left_out"),
    },
    strict=True,
    unique=["source", "file"],
)

BENCHMARK_SOURCES = pa.DataFrameSchema(
    {
        "source": text("folder of the source in resources/benchmarks"),
        "publisher": text("who published it"),
        "version": text("its version"),
        "read_on": text("date it was read"),
        "licence": text("its licence"),
        "files": pa.Column(int, pa.Check.ge(1), description="number of files"),
        "rows_accepted": pa.Column(int, pa.Check.ge(0), description="rows that passed every check of a row"),
        "rows_rejected": pa.Column(int, pa.Check.ge(0), description="rows set aside"),
        "records_left_out": pa.Column(int, pa.Check.ge(0), description="records outside the scope of the corpus"),
        "throughput_rows": pa.Column(int, pa.Check.ge(0), description="rows of table throughput"),
        "measured_energies": pa.Column(int, pa.Check.ge(0), description="rows of table measured_energy"),
        "published_estimates": pa.Column(int, pa.Check.ge(0), description="rows of table published_estimate"),
        **{
            f"{severity}s": pa.Column(int, pa.Check.ge(0), description=f"findings of severity {severity}")
            for severity in SEVERITIES
        },
    },
    strict=True,
    unique=["source"],
)

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

READ_FROM = {
    "source": text("folder of the source in resources/workloads"),
    "file": text("file the row was read from"),
    "line": pa.Column(int, pa.Check.ge(2), description="line in that file"),
}
REQUEST_LENGTHS = RequestLengths.to_schema().add_columns(READ_FROM)
OUTPUT_LENGTH_QUANTILES = OutputLengthQuantiles.to_schema().add_columns(READ_FROM)

REQUEST_LENGTH_QUANTILES = pa.DataFrameSchema(
    {
        "source": text("folder of the source in resources/workloads"),
        "workload": text("name of the workload"),
        "side": text("prompts or answers", allowed=["input", "output"]),
        "requests": pa.Column(int, pa.Check.ge(1), description="requests behind the quantiles"),
        "cached_input_share": pa.Column(
            float, SHARE, nullable=True, description="share of all prompt tokens that an earlier request had"
        ),
        **{f"tokens_{q}": number(f"{q.upper()} of the length, tokens", at_least=1) for q in QUANTILES},
    },
    strict=True,
    unique=["workload", "side"],
)
