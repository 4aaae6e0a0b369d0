"""A run as a Workflow Run RO-Crate."""

from inference_energy.records import crate

RECORDED = {
    "project": {"name": "n", "version": "1.2"},
    "software": {"python": "3.11.7", "packages": {"snakemake": "9.27.1"}},
    "origins": {"resources/a": {"read_on": "2026-03-01"}, "resources/b": {"read_on": "2026-11-02"}},
    "inputs": {
        "benchmarks": {"resources/a/rows.csv": "aa"},
        "configuration": {"config/config.yaml": "bb"},
        "rules": {"Snakefile": "cc"},
    },
    "outputs": {"results/headline.csv": {"sha256": "dd"}},
}
MEMBERS = ["Snakefile", "README.md", "resources/a/rows.csv", "config/config.yaml", "results/headline.csv"]
PERSON = {"family-names": "Curie", "given-names": "Marie", "orcid": "https://orcid.org/0000-0000-0000-0000"}


def entities(authors):
    citation = {"title": "T", "license": "MIT", "authors": authors}
    return {entity["@id"]: entity for entity in crate.metadata(RECORDED, MEMBERS, citation)["@graph"]}


def test_the_run_leads_from_data_and_settings_to_results():
    run = entities([PERSON])["#run"]
    assert run["instrument"] == {"@id": "Snakefile"}
    assert run["object"] == [{"@id": "resources/a/rows.csv"}, {"@id": "config/config.yaml"}]
    assert run["result"] == [{"@id": "results/headline.csv"}]


def test_every_reference_leads_to_an_entity():
    found = entities([PERSON, {"name": "The authors"}])
    outside = {
        crate.CRATE,
        crate.BIOSCHEMAS,
        "https://doi.org/10.1093/bioinformatics/bts480",
        "https://snakemake.github.io",
    }
    assert {address for entity in found.values() for address in _references(entity)} - found.keys() == outside


def _references(value):
    if isinstance(value, list):
        return {address for each in value for address in _references(each)}
    if not isinstance(value, dict):
        return set()
    if value.keys() == {"@id"}:
        return {value["@id"]}
    return {address for each in value.values() for address in _references(each)}


def test_the_crate_is_as_old_as_its_newest_source():
    assert entities([PERSON])["./"]["datePublished"] == "2026-11-02"


def test_authors_are_persons_or_groups():
    found = entities([PERSON, {"name": "The authors"}])
    assert found["./"]["author"] == [{"@id": PERSON["orcid"]}, {"@id": "#The-authors"}]
    assert (found[PERSON["orcid"]]["@type"], found[PERSON["orcid"]]["name"]) == ("Person", "Marie Curie")
    assert found["#The-authors"]["@type"] == "Organization"
    assert entities([PERSON])["./"]["author"] == {"@id": PERSON["orcid"]}


def test_files_have_their_format():
    found = entities([PERSON])
    assert found["resources/a/rows.csv"]["encodingFormat"] == "text/csv"
    assert found["README.md"]["about"] == {"@id": "./"}
