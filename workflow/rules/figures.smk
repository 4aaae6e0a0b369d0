# Figures, the final targets: Vega-Lite, SVG and PNG of each, with its caption in the report.


rule figure_usage_power:
    """Power over time with its interval."""
    input:
        steps="results/usage/{usage}/steps.parquet",
        capacity="results/usage/{usage}/capacity.parquet",
        code=library("figures/usage_power"),
    output:
        svg=update("results/usage/{usage}/power.svg"),
        png=update("results/usage/{usage}/power.png"),
        json=update("results/usage/{usage}/power.json"),
    log:
        "results/logs/usage/{usage}/figure_usage_power.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        usage=usage_part("title", "boundary", "step_minutes"),
    script:
        "../scripts/figures/usage_power.py"


rule figure_usage_models:
    """Energy by model with its interval."""
    input:
        statement="results/usage/{usage}/statement.parquet",
        code=library("figures/usage_models"),
    output:
        svg=update("results/usage/{usage}/models.svg"),
        png=update("results/usage/{usage}/models.png"),
        json=update("results/usage/{usage}/models.json"),
    log:
        "results/logs/usage/{usage}/figure_usage_models.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        usage=usage_part("title", "boundary"),
    script:
        "../scripts/figures/usage_models.py"


rule figure_calibration:
    """Predicted against measured energy, ours beside other methods."""
    input:
        backtest="results/comparison/backtest.parquet",
        peers="results/comparison/backtest_peers.parquet",
        scores="results/comparison/scores.parquet",
        code=library("figures/calibration"),
    output:
        svg=report(
            "results/figures/comparison/calibration.svg",
            caption="../report/calibration.rst",
            category="Judged by measurement",
            labels={"figure": "predicted against measured"},
        ),
        png="results/figures/comparison/calibration.png",
        json="results/figures/comparison/calibration.json",
    log:
        "results/logs/figure_calibration.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/calibration.py"


rule figure_cross_methods:
    """One query by every method and boundary, and what the spread of the methods is made of."""
    input:
        methods="results/comparison/cross_methods.parquet",
        parts="results/comparison/cross_method_parts.parquet",
        code=library("figures/cross_methods"),
    output:
        svg=report(
            "results/figures/comparison/cross_methods.svg",
            caption="../report/cross_methods.rst",
            category="Judged by measurement",
            labels={"figure": "one query by every method"},
        ),
        png="results/figures/comparison/cross_methods.png",
        json="results/figures/comparison/cross_methods.json",
    log:
        "results/logs/figure_cross_methods.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        output_tokens=config["cross_methods"]["output_tokens"][0],
    script:
        "../scripts/figures/cross_methods.py"


rule figure_statements:
    """What others state of a query's energy, over ours."""
    input:
        statements="results/comparison/published_estimates.parquet",
        kinds="results/comparison/published_estimate_kinds.parquet",
        code=library("figures/statements"),
    output:
        svg=report(
            "results/figures/comparison/statements.svg",
            caption="../report/statements.rst",
            category="Judged by measurement",
            labels={"figure": "statements of others over ours"},
        ),
        png="results/figures/comparison/statements.png",
        json="results/figures/comparison/statements.json",
    log:
        "results/logs/figure_statements.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/statements.py"


rule figure_tornado:
    """Each assumption moved alone, and how far it takes the headline numbers."""
    input:
        tornado="results/comparison/tornado.parquet",
        code=library("figures/tornado"),
    output:
        svg=report(
            "results/figures/comparison/tornado.svg",
            caption="../report/tornado.rst",
            category="Judged by measurement",
            labels={"figure": "each assumption alone"},
        ),
        png="results/figures/comparison/tornado.png",
        json="results/figures/comparison/tornado.json",
    log:
        "results/logs/figure_tornado.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/tornado.py"


