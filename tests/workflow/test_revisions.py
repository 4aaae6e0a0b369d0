"""Builds of git revisions, of a repository with a workflow of one rule."""

import subprocess

import pytest
from inference_energy.common.errors import InputError
from inference_energy.records import revisions

GOOD = """\
rule all:
    output: "results/headline.csv"
    shell: "echo built once more >> ../../count.txt; echo x > {output}"
"""
BAD = 'import sys\nsys.exit("Error: a fault of this version")\n'


def git(repository, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    command = ["git", "-C", str(repository), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "requirements.lock").touch()
    for name, snakefile in (("good", GOOD), ("bad", BAD)):
        (folder / "Snakefile").write_text(snakefile)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", name)
        git(folder, "tag", name)
    return folder


def test_a_revision_is_built_beside_the_working_tree_and_kept(repository):
    told = []
    commit = revisions.commit("good", repository)
    assert commit == git(repository, "rev-parse", "good")
    folder = revisions.built(commit, repository, "1", told.append)
    assert (folder / "results/headline.csv").read_text() == "x\n"
    assert (repository / "Snakefile").read_text() == BAD
    assert git(repository, "status", "--porcelain", "--untracked-files=no") == ""
    assert revisions.built(commit, repository, "1", told.append) == folder
    assert "is being built" in told[0] and "built before" in told[1] and len(told) == 2
    assert (repository / revisions.CACHE / "count.txt").read_text() == "built once more\n"
    assert {path.name for path in (repository / revisions.CACHE).iterdir()} == {folder.name, "count.txt"}


def test_other_packages_are_another_build(repository):
    commit = revisions.commit("good", repository)
    folder = revisions.built(commit, repository, "1", print)
    (repository / "requirements.lock").write_text("other")
    assert revisions.built(commit, repository, "1", print) != folder


def test_a_revision_that_cannot_be_built_is_told_in_one_line_and_leaves_its_output(repository):
    commit = revisions.commit("bad", repository)
    with pytest.raises(InputError, match="cannot be built with these packages: a fault of this version") as error:
        revisions.built(commit, repository, "1", print)
    (left,) = (repository / revisions.CACHE).iterdir()
    assert left.suffix == ".log" and str(left.relative_to(repository)) in str(error.value)


@pytest.mark.parametrize("name", ["goood", "--all", "", "main:Snakefile"])
def test_what_names_no_commit_is_told_with_names_like_it(repository, name):
    with pytest.raises(InputError, match=r"BASE: found .*; allowed: .* such as .*good"):
        revisions.commit(name, repository)


def test_without_a_repository(tmp_path):
    with pytest.raises(InputError, match="no git repository here"):
        revisions.commit("main", tmp_path)
