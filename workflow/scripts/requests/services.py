"""Wiring of rule services."""

from pathlib import Path

from inference_energy.common.yaml_files import read_yaml
from inference_energy.requests import service_tables, services
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    read = services.read_services(Path("resources/services"), read_yaml(job.path("origin_schema")))
    tokens = read["service_tokens_csv"].sort("source", "read_on_day", "rank", "model")
    job.write(
        service_tables,
        rates=services.with_relative_rate(read["service_rates_csv"]).sort("source", "workload", "hour"),
        lengths=read["service_lengths_csv"].sort("source", "workload", "quantity"),
        tokens=tokens,
        speed=read["service_speed_csv"].sort("source", "provider", "model"),
        months=services.tokens_by_month(tokens),
    )
