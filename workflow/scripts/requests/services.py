"""Wiring of rule services."""

from pathlib import Path

from inference_energy.common import jobs, yaml_files
from inference_energy.requests import service_tables, services as requests_services
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    read = requests_services.read_services(
        Path("resources/services"), yaml_files.read_yaml(Path(snakemake.input.origin_schema))
    )
    rates = requests_services.with_relative_rate(read["service_rates_csv"]).sort("source", "workload", "hour")
    tokens = read["service_tokens_csv"].sort("source", "read_on_day", "rank", "model")
    months = requests_services.tokens_by_month(tokens)
    writing.write_all(
        snakemake.output,
        rates=(rates, service_tables.SERVICE_RATES),
        lengths=(read["service_lengths_csv"].sort("source", "workload", "quantity"), service_tables.SERVICE_LENGTHS),
        tokens=(tokens, service_tables.SERVICE_TOKENS),
        months=(months, service_tables.SERVICE_TOKENS_BY_MONTH),
        speed=(read["service_speed_csv"].sort("source", "provider", "model"), service_tables.SERVICE_SPEED),
    )
    logger.info("%s", months)
