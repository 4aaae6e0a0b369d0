# Figures, the final targets: Vega-Lite, SVG and PNG of each; figures/registry.py lists them.

# Arguments of figures that come from the configuration; titles by functions, so that braces in them stay what they are.
CONFIGURED = {
    "cross_methods": {"output_tokens": config["cross_methods"]["output_tokens"][0]},
    "method_bridge": {
        "begin": lambda wildcards: STUDIES[config["bridge"]["from"]]["title"],
        "end": lambda wildcards: list(BRIDGE.values())[-1]["title"],
    },
}

for figure in registry.FIGURES:

    rule:
        name:
            f"figure_{figure.name}"
        input:
            **figure.inputs,
            code=code_of(figure),
        output:
            **files_of(figure),
        log:
            f"results/logs/{figure.path}.log",
        wildcard_constraints:
            study=one_of([name for name, method in STUDY_METHODS.items() if method == figure.method]),
        params:
            **parts_of(figure),
            **figure.params,
            **CONFIGURED.get(figure.name, {}),
            module=figure.module,
        script:
            "../scripts/figures/figure.py"

    workflow.get_rule(f"figure_{figure.name}").docstring = f"{figure.meaning}."
