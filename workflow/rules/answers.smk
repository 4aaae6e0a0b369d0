# What the installed package answers questions from.

PACKAGED = [*NESTED_TABLES, "grid", "closed_models"]


rule package:
    """The fitted serving model, registries and studies that the installed package holds."""
    input:
        **NESTED_TABLES,
        grid="resources/grid.csv",
        closed_models="results/validated/closed_models.parquet",
        code=library("answers/package"),
    output:
        build=update("results/package/build.json"),
        tables=update(expand("results/package/{table}.parquet", table=PACKAGED)),
    log:
        "results/logs/package.log",
    params:
        **NESTED_PARAMS,
        studies={name: study for name, study in STUDIES.items() if study["method"] == "nested"},
        schema=METHODS["nested"],
        version=VERSION,
    script:
        "../scripts/answers/package.py"
