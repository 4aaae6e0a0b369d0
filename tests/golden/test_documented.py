"""The reference and the examples of the installed package are what the code says and prints."""

import json
from pathlib import Path

import pytest
from inference_energy.common import escaped, yaml_files
from inference_energy.common.errors import InputError
from inference_energy.corpus.origins import sha256
from inference_energy.headline import golden
from inference_energy.publish import api, readme

ROOT = Path(__file__).parents[2]


def test_reference_is_written_from_the_code():
    assert (ROOT / "docs/api.md").read_text() == api.reference(), "run `make api`"


def test_examples_print_what_the_guide_says():
    guide = (ROOT / "docs/estimates.md").read_text()
    assert guide.count("```text") >= 6
    assert api.with_outputs(guide) == guide, "run `make api`"


def test_numbers_in_documents_are_those_of_the_tables():
    assert [str(path) for path, text, filled in readme.documents(ROOT) if text != filled] == [], "run `make readme`"


def test_the_readme_is_of_one_page():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 700


def test_the_numbers_that_moved_end_with_the_agreed_ones():
    moved = escaped.read_csv(ROOT / "docs/numbers.csv", schema=golden.MOVED_SCHEMA)
    agreed = escaped.read_csv(ROOT / "tests/golden/headline.csv")
    last = moved.unique(golden.KEY, keep="last").drop_nulls("after")
    both = last.join(agreed, on=golden.KEY, how="left", maintain_order="left")
    assert moved["golden"].last() == sha256(ROOT / "tests/golden/headline.csv")[: golden.FINGERPRINT_DIGITS]
    assert both["after"].to_list() == pytest.approx(both["computed"].to_list(), rel=1e-6), "run `make golden`"


def test_factors_follow_their_schema():
    schema = json.loads((ROOT / "docs/factors.schema.json").read_text())
    document = json.loads((ROOT / "results/factors.json").read_text())
    yaml_files.check(document, schema, "results/factors.json")
    with pytest.raises(InputError):
        yaml_files.check(document | {"rows": []}, schema, "results/factors.json")
