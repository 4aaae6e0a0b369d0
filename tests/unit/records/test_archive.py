"""What goes into the archive of a run."""

import json
import tarfile
from pathlib import Path

import pytest
from inference_energy.common import files
from inference_energy.common.errors import InputError
from inference_energy.corpus.origins import sha256
from inference_energy.records import archive, provenance

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path):
    """A project with one input and one result, documents and commands."""
    for document in archive.DOCUMENTS.values():
        (tmp_path / document).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / document).write_text(document)
    (tmp_path / "CITATION.cff").write_text("title: T\nlicense: MIT\nauthors: [{name: A}]\n")
    (tmp_path / archive.SCRIPTS).mkdir(parents=True)
    for command in archive.COMMANDS:
        (tmp_path / archive.SCRIPTS / f"{command}.py").touch()
    for path in ("Snakefile", "results/headline.csv", "results/notes.txt", "password.txt"):
        (tmp_path / path).write_text(path)
    (tmp_path / "requirements.lock").write_text(f"one==1.0 \\\n    --hash=sha256:{'a' * 64}\n")
    recorded = {
        "project": {"name": "n", "version": "1.2"},
        "software": {},
        "configuration": {},
        "studies": {},
        "inputs": {"rules": {"Snakefile": sha256(tmp_path / "Snakefile")}},
        "outputs": {"results/headline.csv": {"sha256": sha256(tmp_path / "results/headline.csv")}},
    }
    files.write_json(tmp_path / provenance.FILE, recorded)
    return tmp_path


def test_an_archive_holds_what_is_named_and_nothing_that_lies_around(project):
    path = archive.pack(project)
    assert path == project / "archive/n-1.2.tar.gz"
    with tarfile.open(path) as members:
        names = members.getnames()
        owners = {(member.uid, member.gid, member.uname, member.gname) for member in members}
    expected = {"Snakefile", "results/headline.csv", "results/provenance.json", *archive.DOCUMENTS}
    expected |= {"sbom.cdx.json", "ro-crate-metadata.json"}
    expected |= {f"workflow/scripts/{command}.py" for command in archive.COMMANDS}
    assert names == sorted(f"n-1.2/{name}" for name in expected)
    assert owners == {(0, 0, "", "")}


def test_the_same_files_give_the_same_bytes(project):
    first = archive.pack(project).read_bytes()
    (project / "Snakefile").touch()
    assert archive.pack(project).read_bytes() == first


def test_files_that_are_not_those_of_the_run_are_not_packed(project):
    good = archive.pack(project).read_bytes()
    (project / "results/headline.csv").write_text("edited")
    with pytest.raises(InputError, match=r"results/headline\.csv: found sha256 .*run `make` first"):
        archive.pack(project)
    assert (project / "archive/n-1.2.tar.gz").read_bytes() == good


def test_packages_are_named(project):
    with tarfile.open(archive.pack(project)) as members:
        bill = json.load(members.extractfile("n-1.2/sbom.cdx.json"))
    assert bill["metadata"]["component"] == {"type": "application", "bom-ref": "project", "name": "n", "version": "1.2"}
    assert [component["purl"] for component in bill["components"]] == ["pkg:pypi/one@1.0"]


def test_the_crate_lists_every_file_but_its_own_metadata(project):
    with tarfile.open(archive.pack(project)) as members:
        names = {name.removeprefix("n-1.2/") for name in members.getnames()}
        graph = json.load(members.extractfile("n-1.2/ro-crate-metadata.json"))["@graph"]
    (root,) = (entity for entity in graph if entity["@id"] == "./")
    assert {part["@id"] for part in root["hasPart"]} == names - {"ro-crate-metadata.json"}


@pytest.mark.parametrize("file", ["Snakefile", "results/headline.csv", "LICENSE"])
def test_links_out_of_the_project_are_not_packed(project, file):
    elsewhere = project.parent / f"elsewhere-{project.name}"
    (project / file).rename(elsewhere)
    (project / file).symlink_to(elsewhere)
    with pytest.raises(InputError, match=rf"{file}: found a link out of the project"):
        archive.pack(project)


def test_a_missing_document_is_told(project):
    (project / "LICENSE").unlink()
    with pytest.raises(InputError, match="LICENSE: no such file"):
        archive.pack(project)


def test_commands_are_those_that_the_makefile_calls():
    called = {line.split("workflow/scripts/")[1].split(".py")[0] for line in _recipes() if "workflow/scripts/" in line}
    # These write files of the repository (the agreed numbers, and parts of documents), or a site of all documents.
    others = {"write_golden", "write_readme", "write_pictures", "write_api", "rule_graph", "build_site"}
    assert called - set(archive.COMMANDS) == others


def _recipes():
    return [line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("\t")]
