"""Wiring of rule cross_methods."""

from inference_energy.energy.read import read_service
from inference_energy.fleet import tables as fleet_tables, tornado
from inference_energy.oviedo.energy import fitted_models
from inference_energy.tables import wiring
from inference_energy.validation import methods, statements, tables

with wiring.job(snakemake) as job:
    settings = snakemake.params.settings
    service = job.call(read_service, snakemake.params.name, snakemake.params.study, snakemake.input)
    compared = job.call(
        methods.cross_methods,
        service,
        curves=fitted_models(job.table("curves")),
        names=settings["models"],
        input_tokens=settings["input_tokens"],
        output_tokens=settings["output_tokens"],
    )
    stated = job.call(statements.overstatement, service)
    job.write(
        tables,
        fleet_tables,
        parts=methods.spread_parts(compared),
        statements=stated,
        kinds=statements.by_kind(stated),
        tornado=tornado.tornado(service),
        methods=compared,
    )
