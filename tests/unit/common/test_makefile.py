"""What users give to make reaches the commands as it is, and is never run."""

import os
import subprocess
from pathlib import Path

import pytest
from snakemake.cli import parse_config

ROOT = Path(__file__).parents[3]
RECORD = """#!/bin/sh
for each in "$@"; do printf '%s\\0' "$each"; done >> {log}
"""
# How much of its arguments the command behind a target gets from a variable, if it is all of one.
GIVEN = {
    "explain": ["WHAT", "DETAIL", "FORMAT"],
    "new-source": ["NAME", "FILE"],
    "validate": ["SOURCE", "OUT"],
    "compare": ["BASE", "OUT"],
    "compare-statements": ["A", "B", "OUT"],
    "statement": ["USAGE", "LOGS"],
    "all": ["CORES"],
}


def made(tmp_path, target, given, environment=()):
    """Arguments of the last command behind a target."""
    log = tmp_path / "arguments"
    (tmp_path / "python").write_text(RECORD.format(log=log))
    (tmp_path / "python").chmod(0o755)
    outside = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")}
    # The environment of the project counts as ready.
    line = ["make", "--silent", "--old-file=.venv/lock.sha256", f"BIN={tmp_path}", target]
    line += [f"{name}={value}" for name, value in given.items()]
    subprocess.run(line, cwd=ROOT, env=outside | dict(environment), check=True, capture_output=True)
    return log.read_text().split("\0")


HOSTILE = [
    "$(shell touch {mark})",
    "$(touch {mark})",
    "`touch {mark}`",
    '"; touch {mark}; "',
    "'; touch {mark}; '",
    "$$(touch {mark})",
    "a b  c*?[x]{{y}}",
    "--help",
    "\\",
    "#",
    "2023",
    "'a'",
    "a: {{b}}, [c]",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("target", "name"), [(target, name) for target, names in GIVEN.items() for name in names])
def test_a_value_is_given_on_as_it_is(tmp_path, target, name, text):
    mark = tmp_path / "mark"
    value = text.format(mark=mark)
    given = dict.fromkeys({"validate": ["SOURCE"], "explain": ["WHAT"]}.get(target, []), "x") | {name: value}
    found = made(tmp_path, target, given)
    if target == "statement":
        key = {"USAGE": "usage", "LOGS": "usage_folder"}[name]
        settings = parse_config([item for item in found if item.startswith(f"{key}=")])
        assert settings == {key: [value]}
    else:
        assert value in found
    assert not mark.exists()


def test_a_value_of_the_environment_is_not_run_either(tmp_path):
    mark = tmp_path / "mark"
    value = f"$(shell touch {mark})"
    assert value in made(tmp_path, "explain", {}, {"WHAT": value})
    assert not mark.exists()


def test_what_is_not_given_has_its_default(tmp_path):
    line = [
        "-m",
        "snakemake",
        "--quiet",
        "rules",
        "host",
        "--cores",
        "all",
        "--rerun-incomplete",
        "--workflow-profile",
        "none",
    ]
    assert made(tmp_path, "all", {}) == [*line, ""]
    assert made(tmp_path, "compare", {"BASE": "main"})[-4:] == ["main", "results/changes", "all", ""]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"SOURCE": "lab"}, ["--", "lab"]),
        ({"SOURCE": "lab", "OUT": "s.csv"}, ["--out", "s.csv", "--", "lab"]),
        ({"SOURCE": "lab", "OUT": ""}, ["--", "lab"]),
        ({}, []),
    ],
)
def test_a_source_is_scored_without_a_run_and_the_scoreboard_after_one(tmp_path, given, asked):
    found = made(tmp_path, "validate", given)
    assert found[found.index("workflow/scripts/validate.py") + 1 : -1] == asked
    assert ("--rerun-incomplete" in found) == (not given)


def test_the_list_of_commands_is_short_and_names_targets():
    told = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    named = [line.split()[1] for line in told if line.startswith("  make ")]
    phony = (ROOT / "Makefile").read_text().split(".PHONY:")[1].split("\n\n")[0].replace("\\", " ").split()
    assert named[:4] == ["all", "help", "table", "explain"]
    assert set(named) <= set(phony) and len(named) == len(set(named)) <= 24
    assert max(map(len, told)) <= 110


def test_a_base_is_looked_for_before_anything_is_built(tmp_path):
    given = {"BASE": "main"}
    commands = "\n".join(made(tmp_path, "compare", given))
    check, build, compare = (commands.index(text) for text in ("--check", "snakemake", "results/changes\nall\n"))
    assert check < build and commands.rindex("compare_builds.py") > build
    assert compare > 0
