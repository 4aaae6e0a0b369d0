# Dependence of throughput on the lengths of prompt and answer, over the whole corpus.


rule latency_cost:
    """Energy per token against batch and latency between tokens, and the cost of a latency target."""
    input:
        energy="results/validated/measured_energy.parquet",
        models="results/validated/models.parquet",
        code=library("throughput/latency_cost"),
    output:
        runs=update("results/comparison/latency_runs.parquet"),
        costs=update("results/comparison/latency_costs.parquet"),
        summary=update("results/comparison/latency_summary.parquet"),
    log:
        "results/logs/latency_cost.log",
    script:
        "../scripts/throughput/latency_cost.py"


rule throughput_forms:
    """GPU-seconds per query compared with the published log-linear form: rows and configurations left out."""
    input:
        throughput="results/validated/throughput.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        code=library("throughput/throughput_forms"),
    output:
        configurations=update("results/comparison/throughput_configurations.parquet"),
        left_out=update("results/comparison/throughput_left_out.parquet"),
        forms=update("results/comparison/throughput_forms.parquet"),
    log:
        "results/logs/throughput_forms.log",
    params:
        settings=config["throughput_forms"],
    script:
        "../scripts/throughput/throughput_forms.py"


rule attainment_pairs:
    """Attainment: the share of the offline maximum that busy services reach, from every pair of rows that shows it."""
    input:
        throughput="results/validated/throughput.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        coefficients="results/comparison/throughput_configurations.parquet",
        code=library("throughput/attainment_pairs"),
    output:
        update("results/comparison/attainment_pairs.parquet"),
    log:
        "results/logs/attainment_pairs.log",
    script:
        "../scripts/throughput/attainment_pairs.py"
