# What was computed, beside what others print.


rule headline:
    """One row per printed value: published, computed, difference, and whether it came back; and our own estimates."""
    input:
        published="resources/published_values.csv",
        estimates="results/validated/published_estimates.parquet",
        energy=expand("results/{study}/energy_per_query.parquet", study=STUDIES),
        interventions=expand("results/{study}/intervention_multipliers.parquet", study=STUDIES),
        scenarios=expand("results/{study}/scenario_aggregates.parquet", study=STUDIES),
        code=library("headline"),
    output:
        update("results/headline.csv"),
    log:
        "results/logs/headline.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        studies={
            name: {
                key: study[key]
                for key in (
                    "method",
                    "workloads",
                    "classes",
                    "as_published",
                    "interventions",
                    "fleet",
                    "compared_estimates",
                )
                if key in study
            }
            for name, study in STUDIES.items()
        },
        draws=config["draws"],
    script:
        "../scripts/headline.py"


rule method_bridge:
    """From the published estimate to the current one, one change of method or data at a time."""
    input:
        **NESTED_TABLES,
        energy=f"results/{config['bridge']['from']}/energy_per_query.parquet",
        scenarios=f"results/{config['bridge']['from']}/scenario_aggregates.parquet",
        interventions="resources/interventions.csv",
        code=library("method_bridge"),
    output:
        update("results/comparison/method_bridge.parquet"),
    log:
        "results/logs/method_bridge.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        begin=config["bridge"]["from"],
        subject=list(BRIDGE.values())[-1]["fleet"]["subject"],
        steps={
            name: (
                config["bridge"]["steps"][name],
                {key: study[key] for key in (*NESTED_QUERY, "interventions", "fleet") if key in study},
            )
            for name, study in BRIDGE.items()
        },
        draws=config["fleet_draws"],
        seed=config["seed"],
    script:
        "../scripts/method_bridge.py"


rule figure_method_bridge:
    """The steps from the published estimate to the current one, as a waterfall."""
    input:
        bridge="results/comparison/method_bridge.parquet",
        code=library("figure_method_bridge"),
    output:
        svg=report(
            "results/figures/comparison/method_bridge.svg",
            caption="../report/method_bridge.rst",
            category="Published against computed",
            labels={"figure": "from the published to the current estimate"},
        ),
        png="results/figures/comparison/method_bridge.png",
        json="results/figures/comparison/method_bridge.json",
    log:
        "results/logs/figure_method_bridge.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        begin=STUDIES.get(config["bridge"]["from"], {}).get("title"),
        end=list(BRIDGE.values())[-1]["title"],
    script:
        "../scripts/figure_method_bridge.py"
