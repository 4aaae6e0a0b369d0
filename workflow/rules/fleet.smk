# A fleet over a day, and the grid of sweeps: studies × models × assumptions, one job each for any executor.


rule model_sweep:
    """Mean energy of a query that one model serves, at every value of one assumption."""
    input:
        **NESTED_TABLES,
        code=library("fleet/model_sweep"),
    output:
        update("results/{study}/model_sweeps/{model}/{parameter}.parquet"),
    log:
        "results/logs/{study}/model_sweeps/{model}/{parameter}.log",
    wildcard_constraints:
        study=pattern_of(NESTED),
        model=pattern_of(
            sorted({file_name(model) for study in NESTED_STUDIES.values() for model in study.model_classes()})
        ),
        parameter=pattern_of(
            sorted({parameter for study in NESTED_STUDIES.values() for parameter in swept.of_models(study)})
        ),
    params:
        **NESTED_PARAMS,
        study=section_of_model(*NESTED_QUERY),
        values=swept_values,
    script:
        "../scripts/fleet/model_sweep.py"


rule model_sweeps:
    """All of them in one table, the same whatever the order of the jobs."""
    input:
        sweeps=model_sweep_files(),
        code=library("fleet/model_sweeps"),
    output:
        update("results/comparison/model_sweeps.parquet"),
    log:
        "results/logs/model_sweeps.log",
    script:
        "../scripts/fleet/model_sweeps.py"


rule fleet:
    """Energy, capacity and emissions of a fleet per day, and its hours."""
    input:
        **NESTED_TABLES,
        grid="resources/grid.csv",
        code=library("fleet/fleet"),
    output:
        scenarios=update("results/{study}/scenario_aggregates.parquet"),
        plan=update("results/{study}/fleet_plan.parquet"),
        hours=update("results/{study}/fleet_hours.parquet"),
    log:
        "results/logs/{study}/fleet.log",
    wildcard_constraints:
        study=pattern_of(NESTED),
    params:
        **NESTED_PARAMS,
        study=section(*NESTED_QUERY, "interventions", "fleet"),
    script:
        "../scripts/fleet/fleet.py"


rule sweeps:
    """Sensitivity of the fleet to its assumptions, one and two at a time."""
    input:
        **NESTED_TABLES,
        code=library("fleet/sweeps"),
    output:
        sweeps=update("results/{study}/sweeps.parquet"),
        grids=update("results/{study}/sweep_grids.parquet"),
    log:
        "results/logs/{study}/sweeps.log",
    wildcard_constraints:
        study=pattern_of(NESTED),
    params:
        **NESTED_PARAMS | {"draws": config["sweep_draws"]},
        study=section(*NESTED_QUERY, "fleet", "sweeps", "grids"),
    script:
        "../scripts/fleet/sweeps.py"
