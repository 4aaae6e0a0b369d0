"""The archive of this tree's build is a Workflow Run RO-Crate, for the validator of those who keep the profiles."""

import json
import tarfile
from importlib.resources import files
from pathlib import Path

import pytest
from inference_energy.records import archive, crate
from requests import Response
from rocrate_validator import services
from rocrate_validator.utils import http

ROOT = Path(__file__).parents[2]
# All that is recommended and not there: authors and workflow have no page, the workflow is a file of the crate, and no
# time is in an archive, so that a repetition has the same bytes.
MISSING = {
    "The organization SHOULD have a URL.",
    "The Application SHOULD have a url",
    "The SoftwareApplication id SHOULD be an absolute URI",
    "The Action SHOULD have an endTime in ISO 8601 format",
}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    with pytest.MonkeyPatch.context() as patched, tarfile.open(_packed(patched, folder)) as members:
        members.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def _packed(patched, folder):
    patched.setattr(archive, "FOLDER", folder)
    return archive.pack(ROOT)


def of_package(requester, address, **options):
    """The one document that is read from the web: the context of RO-Crate 1.1, which another package holds."""
    context = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
    assert json.loads(context)["@id"] == address
    response = Response()
    response.status_code, response.url, response._content = 200, address, context
    response.headers["Content-Type"] = "application/ld+json"
    return response


def issues(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(http.HttpRequester, "get", of_package, raising=False)
    settings = {
        "rocrate_uri": str(folder),
        "profile_identifier": "workflow-run-crate-0.5",
        "requirement_severity": "RECOMMENDED",
        "offline": True,
        "cache_path": str(tmp_path / "cache"),
    }
    result = services.validate(settings)
    return {(issue.severity.name, issue.message) for issue in result.get_issues()}


def test_the_archive_is_valid(unpacked, tmp_path, monkeypatch):
    assert issues(unpacked, tmp_path, monkeypatch) == {("RECOMMENDED", message) for message in MISSING}


def test_a_run_without_its_workflow_is_not(unpacked, tmp_path, monkeypatch):
    path = unpacked / crate.FILE
    metadata = json.loads(path.read_text())
    run = next(entity for entity in metadata["@graph"] if entity["@type"] == "CreateAction")
    run["instrument"] = {"@id": "README.md"}
    path.write_text(json.dumps(metadata))
    assert "REQUIRED" in {severity for severity, _ in issues(unpacked, tmp_path, monkeypatch)}
