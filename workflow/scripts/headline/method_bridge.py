"""Wiring of rule method_bridge."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy import curves, resolve
from inference_energy.energy.tables import InterventionRow
from inference_energy.headline import bridge, tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    table, read = read_registry(job.path("interventions"), InterventionRow), resolve.read_tables(snakemake.input)
    steps = [(snakemake.params.begin, "", job.call(bridge.of_published))]
    for name, (change, entries) in snakemake.params.steps.items():
        study = NestedStudy.of(entries)
        service = resolve.resolved(name, study, curves.fitted(name, study, read), read)
        steps.append((name, change, job.call(bridge.of_nested, service, table)))
    job.write(tables, table=bridge.method_bridge(steps))
