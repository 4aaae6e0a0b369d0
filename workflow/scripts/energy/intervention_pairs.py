"""Wiring of rule intervention_pairs."""

from inference_energy.energy import intervention_evidence, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    pairs = job.call(intervention_evidence.intervention_pairs)
    job.write(tables, table=pairs, told=intervention_evidence.ranges(pairs))
