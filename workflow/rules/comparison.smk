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
