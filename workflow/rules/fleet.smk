# A fleet over a day, and the grid of sweeps: studies × models × assumptions, one job each for any executor.


rule model_sweep:
    """Mean energy of a query that one model serves, at every value of one assumption."""
    input:
        **SERVED_TABLES,
        fit="results/{study}/throughput_fit.parquet",
        code=library("fleet/model_sweep"),
    output:
        update("results/{study}/model_sweeps/{model}/{parameter}.parquet"),
    log:
        "results/logs/{study}/model_sweeps/{model}/{parameter}.log",
    wildcard_constraints:
        study=one_of(NESTED),
        model=one_of(sorted({file_name(model) for study in NESTED_STUDIES.values() for model in study.model_classes()})),
        parameter=one_of(
            sorted({parameter for study in NESTED_STUDIES.values() for parameter in sweeps.of_models(study)})
        ),
    params:
        study=section_of_model(*NESTED_QUERY),
        values=swept_values,
        draws=config["fleet_draws"],
        seed=config["seed"],
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
    """Energy, capacity and emissions of a fleet per day, and their sensitivity to one assumption at a time."""
    input:
        **NESTED_TABLES,
        fit="results/{study}/throughput_fit.parquet",
        interventions="resources/interventions.csv",
        grid="resources/grid.csv",
        code=library("fleet/fleet"),
    output:
        scenarios=update("results/{study}/scenario_aggregates.parquet"),
        plan=update("results/{study}/fleet_plan.parquet"),
        sweeps=update("results/{study}/sweeps.parquet"),
    log:
        "results/logs/{study}/fleet.log",
    wildcard_constraints:
        study=one_of(NESTED),
    params:
        study=section(*NESTED_QUERY, "interventions", "fleet", "sweeps"),
        draws=config["fleet_draws"],
        seed=config["seed"],
    script:
        "../scripts/fleet/fleet.py"
