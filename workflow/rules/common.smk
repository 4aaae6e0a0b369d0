# Studies, checked before any job runs, and helpers that rules declare their inputs with.
import copy
import functools
import os
import re
import shlex
import sys
import tarfile
import tomllib
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile


def home():
    """Folder of this project, which another workflow may import as a module: docs/module.md."""
    here = workflow.current_basedir
    if not hasattr(here, "hosted_repo"):
        return Path(str(here)).resolve().parents[1]
    # Of a repository elsewhere, of which Snakemake has a clone without files.
    repository = here.hosted_repo.repo
    commit = repository.commit(here.ref).hexsha
    folder = Path(".snakemake/inference_energy", commit).resolve()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as unfinished, TemporaryFile() as packed:
            repository.archive(packed, commit)
            packed.seek(0)
            with tarfile.open(fileobj=packed) as files:
                files.extractall(f"{unfinished}/project", filter="data")
            Path(unfinished, "project").rename(folder)
    return folder


HOME = home()
# Whether files of the rules are in an object store or another folder, of which each job gets copies: docs/cluster.md.
STORED = workflow.storage_settings.default_storage_provider is not None
IMPORTED = not workflow.modifier.is_main_snakefile()
SCRIPTS = str(HOME / "workflow/scripts")
sys.path.insert(0, SCRIPTS)
# Scripts of jobs lie in folders; this path lets them find the package in any environment.
theirs = os.environ.get("PYTHONPATH", "").split(os.pathsep) if IMPORTED else []
os.environ.update(PYTHONPATH=os.pathsep.join(dict.fromkeys([SCRIPTS, *filter(None, theirs)])))

from inference_energy.common import escaped, job_server, jobs, project, run_messages, runs, yaml_files
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.files import as_named, file_name, name_of
from inference_energy.figures import registry
from inference_energy.headline import difference, summary
from inference_energy.publish import catalogue
from inference_energy.records import imports, made_of, run_files
from inference_energy.statement import carbon, run_end, supplied
from inference_energy.statement.logs import files as statement_files
from inference_energy.studies import checks, files, known, swept
from inference_energy.studies.study import WORKLOADS, NestedStudy, whole
from snakemake.io import get_flag_value
from snakemake.logging import logger
from snakemake.persistence import FileBackupMixin
from snakemake.script import PythonScript
from snakemake.settings.enums import Quietness
from snakemake.utils import update_config


def restore(persistence, path):
    """Leave a result before a failed job as it is, with the oldest time, so that the next run tries the job again."""
    if path.exists():
        os.utime(path, (1, 1))
    return path.exists()


if not IMPORTED:  # what follows is of all rules of a run
    if workflow.is_main_process and sys.platform == "linux":  # elsewhere libraries do not bear to be forked
        SERVER = job_server.JobServer()
        PythonScript.execute_script = job_server.by_server(SERVER, PythonScript.execute_script)
        # Who asks for a study has most often edited it and waits.
        if "study" in sys.argv and not {"-n", "--dry-run"} & set(sys.argv):
            SERVER.start()
    # Snakemake writes the path of Python into the commands of jobs as it stands.
    sys.executable = shlex.quote(os.path.relpath(sys.executable))
    # Results are moved into place as a whole, so no job spoils one. Snakemake would copy all before, and after a fault
    # copy them back: as new ones, and over good ones on a disk that has no room for them.
    FileBackupMixin.backup_output = lambda persistence, path: None
    FileBackupMixin.restore_output = restore
    # Jobs parse these files, too: in processes of their own.
    if workflow.is_main_process:
        if Quietness.RULES in (workflow.output_settings.quiet or ()):
            run_messages.plain(logger)
        with jobs.command():
            if {"--touch", "-t"} & set(sys.argv):
                raise InputError(
                    "--touch: found an option that dates results anew which no job made; allowed: none such"
                )
            if not runs.others(Path()):
                made_of.date_anew(Path("results"))
            for line in runs.begin(Path()):
                escaped.show(line, file=sys.stderr)
    else:
        runs.end_with_run()

VERSION = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"]
# The parts of a study that decide the distribution of a query's energy.
QUERY_ENERGY = ("workloads", "node_power_kw", "power_utilisation", "pue", "classes", "as_published")


def schema(name):
    with chdir(HOME):
        return yaml_files.read_yaml(Path(f"workflow/schemas/{name}.schema.yaml"))


with jobs.command(), chdir(HOME):
    as_named([str(HOME)])
    # Snakemake would run the code of templates in this file, which the schema does not know.
    DEFAULTS = yaml_files.read_yaml(Path("config/config.yaml"))
    yaml_files.check(DEFAULTS, schema("config"), "config/config.yaml")


