# Benchmark files into one typed database, out of it only what passes every check, and what checks across rows find.


rule ingest_benchmarks:
    """All benchmark rows, typed, with source, file and line; rejected rows with the reason."""
    input:
        benchmarks=files_below("resources/benchmarks"),
        models="resources/models.csv",
        hardware="resources/hardware.csv",
        corrections="resources/corrections.csv",
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
        energy=update("results/validated/measured_energy.parquet"),
        estimates=update("results/validated/published_estimates.parquet"),
        models=update("results/validated/models.parquet"),
        hardware=update("results/validated/hardware.parquet"),
        corrections=update("results/validated/corrections.parquet"),
        sources=update("results/validated/sources.parquet"),
    log:
        "results/logs/validate_benchmarks.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/validate_benchmarks.py"


rule benchmark_checks:
    """What checks across rows find, the counts of every source, and the known errors that studies may correct."""
    input:
        throughput="results/validated/throughput.parquet",
        energy="results/validated/measured_energy.parquet",
        estimates="results/validated/published_estimates.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        corrections="results/validated/corrections.parquet",
        sources="results/validated/sources.parquet",
        code=library("benchmark_checks"),
    output:
        checks=update("results/benchmark_checks.parquet"),
        sources=report(
            update("results/benchmark_sources.csv"),
            caption="../report/benchmark_sources.rst",
            category="Inputs",
            labels={"figure": "rows per source (table)"},
        ),
        corrections=report(
            update("results/corrections.csv"),
            caption="../report/corrections.rst",
            category="Inputs",
            labels={"figure": "known errors of published rows (table)"},
        ),
    log:
        "results/logs/benchmark_checks.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        limits=config["checks"],
    script:
        "../scripts/benchmark_checks.py"


rule figure_benchmark_coverage:
    """Which models were measured on which GPUs, how often and how recently."""
    input:
        throughput="results/validated/throughput.parquet",
        energy="results/validated/measured_energy.parquet",
        models="results/validated/models.parquet",
        code=library("figure_benchmark_coverage"),
    output:
        svg=report(
            "results/figures/benchmarks/coverage.svg",
            caption="../report/benchmark_coverage.rst",
            category="Inputs",
            labels={"figure": "coverage"},
        ),
        png="results/figures/benchmarks/coverage.png",
        json="results/figures/benchmarks/coverage.json",
    log:
        "results/logs/figure_benchmark_coverage.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figure_benchmark_coverage.py"


rule figure_throughput_over_time:
    """The best published throughput per model and GPU, by date."""
    input:
        throughput="results/validated/throughput.parquet",
        code=library("figure_throughput_over_time"),
    output:
        svg=report(
            "results/figures/benchmarks/throughput_over_time.svg",
            caption="../report/throughput_over_time.rst",
            category="Inputs",
            labels={"figure": "throughput over time"},
        ),
        png="results/figures/benchmarks/throughput_over_time.png",
        json="results/figures/benchmarks/throughput_over_time.json",
    log:
        "results/logs/figure_throughput_over_time.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figure_throughput_over_time.py"


rule figure_checks_raised:
    """What the checks across rows found, per check and source."""
    input:
        checks="results/benchmark_checks.parquet",
        sources="results/benchmark_sources.csv",
        code=library("figure_checks_raised"),
    output:
        svg=report(
            "results/figures/benchmarks/checks_raised.svg",
            caption="../report/checks_raised.rst",
            category="Inputs",
            labels={"figure": "checks raised"},
        ),
        png="results/figures/benchmarks/checks_raised.png",
        json="results/figures/benchmarks/checks_raised.json",
    log:
        "results/logs/figure_checks_raised.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figure_checks_raised.py"
