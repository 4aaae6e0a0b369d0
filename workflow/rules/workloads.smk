# How long requests and answers of real services are.


rule request_lengths:
    """Joint lengths of prompts and answers in traces of services, and lengths of answers per task and model."""
    input:
        files=files_below("resources/workloads"),
        models="resources/models.csv",
        origin_schema="workflow/schemas/origin.schema.yaml",
        code=library("request_lengths"),
    output:
        lengths=update("results/validated/request_lengths.parquet"),
        answers=update("results/validated/output_length_quantiles.parquet"),
        quantiles=update("results/comparison/request_length_quantiles.parquet"),
    log:
        "results/logs/request_lengths.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/request_lengths.py"


rule figure_request_lengths:
    """Measured lengths beside those that a study assumes."""
    input:
        quantiles="results/comparison/request_length_quantiles.parquet",
        answers="results/validated/output_length_quantiles.parquet",
        code=library("figure_request_lengths"),
    output:
        svg=report(
            "results/figures/{study}/request_lengths.svg",
            caption="../report/request_lengths.rst",
            category="Inputs",
            subcategory="{study}",
            labels={"figure": "request lengths"},
        ),
        png="results/figures/{study}/request_lengths.png",
        json="results/figures/{study}/request_lengths.json",
    log:
        "results/logs/{study}/figure_request_lengths.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads"),
    script:
        "../scripts/figure_request_lengths.py"
