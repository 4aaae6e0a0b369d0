"""Runs of the whole workflow in a folder of their own, and changes to its files."""

import csv
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from inference_energy.figures.registry import of_run
from patience import HANGS_S

ROOT = Path(__file__).parents[2]
SOURCES = (
    *("Snakefile", "CITATION.cff", "pyproject.toml", "requirements.in", "requirements.lock"),
    *("config", "resources", "workflow"),
)
BENCHMARKS = "resources/benchmarks/oviedo/throughput.csv"
ORIGIN = "resources/benchmarks/oviedo/origin.yaml"
FEWEST = {"draws": "10_000", "service_draws": "200", "sweep_draws": "200", "usage_draws": "200"}  # the schema's limits
FEWEST_OF_VALIDATION = {"draws": "100"}
# Of InferenceX, which has two of three benchmark rows, two models are enough for pairs of every intervention.
LEFT_OUT = ("inferencex_rows", "inferencemax_rows")
LESS = {"inferencex_groups": ("glm5/", "minimaxm2.5/")}
# Every model on every GPU is computed several times over. A third of the models are those of studies, of configurations
# and of sources that have no other, so that every source, kind of network and kind of row is left.
MODELS = {
    *("DeepSeek-V4-Pro", "Kimi-K2", "Kimi-K2.5", "GLM-5", "DeepSeek-R1", "DeepSeek-R1-0528", "DeepSeek-V3"),
    *("DeepSeek-V3.2", "Llama 3.1 405B", "Trinity-Large-Preview", "Qwen3.5-397B-A17B", "GLM-4.7", "Hy3-preview"),
    *("DeepSeek-V4-Flash", "Llama-3.1 Nemotron Ultra 253B", "MiniMax-M2.5", "Mixtral 8x22B", "Mistral Large"),
    *("gpt-oss-120b", "Llama 4 Scout", "Llama 2 70B", "Llama 3.1 70B", "Llama 3.3 70B", "Mixtral 8x7B", "Qwen3-32B"),
    *("Qwen3-30B-A3B", "gpt-oss-20b", "Nemotron Nano 9B v2", "Qwen3-8B", "Llama 3.1 8B"),
}
GPUS = {
    *("H100 SXM 80GB", "H200 SXM 141GB", "B200 180GB", "B300 288GB", "GB200 192GB", "A100 SXM 80GB", "A100 SXM 40GB"),
    *("H800 80GB", "MI300X 192GB", "MI355X 288GB", "Gaudi 3", "TPU v7"),
}
STATEMENT = ("statement", "--config", "usage=example")  # of the shipped example
# Jobs keep the bytecode of their folder's code, as those of users do.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("SNAKEMAKE") and name != "PYTHONDONTWRITEBYTECODE"
}


def run(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] = {},
    without: Collection[str] = (),
    python: str | Path = sys.executable,
) -> subprocess.CompletedProcess[str]:
    """Snakemake in a folder; `stdout` holds all that it prints, errors included, in order.

    Args:
        folder: of the project.
        arguments: of Snakemake.
        environment: variables in place of those of the tests, or beside them.
        without: variables of the tests that it does not get.
        python: that runs it.
    """
    return subprocess.run(
        [str(python), "-m", "snakemake", "--nocolor", *arguments],
        cwd=folder,
        env=_environment(environment, without),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS_S,
        check=False,
    )


