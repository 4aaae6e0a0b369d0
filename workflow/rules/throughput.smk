# How throughput depends on the lengths of prompt and answer, over the whole corpus.


rule throughput_forms:
    """GPU-seconds per query against the published log-linear form: rows and configurations left out."""
    input:
        throughput="results/validated/throughput.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        code=library("throughput_forms"),
    output:
        configurations=update("results/comparison/throughput_configurations.parquet"),
        left_out=update("results/comparison/throughput_left_out.parquet"),
        forms=update("results/comparison/throughput_forms.parquet"),
    log:
        "results/logs/throughput_forms.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        settings=config["throughput_forms"],
    script:
        "../scripts/throughput_forms.py"


rule figure_throughput_forms:
    """How far each form misses rows that it has not seen, on every configuration."""
    input:
        left_out="results/comparison/throughput_left_out.parquet",
        forms="results/comparison/throughput_forms.parquet",
        code=library("figure_throughput_forms"),
    output:
        svg=report(
            "results/figures/benchmarks/throughput_forms.svg",
            caption="../report/throughput_forms.rst",
            category="Inputs",
            labels={"figure": "forms of throughput"},
        ),
        png="results/figures/benchmarks/throughput_forms.png",
        json="results/figures/benchmarks/throughput_forms.json",
    log:
        "results/logs/figure_throughput_forms.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figure_throughput_forms.py"


rule attainment_pairs:
    """What services reach of the offline maximum while busy: every pair of rows that shows it."""
    input:
        throughput="results/validated/throughput.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        coefficients="results/comparison/throughput_configurations.parquet",
        code=library("attainment_pairs"),
    output:
        update("results/comparison/attainment_pairs.parquet"),
    log:
        "results/logs/attainment_pairs.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/attainment_pairs.py"


rule figure_attainment:
    """What services reach of the offline maximum while busy."""
    input:
        pairs="results/comparison/attainment_pairs.parquet",
        code=library("figure_attainment"),
    output:
        svg=report(
            "results/figures/benchmarks/attainment.svg",
            caption="../report/attainment.rst",
            category="Inputs",
            labels={"figure": "attainment"},
        ),
        png="results/figures/benchmarks/attainment.png",
        json="results/figures/benchmarks/attainment.json",
    log:
        "results/logs/figure_attainment.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figure_attainment.py"
