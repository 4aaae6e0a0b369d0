"""Wiring of rule left_out."""

import polars as pl
from inference_energy.corpus.registries import read_registry
from inference_energy.energy.tables import NodePower
from inference_energy.serving import stored
from inference_energy.serving.runs import for_fit
from inference_energy.tables import wiring
from inference_energy.validation import left_out, protocol, tables

with wiring.job(snakemake) as job:
    settings, kind = snakemake.params.protocol, snakemake.wildcards.kind
    runs = protocol.with_version(job.table("runs"), settings)
    model = stored.from_tables(**{name: job.table(name) for name in stored.NAMES})
    setting = left_out.Setting(
        draws=settings["draws"],
        seed=snakemake.params.seed,
        replica_gpus=settings["replica_gpus"],
        host_w=left_out.host_power_w(read_registry(job.path("node_power"), NodePower), runs["gpu"].unique().to_list()),
    )
    scored = protocol.scored(runs, settings)
    found = left_out.left_out(
        kind,
        scored,
        for_fit(runs, settings["repeated"]),
        model,
        protocol.names(kind, scored, settings),
        setting,
    )
    job.write(tables, held_out=found, told=found.group_by("score").agg(pl.len()).sort("score"))
