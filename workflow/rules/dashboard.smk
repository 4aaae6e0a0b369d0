# The page that answers what-ifs offline, with all figures below.

# Figures whose caption has another name.
CAPTIONS = {
    "coverage": "benchmark_coverage",
    "energy_per_query_traditional": "energy_per_query",
    "energy_per_query_long": "energy_per_query",
}


def page_figures():
    """Every figure in the order of the page: group, folder, name, caption, workload."""
    groups = [("Judged by measurement", "comparison", CALIBRATION_FIGURES)] if bridge() else []
    groups += [("From the published to the current estimate", "comparison", ["method_bridge"])] if bridge() else []
    groups += [(study["title"], name, FIGURES[study["method"]]) for name, study in reversed(STUDIES.items())]
    groups.append(("The benchmark corpus", "benchmarks", BENCHMARK_FIGURES))
    return [
        {
            "group": group,
            "folder": folder,
            "name": name,
            "caption": CAPTIONS.get(name, name),
            "workload": name.rsplit("_", 1)[-1],
        }
        for group, folder, names in groups
        for name in names
    ]


def page_files(format):
    return [f"results/figures/{figure['folder']}/{figure['name']}.{format}" for figure in page_figures()]


rule dashboard:
    """One page that computes what-ifs offline, with every figure, caption and source."""
    input:
        **NESTED_TABLES,
        estimates="results/validated/published_estimates.parquet",
        origins="results/validated/sources.parquet",
        sources="results/benchmark_sources.csv",
        grid="resources/grid.csv",
        interventions="resources/interventions.csv",
        references="resources/reference_loads.csv",
        fits=expand("results/{study}/throughput_fit.parquet", study=STUDIES),
        energies=[
            f"results/{name}/{'energy_by_boundary' if name in NESTED else 'energy_per_query'}.parquet"
            for name in STUDIES
        ],
        drawings=page_files("svg"),
        specifications=page_files("json"),
        captions=sorted({f"workflow/report/{figure['caption']}.rst" for figure in page_figures()}),
        page="workflow/dashboard/page.html.jinja",
        evidence="workflow/dashboard/evidence.yaml",
        parts=[
            f"workflow/dashboard/{name}"
            for name in ("style.css", "energy.js", "readable.js", "charts.js", "controls.js", "page.js")
        ],
        code=library("dashboard"),
    output:
        update("results/dashboard.html"),
    log:
        "results/logs/dashboard.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        studies=STUDIES,
        first=CURRENT if CURRENT in STUDIES else list(STUDIES)[-1],
        figures=page_figures(),
        version=VERSION,
        seed=config["seed"],
    script:
        "../scripts/dashboard.py"