if IMPORTED:
    with jobs.command():
        PROJECT = project.Project.imported(workflow.modifier.modify_path(project.RESULTS))
        own_files = config.get("own_files")
        update_config(DEFAULTS, {key: value for key, value in config.items() if key != "own_files"})
        config = DEFAULTS
        yaml_files.check(config, schema("config"), "config of the module")
        if workflow.is_main_process:
            project.assemble(PROJECT, HOME, own_files, config)
    config[project.KEY] = PROJECT.plain()
    # All paths of the rules below are those of the project.
    workflow.modifier.path_modifier = copy.copy(workflow.modifier.path_modifier)
    workflow.modifier.path_modifier.replace_prefix = PROJECT.replaced
else:
    PROJECT = project.HERE

    configfile: "config/config.yaml"


# Where files of the rules are on this machine.
PLACED = PROJECT
if STORED:
    in_store = get_flag_value(workflow.modifier.modify_path(project.RESULTS), "storage_object")
    PLACED = project.Project.stored(str(in_store.local_path()))


with jobs.command(), PROJECT.entered():
    if not IMPORTED:
        yaml_files.check(config, schema("config"), "config/config.yaml")
    VALIDATION = yaml_files.read_yaml(Path("config/validation.yaml"))
    yaml_files.check(VALIDATION, schema("validation"), "config/validation.yaml")
    METHODS = {method: schema(f"study_{method}") for method in ("published", "nested")}
    FOLDER = Path("config/studies")
    # The study that `make study` asks for is built beside the configured ones, as is the one that it extends.
    ASKED = config.get("study", [])
    ASKED = [ASKED] if isinstance(ASKED, str) else ASKED
    named_studies = dict.fromkeys(
        [*config["studies"], *(each for name in ASKED for each in files.with_parent(name, FOLDER))]
    )
    STUDIES = {name: files.read_study(name, FOLDER, METHODS) for name in named_studies}
    BRIDGE = {name: files.read_study(name, FOLDER, METHODS) for name in config["bridge"]["steps"]}
    files.read_study(config["bridge"]["from"], FOLDER, METHODS)  # an unknown name stops here
    checks.check_bridge(config["bridge"]["from"], STUDIES, BRIDGE, "config/config.yaml")
    USAGES = statement_files.read_usages(config["usage"], Path("config/usage"), schema("usage"))
    for name, usage in USAGES.items():
        supplied.of_sources(usage, f"config/usage/{name}.yaml")
    USAGE_STUDIES = {name: statement_files.study_of(name, usage, FOLDER, METHODS) for name, usage in USAGES.items()}
    PARENTS = {name: yaml_files.read_yaml(Path(f"config/studies/{name}.yaml")).get("extends") for name in STUDIES}
    if workflow.is_main_process and not STORED:  # else the registries that jobs read are elsewhere
        known.check_studies(STUDIES | BRIDGE)
        known.check_settings(config, *reversed(list(BRIDGE.items())[-1]))

# Those of method `nested` as typed objects; params stay plain values, and hold no more than a script uses.
NESTED_STUDIES = {name: whole(study) for name, study in STUDIES.items() if study["method"] == "nested"}
# Method of every study that is built, which determines its public tables.
STUDY_METHODS = {name: study["method"] for name, study in STUDIES.items()}
# Class that the fleet of every study serves.
SUBJECTS = {
    name: study["fleet" if study["method"] == "nested" else "interventions"]["subject"]
    for name, study in STUDIES.items()
}
# Whether the bridge between studies is built, with all comparisons with the study at its end.
BRIDGED = config["bridge"]["from"] in STUDIES


