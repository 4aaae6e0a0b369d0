"""Wiring of rule throughput_forms."""

import numpy as np
import polars as pl
from inference_energy.tables import wiring
from inference_energy.throughput import borrowing, fits, tables

with wiring.job(snakemake) as job:
    settings = snakemake.params.settings
    rows = fits.measured_at_several_lengths(job.table("throughput"), settings["minimum_rows"])
    fitted = fits.coefficients(rows, settings["kv_growth"])
    direct = fits.left_out(rows, settings["kv_growth"])
    borrowed = borrowing.left_out_configurations(rows, fitted, job.table("models"), job.table("hardware"))
    predictions = pl.concat([fits.with_fit_error(direct), fits.with_fit_error(borrowed, prior_rows=np.inf)])
    forms = fits.compared(predictions)
    job.write(
        tables,
        configurations=fits.stated_error(fitted, direct),
        left_out=predictions,
        forms=forms,
        told=forms.filter(pl.col("configuration") == "all"),
    )
