"""What a build says of itself. It is packed up, verified and repeated elsewhere in `test_elsewhere.py`."""

import os
import subprocess
import sys
from pathlib import Path

from inference_energy.records import made_of, provenance
from runs import run


def command(folder, name, *arguments):
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    line = [sys.executable, f"workflow/scripts/{name}.py", *arguments]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# What a whole run does not read: statements and the grid are asked for alone, profiles say where jobs run.
BESIDE = ("config/usage/", "workflow/profiles/", "workflow/report/model_sweeps.rst")


def test_every_result_and_every_input_is_recorded_with_its_checksum(built, contents):
    recorded = provenance.read(built / provenance.FILE)
    records = {f"{made_of.FOLDER}/{path.name}" for path in (built / made_of.FOLDER).iterdir()}
    last = {str(provenance.FILE), f"{made_of.FOLDER}/provenance.json"}
    assert set(recorded["outputs"]) == {f"results/{name}" for name in contents(built)}.union(records) - last
    assert provenance.differences(recorded, built) == []
    code = {
        str(path.relative_to(built)) for suffix in ("py", "smk", "yaml", "rst") for path in built.rglob(f"*.{suffix}")
    }
    beside = {name for name in code if name.startswith(BESIDE)}
    assert code - beside <= set(provenance.input_checksums(recorded))
    assert recorded["configuration"]["draws"] == 10_000
    assert recorded["studies"]["bridge-01"]["method"] == "nested"
    assert recorded["studies"]["current"]["fleet"]["subject"] == "frontier"
    assert recorded["origins"]["resources/benchmarks/oviedo"]["licence"] == "MIT"
    assert str(built) not in (built / provenance.FILE).read_text()


def test_a_result_that_was_edited_or_deleted_is_named(copy):
    headline = copy / "results/headline.csv"
    headline.write_text(headline.read_text().replace("0.34,", "0.35,", 1))
    (copy / "results/corrections.csv").unlink()
    outcome = command(copy, "verify_results")
    assert outcome.returncode == 1
    lines = outcome.stdout.splitlines()
    assert lines[0] == "results/corrections.csv: no such file"
    assert lines[1].startswith("results/headline.csv: found sha256 ")
    assert len(lines) == 2
    refused = command(copy, "archive_run")
    assert refused.returncode == 1 and "run `make` first" in refused.stderr
    assert not (copy / "archive").exists()
    (copy / provenance.FILE).unlink()
    assert command(copy, "verify_results").stderr == "Error: results/provenance.json: no such file; run `make` first\n"


def test_what_was_deleted_is_built_again_and_recorded(copy):
    before = (copy / provenance.FILE).read_bytes()
    Path(copy / "results/corrections.csv").unlink()
    outcome = run(copy, "--cores", "1")
    assert outcome.returncode == 0, outcome.stdout
    assert (copy / provenance.FILE).read_bytes() == before
