"""The headline numbers of this tree, with all its draws, are those that were agreed on, and the changelog says why."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.corpus import origins
from inference_energy.headline import golden
from inference_energy.records import provenance
from moved_numbers import moved

ROOT = Path(__file__).parents[2]
AGREED = ROOT / "tests/golden/headline.csv"


def test_results_are_those_of_this_tree():
    try:
        different = provenance.differences(provenance.read(ROOT / provenance.FILE), ROOT)
    except InputError as error:
        pytest.fail(f"{error}", pytrace=False)
    if different:
        pytest.fail("run `make` first: results/ is not of these files:\n" + "\n".join(different), pytrace=False)


def test_headline_numbers_are_the_agreed_ones():
    built = ROOT / "results/headline.csv"
    if not built.is_file():
        pytest.fail("run `make` first: results/headline.csv is not there", pytrace=False)
    lines = moved(*(pl.read_csv(file, infer_schema_length=None) for file in (AGREED, built)))
    if lines:
        told = [f"{len(lines)} headline numbers are not those of tests/golden/headline.csv:", *lines]
        told += ["If that is meant: `make golden`, and the line that it prints into CHANGELOG.md, with the reason."]
        pytest.fail("\n".join(told), pytrace=False)


def test_changelog_explains_the_agreed_numbers():
    fault = golden.changelog_fault((ROOT / "CHANGELOG.md").read_text(), origins.sha256(AGREED))
    if fault:
        pytest.fail(fault, pytrace=False)