rule figure_batch_latency:
    """Energy per token against latency, and what a latency target costs."""
    input:
        runs="results/comparison/latency_runs.parquet",
        summary="results/comparison/latency_summary.parquet",
        models="results/validated/models.parquet",
        code=library("figures/batch_latency"),
    output:
        svg=report(
            "results/figures/comparison/batch_latency.svg",
            caption="../report/batch_latency.rst",
            category="Judged by measurement",
            labels={"figure": "energy against latency"},
        ),
        png="results/figures/comparison/batch_latency.png",
        json="results/figures/comparison/batch_latency.json",
    log:
        "results/logs/figure_batch_latency.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        source="mlenergy_v3",
    script:
        "../scripts/figures/batch_latency.py"


rule figure_model_sweeps:
    """How the mean energy of every model moves with one assumption at a time."""
    input:
        sweeps="results/comparison/model_sweeps.parquet",
        code=library("figures/model_sweeps"),
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
        "../scripts/figures/model_sweeps.py"


rule figure_benchmark_coverage:
    """Which models were measured on which GPUs, how often and how recently."""
    input:
        throughput="results/validated/throughput.parquet",
        energy="results/validated/measured_energy.parquet",
        models="results/validated/models.parquet",
        code=library("figures/benchmark_coverage"),
    output:
        svg=report(
            "results/figures/benchmarks/coverage.svg",
            caption="../report/benchmark_coverage.rst",
            category="Inputs",
            labels={"figure": "coverage"},
        ),
        png="results/figures/benchmarks/coverage.png",
        json="results/figures/benchmarks/coverage.json",
    log:
        "results/logs/figure_benchmark_coverage.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/benchmark_coverage.py"


rule figure_throughput_over_time:
    """The best published throughput per model and GPU, by date."""
    input:
        throughput="results/validated/throughput.parquet",
        code=library("figures/throughput_over_time"),
    output:
        svg=report(
            "results/figures/benchmarks/throughput_over_time.svg",
            caption="../report/throughput_over_time.rst",
            category="Inputs",
            labels={"figure": "throughput over time"},
        ),
        png="results/figures/benchmarks/throughput_over_time.png",
        json="results/figures/benchmarks/throughput_over_time.json",
    log:
        "results/logs/figure_throughput_over_time.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/throughput_over_time.py"


rule figure_checks_raised:
    """What the checks across rows found, per check and source."""
    input:
        checks="results/benchmark_checks.parquet",
        sources="results/benchmark_sources.csv",
        code=library("figures/checks_raised"),
    output:
        svg=report(
            "results/figures/benchmarks/checks_raised.svg",
            caption="../report/checks_raised.rst",
            category="Inputs",
            labels={"figure": "checks raised"},
        ),
        png="results/figures/benchmarks/checks_raised.png",
        json="results/figures/benchmarks/checks_raised.json",
    log:
        "results/logs/figure_checks_raised.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/checks_raised.py"


rule figure_request_lengths:
    """Measured lengths beside those that a study assumes."""
    input:
        quantiles="results/comparison/request_length_quantiles.parquet",
        answers="results/validated/output_length_quantiles.parquet",
        code=library("figures/request_lengths"),
    output:
        svg=report(
            "results/figures/{study}/request_lengths.svg",
            caption="../report/request_lengths.rst",
            category="Inputs",
            subcategory="{study}",
            labels={"figure": "request lengths"},
        ),
        png="results/figures/{study}/request_lengths.png",
        json="results/figures/{study}/request_lengths.json",
    log:
        "results/logs/{study}/figure_request_lengths.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        study=section("title", "workloads"),
    script:
        "../scripts/figures/request_lengths.py"


rule figure_energy_per_query:
    """Distribution of the energy of one query, per model and class."""
    input:
        energy="results/{study}/energy_per_query.parquet",
        density="results/{study}/energy_density.parquet",
        code=library("figures/energy_per_query"),
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
        "../scripts/figures/energy_per_query.py"


rule figure_intervention_pathways:
    """What each lever saves, and all of them together."""
    input:
        interventions="results/{study}/intervention_multipliers.parquet",
        energy="results/{study}/energy_per_query.parquet",
        code=library("figures/intervention_pathways"),
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
        "../scripts/figures/intervention_pathways.py"


rule figure_fleet_scenarios:
    """What a fleet draws in a day, beside two familiar loads."""
    input:
        scenarios="results/{study}/scenario_aggregates.parquet",
        references="resources/reference_loads.csv",
        code=library("figures/fleet_scenarios"),
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
        "../scripts/figures/fleet_scenarios.py"


