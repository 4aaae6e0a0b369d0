# What the installed package answers questions from.

PACKAGED = [*NESTED_TABLES, "grid", "closed_models"]
# What the package answers from: every study of method `nested`, and the current one whatever is built.
ANSWERED = {name: study for name, study in STUDIES.items() if study["method"] == "nested"} | {CURRENT: BRIDGE[CURRENT]}


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
        studies=ANSWERED,
        schema=METHODS["nested"],
        version=VERSION,
    script:
        "../scripts/answers/package.py"


rule factors:
    """Wh per 1,000 tokens by model, GPU, boundary, length of context and speed, as other tools use them."""
    input:
        **NESTED_TABLES,
        grid="resources/grid.csv",
        origins="results/validated/sources.parquet",
        code=library("answers/factors"),
    output:
        parquet=update("results/factors.parquet"),
        csv=update("results/factors.csv"),
        json=update("results/factors.json"),
        packed=update("results/package/factors.parquet"),
    log:
        "results/logs/factors.log",
    params:
        repeated=VALIDATION["repeated"],
        draws=config["service_draws"] // 2,
        seed=config["seed"],
        name=CURRENT,
        study=part(BRIDGE[CURRENT], [key for key in (*NESTED_QUERY, "method") if key != "workloads"]),
        version=VERSION,
    script:
        "../scripts/answers/factors.py"


rule answer_lengths:
    """Energy of a query by the length of its answer, of several models on one GPU, and that of measured runs."""
    input:
        package=["results/package/build.json", *expand("results/package/{table}.parquet", table=PACKAGED)],
        energy="results/validated/measured_energy.parquet",
        models="results/validated/models.parquet",
        code=library("answers/answer_lengths"),
    output:
        computed=update("results/comparison/energy_by_answer_length.parquet"),
        measured=update("results/comparison/measured_queries.parquet"),
    log:
        "results/logs/answer_lengths.log",
    params:
        asked=config["answer_lengths"],
    script:
        "../scripts/answers/answer_lengths.py"


rule answer_points:
    """Every model on every GPU in a few points, which the page answers questions with."""
    input:
        **NESTED_TABLES,
        code=library("answers/answer_points"),
    output:
        update("results/comparison/answer_points.parquet"),
    log:
        "results/logs/answer_points.log",
    params:
        repeated=VALIDATION["repeated"],
        draws=config["service_draws"] // 2,
        seed=config["seed"],
        study=part(BRIDGE[CURRENT], (*NESTED_QUERY, "method")),
    script:
        "../scripts/answers/answer_points.py"
