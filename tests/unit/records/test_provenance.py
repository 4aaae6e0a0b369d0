"""What provenance records of a folder, and which files it finds changed."""

import json
import platform
import shutil
from importlib import metadata

import duckdb
import polars as pl
import pytest
from inference_energy.common import files
from inference_energy.common.errors import InputError
from inference_energy.corpus.origins import sha256
from inference_energy.records import provenance
from inference_energy.tables import database

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of no bytes at all
SOURCE = "resources/benchmarks/s"
SOURCES = [
    "Snakefile",
    f"{SOURCE}/notes.txt",
    f"{SOURCE}/origin.yaml",
    f"{SOURCE}/rows.csv",
    "resources/grid.csv",
    "workflow/scripts/inference_energy/energy.py",
]


@pytest.fixture
def project(tmp_path):
    for path in (*SOURCES, "results/table.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    origin = {"publisher": "P", "licence": "MIT", "files": {"rows.csv": {"sha256": EMPTY}}}
    (tmp_path / f"{SOURCE}/origin.yaml").write_text(json.dumps(origin))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "n"\nversion = "1.2"\n')
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("draws: 10\nseed: 1\nusage: []\n")
    (tmp_path / "requirements.in").write_text("# comment\npolars[all]>1  # why\n\nno-such-package\n")
    database.write(
        tmp_path / "results/rows.duckdb",
        {"t": pl.DataFrame({"x": [2, 1], "y": ["", None]})},
        {"t": database.Meaning("rows", {"x": "number", "y": "text"})},
    )
    return tmp_path


def recorded(project):
    return provenance.record(
        root=project,
        sources=SOURCES,
        results=["results/rows.duckdb", "results/table.csv"],
        configuration={"draws": 10, "seed": 1},
        studies={"current": {"method": "nested"}},
    )


def test_everything_is_recorded(project):
    found = recorded(project)
    assert found["project"] == {"name": "n", "version": "1.2"}
    assert found["configuration"] == {"draws": 10, "seed": 1}
    assert found["studies"] == {"current": {"method": "nested"}}
    packages = {"polars": metadata.version("polars"), "no-such-package": None}
    assert found["software"] == {"python": platform.python_version(), "packages": packages}
    assert found["origins"] == {SOURCE: {"publisher": "P", "licence": "MIT"}}
    assert found["inputs"]["rules"] == {"Snakefile": EMPTY}
    assert found["inputs"]["resources"] == {"resources/grid.csv": EMPTY}
    assert found["inputs"]["modules"] == {"workflow/scripts/inference_energy/energy.py": EMPTY}
    assert found["outputs"]["results/table.csv"] == {"sha256": EMPTY}
    assert set(found["outputs"]["results/rows.duckdb"]) == {"contents_sha256", "note"}


def test_what_no_origin_names_is_not_of_the_run(project):
    assert set(recorded(project)["inputs"]["benchmarks"]) == {f"{SOURCE}/origin.yaml", f"{SOURCE}/rows.csv"}


def test_nothing_depends_on_where_the_project_lies(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "project"
    shutil.copytree(project, elsewhere)
    assert recorded(elsewhere) == recorded(project)


def test_files_that_changed_are_named(project):
    before = recorded(project)
    assert provenance.differences(before, project) == []
    (project / "resources/grid.csv").write_text("x")
    (project / "results/table.csv").unlink()
    (project / "results/rows.duckdb").write_text("x")
    grid = sha256(project / "resources/grid.csv")
    assert provenance.differences(before, project) == [
        f"resources/grid.csv: found sha256 {grid}; recorded {EMPTY}",
        "results/rows.duckdb: not a DuckDB database",
        "results/table.csv: no such file",
    ]


def test_settings_that_were_given_to_the_run_alone_are_named(project):
    before = recorded(project) | {"configuration": {"draws": 10, "seed": 2, "own": [1], "usage": ["example"]}}
    assert provenance.differences(before, project) == [
        "config/config.yaml: own: found None; recorded [1]",
        "config/config.yaml: seed: found 1; recorded 2",
    ]


def test_a_database_is_known_by_its_contents(tmp_path):
    def of(name, **changes):
        tables = {"t": changes.get("rows", pl.DataFrame({"x": [1, 2], "y": ["", None]}))}
        meanings = {"t": database.Meaning(changes.get("text", "rows"), {"x": "number", "y": "text"})}
        view = database.Meaning("view", {"x": "number"}, query=f"SELECT x FROM t WHERE x > {changes.get('over', 1)}")
        database.write(tmp_path / name, tables, meanings | {"v": view})
        return database.contents_sha256(tmp_path / name)

    same = of("one.duckdb")
    assert of("two.duckdb", rows=pl.DataFrame({"x": [2, 1], "y": [None, ""]})) == same  # rows have no order
    others = {
        of("three.duckdb", rows=pl.DataFrame({"x": [1, 3], "y": ["", None]})),
        of("four.duckdb", rows=pl.DataFrame({"x": [1, 2], "y": ["", ""]})),
        of("five.duckdb", rows=pl.DataFrame({"x": [1.0, 2.0], "y": ["", None]})),
        of("six.duckdb", text="other words"),
        of("seven.duckdb", over=0),
    }
    assert len(others) == 5 and same not in others


def test_contents_of_what_is_no_database(tmp_path):
    (tmp_path / "x.duckdb").write_text("x")
    with pytest.raises(duckdb.Error):
        database.contents_sha256(tmp_path / "x.duckdb")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "no such file"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"inputs": {}}', "missing configuration, outputs"),
    ],
)
def test_provenance_that_is_none_is_told_in_one_line(tmp_path, text, told):
    path = tmp_path / "provenance.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=told) as error:
        provenance.read(path)
    assert "\n" not in str(error.value)


def test_json_is_sorted_and_complete(tmp_path):
    path = tmp_path / "new" / "x.json"
    files.write_json(path, {"b": "ü", "a": 1})
    assert path.read_text(encoding="utf-8") == '{\n "a": 1,\n "b": "ü"\n}\n'
    assert [file.name for file in path.parent.iterdir()] == ["x.json"]
