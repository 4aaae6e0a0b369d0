"""Records of what results are made of."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from inference_energy.common.errors import InputError
from inference_energy.records import made_of


class Names(dict):
    """Named items as Snakemake has them: iterated by value."""

    def __iter__(self):
        return iter(self.values())


class Rule:
    """What a rule of Snakemake has."""

    name = "energy"

    def __init__(self, *inputs, **parameters):
        self.input, self.params = inputs, Names(parameters)


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("script.py", "rows.csv", "module.py", "own.csv"):
        Path(name).write_text(name)

    def of(*inputs, wildcards, **parameters):
        path = made_of.made_of(Rule(*inputs, **parameters), Path("script.py"))(wildcards)
        return Path(path), json.loads(Path(path).read_text())

    return of


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_parameters_and_files_of_a_job(record):
    path, found = record(
        "rows.csv",
        "{study}.csv",
        lambda wildcards: [Path("module.py"), "results/made.parquet"],
        lambda wildcards: "gone.csv",
        wildcards={"study": "own"},
        pue=lambda wildcards: {"own": 1.1}[wildcards["study"]],
        names={"b", "a"},
        draws=5,
    )
    assert str(path) == "results/made_of/energy.own.json"
    assert found["parameters"] == {"pue": 1.1, "names": ["a", "b"], "draws": 5}
    assert found["files"] == {
        **{name: sha256(name) for name in ("rows.csv", "module.py", "own.csv", "script.py")},
        "gone.csv": "missing",
    }


@pytest.mark.parametrize("change", ["parameter", "file", "file of the same time"])
def test_a_record_is_newer_after_a_change_alone(record, change):
    path, _ = record("rows.csv", wildcards={}, seed=1)
    os.utime(path, (1, 1))
    record("rows.csv", wildcards={}, seed=1)
    assert path.stat().st_mtime == 1
    times = (Path("rows.csv").stat().st_atime, Path("rows.csv").stat().st_mtime)
    if change != "parameter":
        Path("rows.csv").write_text("other rows")
    if change == "file of the same time":
        os.utime("rows.csv", times)
    record("rows.csv", wildcards={}, seed=2 if change == "parameter" else 1)
    assert path.stat().st_mtime > 1


def test_a_file_too_large_to_read_at_every_start_is_known_by_size_and_time(record, monkeypatch):
    monkeypatch.setattr(made_of, "LARGEST_BYTES", 3)
    os.utime("rows.csv", ns=(0, 7))
    assert made_of.fingerprint(Path("rows.csv")) == "8 bytes, modified 7 ns after 1970"


def test_results_of_the_future_are_dated_now(tmp_path):
    future, past = tmp_path / "a.parquet", tmp_path / "b.parquet"
    for path, at in ((future, time.time() + 1e6), (past, 5)):
        path.touch()
        os.utime(path, (at, at))
    before = time.time()
    made_of.date_anew(tmp_path)
    assert before - 1 < future.stat().st_mtime < time.time() + 1  # the clock of files is coarser
    assert past.stat().st_mtime == 5


def test_a_source_of_the_future_is_refused():
    path = Path(__file__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_of.time, "time_ns", lambda: path.stat().st_mtime_ns - 1)
        with pytest.raises(InputError, match=r"test_made_of.py: found dated 20\d\d-.*; allowed: before now \(20"):
            made_of.fingerprint(path)


def test_a_parameter_that_no_json_has_is_a_defect(record):
    with pytest.raises(TypeError, match="a parameter of a rule is complex"):
        record(wildcards={}, x=1j)
