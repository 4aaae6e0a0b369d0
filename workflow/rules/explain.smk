# Derivations of all headline numbers as one page.


rule explanations:
    """Every headline number down to benchmark rows, resources and assumptions, each with file, line and link."""
    input:
        headline="results/headline.csv",
        energy=expand("results/{study}/energy_per_query.parquet", study=STUDIES),
        boundaries=expand("results/{study}/energy_by_boundary.parquet", study=NESTED),
        fit=expand("results/{study}/throughput_fit.parquet", study=PUBLISHED),
        rows=expand("results/{study}/throughput_rows.parquet", study=PUBLISHED),
        interventions=expand("results/{study}/intervention_multipliers.parquet", study=STUDIES),
        scenarios=expand("results/{study}/scenario_aggregates.parquet", study=STUDIES),
        estimates="results/validated/published_estimates.parquet",
        overstatement=expand("results/{study}/overstatement_pairs.parquet", study=PUBLISHED),
        lengths="results/comparison/request_length_quantiles.parquet",
        tables=list(NESTED_TABLES.values()),
        throughput="results/validated/throughput.parquet",
        measured_energy="results/validated/measured_energy.parquet",
        shares="results/comparison/board_power_shares.parquet",
        resources=files_like(
            "resources/*.csv", "resources/benchmarks/*/*", "resources/workloads/*/*", "resources/services/*/*"
        ),
        settings=["config/config.yaml", "config/validation.yaml"],
        studies=files_like("config/studies/*.yaml"),
        schemas=["workflow/schemas/study_published.schema.yaml", "workflow/schemas/study_nested.schema.yaml"],
        template="workflow/templates/explanations.html.j2",
        code=library("explain/explanations"),
    output:
        in_report(
            "results/explanations.html",
            "explanations",
            "Published against computed",
            "where every headline number comes from",
        ),
    log:
        "results/logs/explanations.log",
    script:
        "../scripts/explain/explanations.py"
