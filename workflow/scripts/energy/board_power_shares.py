"""Wiring of rule board_power_shares."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import board_evidence, tables as energy_tables
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    read, schema = snakemake.input, energy_tables.BOARD_POWER_SHARES
    shares = board_evidence.board_power_shares(pl.read_parquet(read.energy), pl.read_parquet(read.hardware))
    adopted = registries.read_registry(Path(read.node_power), energy_tables.NodePower)
    board_evidence.check_ranges(adopted, shares, read.node_power)
    writing.write(shares.select(list(schema.columns)), snakemake.output[0], schema)
    logger.info("%s", board_evidence.ranges(shares))
