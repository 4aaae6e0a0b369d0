"""Wiring of rule request_lengths."""

from pathlib import Path

from inference_energy import configuration, distributions, log, registries, result_tables, tables, workload_tables

with log.job(snakemake) as logger:
    _, names = registries.read_models(Path(snakemake.input.models))
    read = workload_tables.read_workloads(
        Path("resources/workloads"), configuration.read_yaml(Path(snakemake.input.origin_schema)), {"model": names}
    )
    lengths = read["request_lengths_csv"].sort("source", "workload", "input_tokens", "output_tokens")
    answers = read["output_length_quantiles_csv"].sort("task", "model")
    quantiles = workload_tables.weighted_quantiles(lengths, distributions.SHARES)
    for frame, name, schema in (
        (lengths, "lengths", result_tables.REQUEST_LENGTHS),
        (answers, "answers", result_tables.OUTPUT_LENGTH_QUANTILES),
        (quantiles, "quantiles", result_tables.REQUEST_LENGTH_QUANTILES),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[name], schema)
    logger.info("%s", quantiles)
