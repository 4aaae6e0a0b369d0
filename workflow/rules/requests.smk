# Lengths of requests and answers of real services.


rule request_lengths:
    """Joint lengths of prompts and answers in traces of services, and lengths of answers per task and model."""
    input:
        files=files_like("resources/workloads/**/*"),
        models="resources/models.csv",
        origin_schema="workflow/schemas/origin.schema.yaml",
        code=library("requests/request_lengths"),
    output:
        lengths=update("results/validated/request_lengths.parquet"),
        answers=update("results/validated/output_length_quantiles.parquet"),
        quantiles=update("results/comparison/request_length_quantiles.parquet"),
    log:
        "results/logs/request_lengths.log",
    script:
        "../scripts/requests/request_lengths.py"


rule services:
    """Requests of services by hour, their lengths, tokens by kind, and the speed that one user sees."""
    input:
        files=files_like("resources/services/**/*"),
        origin_schema="workflow/schemas/origin.schema.yaml",
        code=library("requests/services"),
    output:
        rates=update("results/validated/service_rates.parquet"),
        lengths=update("results/validated/service_lengths.parquet"),
        tokens=update("results/validated/service_tokens.parquet"),
        speed=update("results/validated/service_speed.parquet"),
        months=update("results/comparison/service_tokens_by_month.parquet"),
    log:
        "results/logs/services.log",
    script:
        "../scripts/requests/services.py"
