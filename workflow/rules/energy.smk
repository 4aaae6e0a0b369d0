# Evidence of interventions and board power; energy per query and interventions of studies of method `nested`.

NESTED = list(NESTED_STUDIES)
# Inputs of every rule of such a study, by the names of energy.service.Tables.
NESTED_TABLES = {
    **SERVING_FIT,
    "runs": "results/serving/serving_runs.parquet",
    "models": "results/validated/models.parquet",
    "hardware": "results/validated/hardware.parquet",
    "lengths": "results/validated/request_lengths.parquet",
    "answers": "results/validated/output_length_quantiles.parquet",
    "rates": "results/validated/service_rates.parquet",
    "node_power": "resources/node_power.csv",
    "overheads": "resources/overheads.csv",
}
# The parts of a study that decide the energy of a query.
NESTED_QUERY = (
    *("boundary", "serving", "hardware", "hardware_concentration", "power", "day"),
    *("pue", "overheads", "workloads", "classes"),
)
# Parameters of every such rule besides the study.
NESTED_PARAMS = {"repeated": VALIDATION["repeated"], "draws": config["service_draws"], "seed": config["seed"]}


rule intervention_pairs:
    """Pairs of metered runs that differ in one intervention, and what the serving model says of them."""
    input:
        runs="results/serving/serving_runs.parquet",
        held_out="results/validation/model/held_out.parquet",
        code=library("energy/intervention_pairs"),
    output:
        update("results/comparison/intervention_pairs.parquet"),
    log:
        "results/logs/intervention_pairs.log",
    script:
        "../scripts/energy/intervention_pairs.py"


rule board_power_shares:
    """Measured board power over TDP of runs near saturation, compared with the adopted ranges."""
    input:
        energy="results/validated/measured_energy.parquet",
        hardware="results/validated/hardware.parquet",
        node_power="resources/node_power.csv",
        code=library("energy/board_power_shares"),
    output:
        update("results/comparison/board_power_shares.parquet"),
    log:
        "results/logs/board_power_shares.log",
    script:
        "../scripts/energy/board_power_shares.py"


rule query_energy:
    """Energy of one query, per model and class, workload, boundary and spread, and variance shares of ingredients."""
    input:
        **NESTED_TABLES,
        code=library("energy/query_energy"),
    output:
        assumed=update("results/{study}/assumptions.parquet"),
        energy=update("results/{study}/energy_per_query.parquet"),
        boundaries=update("results/{study}/energy_by_boundary.parquet"),
        density=update("results/{study}/energy_density.parquet"),
        variance=update("results/{study}/variance_shares.parquet"),
    log:
        "results/logs/{study}/query_energy.log",
    wildcard_constraints:
        study=pattern_of(NESTED),
    params:
        **NESTED_PARAMS,
        study=section(*NESTED_QUERY),
    script:
        "../scripts/energy/query_energy.py"


rule interventions:
    """What every intervention saves, and all together, by the serving model and by pairs of measured rows."""
    input:
        **NESTED_TABLES,
        pairs="results/comparison/intervention_pairs.parquet",
        code=library("energy/interventions"),
    output:
        update("results/{study}/intervention_multipliers.parquet"),
    log:
        "results/logs/{study}/interventions.log",
    wildcard_constraints:
        study=pattern_of(NESTED),
    params:
        **NESTED_PARAMS,
        study=section(*NESTED_QUERY, "interventions"),
    script:
        "../scripts/energy/interventions.py"
