"""What opens every published form of the tables."""

from pathlib import Path

from inference_energy.common.yaml_files import read_yaml
from inference_energy.energy.tables import SPREADS
from inference_energy.publish.reading_guide import READING, about, reference
from inference_energy.studies.study import BOUNDARIES

ROOT = Path(__file__).parents[3]


def test_version_licence_and_paper_are_those_of_the_citation():
    citation = read_yaml(ROOT / "CITATION.cff")
    told = about(citation)
    assert told["Version"] == citation["version"]
    assert citation["license"] in told["Licence"]
    assert "Oviedo et al." in told["How to cite"] and "doi:10.1016/j.joule.2026.102430" in told["How to cite"]


def test_a_reference_in_one_line():
    paper = {"authors": [{"name": "A group"}], "title": "A title", "year": 2026}
    assert reference(paper) == "A group, A title, 2026"


def test_every_spread_and_boundary_is_explained():
    assert all(f"{name}:" in READING["Spread"] for name in (*SPREADS, "as_published"))
    assert all(f"{name}:" in READING["Boundary"] for name in BOUNDARIES)
