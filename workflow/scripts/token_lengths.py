"""Wiring of rule token_lengths."""

from inference_energy import log, result_tables, tables, workloads

with log.job(snakemake) as logger:
    density, quantiles = workloads.token_lengths(snakemake.params.study)
    columns = list(result_tables.TOKEN_LENGTH_DENSITY.columns)
    tables.write(density.select(columns), snakemake.output.density, result_tables.TOKEN_LENGTH_DENSITY)
    tables.write(quantiles, snakemake.output.quantiles, result_tables.TOKEN_LENGTH_QUANTILES)
    logger.info("%s", quantiles)
