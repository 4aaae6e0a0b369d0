# The grid of what-ifs: studies x models x assumptions, each one job that any executor may run anywhere.


rule model_sweep:
    """Mean energy of a query that one model serves, at every value of one assumption."""
    input:
        **SERVED_TABLES,
        fit="results/{study}/throughput_fit.parquet",
        code=library("model_sweep"),
    output:
        update("results/{study}/model_sweeps/{model}/{parameter}.parquet"),
    log:
        "results/logs/{study}/model_sweeps/{model}/{parameter}.log",
    wildcard_constraints:
        study=one_of(NESTED),
        model=one_of(sorted({file_name(model) for name in NESTED for model in serving.model_classes(STUDIES[name])})),
        parameter=one_of(sorted({parameter for name in NESTED for parameter in sweeps.of_models(STUDIES[name])})),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section_of_model(*NESTED_QUERY),
        values=swept_values,
        draws=config["fleet_draws"],
        seed=config["seed"],
    script:
        "../scripts/model_sweep.py"


rule model_sweeps:
    """All of them in one table, the same whatever the order of the jobs."""
    input:
        sweeps=model_sweep_files(),
        code=library("model_sweeps"),
    output:
        update("results/comparison/model_sweeps.parquet"),
    log:
        "results/logs/model_sweeps.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/model_sweeps.py"


rule figure_model_sweeps:
    """How the mean energy of every model moves with one assumption at a time."""
    input:
        sweeps="results/comparison/model_sweeps.parquet",
        code=library("figure_model_sweeps"),
    output:
        svg=report(
            "results/figures/{study}/model_sweeps.svg",
            caption="../report/model_sweeps.rst",
            category="Fleet",
            subcategory="{study}",
            labels={"figure": "sweeps of every model"},
        ),
        png="results/figures/{study}/model_sweeps.png",
        json="results/figures/{study}/model_sweeps.json",
    log:
        "results/logs/{study}/figure_model_sweeps.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "classes", "fleet", "boundary"),
    script:
        "../scripts/figure_model_sweeps.py"
