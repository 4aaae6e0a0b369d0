"""Wiring of rule serving_model."""

from inference_energy.corpus.registries import read_registry
from inference_energy.serving import runs, stored, tables
from inference_energy.serving.fit import fit_model
from inference_energy.tables import wiring
from inference_energy.tables.columns import columns_of

with wiring.job(snakemake) as job:
    found, _ = job.call(
        runs.runs,
        prompt_lengths=read_registry(job.path("prompt_lengths"), tables.PromptLengths),
        engine_releases=read_registry(job.path("engine_releases"), tables.EngineRelease),
    )
    learnt = job.call(runs.for_fit, found)
    model = fit_model(learnt)
    job.logger.info("%d runs, %d of them fitted to", len(found), len(learnt))
    job.write(
        tables,
        runs=found.select(list(columns_of(tables.SERVING_RUNS))),
        **stored.tables(model, learnt),
        told=stored.tables(model, learnt)["errors"],
    )
