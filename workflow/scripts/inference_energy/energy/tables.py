"""Schemas of the energy of a query: node power, overheads, interventions, and what is computed from them."""

import pandera.polars as pa
import polars as pl

from inference_energy.energy.interventions import COMBINATIONS
from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import QUANTILES, SHARE, number, text
from inference_energy.tables.inputs import CONFIDENCE, URL, InputTable

BASES = ["measured", "from a like node"]


class NodePower(InputTable):
    """Power of one GPU's board and of its part of the host, idle and saturated with LLM inference."""

    gpu: str = pa.Field(str_length={"min_value": 1}, unique=True, description="name in resources/hardware.csv")
    board_idle_share_of_tdp: float = pa.Field(gt=0, lt=1, description="board power without work over TDP")
    board_saturated_share_of_tdp_p05: float = pa.Field(gt=0, lt=1, description="saturated board power over TDP, P5")
    board_saturated_share_of_tdp_p95: float = pa.Field(gt=0, lt=1, description="saturated board power over TDP, P95")
    host_idle_kw_per_gpu: float = pa.Field(
        gt=0, le=10, description="idle CPUs, memory, fans, network cards and power supplies, kW per GPU"
    )
    host_saturated_kw_per_gpu_p05: float = pa.Field(gt=0, le=10, description="the same, saturated, P5, kW per GPU")
    host_saturated_kw_per_gpu_p95: float = pa.Field(gt=0, le=10, description="the same, saturated, P95, kW per GPU")
    basis: str = pa.Field(isin=BASES, description="whether this node was measured at the wall")
    derivation: str = pa.Field(str_length={"min_value": 1}, description="how each number follows")
    source: str = pa.Field(str_matches=URL, description="where the evidence stands, an address first")

    @pa.dataframe_check(
        name="board_rises", error="board_saturated_share_of_tdp_p95: shares that rise from idle over P5 to P95"
    )
    def board_rises(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A board draws more saturated than idle, and P95 lies above P5."""
        return _rises(
            data, "board_idle_share_of_tdp", "board_saturated_share_of_tdp_p05", "board_saturated_share_of_tdp_p95"
        )

    @pa.dataframe_check(
        name="host_rises", error="host_saturated_kw_per_gpu_p95: powers that rise from idle over P5 to P95"
    )
    def host_rises(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A host draws more saturated than idle, and P95 lies above P5."""
        return _rises(data, "host_idle_kw_per_gpu", "host_saturated_kw_per_gpu_p05", "host_saturated_kw_per_gpu_p95")


def _rises(data: pa.PolarsData, idle: str, p05: str, p95: str) -> pl.LazyFrame:
    return data.lazyframe.select((pl.col(idle) < pl.col(p05)) & (pl.col(p05) < pl.col(p95)))


class Overhead(InputTable):
    """Energy that a fleet uses beyond its serving nodes, as a share of theirs."""

    overhead: str = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$", unique=True, description="name used in studies")
    share_p05: float = pa.Field(ge=0, le=10, description="P5 of the share")
    share_p95: float = pa.Field(ge=0, le=10, description="P95 of the share; the same as P5 where it is one number")
    meaning: str = pa.Field(description="what it stands for")
    source: str = pa.Field(str_matches=URL, description="where it stands")

    @pa.dataframe_check(name="range", error="share_p05: above 0 and below share_p95, or the same as it")
    def is_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range does not run backwards, and its lower end is above nothing."""
        low, high = pl.col("share_p05"), pl.col("share_p95")
        return data.lazyframe.select((low == high) | ((low > 0) & (low < high)))


LEVELS = ["model", "serving", "hardware", "workload"]
# Ingredients of E = PUE P(load) / (load attainment) s / 3600. A lever divides its ingredient by the multiplier, with
# three exceptions: `gpu_seconds` stands for a, b and c alike; `load` and `attainment` are multiplied, up to 1; of
# `cached_share` the rest, 1 - share, is divided.
ACTS_ON = [
    *("prefill", "decode", "attention", "gpu_seconds", "power", "load", "attainment", "pue"),
    *("input_tokens", "cached_share", "output_tokens", "energy"),
]


class Intervention(InputTable):
    """One lever that a study may pull, with the range of what it divides an ingredient of the energy by."""

    lever: str = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$", unique=True, description="name used in studies")
    label: str = pa.Field(str_length={"min_value": 1}, description="name for readers")
    level: str = pa.Field(isin=LEVELS, description="who can pull it: model, serving, hardware or workload")
    acts_on: str = pa.Field(isin=ACTS_ON, description="ingredient of the energy that it improves, see ACTS_ON")
    multiplier_p05: float = pa.Field(ge=1, le=1000, description="P5 of the factor by which it improves the ingredient")
    multiplier_p95: float = pa.Field(ge=1, le=1000, description="P95 of that factor")
    in_benchmarks: str = pa.Field(
        isin=["true", "false"], description="today's offline benchmarks contain it, so it must not count again"
    )
    overlap_group: str = pa.Field(
        nullable=True,
        str_matches=r"^[a-z][a-z0-9_]*$",
        description="levers of one group save the same energy twice in part",
    )
    derivation: str = pa.Field(str_length={"min_value": 1}, description="how the range was found")
    source: str = pa.Field(str_length={"min_value": 1}, description="where it stands: address, or table of pairs")
    confidence: str = pa.Field(isin=CONFIDENCE, description="high, medium or low")

    @pa.dataframe_check(name="ordered", error="multiplier_p05: <= multiplier_p95")
    def ordered(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range begins at its lower end."""
        return data.lazyframe.select(pl.col("multiplier_p05") <= pl.col("multiplier_p95"))


SPREADS = ["untrimmed", "per_query", "shared"]
KIND_OF_SPREAD = (
    "untrimmed: a query about which nothing is known; per_query: how queries of one fleet differ;"
    " shared: how well the mean over queries is known"
)
BOUNDARY = text("what is metered", allowed=list(BOUNDARIES))
PERCENTILES = ("p05", "p50", "p95")

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
