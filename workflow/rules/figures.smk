# Figures, the final targets: Vega-Lite, SVG and PNG of each, with its caption in the report.


rule figure_energy_per_query:
    """Distribution of the energy of one query, per model and class."""
    input:
        energy="results/{study}/energy_per_query.parquet",
        density="results/{study}/energy_density.parquet",
        code=library("figure_energy_per_query"),
    output:
        svg=report(
            "results/figures/{study}/energy_per_query_{workload}.svg",
            caption="../report/energy_per_query.rst",
            category="Energy per query",
            subcategory="{study}",
            labels={"figure": "energy per query, {workload}"},
        ),
        png="results/figures/{study}/energy_per_query_{workload}.png",
        json="results/figures/{study}/energy_per_query_{workload}.json",
    log:
        "results/logs/{study}/figure_energy_per_query_{workload}.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads", "classes"),
    script:
        "../scripts/figure_energy_per_query.py"


rule figure_intervention_pathways:
    """What each lever saves, and all of them together."""
    input:
        interventions="results/{study}/intervention_multipliers.parquet",
        energy="results/{study}/energy_per_query.parquet",
        code=library("figure_intervention_pathways"),
    output:
        svg=report(
            "results/figures/{study}/intervention_pathways.svg",
            caption="../report/intervention_pathways.rst",
            category="Interventions",
            subcategory="{study}",
            labels={"figure": "intervention pathways"},
        ),
        png="results/figures/{study}/intervention_pathways.png",
        json="results/figures/{study}/intervention_pathways.json",
    log:
        "results/logs/{study}/figure_intervention_pathways.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads"),
    script:
        "../scripts/figure_intervention_pathways.py"


rule figure_fleet_scenarios:
    """What a fleet draws in a day, beside two familiar loads."""
    input:
        scenarios="results/{study}/scenario_aggregates.parquet",
        references="resources/reference_loads.csv",
        code=library("figure_fleet_scenarios"),
    output:
        svg=report(
            "results/figures/{study}/fleet_scenarios.svg",
            caption="../report/fleet_scenarios.rst",
            category="Fleet",
            subcategory="{study}",
            labels={"figure": "fleet scenarios"},
        ),
        png="results/figures/{study}/fleet_scenarios.png",
        json="results/figures/{study}/fleet_scenarios.json",
    log:
        "results/logs/{study}/figure_fleet_scenarios.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title"),
    script:
        "../scripts/figure_fleet_scenarios.py"


rule figure_token_lengths:
    """How long answers are."""
    input:
        density="results/{study}/token_length_density.parquet",
        quantiles="results/{study}/token_length_quantiles.parquet",
        code=library("figure_token_lengths"),
    output:
        svg=report(
            "results/figures/{study}/token_lengths.svg",
            caption="../report/token_lengths.rst",
            category="Inputs",
            subcategory="{study}",
            labels={"figure": "token lengths"},
        ),
        png="results/figures/{study}/token_lengths.png",
        json="results/figures/{study}/token_lengths.json",
    log:
        "results/logs/{study}/figure_token_lengths.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads"),
    script:
        "../scripts/figure_token_lengths.py"


rule figure_throughput_fit:
    """Throughput curves against the benchmark rows behind them."""
    input:
        fit="results/{study}/throughput_fit.parquet",
        rows="results/{study}/throughput_rows.parquet",
        curve="results/{study}/throughput_curve.parquet",
        code=library("figure_throughput_fit"),
    output:
        svg=report(
            "results/figures/{study}/throughput_fit.svg",
            caption="../report/throughput_fit.rst",
            category="Inputs",
            subcategory="{study}",
            labels={"figure": "throughput fit"},
        ),
        png="results/figures/{study}/throughput_fit.png",
        json="results/figures/{study}/throughput_fit.json",
    log:
        "results/logs/{study}/figure_throughput_fit.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads"),
    script:
        "../scripts/figure_throughput_fit.py"


rule figure_published_against_computed:
    """Every printed value beside the computed one."""
    input:
        headline="results/headline.csv",
        code=library("figure_published_against_computed"),
    output:
        svg=report(
            "results/figures/{study}/published_against_computed.svg",
            caption="../report/published_against_computed.rst",
            category="Published against computed",
            subcategory="{study}",
            labels={"figure": "published against computed"},
        ),
        png="results/figures/{study}/published_against_computed.png",
        json="results/figures/{study}/published_against_computed.json",
    log:
        "results/logs/{study}/figure_published_against_computed.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title"),
    script:
        "../scripts/figure_published_against_computed.py"
