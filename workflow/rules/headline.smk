# Computed numbers compared with published values.

# The parts of a study that decide what its headline numbers are.
HEADLINE_PARTS = ("method", "workloads", "classes", "as_published", "interventions", "fleet", "compared_estimates")


rule overstatement_pairs:
    """Non-production estimates next to the published method, for the same model, tokens and boundary."""
    input:
        fit="results/{study}/throughput_fit.parquet",
        estimates="results/validated/published_estimates.parquet",
        code=library("headline/overstatement_pairs"),
    output:
        update("results/{study}/overstatement_pairs.parquet"),
    log:
        "results/logs/{study}/overstatement_pairs.log",
    wildcard_constraints:
        study=pattern_of(PUBLISHED),
    params:
        study=section("node_power_kw", "power_utilisation", "pue"),
    script:
        "../scripts/headline/overstatement_pairs.py"


rule headline:
    """One row per printed value: published, computed, difference, whether it is reproduced; numbers of this work."""
    input:
        published="resources/published_values.csv",
        references="resources/reference_loads.csv",
        estimates="results/validated/published_estimates.parquet",
        pairs=expand("results/{study}/overstatement_pairs.parquet", study=PUBLISHED),
        energy=expand("results/{study}/energy_per_query.parquet", study=STUDIES),
        interventions=expand("results/{study}/intervention_multipliers.parquet", study=STUDIES),
        scenarios=expand("results/{study}/scenario_aggregates.parquet", study=STUDIES),
        code=library("headline/headline"),
    output:
        update("results/headline.csv"),
    log:
        "results/logs/headline.log",
    params:
        studies={name: part(study, HEADLINE_PARTS) for name, study in STUDIES.items()},
    script:
        "../scripts/headline/headline.py"


rule study_difference:
    """Headline numbers of a study next to those of the study that it extends."""
    input:
        before=lambda wildcards: numbers_of(PARENTS[wildcards.study]),
        after=lambda wildcards: numbers_of(wildcards.study),
        references="resources/reference_loads.csv",
        estimates="results/validated/published_estimates.parquet",
        code=library("headline/study_difference"),
    output:
        update("results/{study}/difference.csv"),
    log:
        "results/logs/{study}/study_difference.log",
    wildcard_constraints:
        study=pattern_of([name for name, parent in PARENTS.items() if parent in STUDIES]),
    params:
        studies=lambda wildcards: {
            side: part(STUDIES[name], HEADLINE_PARTS)
            for side, name in (("before", PARENTS[wildcards.study]), ("after", wildcards.study))
        },
    script:
        "../scripts/headline/study_difference.py"


rule method_bridge:
    """From the published estimate to the current one, one change of method or data at a time."""
    input:
        **NESTED_TABLES,
        energy=f"results/{config['bridge']['from']}/energy_per_query.parquet",
        scenarios=f"results/{config['bridge']['from']}/scenario_aggregates.parquet",
        code=library("headline/method_bridge"),
    output:
        update("results/comparison/method_bridge.parquet"),
    log:
        "results/logs/method_bridge.log",
    params:
        **NESTED_PARAMS,
        begin=config["bridge"]["from"],
        subject=list(BRIDGE.values())[-1]["fleet"]["subject"],
        steps={
            name: (config["bridge"]["steps"][name], part(study, (*NESTED_QUERY, "interventions", "fleet")))
            for name, study in BRIDGE.items()
        },
    script:
        "../scripts/headline/method_bridge.py"


rule headline_page:
    """The headline numbers as a table to read: printed, computed, interval, whether it is reproduced; first the answers."""
    input:
        headline="results/headline.csv",
        template="workflow/templates/headline.html.j2",
        frame="workflow/templates/page.html.j2",
        code=library("headline/headline_page"),
    output:
        page=in_report("results/headline.html", "headline", "Published against computed", "headline numbers (table)"),
        answers=update("results/answers.csv"),  # the front page of the report shows them
    log:
        "results/logs/headline_page.log",
    params:
        titles={name: study["title"] for name, study in STUDIES.items()},
        subjects=SUBJECTS,
    script:
        "../scripts/headline/headline_page.py"
