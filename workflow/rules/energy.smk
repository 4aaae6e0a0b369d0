# Evidence of interventions and board power; curves, energy per query and interventions of studies of method `nested`.

NESTED = list(NESTED_STUDIES)
# Inputs of every rule of such a study, by the names of resolve.Tables.
NESTED_TABLES = {
    "throughput": "results/validated/throughput.parquet",
    "corrections": "results/validated/corrections.parquet",
    "models": "results/validated/models.parquet",
    "hardware": "results/validated/hardware.parquet",
    "coefficients": "results/comparison/throughput_configurations.parquet",
    "left_out": "results/comparison/throughput_left_out.parquet",
    "forms": "results/comparison/throughput_forms.parquet",
    "pairs": "results/comparison/attainment_pairs.parquet",
    "latency": "results/comparison/latency_summary.parquet",
    "lengths": "results/validated/request_lengths.parquet",
    "answers": "results/validated/output_length_quantiles.parquet",
    "node_power": "resources/node_power.csv",
    "overheads": "resources/overheads.csv",
}
# Those still needed once the curves are fitted, by the names of assumptions.ServedTables.
SERVED = ("hardware", "pairs", "latency", "lengths", "answers", "node_power", "overheads")
SERVED_TABLES = {name: NESTED_TABLES[name] for name in SERVED}
# The parts of a study that decide the energy of a query.
NESTED_QUERY = (
    *("boundary", "throughput", "hardware", "power", "load", "attainment", "latency_target_ms"),
    *("pue", "overheads", "workloads", "classes"),
)


rule intervention_pairs:
    """Pairs of benchmark rows that differ in one intervention, compared with the adopted ranges."""
    input:
        throughput="results/validated/throughput.parquet",
        measured_energy="results/validated/measured_energy.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        interventions="resources/interventions.csv",
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


rule study_curves:
    """The curve that serves every model on every GPU of a study, own or transferred, and its shared uncertainty."""
    input:
        **NESTED_TABLES,
        code=library("energy/study_curves"),
    output:
        fit=update("results/{study}/throughput_fit.parquet"),
        assumed=update("results/{study}/assumptions.parquet"),
    log:
        "results/logs/{study}/study_curves.log",
    wildcard_constraints:
        study=one_of(NESTED),
    params:
        study=section(*NESTED_QUERY),
    script:
        "../scripts/energy/study_curves.py"


rule query_energy:
    """Energy of one query, per model and class, workload, boundary and spread, and variance shares of ingredients."""
    input:
        **NESTED_TABLES,
        fit="results/{study}/throughput_fit.parquet",
        code=library("energy/query_energy"),
    output:
        energy=update("results/{study}/energy_per_query.parquet"),
        boundaries=update("results/{study}/energy_by_boundary.parquet"),
        density=update("results/{study}/energy_density.parquet"),
        variance=update("results/{study}/variance_shares.parquet"),
    log:
        "results/logs/{study}/query_energy.log",
    wildcard_constraints:
        study=one_of(NESTED),
    params:
        study=section(*NESTED_QUERY),
        draws=config["draws"],
        fleet_draws=config["fleet_draws"],
        seed=config["seed"],
    script:
        "../scripts/energy/query_energy.py"


rule interventions:
    """Saving of each intervention where it acts, and of several together."""
    input:
        **NESTED_TABLES,
        fit="results/{study}/throughput_fit.parquet",
        interventions="resources/interventions.csv",
        code=library("energy/interventions"),
    output:
        update("results/{study}/intervention_multipliers.parquet"),
    log:
        "results/logs/{study}/interventions.log",
    wildcard_constraints:
        study=one_of(NESTED),
    params:
        study=section(*NESTED_QUERY, "interventions"),
        draws=config["fleet_draws"],
        seed=config["seed"],
    script:
        "../scripts/energy/interventions.py"


rule operating_points:
    """Energy of one query at every operating point of a study, by the serving model."""
    input:
        **SERVED_TABLES,
        **SERVING_FIT,
        runs="results/serving/serving_runs.parquet",
        models="results/validated/models.parquet",
        code=library("energy/operating_points"),
    output:
        update("results/{study}/energy_at_operating_point.parquet"),
    log:
        "results/logs/{study}/operating_points.log",
    wildcard_constraints:
        study=one_of(NESTED),
    params:
        study=section(*NESTED_QUERY, "serving"),
        repeated=VALIDATION["repeated"],
        draws=1_000,
        seed=config["seed"],
    script:
        "../scripts/energy/operating_points.py"
