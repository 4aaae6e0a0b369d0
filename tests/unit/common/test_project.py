"""Where files of the project are: in the working directory, in that of another workflow, or copies of stored ones."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st
from inference_energy.common import project
from inference_energy.common.errors import InputError
from inference_energy.common.project import HERE, Project

IMPORTED = Project.imported("results/")
PREFIXED = Project.imported("llm/results/")
STORED = Project.stored(".snakemake/storage/fs/store/results/")
NAMES = st.text("abc", min_size=1)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join) | NAMES.map("results/{}".format)


@pytest.mark.parametrize(
    ("of", "grid", "headline"),
    [
        (HERE, "resources/grid.csv", "results/headline.csv"),
        (IMPORTED, ".inference_energy/resources/grid.csv", "results/headline.csv"),
        (PREFIXED, "llm/.inference_energy/resources/grid.csv", "llm/results/headline.csv"),
        (
            STORED,
            ".snakemake/storage/fs/store/resources/grid.csv",
            ".snakemake/storage/fs/store/results/headline.csv",
        ),
    ],
)
def test_where_files_are(of, grid, headline):
    assert (of.outside("resources/grid.csv"), of.outside("results/headline.csv")) == (grid, headline)
    assert of.inside(grid) == "resources/grid.csv"


@given(of=st.sampled_from([HERE, IMPORTED, PREFIXED, STORED]), path=PATHS)
def test_a_path_is_the_same_there_and_back(of, path):
    assert of.inside(of.outside(path)) == path


def test_only_paths_of_the_project_are_changed():
    def computed(wildcards):
        return "resources/grid.csv"

    for path in (computed, "/data/grid.csv", "../grid.csv"):
        assert IMPORTED.replaced(path) == path
    assert IMPORTED.replaced("resources/{name}.csv") == ".inference_energy/resources/{name}.csv"


@pytest.mark.parametrize("results", ["{sample}/results/", "elsewhere/"])
def test_other_changes_of_paths_than_a_folder_are_refused(results):
    with pytest.raises(
        InputError, match=r"prefix of the module: found results in .*; allowed: a folder without wildcards"
    ):
        Project.imported(results)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project with one file of each kind; the working directory is that of another workflow."""
    home = tmp_path / "home"
    for name in (
        *project.COPIED,
        "config/config.yaml",
        "config/studies/a.yaml",
        "resources/x/rows.csv",
        "workflow/w.py",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"of home: {name}")
    (home / project.ENVIRONMENT).parent.mkdir()
    (home / project.ENVIRONMENT).write_text("- -r ../../requirements.lock\n")
    other = tmp_path / "other"
    (other / "own/resources/x").mkdir(parents=True)
    (other / "own/resources/x/rows.csv").write_text("own")
    (other / "own/README.md").write_text("own")
    monkeypatch.chdir(other)
    return home


def content():
    files = (path for path in Path(project.FOLDER).rglob("*") if path.is_file())
    return {str(path.relative_to(project.FOLDER)): path.read_text() for path in files}


def test_own_files_are_in_place_of_those_of_the_project_or_beside_them(home):
    Path("own/config/studies").mkdir(parents=True)
    Path("own/config/studies/b.yaml").write_text("own")
    project.assemble(IMPORTED, home, "own", {"seed": 1})
    found = content()
    assert found["resources/x/rows.csv"] == found["config/studies/b.yaml"] == "own"
    assert found["config/studies/a.yaml"] == "of home: config/studies/a.yaml"
    assert found["config/config.yaml"] == '{\n "seed": 1\n}\n'
    assert "README.md" not in found
    assert Path(project.FOLDER, "workflow/w.py").read_text() == "of home: workflow/w.py"
    lock = Path(project.FOLDER, "requirements.lock").resolve()
    assert IMPORTED.environment().read_text() == f"- -r {lock}\n"
    Path("results/headline.csv").write_text("1")
    assert Path(project.FOLDER, "results/headline.csv").read_text() == "1"


def test_nothing_is_written_twice_and_what_is_gone_goes(home):
    project.assemble(IMPORTED, home, "own", {"seed": 1})
    times = {path: path.lstat().st_mtime_ns for path in Path(project.FOLDER).rglob("*")}
    project.assemble(IMPORTED, home, "own", {"seed": 1})
    assert {path: path.lstat().st_mtime_ns for path in Path(project.FOLDER).rglob("*")} == times
    (home / "config/studies/a.yaml").unlink()
    project.assemble(IMPORTED, home, None, {"seed": 2})
    found = content()
    assert "config/studies/a.yaml" not in found
    assert found["resources/x/rows.csv"] == "of home: resources/x/rows.csv"
    assert found["config/config.yaml"] == '{\n "seed": 2\n}\n'


def test_a_link_stays_one_so_that_readers_of_raw_files_refuse_it(home):
    Path("own/resources/x/rows.csv").unlink()
    Path("own/resources/x/rows.csv").symlink_to("/etc/hostname")
    project.assemble(IMPORTED, home, "own", {})
    assert Path(project.FOLDER, "resources/x/rows.csv").readlink() == Path("/etc/hostname")


@pytest.mark.parametrize("own", ["nowhere", "own/resources", 5, ["own"]])
def test_a_folder_without_files_of_a_run_is_refused(home, own):
    with pytest.raises(InputError, match=r"own_files: found .*; allowed: a folder with files config/\*\.yaml"):
        project.assemble(IMPORTED, home, own, {})


class Files(list):
    """Files of a job, as Snakemake has them."""

    def __init__(self, toclone=(), custom_map=str):
        super().__init__(map(custom_map, toclone))


@pytest.mark.parametrize(
    ("config", "of", "imported"),
    [
        ({"seed": 1}, HERE, False),
        ({project.KEY: PREFIXED.plain()}, PREFIXED, True),
        ({"seed": 1}, STORED, False),
    ],
)
def test_a_job_runs_in_the_folder_of_the_project(tmp_path, monkeypatch, config, of, imported):
    monkeypatch.chdir(tmp_path)
    (tmp_path / of.folder).mkdir(parents=True, exist_ok=True)
    paths = {"input": "resources/grid.csv", "output": "results/headline.csv", "log": "results/logs/headline.log"}
    snakemake = SimpleNamespace(config=config, **{name: Files([of.outside(path)]) for name, path in paths.items()})
    assert project.enter(snakemake) == imported
    assert {name: getattr(snakemake, name)[0] for name in paths} == paths
    assert Path.cwd() == Path(os.path.realpath(tmp_path / of.folder))
