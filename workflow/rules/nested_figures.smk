# Figures of a study of method `nested`: Vega-Lite, SVG and PNG of each, with its caption in the report.


rule figure_energy_by_class:
    """Energy per query of every class and workload, the three kinds of spread apart."""
    input:
        energy="results/{study}/energy_per_query.parquet",
        code=library("figure_energy_by_class"),
    output:
        svg=report(
            "results/figures/{study}/energy_by_class.svg",
            caption="../report/energy_by_class.rst",
            category="Energy per query",
            subcategory="{study}",
            labels={"figure": "energy per query, by class"},
        ),
        png="results/figures/{study}/energy_by_class.png",
        json="results/figures/{study}/energy_by_class.json",
    log:
        "results/logs/{study}/figure_energy_by_class.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "classes", "fleet", "boundary"),
    script:
        "../scripts/figure_energy_by_class.py"


rule figure_variance_shares:
    """Where the spread of a single query, and of the mean over queries, comes from."""
    input:
        variance="results/{study}/variance_shares.parquet",
        code=library("figure_variance_shares"),
    output:
        svg=report(
            "results/figures/{study}/variance_shares.svg",
            caption="../report/variance_shares.rst",
            category="Energy per query",
            subcategory="{study}",
            labels={"figure": "where the spread comes from"},
        ),
        png="results/figures/{study}/variance_shares.png",
        json="results/figures/{study}/variance_shares.json",
    log:
        "results/logs/{study}/figure_variance_shares.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "fleet"),
    script:
        "../scripts/figure_variance_shares.py"


rule figure_boundaries:
    """What a query costs from the GPU boards to the whole fleet, and from the median query to the mean."""
    input:
        energy="results/{study}/energy_by_boundary.parquet",
        code=library("figure_boundaries"),
    output:
        svg=report(
            "results/figures/{study}/boundaries.svg",
            caption="../report/boundaries.rst",
            category="Energy per query",
            subcategory="{study}",
            labels={"figure": "from boards to fleet, from median to mean"},
        ),
        png="results/figures/{study}/boundaries.png",
        json="results/figures/{study}/boundaries.json",
    log:
        "results/logs/{study}/figure_boundaries.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "classes", "fleet", "boundary"),
    script:
        "../scripts/figure_boundaries.py"


rule figure_levers:
    """What each lever saves, and levers together, beside the range that the paper prints."""
    input:
        interventions="results/{study}/intervention_multipliers.parquet",
        code=library("figure_levers"),
    output:
        svg=report(
            "results/figures/{study}/levers.svg",
            caption="../report/levers.rst",
            category="Interventions",
            subcategory="{study}",
            labels={"figure": "levers"},
        ),
        png="results/figures/{study}/levers.png",
        json="results/figures/{study}/levers.json",
    log:
        "results/logs/{study}/figure_levers.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "classes"),
    script:
        "../scripts/figure_levers.py"


rule figure_fleet_plan:
    """What a fleet draws in a day, beside familiar loads, and what it needs and emits."""
    input:
        scenarios="results/{study}/scenario_aggregates.parquet",
        plan="results/{study}/fleet_plan.parquet",
        references="resources/reference_loads.csv",
        code=library("figure_fleet_plan"),
    output:
        svg=report(
            "results/figures/{study}/fleet_plan.svg",
            caption="../report/fleet_plan.rst",
            category="Fleet",
            subcategory="{study}",
            labels={"figure": "fleet plan"},
        ),
        png="results/figures/{study}/fleet_plan.png",
        json="results/figures/{study}/fleet_plan.json",
    log:
        "results/logs/{study}/figure_fleet_plan.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "classes", "fleet"),
    script:
        "../scripts/figure_fleet_plan.py"


rule figure_sweeps:
    """How the mean energy moves with one assumption at a time."""
    input:
        sweeps="results/{study}/sweeps.parquet",
        code=library("figure_sweeps"),
    output:
        svg=report(
            "results/figures/{study}/sweeps.svg",
            caption="../report/sweeps.rst",
            category="Fleet",
            subcategory="{study}",
            labels={"figure": "sweeps"},
        ),
        png="results/figures/{study}/sweeps.png",
        json="results/figures/{study}/sweeps.json",
    log:
        "results/logs/{study}/figure_sweeps.log",
    wildcard_constraints:
        study=one_of(NESTED),
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "classes", "fleet", "boundary"),
    script:
        "../scripts/figure_sweeps.py"
