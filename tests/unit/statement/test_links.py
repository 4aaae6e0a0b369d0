"""Links out of the folder of the logs are named, and followed only where the usage file says so."""

import pytest
from inference_energy.statement.logs.files import files_of
from messages import message_of

PLACE = "config/usage/mine.yaml"


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Names of what is found for a pattern in `logs`, where `a.csv` and `day/b.csv` lie, next to `others/c.csv`."""
    for file in ("project/x", "logs/a.csv", "logs/day/b.csv", "others/c.csv"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    monkeypatch.chdir(tmp_path / "project")

    def of(pattern, links="refuse", folder=tmp_path / "logs", more=()):
        usage = {"folder": ".", "links": links, "logs": {"log": {"files": [pattern, *more]}}}
        files = files_of(usage, "logs", PLACE, str(folder))
        assert all((tmp_path / "project" / file.path).exists() for file in files)
        return [file.name for file in files]

    return of


PATTERNS = {
    ".": ["a.csv", "day/b.csv"],
    "day": ["day/b.csv"],
    "*.csv": ["a.csv"],
    "**/*.csv": ["a.csv", "day/b.csv"],
    "*/b.csv": ["day/b.csv"],
    "day/b.csv": ["day/b.csv"],
    "../others": ["others/c.csv"],  # the usage file itself names another folder
    "../others/*.csv": ["others/c.csv"],
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("links", ["refuse", "follow"])
def test_names_are_those_in_the_folder_of_the_logs(found, pattern, links):
    assert found(pattern, links) == PATTERNS[pattern]


def test_other_ways_to_the_folder_give_the_same_names(found, tmp_path):
    (tmp_path / "link").symlink_to("logs")
    assert found(".", folder="../logs") == found(".", folder=tmp_path / "link") == ["a.csv", "day/b.csv"]
    assert found(f"{tmp_path}/logs", folder="..") == ["logs/a.csv", "logs/day/b.csv"]
    assert found(f"{tmp_path}/logs/*.csv", folder="/usr") == ["logs/a.csv"]
    (tmp_path / "others/logs").mkdir()
    (tmp_path / "others/logs/a.csv").write_text("another")
    two = found(f"{tmp_path}/logs/*.csv", folder="/usr", more=[f"{tmp_path}/others/logs/*.csv"])
    assert two == ["logs/a.csv", "logs/a.csv (2)"]
    (tmp_path / "project/mine").symlink_to(tmp_path / "logs")
    assert found(".", folder=tmp_path / "project/mine") == ["mine/a.csv", "mine/day/b.csv"]


@pytest.mark.parametrize("pattern", [".", "*.csv", "**/*.csv", "c.csv"])
def test_a_file_that_is_a_link_out_is_named(found, tmp_path, pattern):
    link = tmp_path / "logs/c.csv"
    link.symlink_to("../others/c.csv")
    assert message_of(found, pattern) == (
        f"{PLACE}: logs.log.files: found the link {link} -> {tmp_path}/others/c.csv out of the folder {tmp_path}/logs;"
        " allowed: files in it, or `links: follow`"
    )
    assert "c.csv" in found(pattern, "follow")


@pytest.mark.parametrize("pattern", [".", "*/*.csv", "**/*.csv", "more", "more/c.csv"])
def test_a_folder_that_is_a_link_out_is_named_and_not_entered(found, tmp_path, pattern):
    (tmp_path / "logs/more").symlink_to("/" if pattern == "." else tmp_path / "others")
    assert f"found the link {tmp_path}/logs/more -> " in message_of(found, pattern)
    (tmp_path / "logs/more").unlink()
    (tmp_path / "logs/more").symlink_to(tmp_path / "others")
    assert "more/c.csv" in found(pattern, "follow")


def test_a_link_whose_file_is_gone_is_not_passed_over(found, tmp_path):
    (tmp_path / "logs/c.csv").symlink_to("/nowhere/c.csv")
    assert "c.csv -> /nowhere/c.csv" in message_of(found, ".")


@pytest.mark.parametrize("links", ["refuse", "follow"])
@pytest.mark.parametrize("pattern", [".", "**/*.csv"])
def test_links_that_go_in_a_circle_end(found, tmp_path, pattern, links):
    for number in range(5):
        (tmp_path / f"logs/day/up{number}").symlink_to("..")
        (tmp_path / f"logs/self{number}").symlink_to(".")
    (tmp_path / "logs/nothing").symlink_to("nothing")
    assert found(pattern, links) == ["a.csv", "day/b.csv"]
