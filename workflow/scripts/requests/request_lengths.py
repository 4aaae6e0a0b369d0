"""Wiring of rule request_lengths."""

from pathlib import Path

from inference_energy.common import jobs, yaml_files
from inference_energy.corpus import registries
from inference_energy.requests import tables as requests_tables
from inference_energy.requests import traces
from inference_energy.statistics import quantiles as statistics_quantiles
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    _, names = registries.read_models(Path(snakemake.input.models))
    read = traces.read_workloads(
        Path("resources/workloads"), yaml_files.read_yaml(Path(snakemake.input.origin_schema)), {"model": names}
    )
    lengths = read["request_lengths_csv"].sort("source", "workload", "input_tokens", "output_tokens")
    answers = read["output_length_quantiles_csv"].sort("task", "model")
    quantiles = traces.weighted_quantiles(lengths, statistics_quantiles.QUANTILES)
    writing.write_all(
        snakemake.output,
        lengths=(lengths, requests_tables.REQUEST_LENGTHS),
        answers=(answers, requests_tables.OUTPUT_LENGTH_QUANTILES),
        quantiles=(quantiles, requests_tables.REQUEST_LENGTH_QUANTILES),
    )
    logger.info("%s", quantiles)
