"""Wiring of rule backtest."""

import polars as pl
from inference_energy.corpus.registries import read_registry
from inference_energy.energy.board_evidence import saturated
from inference_energy.energy.tables import NodePower
from inference_energy.oviedo.energy import fitted_models
from inference_energy.tables import wiring
from inference_energy.throughput.borrowing import borrowed_errors
from inference_energy.validation import backtest, scores, tables

with wiring.job(snakemake) as job:
    settings, pairs = snakemake.params.settings, job.table("pairs")
    power = read_registry(job.path("node_power"), NodePower)
    runs = job.call(
        backtest.with_offline,
        saturated(job.table("energy"), settings["saturation"]),
        input_tokens=settings["input_tokens"],
        errors=borrowed_errors(job.table("forms")),
    )
    # Pairs of the runs under test are left out, and kinds that only these runs have.
    attainment = {
        source: backtest.attainment_without(source, snakemake.params.attainment, pairs)
        for source in runs["source"].unique().sort()
    }
    predicted = job.call(
        backtest.backtest,
        runs,
        node_power=power,
        attainment=attainment,
        unpredictable=settings["unpredictable"],
    )
    peers = scores.peer_predictions(
        runs,
        power.join(job.table("hardware").select("gpu", "tdp_w"), on="gpu"),
        fitted_models(job.table("curves")),
        output_tokens=settings["output_tokens"],
    )
    found = scores.scores(predicted, peers)
    job.write(tables, backtest=predicted, peers=peers, scores=found, told=found.filter(pl.col("grouped_by") == "all"))
