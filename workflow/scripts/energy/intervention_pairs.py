"""Wiring of rule intervention_pairs."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy import intervention_evidence, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    pairs, file = job.call(intervention_evidence.intervention_pairs), job.path("interventions")
    for line in intervention_evidence.not_adopted(read_registry(file, tables.InterventionRow), pairs, str(file)):
        job.logger.warning(line)
    job.write(tables, table=pairs, told=intervention_evidence.ranges(pairs))
