"""What the page of methods says of modules, studies and values."""

import pytest
from inference_energy.publish.methods import (
    Stage,
    chapters_by_stage,
    module_chapter,
    shown,
    sources_by_use,
    study_chapter,
    study_part,
)
from inference_energy.publish.sources import Source
from inference_energy.studies.keys import read_lineage

SCHEMA = {"properties": {"title": {"description": "name"}}}


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (0.5, ["0.5"]),
        (True, ["true"]),
        (1_000_000_000, ["1,000,000,000"]),
        (5000, ["5000"]),
        ("FP8", ["FP8"]),
        (None, []),
        ([], [""]),
        ([0, 0.1], ["0, 0.1"]),
        ([[0.05, 0.95], [0.1, 0.9]], ["0.05, 0.95", "0.1, 0.9"]),
        ({"family": "beta", "p05": 0.4, "p95": 0.9}, ["family beta, p05 0.4, p95 0.9"]),
        ([{"gpu": "A", "share": 0.5}, {"gpu": "B", "share": 0.5}], ["gpu A, share 0.5", "gpu B, share 0.5"]),
    ],
)
def test_values_as_text(value, lines):
    assert shown(value) == lines


def test_chapter_of_a_module():
    chapter = module_chapter("p/peers/epoch.py", "p", '"""What Epoch says."""\n# ASSUME: it is so.\n')
    assert (chapter.name, chapter.introduction) == ("peers.epoch", "What Epoch says.")
    assert chapter.assumptions[0][0] == "assume-peers-epoch-it-is-so"
    assert module_chapter("p/peers/__init__.py", "p", "# ASSUME: x\n").name == "peers"
    assert module_chapter("p/a.py", "p", '"""No choice."""\n') is None


def test_stages_without_assumptions_are_left_out():
    stages = [Stage(name=name, meaning=name, modules=(f"p/{name}.py",)) for name in ("one", "two")]
    found = chapters_by_stage(stages, {"p/one.py": "", "p/two.py": "# ASSUME: x\n"}, "p")
    assert [(stage.name, [chapter.name for chapter in chapters]) for stage, chapters in found] == [("two", ["two"])]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base.yaml").write_text("# Base.\ntitle: Base\ndescription: It.\nload: 0.5 # ASSUME: half\n")
    (tmp_path / "step.yaml").write_text("extends: base\ntitle: Step\ndescription: Other.\nload: 0.6\n")
    return tmp_path


def test_lineage_begins_with_what_extends_nothing(folder):
    assert [file.name for file in read_lineage("step", folder)] == ["base", "step"]


def test_chapter_of_a_study(folder):
    base, step = read_lineage("step", folder)
    chapter = study_chapter("config/studies", base)
    assert (chapter.file, chapter.introduction) == ("config/studies/base.yaml", "Base.")
    assert [assumption.within for _, assumption in chapter.assumptions] == ["load"]
    assert study_chapter("config/studies", step) is None


def test_a_study_has_all_keys_and_a_step_those_that_differ(folder):
    lineage = read_lineage("step", folder)
    whole, step = study_part(lineage, SCHEMA), study_part(lineage, SCHEMA, "What it changes")
    assert [key.keys for key in whole.keys] == [("title",), ("description",), ("load",)]
    assert [key.keys for key in step.keys] == [("load",)]
    assert (whole.title, whole.extends, whole.change) == ("Step", "base", "")
    assert study_part(lineage[:1], SCHEMA).extends is None


def test_sources_of_rows_stand_by_their_table():
    named, of_rows = sources_by_use(
        [Source(used_in="a", title="A"), Source(used_in="b.csv", citation="1"), Source(used_in="b.csv", citation="2")]
    )
    assert [source.used_in for source in named] == ["a"]
    assert {file: [source.citation for source in sources] for file, sources in of_rows.items()} == {"b.csv": ["1", "2"]}
