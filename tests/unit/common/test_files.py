"""Names as file names: safe everywhere, readable, and back again."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.common.files import as_named, complete, file_name, name_of

ROOT = Path(__file__).parents[3]
BY_HAND = {
    "DeepSeek-R1": "DeepSeek-R1",
    "Llama 3.1 405B": "Llama_3.1_405B",
    "Llama-3.1 Nemotron Ultra 253B": "Llama-3.1_Nemotron_Ultra_253B",
    "R1 (8/24)": "R1_+288+2F24+29",
    "a_b+c": "a+5Fb+2Bc",
    "..": "+2E.",
    "-v": "+2Dv",
    "größer": "gr+C3+B6+C3+9Fer",
}


@pytest.mark.parametrize(("name", "written"), BY_HAND.items())
def test_by_hand(name, written):
    assert file_name(name) == written
    assert name_of(written) == name


def test_every_registered_model_comes_back_and_no_two_share_a_file():
    with (ROOT / "resources/models.csv").open() as handle:
        models = [row["model"] for row in csv.DictReader(handle)]
    files = [file_name(model) for model in models]
    assert [name_of(file) for file in files] == models
    assert len({file.lower() for file in files}) == len(models)  # also where upper and lower case are the same file


@settings(max_examples=200, derandomize=True)
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_is_safe_and_comes_back(name):
    written = file_name(name)
    assert name_of(written) == name
    assert re.fullmatch(r"[A-Za-z0-9_+][A-Za-z0-9._+-]*", written)


@pytest.mark.parametrize("file", ["", "a b", "a/b", "a+2", "a+zz", "a+2f", "+FF", "{model}"])
def test_what_no_name_is_written_as_is_told(file):
    with pytest.raises(InputError, match=r"^file name: found .*; allowed: letters"):
        name_of(file)


def test_files_take_their_places_together_or_not_at_all(tmp_path):
    paths = [tmp_path / "one.txt", tmp_path / "new" / "other.txt"]
    with complete(*paths) as unfinished:
        for place in unfinished:
            place.write_text("first")
        assert not any(path.exists() for path in paths)
    assert [path.read_text() for path in paths] == ["first", "first"]
    with pytest.raises(RuntimeError), complete(*paths) as unfinished:
        unfinished[0].write_text("second")
        raise RuntimeError
    assert [path.read_text() for path in paths] == ["first", "first"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["new", "one.txt", "other.txt"]


@pytest.mark.parametrize("name", ["{study}.csv", "a}.csv", "a\x1b[31m.csv", "a\u202e.csv", "a\udc80.csv"])
def test_paths_that_snakemake_or_a_terminal_would_read_otherwise_are_refused(name):
    with pytest.raises(InputError, match="found braces, or signs that cannot be shown; allowed: no such") as raised:
        as_named(["fine.csv", name])
    assert str(raised.value).isprintable()


def test_other_paths_are_as_they_are():
    paths = ["it's \"2\" $HOME; [1] * & 'logs'/Zürich 100 %.csv", "-rf"]
    assert as_named(iter(paths)) == paths
