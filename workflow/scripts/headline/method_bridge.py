"""Wiring of rule method_bridge."""

from inference_energy.energy import service
from inference_energy.energy.read import read_tables
from inference_energy.headline import bridge, tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    read = job.call(read_tables, snakemake.input)
    steps = [(snakemake.params.begin, "", job.call(bridge.of_published))]
    for name, (change, entries) in snakemake.params.steps.items():
        of = job.call(service.resolved, name, NestedStudy.of(entries), read)
        steps.append((name, change, bridge.of_nested(of)))
    job.write(tables, table=bridge.method_bridge(steps))
