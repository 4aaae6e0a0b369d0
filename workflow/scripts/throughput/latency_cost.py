"""Wiring of rule latency_cost."""

from inference_energy.tables import wiring
from inference_energy.throughput import latency, tables

with wiring.job(snakemake) as job:
    runs = latency.series(job.table("energy"))
    costs = latency.energy_cost_of_latency(runs)
    job.write(tables, runs=runs, costs=costs, summary=latency.summary(costs))
