"""Wiring of rule intervention_pairs."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import intervention_evidence, tables as energy_tables
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    read, schema = snakemake.input, energy_tables.INTERVENTION_PAIRS
    pairs = intervention_evidence.intervention_pairs(
        *(pl.read_parquet(read[name]) for name in ("throughput", "measured_energy", "models", "hardware"))
    )
    adopted = registries.read_registry(Path(read.interventions), energy_tables.InterventionRow)
    intervention_evidence.check_ranges(adopted, pairs, read.interventions)
    writing.write(pairs.select(list(schema.columns)), snakemake.output[0], schema)
    logger.info("%s", intervention_evidence.ranges(pairs))
