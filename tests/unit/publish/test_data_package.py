"""The data package: every column described, keys only where they name a row, broken files found."""

import frictionless
import polars as pl
import pytest
from inference_energy.publish import data_package
from inference_energy.publish.catalogue import BY_NAME
from inference_energy.publish.sources import Source
from inference_energy.tables.dictionary import data_dictionary

CITATION = {
    "title": "inference-energy: test",
    "version": "1.2.3",
    "license": "MIT",
    "authors": [{"name": "The authors"}, {"given-names": "Ada", "family-names": "Example"}],
}
SOURCES = [
    Source(used_in="a", title="Tables", publisher="P", url="https://example.org/a"),
    Source(used_in="b.csv", rows="x", url="https://example.org/b"),
]
NAME = "token_length_quantiles"
TABLES = {NAME: BY_NAME[NAME]}
FRAME = pl.DataFrame(
    {"study": "s", "workload": "w", "name": ["P5", "P95"], "label": 'say "a, b"\nß', "output_tokens": [1.5, 1e6]}
)


def described(frame=FRAME):
    return data_package.descriptor(
        citation=CITATION,
        description="test",
        sources=SOURCES,
        tables=TABLES,
        entries=data_dictionary(TABLES.values()),
        frames={NAME: frame},
    )


def test_package_says_who_what_and_from_where():
    package = described()
    assert (package["name"], package["version"], package["licenses"][0]["name"]) == ("inference-energy", "1.2.3", "MIT")
    assert [author["title"] for author in package["contributors"]] == ["The authors", "Ada Example"]
    assert package["sources"] == [{"title": "Tables (P)", "path": "https://example.org/a"}]


def test_every_column_has_type_meaning_and_unit():
    (resource,) = described()["resources"]
    assert resource["path"] == f"csv/{NAME}.csv"
    assert resource["schema"]["fields"][-1] == {
        "name": "output_tokens",
        "type": "number",
        "description": "answer length",
        "unit": "tokens",
        "constraints": {"required": True, "minimum": 0},
    }


def test_what_names_a_row_is_its_key_only_if_it_does():
    def key(frame):
        return described(frame)["resources"][0]["schema"].get("primaryKey")

    assert key(FRAME) == ["study", "workload", "name"]
    assert key(pl.concat([FRAME, FRAME])) is None
    assert key(FRAME.with_columns(name=pl.Series(["P5", None]))) is None


def validated(root, frame=FRAME):
    data_package.write(root, {NAME: frame}, described(frame))
    return frictionless.Package(str(root / "datapackage.json")).validate()


def test_written_package_is_valid_and_nothing_else_is_left(tmp_path):
    assert validated(tmp_path).valid
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["csv", "datapackage.json", f"{NAME}.csv"]


def test_same_content_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        validated(tmp_path / name)
    for file in ("datapackage.json", f"csv/{NAME}.csv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


FAULTS = {
    "a number that is none": ("1000000.0", "many", "type-error"),
    "a number below its limit": ("1000000.0", "-1", "constraint-error"),
    "a required value that is gone": ("1000000.0", "", "constraint-error"),
    "a key given twice": ("P95", "P5", "primary-key"),
    "a cell too many": ("1000000.0", "1000000.0,7", "extra-cell"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_found(tmp_path, fault):
    old, new, expected = FAULTS[fault]
    assert validated(tmp_path).valid
    file = tmp_path / f"csv/{NAME}.csv"
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    assert expected in [error for (error,) in report.flatten(["type"])]
