"""Schemas of the energy of a query: node power, overheads, interventions, and what is computed from them."""

import polars as pl

from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import count, number, quantiles, share, table, text, texts
from inference_energy.tables.inputs import URL, InputTable, cell, filled, optional, rising
from inference_energy.tables.units import FACTOR, J_PER_OUTPUT_TOKEN, OF_ROW, POSITION, SHARE, TOK_PER_S_PER_GPU

BASES = ["measured", "from a like node"]


BOARD = ("board_idle_share_of_tdp", "board_saturated_share_of_tdp_p05", "board_saturated_share_of_tdp_p95")
HOST = ("host_idle_kw_per_gpu", "host_saturated_kw_per_gpu_p05", "host_saturated_kw_per_gpu_p95")


class NodePower(
    InputTable,
    rules={
        f"{BOARD[-1]}: shares that rise from idle over P5 to P95": rising(BOARD, strictly=True),
        f"{HOST[-1]}: powers that rise from idle over P5 to P95": rising(HOST, strictly=True),
    },
):
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
    board_evidence: str = optional(
        "source and GPU of the rows of table board_power_shares whose P5 and P95 the saturated board shares are; empty"
        " where they are not"
    )
    basis: str = cell("whether this node was measured at the wall", isin=BASES)
    derivation: str = filled("how each number follows")
    source: str = cell("where the evidence stands, an address first", str_matches=URL)


class Overhead(
    InputTable,
    rules={
        "share_p05: above 0 and below share_p95, or the same as it": (pl.col("share_p05") == pl.col("share_p95"))
        | ((pl.col("share_p05") > 0) & (pl.col("share_p05") < pl.col("share_p95"))),
    },
):
    """Energy that a fleet uses beyond its serving nodes, as a share of theirs."""

    overhead: str = cell("name used in studies", str_matches=r"^[a-z][a-z0-9_]*$", unique=True)
    share_p05: float = cell("P5 of the share", SHARE, ge=0, le=10)
    share_p95: float = cell("P95 of the share; the same as P5 where it is one number", SHARE, ge=0, le=10)
    meaning: str = cell("what it stands for")
    source: str = cell("where it stands", str_matches=URL)


LEVELS = ["model", "serving", "hardware", "workload"]

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
    draws=count("draws; 1 where it is a sum", at_least=1),
    **quantiles("energy_wh_{}", "{} of energy per query", "Wh"),
    **quantiles("energy_wh_{}_se", "standard error of the {}, from the scatter of 16 replicates", "Wh"),
    energy_wh_p50_relative_se=number("standard error of the median, share of it", SHARE),
    served_share=share("share of the study's models and GPUs that reach the operating point"),
    reached_share=share("share of the draws in which these reach it"),
    batch_p50=number("median of the running requests of a replica in the busiest hour", "requests"),
    replica_gpus_p50=number("median of the GPUs of a replica", "GPUs"),
)

ENERGY_PER_QUERY = table(["study", "workload", "subject", "spread"], **ENERGY_BY_BOUNDARY.columns)

INTERVENTION_MULTIPLIERS = table(
    ["study", "workload", "lever", "combination", "spread"],
    **texts(study="study", workload="workload", subject="class of models"),
    boundary=BOUNDARY,
    level=text("who can do it", allowed=[*LEVELS, "combined"]),
    **texts(lever="intervention, or all of them", label="name in figures"),
    combination=text("one intervention, or all on top of each other", allowed=["single", "together"]),
    spread=text("shared: of the mean over queries", allowed=["shared"]),
    source=text("where the size of the change stands", nullable=True),
    **quantiles("multiplier_{}", "{} of the factor by which the mean energy falls, as the model has it", FACTOR),
    **quantiles("energy_wh_{}", "{} of the mean energy per query that remains", "Wh"),
    evidence=text("its pairs in table intervention_pairs", nullable=True),
    pairs=count("pairs of rows that differ in it", nullable=True),
    **quantiles("measured_{}", "{} of the factor among the pairs", FACTOR, nullable=True),
    **quantiles("predicted_{}", "{} of what the serving model says of the same pairs", FACTOR, nullable=True),
)

ENERGY_DENSITY = table(
    [],
    **QUERY,
    energy_wh=number("energy of a query", "Wh"),
    density_per_e_fold=number("share of queries per factor of e in energy", "share of 1 per factor of e"),
)


INTERVENTION_PAIRS = table(
    ["lever", "source", "row_id", "reference_source", "reference_row_id"],
    **texts(
        lever="intervention that the two runs differ in",
        source="source of the run after the step",
        row_id="name of the run after the step in its source",
        reference_source="source of the run before the step",
        reference_row_id="name of the run before the step in its source",
        model="model of the run after the step",
        gpu="GPU of the run after the step",
        task="prompts or lengths that both ran",
        basis="what differs, before and after",
    ),
    batch=number("running requests of the run after the step", "requests"),
    measured_multiplier=number("how much measured board energy per output token falls", FACTOR),
    predicted_multiplier=number("the same, predicted by the serving model that was fitted without the network", FACTOR),
)

BOARD_POWER_SHARES = table(
    ["source", "row_id"],
    **texts(source="source of the run", row_id="name of the run in its source", file="file of the run"),
    line=count("line of the run in that file", POSITION, at_least=1),
    **texts(model="model", gpu="GPU"),
    energy_j_per_output_token=number("measured energy of the GPU boards", J_PER_OUTPUT_TOKEN),
    output_tok_per_s_per_gpu=number("output throughput", TOK_PER_S_PER_GPU),
    tdp_w=number("thermal design power of the GPU", "W"),
    board_share_of_tdp=number("power of a board over its thermal design power", SHARE),
)
