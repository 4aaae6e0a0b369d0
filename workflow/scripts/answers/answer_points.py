"""Wiring of rule answer_points."""

from inference_energy.answers import points, tables
from inference_energy.energy.read import read_tables
from inference_energy.tables import wiring, writing

with wiring.job(snakemake) as job:
    params = snakemake.params
    read = read_tables(snakemake.input, params.repeated)
    found = points.points(params.study, read, draws=params.draws, seed=params.seed)
    writing.write_all({"table": snakemake.output[0]}, table=(found, tables.POINTS))
    job.logger.info("%s", found)
