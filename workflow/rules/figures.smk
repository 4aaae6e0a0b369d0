# Figures, the final targets: Vega-Lite, SVG and PNG of each; figures/registry.py lists them by job.

# Arguments of figures that come from the configuration.
CONFIGURED = {
    "cross_methods": {"output_tokens": config["cross_methods"]["output_tokens"][0]},
    "method_bridge": {
        "begin": STUDIES[config["bridge"]["from"]]["title"] if BRIDGED else "",
        "end": list(BRIDGE.values())[-1]["title"],
    },
}


def of_report(figure, workload, svg):
    """The drawing of a figure, which Snakemake's report shows if the figure has a place there."""
    if not figure.category:
        return update(svg)
    place = {"category": figure.category, "subcategory": "{study}" if figure.method else ACROSS}
    label = (figure.label or figure.name.replace("_", " ")).replace("{workload}", workload)
    return report(svg, caption=f"../report/{figure.name}.rst", labels={"figure": label}, **place)


def drawings(figures):
    """Files of all figures of a job by format and path."""
    drawn = [(figure, each, figure.path.replace("{workload}", each)) for figure in figures for each in figure.workloads]
    svg = [of_report(figure, workload, f"results/{path}.svg") for figure, workload, path in drawn]
    others = {ending: [update(f"results/{path}.{ending}") for *_, path in drawn] for ending in ("png", "json")}
    return {"svg": svg, **others}


def drawn(figures):
    """What a job draws, in the order of its files: the module of each figure, its files by argument, other arguments."""

    def of(wildcards):
        return [
            {
                "module": figure.module,
                "files": {name: file.format(**wildcards) for name, file in figure.inputs.items()},
                "arguments": {
                    **{name: value.format(workload=workload, **wildcards) for name, value in figure.params.items()},
                    **CONFIGURED.get(figure.name, {}),
                },
                "study": section("method", *figure.of_study)(wildcards) if figure.of_study else None,
                "usage": usage_part(*figure.of_usage)(wildcards) if figure.of_usage else None,
            }
            for figure in figures
            for workload in figure.workloads
        ]

    return of


for job, figures in registry.JOBS.items():

    rule:
        name:
            f"figures_{job}"
        input:
            tables=sorted({file for figure in figures for file in figure.inputs.values()}),
            code=code_of(figures),
        output:
            **drawings(figures),
        log:
            f"results/logs/{figures[0].folder}/{job}.log",
        wildcard_constraints:
            study=pattern_of([name for name, method in STUDY_METHODS.items() if method == figures[0].method]),
        params:
            figures=drawn(figures),
        script:
            "../scripts/figures/figures.py"

    # A module of which some rules are used has not all.
    if name := workflow.modifier.avail_rulename(f"figures_{job}"):
        workflow.get_rule(name).docstring = f"Figures: {', '.join(figure.name for figure in figures)}."
