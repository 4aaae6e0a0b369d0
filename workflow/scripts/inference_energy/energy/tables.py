"""Schemas of the energy of a query: node power, overheads, interventions, and what is computed from them."""

import pandera.polars as pa
import polars as pl

from inference_energy.energy.interventions import COMBINATIONS
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import count, flag, number, quantiles, share, table, text, texts
from inference_energy.tables.inputs import CONFIDENCE, URL, InputTable, cell, filled
from inference_energy.tables.units import FACTOR, J_PER_OUTPUT_TOKEN, OF_ROW, POSITION, SHARE, TOK_PER_S_PER_GPU

BASES = ["measured", "from a like node"]


class NodePower(InputTable):
    """Power of one GPU's board and of its part of the host, idle and saturated with LLM inference."""

    gpu: str = filled("name in resources/hardware.csv", unique=True)
    board_idle_share_of_tdp: float = cell("board power without work over TDP", SHARE, gt=0, lt=1)
    board_saturated_share_of_tdp_p05: float = cell("saturated board power over TDP, P5", SHARE, gt=0, lt=1)
    board_saturated_share_of_tdp_p95: float = cell("saturated board power over TDP, P95", SHARE, gt=0, lt=1)
    host_idle_kw_per_gpu: float = cell(
        "idle CPUs, memory, fans, network cards and power supplies", "kW per GPU", gt=0, le=10
    )
    host_saturated_kw_per_gpu_p05: float = cell("the same, saturated, P5", "kW per GPU", gt=0, le=10)
    host_saturated_kw_per_gpu_p95: float = cell("the same, saturated, P95", "kW per GPU", gt=0, le=10)
    board_evidence: str = cell(
        "source and GPU of the rows of table board_power_shares whose P5 and P95 the saturated board shares are; empty"
        " where they are not",
        nullable=True,
    )
    basis: str = cell("whether this node was measured at the wall", isin=BASES)
    derivation: str = filled("how each number follows")
    source: str = cell("where the evidence stands, an address first", str_matches=URL)

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

    overhead: str = cell("name used in studies", str_matches=r"^[a-z][a-z0-9_]*$", unique=True)
    share_p05: float = cell("P5 of the share", SHARE, ge=0, le=10)
    share_p95: float = cell("P95 of the share; the same as P5 where it is one number", SHARE, ge=0, le=10)
    meaning: str = cell("what it stands for")
    source: str = cell("where it stands", str_matches=URL)

    @pa.dataframe_check(name="range", error="share_p05: above 0 and below share_p95, or the same as it")
    def is_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range does not run backwards, and its lower end is above nothing."""
        low, high = pl.col("share_p05"), pl.col("share_p95")
        return data.lazyframe.select((low == high) | ((low > 0) & (low < high)))


LEVELS = ["model", "serving", "hardware", "workload"]
# Ingredients of E = PUE P(load) / (load attainment) s / 3600. An intervention divides its ingredient by the multiplier,
# with three exceptions: `gpu_seconds` stands for a, b and c alike; `load` and `attainment` are multiplied, up to 1; of
# `cached_share` the rest, 1 - share, is divided.
ACTS_ON = [
    *("prefill", "decode", "attention", "gpu_seconds", "power", "load", "attainment", "pue"),
    *("input_tokens", "cached_share", "output_tokens", "energy"),
]


class InterventionRow(InputTable):
    """One intervention that a study may apply, with the range of the factor that it improves an ingredient by."""

    lever: str = cell("name used in studies", str_matches=r"^[a-z][a-z0-9_]*$", unique=True)
    label: str = filled("name for readers")
    level: str = cell("who can pull it: model, serving, hardware or workload", isin=LEVELS)
    acts_on: str = cell("ingredient of the energy that it improves, see ACTS_ON", isin=ACTS_ON)
    multiplier_p05: float = cell("P5 of the factor by which it improves the ingredient", FACTOR, ge=1, le=1000)
    multiplier_p95: float = cell("P95 of that factor", FACTOR, ge=1, le=1000)
    in_benchmarks: str = cell(
        "today's offline benchmarks contain it, so it must not count again", isin=["true", "false"]
    )
    overlap_group: str = cell(
        "levers of one group save the same energy twice in part", str_matches=r"^[a-z][a-z0-9_]*$", nullable=True
    )
    derivation: str = filled("how the range was found")
    evidence: str = cell(
        "intervention of table intervention_pairs whose P5 and P95, at least 1, the range is; empty where it is not",
        nullable=True,
    )
    source: str = filled("where it stands: address, or table of pairs")
    confidence: str = cell("high, medium or low", isin=CONFIDENCE)

    @pa.dataframe_check(name="ordered", error="multiplier_p05: <= multiplier_p95")
    def ordered(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range begins at its lower end."""
        return data.lazyframe.select(pl.col("multiplier_p05") <= pl.col("multiplier_p95"))


SPREADS = ["untrimmed", "per_query", "shared"]
KIND_OF_SPREAD = (
    "untrimmed: one query of an unknown service, variability and uncertainty together;"
    " per_query: how queries of one fleet differ;"
    " shared: how well the mean over queries is known"
)
QUERY = {
    **texts(study="study", workload="workload"),
    "subject_kind": text("model or class", allowed=["model", "class"]),
    "subject": text("model, or class of models"),
}
BOUNDARY = text("what is metered", allowed=list(BOUNDARIES))

