# From a service's own logs and bills to a statement of its energy: config/usage, docs/statement.md.

USAGE_TABLES = {
    name: f"results/usage/{{usage}}/{name}.parquet"
    for name in (
        "statement inventory disclosures costs capacity steps metered names served drivers unit_energy evidence quality"
        " factors servers kinds files"
    ).split()
}
# What energies of a usage are computed with.
USAGE = {
    "usage": usage_part(),
    "study": usage_study,
    "draws": config["usage_draws"],
    "seed": config["seed"],
}


rule meter_usage:
    """Exact sums over the requests of some files: the part of a usage that may run on any machine."""
    input:
        files=paths_of(shard_files),
        code=library("statement/meter_usage"),
    output:
        sums=update("results/usage/{usage}/shards/{shard}-of-{shards}.sums.parquet"),
        files=update("results/usage/{usage}/shards/{shard}-of-{shards}.files.parquet"),
        kinds=update("results/usage/{usage}/shards/{shard}-of-{shards}.kinds.parquet"),
        marks=update("results/usage/{usage}/shards/{shard}-of-{shards}.marks.parquet"),
    log:
        "results/logs/usage/{usage}/meter_usage_{shard}-of-{shards}.log",
    threads: 8
    params:
        files=shard_files,
        logs=usage_part("logs"),
        place="config/usage/{usage}.yaml",
        step_minutes=usage_part("step_minutes"),
        invalid_rows=usage_part("invalid_rows"),
    script:
        "../scripts/statement/meter_usage.py"


rule gather_usage:
    """The sums of all shards and the bills: the same whatever the number of shards."""
    input:
        sums=shards("sums"),
        files=shards("files"),
        kinds=shards("kinds"),
        marks=shards("marks"),
        bills=paths_of(bill_files),
        code=library("statement/gather_usage"),
    output:
        sums=update("results/usage/{usage}/sums.parquet"),
        bills=update("results/usage/{usage}/bills.parquet"),
        files=update("results/usage/{usage}/files.parquet"),
        kinds=update("results/usage/{usage}/kinds.parquet"),
    log:
        "results/logs/usage/{usage}/gather_usage.log",
    params:
        bill_files=bill_files,
        not_read=files_not_read,
        bills=usage_part("bills"),
        repeats_kept=repeats_kept,
        overlaps_told=overlaps_told,
        supplies=supplies_of_usage,
        place="config/usage/{usage}.yaml",
    script:
        "../scripts/statement/gather_usage.py"


rule usage_energy:
    """Energy, emissions, water, power and nodes of a usage, with their evidence."""
    input:
        **NESTED_TABLES,
        sums="results/usage/{usage}/sums.parquet",
        bills="results/usage/{usage}/bills.parquet",
        files="results/usage/{usage}/files.parquet",
        kinds="results/usage/{usage}/kinds.parquet",
        registry="resources/models.csv",
        grid="resources/grid.csv",
        clouds="resources/cloud_regions.csv",
        servers="resources/embodied_servers.csv",
        generation="resources/generation_factors.csv",
        carbon=carbon_files,
        code=library("statement/usage_energy"),
    output:
        **{name: update(path) for name, path in USAGE_TABLES.items() if name not in ("files", "kinds")},
    log:
        "results/logs/usage/{usage}/usage_energy.log",
    params:
        **USAGE,
        repeated=VALIDATION["repeated"],
        place="config/usage/{usage}.yaml",
    script:
        "../scripts/statement/usage_energy.py"


rule usage_statement:
    """The statement as a page, as text, as CSV and as JSON."""
    input:
        **USAGE_TABLES,
        power="results/usage/{usage}/power.svg",
        models="results/usage/{usage}/models.svg",
        page="workflow/templates/statement.html.j2",
        text="workflow/templates/statement.md.j2",
        parts=[
            "workflow/templates/page.html.j2",
            "workflow/templates/statement_style.html.j2",
            "workflow/templates/statement_tables.html.j2",
            "workflow/templates/statement_tables.md.j2",
        ],
        code=library("statement/usage_statement"),
    output:
        html=update("results/usage/{usage}/statement.html"),
        md=update("results/usage/{usage}/statement.md"),
        csv=update("results/usage/{usage}/statement.csv"),
        json=update("results/usage/{usage}/statement.json"),
    log:
        "results/logs/usage/{usage}/usage_statement.log",
    params:
        **USAGE,
        version=VERSION,
    script:
        "../scripts/statement/usage_statement.py"


rule usage_workbook:
    """All tables of the statement as one Excel workbook."""
    input:
        **{name: path for name, path in USAGE_TABLES.items() if name != "metered"},
        registries=[
            f"resources/{name}.csv" for name in ("grid", "cloud_regions", "embodied_servers", "generation_factors")
        ],
        code=library("statement/usage_workbook"),
    output:
        update("results/usage/{usage}/statement.xlsx"),
    log:
        "results/logs/usage/{usage}/usage_workbook.log",
    params:
        **USAGE,
        version=VERSION,
    script:
        "../scripts/statement/usage_workbook.py"


rule statement:
    """The statements of all usages of the configuration."""
    input:
        lambda wildcards: statements(),
