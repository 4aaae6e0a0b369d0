# From published token-throughput benchmarks to the energy of an LLM query.
# Configuration: config/README.md. Rules: one file per chapter in workflow/rules/; see docs/architecture.md.
from snakemake.utils import min_version

min_version("9.0")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/requests.smk"
include: "workflow/rules/throughput.smk"
include: "workflow/rules/serving.smk"
include: "workflow/rules/oviedo.smk"
include: "workflow/rules/energy.smk"
include: "workflow/rules/fleet.smk"
include: "workflow/rules/validation.smk"
include: "workflow/rules/headline.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/statement.smk"
include: "workflow/rules/answers.smk"
include: "workflow/rules/publish.smk"
include: "workflow/rules/dashboard.smk"
include: "workflow/rules/explain.smk"
include: "workflow/rules/records.smk"


# What most jobs wait for starts first, then what takes longest, last what no job waits for: no core is idle at the end.
ORDER = {
    3: "ingest_benchmarks validate_benchmarks request_lengths services serving_model factors".split(),
    2: "left_out query_energy sweeps".split(),
    0: "benchmark_checks methods_page headline_page workbook explanations data_package public_database".split(),
}
PRIORITIES = {name: priority for priority, names in ORDER.items() for name in names}

# All scripts run in one environment, and depend on what their results are made of.
OWN_RULES = set(workflow.modifier.rules)
for each in own_rules():
    each.priority = PRIORITIES.get(each.name, 1)
    if each.script:
        each.conda_env = str(PROJECT.environment()) if IMPORTED else run_files.ENVIRONMENT
        if not STORED:
            each.set_input(made_of=made_of.made_of(each, run_files.script_of(each), PROJECT))


rule all:
    """Every table and figure of every configured study."""
    default_target: True
    input:
        targets(),
        "results/provenance.json",


rule grid:
    """The sweep of every assumption of every model of every study, as separate jobs; not part of a whole run."""
    input:
        "results/comparison/model_sweeps.parquet",
        expand("results/figures/{study}/model_sweeps.{format}", study=NESTED, format=registry.FORMATS),


rule study:
    """Tables and figures of one study, and its difference to the study that it extends; not part of a whole run."""
    input:
        lambda wildcards: study_files(),


onstart:
    if workflow.local_exec:
        # A limit of jobs per second is for clusters. With one, every look at the jobs starts another a second later, so
        # that they multiply: in a whole run here they took 17 CPU seconds.
        workflow.scheduler.job_rate_limiter = None
    jobs.forget_errors()
    summary.remember()


onsuccess:
    # A run that only makes statements does not report published values.
    if "study" in sys.argv:
        for name in ASKED:
            escaped.show(*difference.run_end(name, PARENTS[name], FOLDER, METHODS[STUDY_METHODS[name]]))
    elif "statement" not in sys.argv:
        checks = config["checks"]
        summary.show(checks["stale_after_days"], checks["registry_stale_after_days"], PARENTS, SUBJECTS)
    run_end.show(USAGES)


onerror:
    jobs.show_errors()
    run_messages.before_errors(logger)
