"""Another workflow imports this one as a module: from its own folder, with a study and a benchmark file of its own."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest
from runs import copy_sources, dry_run, planned, run

FEWEST = '"draws": 10_000, "service_draws": 200, "sweep_draws": 200'
ENERGY = "results/cool-site/energy_per_query.parquet"
SNAKEFILE = """\
module inference_energy:
    snakefile: "../inference-energy/Snakefile"
    %(more)s
    config: {"studies": ["cool-site"], "own_files": "energy", %(settings)s}

use rule * from inference_energy as energy_*

rule all:
    default_target: True
    input: "%(target)s"
"""
STUDY = """\
extends: joule-2026
title: Cool site
pue: {p05: 1.1, p95: 1.2}
"""
ROWS = """\
row_id,model,gpu,gpus,nodes,precision,phase,input_tokens,input_length_kind,output_tokens,output_length_kind,\
throughput_tok_per_s,throughput_counts,throughput_scope
a,DeepSeek-R1,H200 SXM 141GB,8,1,FP8,prefill_and_decode,1000,mean,1000,mean,9000,output,node
"""
ORIGIN = f"""\
publisher: Own laboratory
title: One run on our cluster
url: https://example.org/run
version: first
read_on: "2026-11-23"
licence: CC-BY-4.0
citation: Own laboratory, one run on our cluster, 2026
obtained: original
files:
  throughput.csv:
    sha256: {hashlib.sha256(ROWS.encode()).hexdigest()}
    format: throughput_csv
    facts:
      load: closed_loop
      published_on: "2026"
      confidence: high
      evidence: measured
