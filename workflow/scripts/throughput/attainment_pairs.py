"""Wiring of rule attainment_pairs."""

from inference_energy.tables import wiring
from inference_energy.throughput import attainment, tables

with wiring.job(snakemake) as job:
    pairs = job.call(attainment.attainment_pairs)
    job.write(tables, table=pairs, told=attainment.summary(pairs))