def pattern_of(names):
    """Constraint of a wildcard to some names; none at all matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    study="|".join(map(re.escape, STUDIES)),
    workload="|".join(WORKLOADS),
    usage=pattern_of(USAGES),
    shard=r"\d+",
    shards=r"\d+",


def part(study, keys):
    """Some entries of a study; an optional one that the study leaves out is none."""
    return {key: study.get(key) for key in keys if key in METHODS[study["method"]]["properties"]}


def section(*keys):
    """Parameters of a rule: only the named parts of the study, so that edits of other parts do not rerun it."""
    return lambda wildcards: part(STUDIES[wildcards.study], keys)


def section_of_model(*keys):
    """The same without entries of other models, so that edits of these do not rerun jobs of one model."""

    def of(wildcards):
        study = NestedStudy.of(section(*keys)(wildcards))
        return swept.parts_of_model(study, name_of(wildcards.model)).plain()

    return of


def swept_values(wildcards):
    """Values of the one assumption that a job sweeps."""
    return list(swept.values_of(NESTED_STUDIES[wildcards.study], wildcards.parameter))


def library(script):
    """Every module that a script imports, as plain inputs: compared by content, so an edit reruns its users."""
    with PROJECT.entered():
        return imports.imported(Path(f"workflow/scripts/{script}.py"), Path("workflow/scripts"))


def code_of(figures):
    """Every module behind the figures of a job, likewise: no edit of one reruns other jobs."""
    modules = [f"workflow/scripts/inference_energy/figures/{each.module.replace('.', '/')}.py" for each in figures]
    with PROJECT.entered():
        imported = [path for module in modules for path in imports.imported(Path(module), Path("workflow/scripts"))]
    return sorted({*library("figures/figures"), *modules, *imported})


# Subcategory in the report of what belongs to no study.
ACROSS = "all studies"


def in_report(path, caption, category, label):
    """An output that Snakemake's report shows: with a caption of workflow/report, in a category, under a label."""
    place = {"category": category, "subcategory": ACROSS}
    return report(update(path), caption=f"../report/{caption}.rst", labels={"figure": label}, **place)


def page_figures():
    """Every figure in the order of the page: heading, path, caption and wildcards."""
    return [
        {
            "group": figure.group or STUDIES[wildcards["study"]]["title"],
            "path": figure.path.format(**wildcards),
            "caption": figure.name,
            "wildcards": wildcards,
        }
        for figure, wildcards in registry.of_run(STUDY_METHODS, bridged=BRIDGED)
    ]


def figure_files(format):
    """Every figure of a whole run in one format."""
    return [f"results/{figure['path']}.{format}" for figure in page_figures()]


def targets():
    """Targets of a whole run; intermediate files and further outputs follow from the rules."""
    return [
        *(file for format in registry.FORMATS for file in figure_files(format)),
        "results/inference_energy.duckdb",
        "results/inference_energy.xlsx",
        "results/datapackage.json",
        "results/headline.html",
        "results/methods.html",
        "results/explanations.html",
        "results/dashboard.html",
        "results/package/build.json",
        "results/factors.parquet",
    ]


def study_files():
    """Tables and figures of the study that `make study` asks for, and its difference to the study that it extends."""
    with jobs.command():
        if not ASKED:
            raise InputError(f"study: found none; allowed: {one_of(path.stem for path in FOLDER.glob('*.yaml'))}")
    figures = [figure["path"] for figure in page_figures() if figure["wildcards"].get("study") in ASKED]
    return [
        *(file for file in public_files() if Path(file).parent.name in ASKED),
        *(f"results/{path}.{format}" for path in figures for format in registry.FORMATS),
        *(f"results/{name}/difference.csv" for name in ASKED if PARENTS[name]),
    ]


def statements():
    """Every file of the statements of all usages."""
    with jobs.command():
        if not USAGES:
            usages = one_of(path.stem for path in Path("config/usage").glob("*.yaml"))
            raise InputError(f"usage: found none; allowed: {usages}, as in `make statement USAGE=example`")
    endings = "parquet csv json xlsx html md".split()
    return [f"results/usage/{usage}/statement.{ending}" for usage in USAGES for ending in endings]


def numbers_of(study):
    """Files of a study's own tables, in the order in which its headline numbers are computed from them."""
    names = "energy_per_query intervention_multipliers scenario_aggregates".split()
    names += ["overstatement_pairs"] if STUDY_METHODS[study] == "published" else []
    return [f"results/{study}/{name}.parquet" for name in names]


def model_sweep_files():
    """A file, and a job, for every model of every study of method `nested` and every assumption that can be swept."""
    return [
        f"results/{name}/model_sweeps/{file_name(model)}/{parameter}.parquet"
        for name, study in NESTED_STUDIES.items()
        for model in study.model_classes()
        for parameter in swept.of_models(study)
    ]


# Settings, environment, front page of the report and the last job: no rule reads them, a run depends on them.
BESIDE = (
    "config/config.yaml",
    "config/validation.yaml",
    "pyproject.toml",
    "requirements.*",
    "resources/usage_formats/*.yaml",
    "workflow/build_hook.py",
    "workflow/report/report.css",
    "workflow/report/workflow.rst",
    "workflow/schemas/*.yaml",
    "workflow/scripts/records/provenance.py",
    "workflow/templates/statement*.j2",
)