"""
# Files of another workflow that have the paths of files of this one, and nothing of what these hold.
DECOYS = ("config/config.yaml", "config/validation.yaml", "resources/models.csv", "workflow/schemas/config.schema.yaml")
JOBS = {"energy_ingest_benchmarks", "energy_validate_benchmarks"} | {
    f"energy_{name} cool-site" for name in ("throughput_fit", "energy_per_query")
}


def snakefile(folder, target=ENERGY, more="", settings=FEWEST):
    (folder / "Snakefile").write_text(SNAKEFILE % {"target": target, "more": more, "settings": settings})


def prepare(folder):
    """Two folders: this project, without results, and the other workflow."""
    home, other = folder / "inference-energy", folder / "other"
    copy_sources(home)
    own = {
        "energy/config/studies/cool-site.yaml": STUDY,
        "energy/resources/benchmarks/own_cluster/throughput.csv": ROWS,
        "energy/resources/benchmarks/own_cluster/origin.yaml": ORIGIN,
        **dict.fromkeys(DECOYS, "of another workflow\n"),
    }
    for name, text in own.items():
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(text)
    snakefile(other)


def published(folder):
    """The other workflow with this project from GitHub, in the place where Snakemake keeps clones of it."""
    clone = folder / "cache/snakemake/snakemake/source-cache/snakemake-git-cache/github.com/owner/energy"
    home, commands = (
        str(folder / "inference-energy"),
        (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "."],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=One"],
            ["tag", "v1"],
            ["clone", "--quiet", "--bare", ".", str(clone)],
        ),
    )
    for command in commands:
        subprocess.run(["git", "-C", home, *command], check=True, capture_output=True)
    shutil.rmtree(home)


def made(folder):
    """Builds the other workflow, in the way in which `made_once` builds this one."""
    prepare(folder)
    before = _files(folder / "inference-energy")
    outcome = run(folder / "other", "--cores", "2", environment={"PYTHONDONTWRITEBYTECODE": "1"})
    (folder / "terminal.txt").write_text(outcome.stdout)
    (folder / "same.txt").write_text(str(_files(folder / "inference-energy") == before))
    assert outcome.returncode == 0, outcome.stdout


def _files(folder):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def built_elsewhere(tmp_path_factory):
    folder = tmp_path_factory.mktemp("module")
    made(folder)
    return folder


@pytest.fixture
def other(built_elsewhere, tmp_path):
    """The built folders, to change at will; returns that of the other workflow."""
    shutil.copytree(built_elsewhere, tmp_path / "folders", symlinks=True)
    return tmp_path / "folders/other"


def test_another_workflow_builds_with_its_own_study_and_rows(built_elsewhere):
    other = built_elsewhere / "other"
    energy = pl.read_parquet(other / ENERGY)
    assert set(energy["study"]) == {"cool-site"}
    rows = pl.read_parquet(other / "results/validated/throughput.parquet")
    own = rows.filter(source="own_cluster")
    assert own.select("file", "line", "throughput_tok_per_s").rows() == [
        ("resources/benchmarks/own_cluster/throughput.csv", 2, 9000.0)
    ]
    assert "oviedo" in set(rows["source"])


def test_nothing_is_written_elsewhere(built_elsewhere):
    assert (built_elsewhere / "same.txt").read_text() == "True"
    written = {path.name for path in (built_elsewhere / "other").iterdir()}
    assert written == {
        "Snakefile",
        "energy",
        "config",
        "resources",
        "workflow",
        "results",
        ".inference_energy",
        ".snakemake",
    }
    assert {(built_elsewhere / "other" / name).read_text() for name in DECOYS} == {"of another workflow\n"}


def test_a_second_run_does_nothing_and_an_edit_reruns_what_it_concerns(other):
    assert planned(other) == set()
    study = other / "energy/config/studies/cool-site.yaml"
    study.write_text(STUDY.replace("1.2", "1.3"))
    assert planned(other) == {"energy_energy_per_query cool-site"}
    rows = other.parent / "inference-energy/resources/benchmarks/oviedo/throughput.csv"
    rows.write_text(rows.read_text() + "\n")
    assert planned(other) == JOBS


def test_a_prefix_is_a_folder_of_its_own(other):
    snakefile(other, target=f"llm/{ENERGY}", more='prefix: "llm"')
    assert planned(other) == JOBS
    assert (other / "llm/.inference_energy/config/studies/cool-site.yaml").read_text() == STUDY
    assert (other / "llm/.inference_energy/results").readlink() == Path("../results")


def test_the_workflow_can_be_on_github(other):
    published(other.parent)
    text = (other / "Snakefile").read_text()
    place = 'github("owner/energy", path="workflow/Snakefile", tag="v1")'
    (other / "Snakefile").write_text(text.replace('"../inference-energy/Snakefile"', place))
    outcome = run(
        other,
        *("--cores", "2", "--forcerun", "energy_ingest_benchmarks", "--until", "energy_ingest_benchmarks"),
        environment={"XDG_CACHE_HOME": str(other.parent / "cache")},
    )
    assert outcome.returncode == 0, outcome.stdout
    source = (other / ".inference_energy/workflow").readlink().relative_to(other)
    assert source.parts[:2] == (".snakemake", "inference_energy")


def test_rules_can_be_used_one_by_one(other):
    text = (other / "Snakefile").read_text()
    rules = "ingest_benchmarks, validate_benchmarks, throughput_fit, energy_per_query"
    (other / "Snakefile").write_text(text.replace("use rule *", f"use rule {rules}"))
    assert planned(other) == set()


FAULTS = {
    "unknown setting": ({"settings": '"drawz": 5'}, "Error: config of the module: top level: unknown key drawz"),
    "no folder": (
        {"settings": '"own_files": "elsewhere"'},
        "Error: own_files: found 'elsewhere'; allowed: a folder with",
    ),
    "wildcards": ({"more": 'prefix: "{sample}"'}, "Error: prefix of the module: found results in '{sample}/results/'"),
    "unknown study": (
        {"settings": '"studies": ["x"]'},
        "Error: studies: no study 'x' (config/studies/x.yaml does not exist)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_module_is_one_line(other, fault):
    changes, expected = FAULTS[fault]
    snakefile(other, **changes)
    outcome = dry_run(other)
    assert outcome.returncode != 0
    assert expected in outcome.stdout
    assert "Traceback" not in outcome.stdout


def test_a_fault_of_a_row_is_told_with_its_place(other):
    rows = other / "energy/resources/benchmarks/own_cluster/throughput.csv"
    rows.write_text(ROWS.replace(",9000,", ",fast,"))
    origin = other / "energy/resources/benchmarks/own_cluster/origin.yaml"
    was, now = (hashlib.sha256(text.encode()).hexdigest() for text in (ROWS, rows.read_text()))
    origin.write_text(ORIGIN.replace(was, now))
    outcome = run(other, "--cores", "1")
    assert outcome.returncode != 0
    place = "resources/benchmarks/own_cluster/throughput.csv line 2 column throughput_tok_per_s"
    assert f"Error: {place}: found 'fast'" in outcome.stdout
