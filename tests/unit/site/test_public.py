"""Public files: the factors of one model, and an index that tells the truth about all others."""

import hashlib
import json

import pytest
from inference_energy.common import yaml_files
from inference_energy.common.files import ROOT
from inference_energy.site import build, public

DOCUMENT = {
    **{"version": "1", "study": "s", "valid_from": "2026-01-01", "cite": "c"},
    "columns": {"factor_id": {}, "model": {}, "gpu": {}},
    "rows": [["a/g", "A", "G"], ["b/g", "B", "G"], ["a/h", "A", "H"]],
}


def test_factors_of_one_model():
    of = public.of_model(DOCUMENT, "A")
    assert of["rows"] == [DOCUMENT["rows"][0], DOCUMENT["rows"][2]]
    assert {key: of[key] for key in DOCUMENT if key != "rows"} == {
        key: DOCUMENT[key] for key in DOCUMENT if key != "rows"
    }


@pytest.fixture
def site(tmp_path):
    """What is written for a small project."""
    root = tmp_path / "project"
    sources = [f"results/{name}" for name in public.TABLES] + ["results/csv/t.csv", "docs/numbers.csv"]
    for name in [*sources, *public.SCHEMAS.values()]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    public.write(DOCUMENT, ["A", "B"], root, tmp_path / "site")
    return tmp_path / "site" / public.ADDRESS


def test_the_index_names_every_file_with_its_checksum(site):
    index = json.loads((site / "index.json").read_text())
    named = {entry["path"]: entry for entry in index["files"]}
    assert set(named) == {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()} - {"index.json"}
    for name, entry in named.items():
        content = (site / name).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert named["models/a.json"]["schema"] == named["factors.json"]["schema"] == "factors.schema.json"
    assert named["csv/t.csv"]["schema"] is None
    assert json.loads((site / "models/b.json").read_text())["rows"] == [["b/g", "B", "G"]]
    yaml_files.check(index, json.loads((ROOT / "docs/index.schema.json").read_text()), "index.json")


def test_tables_and_code_can_be_reached_with_the_keyboard_and_tables_have_names():
    found = build.accessible('<div class="table-wrapper docutils"><pre>x</pre></div><div class="table-wrapper">')
    assert found == (
        '<div class="table-wrapper docutils" role="region" aria-label="Table 1" tabindex="0">'
        '<pre tabindex="0">x</pre></div><div class="table-wrapper" role="region" aria-label="Table 2" tabindex="0">'
    )


def test_a_figure_is_a_link_to_its_picture_unless_it_is_one():
    figure, linked = (
        '<img alt="a" src="../_images/a.png" />',
        '<a class="b" href="page"><img src="_images/a.png" /></a>',
    )
    found = build.enlarged(f'<p>{figure}</p>{linked}<img src="_static/logo.svg" />')
    assert found == f'<p><a href="../_images/a.png">{figure}</a></p>{linked}<img src="_static/logo.svg" />'
