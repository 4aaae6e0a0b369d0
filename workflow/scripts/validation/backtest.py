"""Wiring of rule backtest."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import tables as energy_tables
from inference_energy.energy.board_evidence import saturated
from inference_energy.oviedo import energy
from inference_energy.tables import writing
from inference_energy.throughput import borrowing
from inference_energy.validation import backtest, scores, tables as validation_tables

with jobs.job(snakemake) as logger:
    settings, read = snakemake.params.settings, snakemake.input
    throughput, models, hardware = (pl.read_parquet(read[name]) for name in ("throughput", "models", "hardware"))
    power = registries.read_registry(Path(read.node_power), energy_tables.NodePower)
    runs = backtest.with_offline(
        saturated(pl.read_parquet(read.energy), settings["saturation"]),
        coefficients=pl.read_parquet(read.coefficients),
        models=models,
        hardware=hardware,
        input_tokens=settings["input_tokens"],
        errors=borrowing.borrowed_errors(pl.read_parquet(read.forms)),
    )
    pairs, attainment = pl.read_parquet(read.pairs), {}
    for source in runs["source"].unique().sort():
        # Pairs of the runs under test are left out, and kinds that only these runs have.
        attainment[source] = backtest.attainment_without(source, snakemake.params.attainment, pairs)
    predicted = backtest.backtest(
        runs,
        throughput,
        power,
        attainment=attainment,
        unpredictable=settings["unpredictable"],
        seed=snakemake.params.seed,
    )
    peers = scores.peer_predictions(
        runs,
        power.join(hardware.select("gpu", "tdp_w"), on="gpu"),
        energy.fitted_models(pl.read_parquet(read.curves)),
        output_tokens=settings["output_tokens"],
    )
    found = scores.scores(predicted, peers)
    writing.write_all(
        snakemake.output,
        backtest=(predicted, validation_tables.BACKTEST),
        peers=(peers, validation_tables.BACKTEST_PEERS),
        scores=(found, validation_tables.SCORES),
    )
    logger.info("%s", found.filter(pl.col("grouped_by") == "all"))
