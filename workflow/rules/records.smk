# Provenance of the results: the last job of a run.


rule provenance:
    """Checksums of every input and every result, resolved studies, origins, versions."""
    input:
        results=lambda wildcards: whole_run().results,
        sources=lambda wildcards: whole_run().sources,
        code=library("records/provenance"),
    output:
        update("results/provenance.json"),
    log:
        "results/logs/provenance.log",
    params:
        configuration={key: value for key, value in config.items() if key != project.KEY},
        studies=STUDIES | BRIDGE,
    script:
        "../scripts/records/provenance.py"