def started(
    folder: Path,
    *arguments: str,
    printed: Path,
    environment: Mapping[str, str] = {},
    without: Collection[str] = (),
    python: str | Path = sys.executable,
) -> subprocess.Popen[bytes]:
    """Such a run that goes on; what it prints is added to a file."""
    with printed.open("ab") as out:
        return subprocess.Popen(
            [str(python), "-m", "snakemake", "--nocolor", *arguments],
            cwd=folder,
            env=_environment(environment, without),
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def _environment(more: Mapping[str, str], without: Collection[str]) -> dict[str, str]:
    kept = {name: value for name, value in ENVIRONMENT.items() if name not in without}
    return kept | more


@functools.cache
def _server() -> subprocess.Popen[str]:
    """What plans runs, for all tests of this process; it ends with it, as its input does."""
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("warm_snakemake.py")],
        env=_environment({"OPENBLAS_NUM_THREADS": "1"}, ()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def dry_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a run would do, or the fault that ends it, as `run` gives it."""
    server = _server()
    with NamedTemporaryFile("r") as printed:
        asked = {
            "folder": str(folder),
            "arguments": ["--nocolor", "--cores", "1", "--dry-run", *arguments],
            "environment": _environment({}, ()),
            "printed": printed.name,
        }
        print(json.dumps(asked), file=server.stdin, flush=True)
        status = int(server.stdout.readline())
        return subprocess.CompletedProcess(arguments, status, printed.read())


def figure_paths(studies: Mapping[str, str], *, bridged: bool) -> list[str]:
    """Paths of the figures of a whole run under `results`, without their endings, in the order of the dashboard."""
    return [figure.path.format(**wildcards) for figure, wildcards in of_run(studies, bridged=bridged)]


def planned(folder: Path, *targets: str) -> set[str]:
    """Jobs that a run would do, without rule all, as rule and wildcard values: `throughput_fit joule-2026`."""
    outcome = dry_run(folder, *targets)
    assert outcome.returncode == 0, outcome.stdout
    jobs = set()
    for block in re.split(r"^\[.*\]$", outcome.stdout, flags=re.MULTILINE):
        rule = re.search(r"^(?:local)?(?:rule|checkpoint) (\w+):$", block, flags=re.MULTILINE)
        if rule:
            wildcards = re.search(r"^    wildcards: (.*)$", block, flags=re.MULTILINE)
            values = [pair.split("=", 1)[1] for pair in wildcards[1].split(", ")] if wildcards else []
            jobs.add(" ".join([rule[1], *values]))
    assert jobs or "Nothing to be done" in outcome.stdout, outcome.stdout
    return jobs - {"all"}


def replace(path: Path, old: str, new: str) -> None:
    """Change one place of a text file; the place must be there once."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new))


def sign(folder: Path, file: str = BENCHMARKS) -> None:
    """Write the checksum of a changed benchmark file into its origin."""
    path = folder / file
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    origin = path.with_name("origin.yaml")
    pattern = rf"^(  {re.escape(path.name)}:\n    sha256: ).*$"
    text, changes = re.subn(pattern, rf"\g<1>{checksum}", origin.read_text(), flags=re.MULTILINE)
    assert changes == 1, origin
    origin.write_text(text)


def copy_sources(folder: Path) -> None:
    """Everything that a build starts from: as few draws as are allowed, a third of the models, some of their rows."""
    folder.mkdir(parents=True)
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    for name, settings in {"config": FEWEST, "validation": FEWEST_OF_VALIDATION}.items():
        config = folder / f"config/{name}.yaml"
        text = config.read_text()
        for key, fewest in settings.items():
            text, changes = re.subn(rf"^{key}: \d[\d_]*", f"{key}: {fewest}", text, flags=re.MULTILINE)
            assert changes == 1
        config.write_text(text)
    for name in LEFT_OUT:
        shutil.rmtree(folder / "resources/benchmarks" / name)
    for name, kept in LESS.items():
        for path in (folder / "resources/benchmarks" / name).glob("*.csv"):
            header, *rows = path.read_text().splitlines(keepends=True)
            path.write_text("".join([header, *(row for row in rows if row.startswith(kept))]))
            sign(folder, str(path.relative_to(folder)))
    _register_fewer(folder)


def _register_fewer(folder: Path) -> None:
    """Leave other models and GPUs out of the registries, and what names them out of all tables."""
    resources = folder / "resources"
    left_out = {"model": _names_without(resources / "models.csv", MODELS)}
    left_out["gpu"] = _names_without(resources / "hardware.csv", GPUS)
    for path in sorted(resources.rglob("*.csv")):
        if "usage_example" in path.parts or path.name == "measured_energy.csv":
            continue
        gone = _leave_out(path, left_out)
        measured = path.with_name("measured_energy.csv")
        if measured.exists():
            _leave_out(measured, {"row_id": gone})
        if path.with_name("origin.yaml").exists():
            for file in {path, measured}:
                if file.exists():
                    sign(folder, str(file.relative_to(folder)))


def _names_without(registry: Path, kept: Collection[str]) -> set[str]:
    """All names of what is not kept of a registry."""
    with registry.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    name = next(iter(rows[0]))
    assert set(kept) <= {row[name] for row in rows}
    return {each for row in rows if row[name] not in kept for each in (row[name], *row["aliases"].split("|"))}


def _leave_out(path: Path, left_out: Mapping[str, Collection[str]]) -> set[str]:
    """Leave the rows out of a table that have one of some values in a column; their `row_id`, or their first cell."""
    with path.open(newline="") as handle:
        head, *rows = csv.reader(handle)
    places = {head.index(column): names for column, names in left_out.items() if column in head}
    own = head.index("row_id") if "row_id" in head else 0
    gone = [row for row in rows if any(row[place] in names for place, names in places.items())]
    if gone:
        with path.open("w", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows([head, *(row for row in rows if row not in gone)])
    return {row[own] for row in gone}


def made_once(
    factory: pytest.TempPathFactory,
    name: str,
    prepare: Callable[[Path], object],
    *asked: str,
    finish: Callable[[Path], object] = lambda folder: None,
) -> Path:
    """A folder with a finished run, made once for all workers of pytest-xdist.

    What the run printed is in its `terminal.txt`.

    Args:
        factory: of pytest.
        name: of the folder.
        prepare: makes the folder, ready for the run.
        asked: arguments of the run.
        finish: what else is done in the folder, after the run.
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            prepare(folder)
            outcome = run(folder, "--cores", "2", *asked)
            finish(folder)
            (folder / "terminal.txt").write_text(f"{outcome.stdout}\nexit {outcome.returncode}\n")
    printed = (folder / "terminal.txt").read_text()
    assert printed.endswith("\nexit 0\n"), printed
    return folder
