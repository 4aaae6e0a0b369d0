# All public tables as database, workbook and data package, and the page of methods.

# Sources of all data, and the project as others cite it.
CITED = {
    "origins": files_like("resources/*/*/origin.yaml"),
    "registries": files_like("resources/*.csv"),
    "citation": "CITATION.cff",
}


rule public_database:
    """Every public table in one database, with a comment on every column, and views for the questions asked most."""
    input:
        tables=public_files(),
        views=files_like("workflow/views/*.sql"),
        code=library("publish/public_database"),
    output:
        update("results/inference_energy.duckdb"),
    log:
        "results/logs/public_database.log",
    params:
        studies=STUDY_METHODS,
    script:
        "../scripts/publish/public_database.py"


rule data_package:
    """Every public table as CSV, and a data package with the meaning of each column."""
    input:
        **CITED,
        tables=public_files(),
        code=library("publish/data_package"),
    output:
        tables=update(expand("results/csv/{table}.csv", table=catalogue.BY_NAME)),
        descriptor=in_report(
            "results/datapackage.json", "data_package", "Methods and data", "data dictionary of results/csv (JSON)"
        ),
    log:
        "results/logs/data_package.log",
    params:
        studies=STUDY_METHODS,
    script:
        "../scripts/publish/data_package.py"


rule workbook:
    """The answers, then the public tables to cite, as one Excel workbook, with units, meanings and sources."""
    input:
        **CITED,
        tables=public_files(),
        code=library("publish/workbook"),
    output:
        update("results/inference_energy.xlsx"),
    log:
        "results/logs/workbook.log",
    params:
        studies=STUDY_METHODS,
        subjects=SUBJECTS,
    script:
        "../scripts/publish/workbook.py"


rule methods_page:
    """Every assumption of the code and the studies, every key of every study, and all sources, on one page."""
    input:
        **CITED,
        template="workflow/templates/methods.html.j2",
        frame="workflow/templates/page.html.j2",
        snakefile="Snakefile",
        rules=files_like("workflow/rules/*.smk"),
        scripts=files_like("workflow/scripts/*.py", "workflow/scripts/[!i]*/*.py"),
        modules=files_like("workflow/scripts/inference_energy/**/*.py"),
        studies=files_like("config/studies/*.yaml"),
        schemas=files_like("workflow/schemas/study_*.schema.yaml"),
    output:
        in_report("results/methods.html", "methods", "Methods and data", "methods: every assumption, study and source"),
    log:
        "results/logs/methods_page.log",
    params:
        studies=list(STUDIES),
        methods={name: study["method"] for name, study in (STUDIES | BRIDGE).items()},
        schemas={method: f"workflow/schemas/study_{method}.schema.yaml" for method in METHODS},
        bridge=config["bridge"]["steps"],
    script:
        "../scripts/publish/methods_page.py"
