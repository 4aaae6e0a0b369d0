# The page that computes what-if scenarios offline, with all figures.


rule page_library:
    """The library that draws on the page, as one script, which is packed once for all pages."""
    input:
        lock="requirements.lock",
        code=library("dashboard/page_library"),
    output:
        update("results/page_library.js"),
    log:
        "results/logs/page_library.log",
    script:
        "../scripts/dashboard/page_library.py"


rule dashboard:
    """One page that computes what-if scenarios offline, with every figure, caption and source."""
    input:
        **NESTED_TABLES,
        estimates="results/validated/published_estimates.parquet",
        origins="results/validated/sources.parquet",
        sources="results/benchmark_sources.csv",
        points="results/comparison/answer_points.parquet",
        closed_models="results/validated/closed_models.parquet",
        grid="resources/grid.csv",
        references="resources/reference_loads.csv",
        fits=expand("results/{study}/throughput_fit.parquet", study=PUBLISHED),
        energies=[
            f"results/{name}/{'energy_by_boundary' if name in NESTED else 'energy_per_query'}.parquet"
            for name in STUDIES
        ],
        scenarios=expand("results/{study}/scenario_aggregates.parquet", study=STUDIES),
        plans=expand("results/{study}/fleet_plan.parquet", study=NESTED),
        drawings=figure_files("svg"),
        specifications=figure_files("json"),
        captions=sorted({f"workflow/report/{figure['caption']}.rst" for figure in page_figures()}),
        library="results/page_library.js",
        page="workflow/dashboard/page.html.jinja",
        evidence="workflow/dashboard/evidence.yaml",
        parts=[
            f"workflow/dashboard/{name}"
            for name in (
                "style.css",
                "energy.js",
                "own.js",
                "ask.js",
                "readable.js",
                "entered.js",
                "address.js",
                "charts.js",
                "controls.js",
                "view.js",
                "question.js",
                "page.js",
            )
        ],
        code=library("dashboard/dashboard"),
    output:
        # Not in Snakemake's report: it shows pages as addresses that hold them, which browsers refuse beyond 2 MB.
        update("results/dashboard.html"),
    log:
        "results/logs/dashboard.log",
    params:
        **NESTED_PARAMS,
        studies=STUDIES,
        asked=part(BRIDGE[CURRENT], (*NESTED_QUERY, "method", "title")),
        first=CURRENT if CURRENT in STUDIES else list(STUDIES)[-1],
        figures=page_figures(),
        version=VERSION,
    script:
        "../scripts/dashboard/dashboard.py"
