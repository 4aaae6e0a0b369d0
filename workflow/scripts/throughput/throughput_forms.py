"""Wiring of rule throughput_forms."""

import numpy as np
import polars as pl
from inference_energy.common import jobs
from inference_energy.tables import writing
from inference_energy.throughput import borrowing, fits, tables as throughput_tables

with jobs.job(snakemake) as logger:
    rows, models, hardware = (pl.read_parquet(snakemake.input[name]) for name in ("throughput", "models", "hardware"))
    settings = snakemake.params.settings
    rows = fits.measured_at_several_lengths(rows, settings["minimum_rows"])
    fitted = fits.coefficients(rows, settings["kv_growth"])
    direct = fits.left_out(rows, settings["kv_growth"])
    borrowed = borrowing.left_out_configurations(rows, fitted, models, hardware)
    predictions = pl.concat([fits.with_fit_error(direct), fits.with_fit_error(borrowed, prior_rows=np.inf)])
    forms = fits.compared(predictions)
    writing.write_all(
        snakemake.output,
        configurations=(fits.stated_error(fitted, direct), throughput_tables.THROUGHPUT_CONFIGURATIONS),
        left_out=(predictions, throughput_tables.THROUGHPUT_LEFT_OUT),
        forms=(forms, throughput_tables.THROUGHPUT_FORMS),
    )
    logger.info("%s", forms.filter(pl.col("configuration") == "all"))
