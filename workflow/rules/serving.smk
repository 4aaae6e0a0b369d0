# The serving model: time and power of a replica as a function of its batch, fitted to all runs with a known batch.


SERVING_INPUTS = {
    "throughput": "results/validated/throughput.parquet",
    "energy": "results/validated/measured_energy.parquet",
    "models": "results/validated/models.parquet",
    "hardware": "results/validated/hardware.parquet",
    "prompt_lengths": "resources/prompt_lengths.csv",
    "engine_releases": "resources/engine_releases.csv",
}
SERVING_FIT = {
    name: f"results/serving/serving_{name}.parquet" for name in ("parameters", "effects", "covariance", "errors")
}


rule serving_model:
    """Runs with a known batch, and the serving model fitted to them."""
    input:
        **SERVING_INPUTS,
        code=library("serving/serving_model"),
    output:
        **{name: update(path) for name, path in SERVING_FIT.items()},
        runs=update("results/serving/serving_runs.parquet"),
    log:
        "results/logs/serving_model.log",
    params:
        repeated=VALIDATION["repeated"],
    script:
        "../scripts/serving/serving_model.py"
