"""Wiring of rule throughput_forms."""

import numpy as np
import polars as pl
from inference_energy import configurations, log, relatives, result_tables, tables

with log.job(snakemake) as logger:
    rows, models, hardware = (pl.read_parquet(snakemake.input[name]) for name in ("throughput", "models", "hardware"))
    settings = snakemake.params.settings
    rows = configurations.measured_at_several_lengths(rows, settings["minimum_rows"])
    fitted = configurations.coefficients(rows, settings["kv_growth"])
    direct = configurations.left_out(rows, settings["kv_growth"])
    borrowed = relatives.left_out_configurations(rows, fitted, models, hardware)
    predictions = pl.concat(
        [configurations.with_fit_error(direct), configurations.with_fit_error(borrowed, prior_rows=np.inf)]
    )
    forms = configurations.compared(predictions)
    for name, frame, schema in (
        ("configurations", configurations.stated_error(fitted, direct), result_tables.THROUGHPUT_CONFIGURATIONS),
        ("left_out", predictions, result_tables.THROUGHPUT_LEFT_OUT),
        ("forms", forms, result_tables.THROUGHPUT_FORMS),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[name], schema)
    logger.info("%s", forms.filter(pl.col("configuration") == "all"))
