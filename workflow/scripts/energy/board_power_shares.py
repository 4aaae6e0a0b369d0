"""Wiring of rule board_power_shares."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy import board_evidence, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    shares, file = job.call(board_evidence.board_power_shares), job.path("node_power")
    for line in board_evidence.not_adopted(read_registry(file, tables.NodePower), shares, str(file)):
        job.logger.warning(line)
    job.write(tables, table=shares, told=board_evidence.ranges(shares))
