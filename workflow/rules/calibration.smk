# Judged by measurement: predicted against measured, ours against other methods, and what latency costs.

# The study that others are set beside: the last step of the bridge.
CURRENT = list(BRIDGE)[-1]
# The published study whose throughput curves stand for the published method.
PUBLISHED_CURVES = f"results/{config['bridge']['from']}/throughput_fit.parquet"


rule backtest:
    """Every saturated measured run predicted from nothing of itself, by ours and by other methods, and the scores."""
    input:
        energy="results/validated/measured_energy.parquet",
        throughput="results/validated/throughput.parquet",
        models="results/validated/models.parquet",
        hardware="results/validated/hardware.parquet",
        coefficients="results/comparison/throughput_configurations.parquet",
        forms="results/comparison/throughput_forms.parquet",
        pairs="results/comparison/attainment_pairs.parquet",
        node_power="resources/node_power.csv",
        curves=PUBLISHED_CURVES,
        code=library("backtest"),
    output:
        backtest=update("results/comparison/backtest.parquet"),
        peers=update("results/comparison/backtest_peers.parquet"),
        scores=update("results/comparison/scores.parquet"),
    log:
        "results/logs/backtest.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        settings=config["backtest"],
        attainment=BRIDGE[CURRENT]["attainment"],
        seed=config["seed"],
    script:
        "../scripts/backtest.py"


rule cross_methods:
    """One query by every method and boundary; statements of others against ours; each assumption alone."""
    input:
        **NESTED_TABLES,
        fit=f"results/{CURRENT}/throughput_fit.parquet",
        energy="results/validated/measured_energy.parquet",
        estimates="results/validated/published_estimates.parquet",
        curves=PUBLISHED_CURVES,
        code=library("cross_methods"),
    output:
        methods=update("results/comparison/cross_methods.parquet"),
        parts=update("results/comparison/cross_method_parts.parquet"),
        statements=update("results/comparison/published_estimates.parquet"),
        kinds=update("results/comparison/published_estimate_kinds.parquet"),
        tornado=update("results/comparison/tornado.parquet"),
    log:
        "results/logs/cross_methods.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        name=CURRENT,
        study={key: BRIDGE[CURRENT][key] for key in (*NESTED_QUERY, "interventions", "fleet") if key in BRIDGE[CURRENT]},
        settings=config["cross_methods"],
        draws=config["fleet_draws"] // 5,
        seed=config["seed"],
    script:
        "../scripts/cross_methods.py"


rule latency_cost:
    """Energy per token against batch and latency between tokens, and what a latency target costs."""
    input:
        energy="results/validated/measured_energy.parquet",
        models="results/validated/models.parquet",
        code=library("latency_cost"),
    output:
        runs=update("results/comparison/latency_runs.parquet"),
        costs=update("results/comparison/latency_costs.parquet"),
        summary=update("results/comparison/latency_summary.parquet"),
    log:
        "results/logs/latency_cost.log",
    conda:
        "../envs/pipeline.yaml"
    script:
        "../scripts/latency_cost.py"


rule figure_calibration:
    """Predicted against measured energy, ours beside other methods."""
    input:
        backtest="results/comparison/backtest.parquet",
        peers="results/comparison/backtest_peers.parquet",
        scores="results/comparison/scores.parquet",
        code=library("figure_calibration"),
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
        "../scripts/figure_calibration.py"


rule figure_cross_methods:
    """One query by every method and boundary, and what the spread of the methods is made of."""
    input:
        methods="results/comparison/cross_methods.parquet",
        parts="results/comparison/cross_method_parts.parquet",
        code=library("figure_cross_methods"),
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
        "../scripts/figure_cross_methods.py"


rule figure_statements:
    """What others state of a query's energy, over ours."""
    input:
        statements="results/comparison/published_estimates.parquet",
        kinds="results/comparison/published_estimate_kinds.parquet",
        code=library("figure_statements"),
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
        "../scripts/figure_statements.py"


rule figure_tornado:
    """Each assumption moved alone, and how far it takes the headline numbers."""
    input:
        tornado="results/comparison/tornado.parquet",
        code=library("figure_tornado"),
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
        "../scripts/figure_tornado.py"


rule figure_batch_latency:
    """Energy per token against latency, and what a latency target costs."""
    input:
        runs="results/comparison/latency_runs.parquet",
        summary="results/comparison/latency_summary.parquet",
        models="results/validated/models.parquet",
        code=library("figure_batch_latency"),
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
        "../scripts/figure_batch_latency.py"
