# Validation: predictions against measurements, this work against other methods, each assumption alone.

# The study compared with other methods: the last step of the bridge.
CURRENT = list(BRIDGE)[-1]
# The published study whose throughput curves represent the published method.
PUBLISHED_CURVES = f"results/{config['bridge']['from']}/throughput_fit.parquet"


rule cross_methods:
    """One query by every method and boundary; published estimates compared with this work; each assumption alone."""
    input:
        **NESTED_TABLES,
        energy="results/validated/measured_energy.parquet",
        estimates="results/validated/published_estimates.parquet",
        curves=PUBLISHED_CURVES,
        code=library("validation/cross_methods"),
    output:
        methods=update("results/comparison/cross_methods.parquet"),
        parts=update("results/comparison/cross_method_parts.parquet"),
        statements=update("results/comparison/published_estimates.parquet"),
        kinds=update("results/comparison/published_estimate_kinds.parquet"),
        tornado=update("results/comparison/tornado.parquet"),
    log:
        "results/logs/cross_methods.log",
    params:
        **NESTED_PARAMS | {"draws": config["sweep_draws"]},
        study=part(BRIDGE[CURRENT], (*NESTED_QUERY, "interventions", "fleet")),
        settings=config["cross_methods"],
        name=CURRENT,
    script:
        "../scripts/validation/cross_methods.py"


rule left_out:
    """Runs predicted by the serving model without their source, model, GPU or version: refitted for each."""
    input:
        **SERVING_FIT,
        runs="results/serving/serving_runs.parquet",
        node_power="resources/node_power.csv",
        code=library("validation/left_out"),
    output:
        held_out=update("results/validation/{kind}/held_out.parquet"),
    log:
        "results/logs/left_out_{kind}.log",
    wildcard_constraints:
        kind="source|model|gpu|version",
    params:
        # What predictions depend on: an edit of the goals or of what counts as saturated refits nothing.
        protocol={key: VALIDATION[key] for key in ("repeated", "left_out", "replica_gpus", "draws")},
        seed=config["seed"],
    script:
        "../scripts/validation/left_out.py"


rule scoreboard:
    """Scores of the serving model on runs that it did not learn from, next to other methods on the same runs."""
    input:
        left_out=expand("results/validation/{kind}/held_out.parquet", kind=["source", "model", "gpu", "version"]),
        runs="results/serving/serving_runs.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        node_power="resources/node_power.csv",
        curves=PUBLISHED_CURVES,
        code=library("validation/scoreboard"),
    output:
        scores=update("results/validation/scores.csv"),
        runs=update("results/validation/held_out.parquet"),
        protocol=update("results/validation/protocol.json"),
    log:
        "results/logs/scoreboard.log",
    params:
        protocol=VALIDATION,
    script:
        "../scripts/validation/scoreboard.py"


rule published_fleets:
    """Nodes of a service's day and energy of its queries, as it states them and as predicted without it."""
    input:
        **NESTED_TABLES,
        fleets="resources/published_fleets.csv",
        estimates="results/validated/published_estimates.parquet",
        code=library("validation/published_fleets"),
    output:
        update("results/validation/published_fleets.parquet"),
    log:
        "results/logs/published_fleets.log",
    params:
        **NESTED_PARAMS,
        study=part(BRIDGE[CURRENT], (*NESTED_QUERY, "fleet")),
        name=CURRENT,
    script:
        "../scripts/validation/published_fleets.py"