rule figure_token_lengths:
    """How long answers are."""
    input:
        density="results/{study}/token_length_density.parquet",
        quantiles="results/{study}/token_length_quantiles.parquet",
        code=library("figures/token_lengths"),
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
        "../scripts/figures/token_lengths.py"


rule figure_throughput_fit:
    """Throughput curves against the benchmark rows behind them."""
    input:
        fit="results/{study}/throughput_fit.parquet",
        rows="results/{study}/throughput_rows.parquet",
        curve="results/{study}/throughput_curve.parquet",
        code=library("figures/throughput_fit"),
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
        "../scripts/figures/throughput_fit.py"


rule figure_published_against_computed:
    """Every printed value beside the computed one."""
    input:
        headline="results/headline.csv",
        code=library("figures/published_against_computed"),
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
        "../scripts/figures/published_against_computed.py"


rule figure_energy_by_class:
    """Energy per query of every class and workload, the three kinds of spread apart."""
    input:
        energy="results/{study}/energy_per_query.parquet",
        code=library("figures/energy_by_class"),
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
        "../scripts/figures/energy_by_class.py"


rule figure_variance_shares:
    """Where the spread of a single query, and of the mean over queries, comes from."""
    input:
        variance="results/{study}/variance_shares.parquet",
        code=library("figures/variance_shares"),
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
        "../scripts/figures/variance_shares.py"


rule figure_boundaries:
    """What a query costs from the GPU boards to the whole fleet, and from the median query to the mean."""
    input:
        energy="results/{study}/energy_by_boundary.parquet",
        code=library("figures/boundaries"),
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
        "../scripts/figures/boundaries.py"


rule figure_levers:
    """What each lever saves, and levers together, beside the range that the paper prints."""
    input:
        interventions="results/{study}/intervention_multipliers.parquet",
        code=library("figures/levers"),
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
        "../scripts/figures/levers.py"


rule figure_fleet_plan:
    """What a fleet draws in a day, beside familiar loads, and what it needs and emits."""
    input:
        scenarios="results/{study}/scenario_aggregates.parquet",
        plan="results/{study}/fleet_plan.parquet",
        references="resources/reference_loads.csv",
        code=library("figures/fleet_plan"),
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
        "../scripts/figures/fleet_plan.py"


rule figure_sweeps:
    """How the mean energy moves with one assumption at a time."""
    input:
        sweeps="results/{study}/sweeps.parquet",
        code=library("figures/sweeps"),
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
        "../scripts/figures/sweeps.py"


rule figure_throughput_forms:
    """How far each form misses rows that it has not seen, on every configuration."""
    input:
        left_out="results/comparison/throughput_left_out.parquet",
        forms="results/comparison/throughput_forms.parquet",
        code=library("figures/throughput_forms"),
    output:
        svg=report(
            "results/figures/benchmarks/throughput_forms.svg",
            caption="../report/throughput_forms.rst",
            category="Inputs",
            labels={"figure": "forms of throughput"},
        ),
        png="results/figures/benchmarks/throughput_forms.png",
        json="results/figures/benchmarks/throughput_forms.json",
    log:
        "results/logs/figure_throughput_forms.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/throughput_forms.py"


rule figure_attainment:
    """What services reach of the offline maximum while busy."""
    input:
        pairs="results/comparison/attainment_pairs.parquet",
        code=library("figures/attainment"),
    output:
        svg=report(
            "results/figures/benchmarks/attainment.svg",
            caption="../report/attainment.rst",
            category="Inputs",
            labels={"figure": "attainment"},
        ),
        png="results/figures/benchmarks/attainment.png",
        json="results/figures/benchmarks/attainment.json",
    log:
        "results/logs/figure_attainment.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/figures/attainment.py"


rule figure_method_bridge:
    """The steps from the published estimate to the current one, as a waterfall."""
    input:
        bridge="results/comparison/method_bridge.parquet",
        code=library("figures/method_bridge"),
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
        "../scripts/figures/method_bridge.py"
