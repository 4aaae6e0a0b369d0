"""Wiring of rule throughput_forms."""

import polars as pl
from inference_energy.tables import wiring
from inference_energy.throughput import fits, tables

with wiring.job(snakemake) as job:
    settings = snakemake.params.settings
    rows = fits.measured_at_several_lengths(job.table("throughput"), settings["minimum_rows"])
    fitted = fits.coefficients(rows, settings["kv_growth"])
    direct = fits.left_out(rows, settings["kv_growth"])
    predictions = fits.with_fit_error(direct)
    forms = fits.compared(predictions)
    job.write(
        tables,
        configurations=fits.stated_error(fitted, direct),
        left_out=predictions,
        forms=forms,
        told=forms.filter(pl.col("configuration") == "all"),
    )
