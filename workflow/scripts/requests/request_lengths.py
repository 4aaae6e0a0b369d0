"""Wiring of rule request_lengths."""

from pathlib import Path

from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus import registries
from inference_energy.requests import tables, traces
from inference_energy.requests.sources import read_folder
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    _, names = registries.read_models(job.path("models"))
    schema = read_yaml(job.path("origin_schema"))
    read = read_folder(Path("resources/workloads"), schema, traces.FORMATS, {"model": names})
    lengths = read["request_lengths_csv"].sort("source", "workload", "input_tokens", "output_tokens")
    answers = read["output_length_quantiles_csv"].sort("task", "model")
    job.write(tables, lengths=lengths, answers=answers, quantiles=traces.weighted_quantiles(lengths, QUANTILES))