ASSUMPTIONS = table(
    ["study", "ingredient"],
    **texts(study="study", ingredient="ingredient of the shared uncertainty", unit="unit"),
    **quantiles("{}", "{} of what is assumed", OF_ROW, QUANTILES),
)

ENERGY_BY_BOUNDARY = table(
    ["study", "workload", "subject", "boundary", "spread"],
    **QUERY,
    boundary=BOUNDARY,
    spread=text(KIND_OF_SPREAD, allowed=SPREADS),
    draws=count("Monte Carlo draws; 1 where it is a sum", at_least=1),
    **quantiles("energy_wh_{}", "{} of energy per query", "Wh"),
    **quantiles("energy_wh_{}_se", "Monte Carlo standard error of the {}", "Wh"),
    energy_wh_p50_relative_se=number("Monte Carlo standard error of the median, share of it", SHARE),
    extrapolated_share=share("share of queries with lengths outside the benchmarks behind the curve"),
    borrowed_share=share("share of queries that are served by a curve borrowed from a relative"),
)
ENERGY_AT_OPERATING_POINT = table(
    ["study", "operating_point", "workload", "subject", "boundary", "spread"],
    **texts(study="study", operating_point="operating point", label="its name for readers", workload="workload"),
    subject_kind=text("model, or class of models", allowed=["model", "class"]),
    subject=text("model or class"),
    boundary=BOUNDARY,
    spread=text("shared: mean over queries; untrimmed: a random query", allowed=["shared", "untrimmed"]),
    **quantiles("energy_wh_{}", "{} of energy per query; nothing where no model reaches it", "Wh", nullable=True),
    served_share=share("share of the study's models and GPUs that reach the operating point"),
    reached_share=share("share of the draws in which these reach it"),
    batch_p50=number("median of the running requests of a replica", "requests", nullable=True),
    replica_gpus_p50=number("median of the GPUs of a replica", "GPUs", nullable=True),
)

ENERGY_PER_QUERY = table(["study", "workload", "subject", "spread"], **ENERGY_BY_BOUNDARY.columns)

INTERVENTION_MULTIPLIERS = table(
    ["study", "workload", "lever", "combination", "spread"],
    **texts(study="study", workload="workload", subject="class of models"),
    boundary=BOUNDARY,
    level=text("where an intervention acts", allowed=[*LEVELS, "combined"]),
    **texts(lever="lever, or set of levers", label="name in figures"),
    combination=text("how levers combine", allowed=["single", *COMBINATIONS]),
    acts_on=text("ingredient that it improves", allowed=ACTS_ON, nullable=True),
    in_benchmarks=flag("whether today's benchmarks contain it, so that the energy has it already", nullable=True),
    source=text("where its range stands", nullable=True),
    spread=text(KIND_OF_SPREAD, allowed=["untrimmed", "shared"]),
    **quantiles(
        "multiplier_{}",
        "{} of the factor by which the mean energy falls",
        FACTOR,
        ("p05", "p10", "p25", "p50", "p75", "p90", "p95"),
    ),
    multiplier_share_below_8=share("share of draws with a multiplier below 8"),
    multiplier_share_above_20=share("share of draws with one above 20"),
    **quantiles("energy_wh_{}", "{} of the energy per query that remains", "Wh"),
    energy_wh_p50_se=number("Monte Carlo standard error of the median", "Wh"),
)

ENERGY_DENSITY = table(
    [],
    **QUERY,
    energy_wh=number("energy of a query", "Wh"),
    density_per_e_fold=number("share of queries per factor of e in energy", "share of 1 per factor of e"),
)


def _place(row: str, prefix: str = "") -> dict[str, pa.Column]:
    """Columns that name a benchmark row and its line."""
    return {
        f"{prefix}source": text(f"source of the {row}"),
        f"{prefix}row_id": text(f"name of the {row} in its source"),
        f"{prefix}file": text(f"file of the {row}"),
        f"{prefix}line": count(f"line of the {row} in that file", POSITION, at_least=1),
    }


INTERVENTION_PAIRS = table(
    ["lever", "source", "row_id", "reference_source", "reference_row_id"],
    lever=text("intervention that the two rows differ in"),
    **_place("row after the step"),
    **_place("row before the step", "reference_"),
    **texts(
        model="model of the row after the step",
        gpu="GPU of the row after the step",
        task="lengths or prompts that both rows ran",
        basis="what differs, before and after",
    ),
    acts_on=text("ingredient that the multiplier is of", allowed=ACTS_ON),
    multiplier=number("how much the ingredient improves from the row before to the row after", FACTOR),
    power_ratio=number("thermal design power per GPU, after over before", FACTOR),
    energy_multiplier=number("how much energy falls: multiplier / power_ratio", FACTOR),
    measured_energy_multiplier=number(
        "how much measured board energy per output token falls, where both rows have it", FACTOR, nullable=True
    ),
)

BOARD_POWER_SHARES = table(
    ["source", "row_id"],
    **_place("run"),
    **texts(model="model", gpu="GPU"),
    energy_j_per_output_token=number("measured energy of the GPU boards", J_PER_OUTPUT_TOKEN),
    output_tok_per_s_per_gpu=number("output throughput", TOK_PER_S_PER_GPU),
    tdp_w=number("thermal design power of the GPU", "W"),
    board_share_of_tdp=number("power of a board over its thermal design power", SHARE),
)
