# The published method exactly as printed: curves, token lengths, energy per query, interventions, scenarios.

PUBLISHED = [name for name, study in STUDIES.items() if study["method"] == "published"]


rule throughput_fit:
    """Throughput of a node as a function of prompt and answer length, per model."""
    input:
        throughput="results/validated/throughput.parquet",
        models="results/validated/models.parquet",
        corrections="results/validated/corrections.parquet",
        code=library("oviedo/throughput_fit"),
    output:
        fit=update("results/{study}/throughput_fit.parquet"),
        rows=update("results/{study}/throughput_rows.parquet"),
        curve=update("results/{study}/throughput_curve.parquet"),
    log:
        "results/logs/{study}/throughput_fit.log",
    wildcard_constraints:
        study=pattern_of(PUBLISHED),
    params:
        study=section("throughput", "classes", "node_power_kw", "workloads"),
    script:
        "../scripts/oviedo/throughput_fit.py"


rule token_lengths:
    """How long the queries of each workload are."""
    input:
        code=library("oviedo/token_lengths"),
    output:
        density="results/{study}/token_length_density.parquet",
        quantiles="results/{study}/token_length_quantiles.parquet",
    log:
        "results/logs/{study}/token_lengths.log",
    wildcard_constraints:
        study=pattern_of(PUBLISHED),
    params:
        study=section("workloads"),
    script:
        "../scripts/oviedo/token_lengths.py"


rule energy_per_query:
    """Energy of one query, per model and class, for every workload of a study, by both engines."""
    input:
        fit="results/{study}/throughput_fit.parquet",
        code=library("oviedo/energy_per_query"),
    output:
        energy="results/{study}/energy_per_query.parquet",
        density="results/{study}/energy_density.parquet",
    log:
        "results/logs/{study}/energy_per_query.log",
    wildcard_constraints:
        study=pattern_of(PUBLISHED),
    params:
        study=section(*QUERY_ENERGY),
        draws=config["draws"],
        seed=config["seed"],
    script:
        "../scripts/oviedo/energy_per_query.py"


rule intervention_multipliers:
    """Saving of each intervention, and of all together."""
    input:
        fit="results/{study}/throughput_fit.parquet",
        code=library("oviedo/intervention_multipliers"),
    output:
        "results/{study}/intervention_multipliers.parquet",
    log:
        "results/logs/{study}/intervention_multipliers.log",
    wildcard_constraints:
        study=pattern_of(PUBLISHED),
    params:
        study=section(*QUERY_ENERGY, "interventions"),
        draws=config["draws"],
        seed=config["seed"],
    script:
        "../scripts/oviedo/intervention_multipliers.py"


rule scenario_aggregates:
    """Energy of a fleet per day, per scenario."""
    input:
        energy="results/{study}/energy_per_query.parquet",
        fit="results/{study}/throughput_fit.parquet",
        overheads="resources/overheads.csv",
        code=library("oviedo/scenario_aggregates"),
    output:
        update("results/{study}/scenario_aggregates.parquet"),
    log:
        "results/logs/{study}/scenario_aggregates.log",
    wildcard_constraints:
        study=pattern_of(PUBLISHED),
    params:
        study=section(*QUERY_ENERGY, "fleet"),
        seed=config["seed"],
    script:
        "../scripts/oviedo/scenario_aggregates.py"
