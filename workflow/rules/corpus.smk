# Benchmark files: one typed database, the rows that pass all checks, and the findings of checks across rows.


rule ingest_benchmarks:
    """All benchmark rows, typed, with source, file and line; rejected rows with the reason."""
    input:
        benchmarks=files_like("resources/benchmarks/**/*"),
        models="resources/models.csv",
        closed_models="resources/closed_models.csv",
        hardware="resources/hardware.csv",
        corrections="resources/corrections.csv",
        origin_schema="workflow/schemas/origin.schema.yaml",
        views=files_like("workflow/views/benchmarks/*.sql"),
        code=library("corpus/ingest_benchmarks"),
    output:
        # update: a run that fails here leaves the previous good database in place.
        update("results/benchmarks.duckdb"),
    log:
        "results/logs/ingest_benchmarks.log",
        rejected="results/logs/rejected_rows.txt",
    params:
        on_invalid=config["on_invalid"],
        # Those that keep a row apart: an edit of another limit reruns the checks alone.
        limits={name: limit for name, limit in config["checks"].items() if name.startswith(("board_", "energy_"))},
    script:
        "../scripts/corpus/ingest_benchmarks.py"


rule validate_benchmarks:
    """The accepted rows, checked again when read from the database."""
    input:
        database="results/benchmarks.duckdb",
        code=library("corpus/validate_benchmarks"),
    output:
        throughput=update("results/validated/throughput.parquet"),
        energy=update("results/validated/measured_energy.parquet"),
        implausible=update("results/validated/implausible_energy.parquet"),
        estimates=update("results/validated/published_estimates.parquet"),
        models=update("results/validated/models.parquet"),
        closed_models=update("results/validated/closed_models.parquet"),
        hardware=update("results/validated/hardware.parquet"),
        corrections=update("results/validated/corrections.parquet"),
        sources=update("results/validated/sources.parquet"),
    log:
        "results/logs/validate_benchmarks.log",
    script:
        "../scripts/corpus/validate_benchmarks.py"


rule benchmark_checks:
    """Findings of checks across rows, counts of every source, and known errors that studies may correct."""
    input:
        throughput="results/validated/throughput.parquet",
        energy="results/validated/measured_energy.parquet",
        implausible="results/validated/implausible_energy.parquet",
        estimates="results/validated/published_estimates.parquet",
        models="results/validated/models.parquet",
        closed_models="results/validated/closed_models.parquet",
        hardware="results/validated/hardware.parquet",
        corrections="results/validated/corrections.parquet",
        sources="results/validated/sources.parquet",
        code=library("corpus/benchmark_checks"),
    output:
        checks=update("results/benchmark_checks.parquet"),
        sources=in_report("results/benchmark_sources.csv", "benchmark_sources", "Inputs", "rows per source (table)"),
        corrections=in_report(
            "results/corrections.csv", "corrections", "Inputs", "known errors of published rows (table)"
        ),
    log:
        "results/logs/benchmark_checks.log",
    params:
        limits=config["checks"],
    script:
        "../scripts/corpus/benchmark_checks.py"
