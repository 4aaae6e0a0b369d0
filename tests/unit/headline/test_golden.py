"""What counts as a moved headline number, and as its explanation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from inference_energy.corpus import origins
from inference_energy.headline import golden
from moved_numbers import moved

ROOT = Path(__file__).parents[3]

SHA256 = "0123456789abcdef" * 4


def numbers(**changes):
    row = {"study": "s", "quantity": "q", "unit": "Wh", "computed": 2.0, "computed_p05": 1.0, "computed_p95": None}
    schema = {"study": pl.String, "quantity": pl.String, "unit": pl.String} | dict.fromkeys(golden.NUMBERS, pl.Float64)
    return pl.DataFrame([row | changes], schema=schema)


def test_same_numbers_have_not_moved():
    assert moved(numbers(), numbers()) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"computed": 2.000001}, "s q: computed: 2 -> 2.000001 Wh"),
        ({"computed_p05": 0.5}, "s q: computed_p05: 1 -> 0.5 Wh"),
        ({"computed_p95": 3.0}, "s q: computed_p95: none -> 3 Wh"),
        ({"computed_p05": None}, "s q: computed_p05: 1 -> none Wh"),
        ({"computed": float("nan")}, "s q: computed: 2 -> nan Wh"),
        ({"unit": "kWh"}, "s q: unit: Wh -> kWh"),
    ],
)
def test_a_moved_number_is_named_with_both_values(changes, line):
    assert moved(numbers(), numbers(**changes)) == [line]


def test_last_digits_of_another_processor_are_let_through():
    assert moved(numbers(), numbers(computed=2.00000001)) == []
    assert moved(numbers(), numbers(computed=2.000001)) != []


def test_rows_that_are_new_or_gone_are_named():
    both = pl.concat([numbers(), numbers(quantity="other")])
    assert moved(numbers(), both) == ["s other: new, 2 Wh"]
    assert moved(both, numbers()) == ["s other: gone, was 2"]


def test_an_update_needs_its_own_line_in_the_changelog():
    assert golden.changelog_line(SHA256) in golden.changelog_fault("# Changelog\n- something else\n", SHA256)
    assert "<why>" in golden.changelog_fault(golden.changelog_line(SHA256), SHA256)
    assert golden.changelog_fault("- The node draws less (golden `0123456789ab`).", SHA256) is None
    assert golden.changelog_fault("- The node draws less (golden `0123456789ab`).", "f" * 64) is not None


def test_only_the_agreed_columns_are_kept():
    assert golden.golden_table(numbers().with_columns(note=pl.lit("n"))).columns == golden.COLUMNS


@pytest.fixture
def tree(tmp_path):
    """A project whose golden numbers are those of its results, with a changelog that explains them."""
    for folder in ("tests/golden", "results"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "tests/golden/test_golden.py", tmp_path / "tests/golden")
    numbers().write_csv(tmp_path / "results/headline.csv")
    numbers().write_csv(tmp_path / "tests/golden/headline.csv")
    explain(tmp_path)
    return tmp_path


def explain(tree):
    line = golden.changelog_line(origins.sha256(tree / "tests/golden/headline.csv"))
    (tree / "CHANGELOG.md").write_text(line.replace("<why>", "of a test") + "\n")


def outcomes(tree, *names):
    """Whether all tests of a tree of those names pass, and what they print."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/golden", "-k", " or ".join(names)]
    path = os.pathsep.join(str(ROOT / folder) for folder in ("workflow/scripts", "tests/helpers"))
    environment = os.environ | {"PYTHONPATH": path}
    ran = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return ran.returncode == 0, ran.stdout


AGREED, EXPLAINED = "headline_numbers", "changelog"


@pytest.mark.slow
def test_a_moved_number_fails_and_says_what_to_do(tree):
    numbers(computed=2.1).write_csv(tree / "results/headline.csv")
    passed, printed = outcomes(tree, AGREED)
    assert not passed
    assert "s q: computed: 2 -> 2.1 Wh" in printed and "`make golden`" in printed and "CHANGELOG.md" in printed


@pytest.mark.slow
def test_an_update_that_the_changelog_does_not_explain_fails(tree):
    for file in ("results/headline.csv", "tests/golden/headline.csv"):
        numbers(computed=2.1).write_csv(tree / file)
    _, printed = outcomes(tree, AGREED, EXPLAINED)
    assert "1 failed, 1 passed" in printed and "- Headline numbers moved because <why> (golden `" in printed
    explain(tree)
    passed, printed = outcomes(tree, AGREED, EXPLAINED)
    assert passed and "2 passed" in printed


@pytest.mark.slow
def test_without_results_the_tests_fail_and_ask_for_a_build(tree):
    (tree / "results/headline.csv").unlink()
    passed, printed = outcomes(tree, "results_are", AGREED)
    assert not passed and "2 failed" in printed and "skipped" not in printed
    assert "results/headline.csv is not there" in printed and "run `make` first" in printed
