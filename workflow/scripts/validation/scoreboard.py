"""Wiring of rule scoreboard."""

import json
from pathlib import Path

import polars as pl
from inference_energy.corpus.registries import read_registry
from inference_energy.energy.tables import NodePower
from inference_energy.oviedo.energy import fitted_models
from inference_energy.serving.runs import for_fit
from inference_energy.tables import wiring, writing
from inference_energy.tables.columns import columns_of
from inference_energy.validation import protocol, scoreboard, tables
from inference_energy.validation.peers import on_runs

with wiring.job(snakemake) as job:
    settings = snakemake.params.protocol
    runs = protocol.scored(job.table("runs"), settings)
    learnt = for_fit(job.table("runs"), settings["repeated"])
    held = pl.concat(pl.read_parquet(path) for path in snakemake.input.left_out)
    peers = job.call(
        on_runs.predictions,
        runs,
        node_power=read_registry(job.path("node_power"), NodePower),
        curves=fitted_models(job.table("curves")),
    )
    regressions = []
    for kind in ("source", "model", "gpu"):
        names = {name: column for name, column in protocol.names(kind, runs, settings).items() if column != "source"}
        regressions.append(scoreboard.log_linear(kind, runs, learnt, names))
    others = [*regressions, scoreboard.of_methods(runs, peers)]
    columns = list(columns_of(tables.HELD_OUT))
    everything = pl.concat(part.select(columns) for part in (held, *others))
    found = scoreboard.scores(everything, scoreboard.saturated(runs, settings["saturation"]))
    writing.write_all(
        {name: snakemake.output[name] for name in ("scores", "runs")},
        scores=(found, tables.HELD_OUT_SCORES),
        runs=(everything.sort(["score", "left_out", "source", "row_id"]), tables.HELD_OUT),
    )
    Path(snakemake.output.protocol).write_text(
        json.dumps({"sha256": protocol.sha256(settings), "protocol": settings}, indent=2, sort_keys=True) + "\n"
    )
    job.logger.info("%s", found.filter(pl.col("group") == "all"))
