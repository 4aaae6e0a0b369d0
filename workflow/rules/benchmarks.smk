# Benchmark files into one typed database, and out of it only what passes every check.


rule ingest_benchmarks:
    """All benchmark rows, typed, with source, file and line; rejected rows with the reason."""
    input:
        benchmarks=benchmark_files,
        registries=multiext("resources/", "models.csv", "hardware.csv", "published_estimates.csv"),
        origin_schema="workflow/schemas/origin.schema.yaml",
        code=library("ingest_benchmarks"),
    output:
        # update: a run that fails here leaves the previous good database in place.
        update("results/benchmarks.duckdb"),
    log:
        "results/logs/ingest_benchmarks.log",
        rejected="results/logs/rejected_rows.txt",
    conda:
        "../envs/pipeline.yaml"
    params:
        on_invalid=config["on_invalid"],
    script:
        "../scripts/ingest_benchmarks.py"


rule validate_benchmarks:
    """The accepted rows, checked again as they leave the database."""
    input:
        database="results/benchmarks.duckdb",
        code=library("validate_benchmarks"),
    output:
        throughput=update("results/validated/throughput.parquet"),
        models=update("results/validated/models.parquet"),
        hardware=update("results/validated/hardware.parquet"),
        estimates=update("results/validated/published_estimates.parquet"),
    log:
        "results/logs/validate_benchmarks.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/validate_benchmarks.py"