@functools.cache
def whole_run():
    """Files that a whole run makes, and files that it reads: data, configuration, code, environment."""
    found = run_files.of_targets(targets(), own_rules(), PLACED)
    named = (config["bridge"]["from"], *STUDIES, *BRIDGE)
    included = {file.get_path_or_uri(secret_free=True) for file in workflow.included}
    imported = {module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == imports.PACKAGE}
    code = {path for path in map(Path.resolve, map(Path, included | imported)) if path.is_relative_to(HOME)}
    written = {path.relative_to(HOME) for path in code}
    usages = {Path(f"config/usage/{name}.yaml") for name in USAGES}
    with PROJECT.entered():
        configured = {path for name in named for path in files.lineage(name, FOLDER)}
        beside = {path for pattern in BESIDE for path in Path().glob(pattern)}
    paths = map(str, configured | written | usages | beside)
    sources = {*found.sources, *library("records/provenance"), *paths}
    # Records of what results are made of are made by the run, though by no rule of it.
    records = {path for path in sources if Path(path).is_relative_to(made_of.FOLDER)}
    return run_files.RunFiles(sorted({*found.results, *records}), sorted(sources - records))


def own_rules():
    """The rules of this project, of all of a run."""
    return [rule for rule in workflow.rules if rule in OWN_RULES]


def files_like(*patterns):
    """Every file of some patterns: a new one is read without an edit here."""

    def of(wildcards):
        with PROJECT.entered():
            return named(sorted(str(path) for pattern in patterns for path in Path().glob(pattern) if path.is_file()))

    return of


def named(paths):
    """Paths of files with names from outside; one that Snakemake takes for a pattern ends the run."""
    with jobs.command():
        return as_named(paths)


def public_files():
    """The file of every public table, of every study that has it."""
    return [
        f"results/{file}"
        for table in catalogue.PUBLIC_TABLES
        for file in table.files(STUDY_METHODS).values()
        if BRIDGED or not table.bridged
    ]


def usage_part(*keys):
    """Parameters of a rule: a usage, one entry of it, or some by their names, so that other edits do not rerun it."""

    def of(wildcards):
        usage = USAGES[wildcards.usage]
        return usage if not keys else usage[keys[0]] if len(keys) == 1 else {key: usage[key] for key in keys}

    return of


def usage_study(wildcards):
    """The study of a usage."""
    return USAGE_STUDIES[wildcards.usage]


@functools.cache
def usage_files(name):
    """The files of a usage's logs and bills; looked for only if its statement is requested."""
    folder = config.get("usage_folder")
    with jobs.command(), PROJECT.entered():
        return statement_files.listed(name, USAGES[name], folder[0] if isinstance(folder, list) else folder)


def bill_files(wildcards):
    """The files of a usage's bills."""
    return usage_files(wildcards.usage)["bills"]


def files_not_read(wildcards):
    """What lies beside the files of a usage and is not read, with the reason."""
    return usage_files(wildcards.usage)["not_read"]


def shard_files(wildcards):
    """The files of one shard of a usage's logs."""
    files, usage = usage_files(wildcards.usage)["logs"], USAGES[wildcards.usage]
    return statement_files.dealt(files, int(wildcards.shards), statement_files.undivided(usage))[
        int(wildcards.shard) - 1
    ]


def repeats_kept(wildcards):
    """Logs and bills whose rows may be equal in several files."""
    usage = USAGES[wildcards.usage]
    return [source for source, of in (usage["logs"] | usage["bills"]).items() if of.get("repeats") == "keep"]


def overlaps_told(wildcards):
    """Bills whose overlaps with logs and other bills are told, and do not stop the run."""
    bills = USAGES[wildcards.usage]["bills"].items()
    return [source for source, of in bills if of.get("overlaps") == "tell"]


def supplies_of_usage(wildcards):
    """The supply of every log and bill of a usage."""
    with jobs.command():
        return supplied.of_sources(USAGES[wildcards.usage], f"config/usage/{wildcards.usage}.yaml")


def paths_of(files):
    """Paths of such files."""
    return lambda wildcards: named(file["path"] for file in files(wildcards))


def shards(kind):
    """Output files of every shard of a usage's logs."""

    def of(wildcards):
        files = usage_files(wildcards.usage)["logs"]
        whole = statement_files.undivided(USAGES[wildcards.usage])
        count = len(statement_files.dealt(files, config["usage_shards"], whole)) if files else 0
        folder = f"results/usage/{wildcards.usage}/shards"
        return [f"{folder}/{number:04d}-of-{count:04d}.{kind}.parquet" for number in range(1, count + 1)]

    return of


def carbon_files(wildcards):
    """The files of carbon intensity over time that a usage names."""
    return named(carbon.paths(USAGES[wildcards.usage]))
