"""Every key of a study has its value, meaning and comment, and says what differs from the study it extends."""

from pathlib import Path

import pytest
import yaml
from inference_energy.common.comments import comments
from inference_energy.studies.keys import StudyFile, by_keys, head, meaning, read_lineage, removed, study_keys

ROOT = Path(__file__).parents[3]
CONFIGURED = ("arxiv-2025", "joule-2026", "current", *(f"bridge-{step:02}" for step in range(1, 10)))
SCHEMA = {
    "properties": {
        "title": {"description": "name"},
        "cached": {"description": "cached share", "$ref": "#/$defs/distribution"},
        "workloads": {"additionalProperties": {"$ref": "#/$defs/workload"}},
        "interventions": {
            "properties": {
                "levers": {"additionalProperties": {"properties": {"changes": {"description": "what it changes"}}}}
            }
        },
        "mix": {
            "description": "share of kinds",
            "if": {"required": ["pairs"]},
            "then": {"properties": {"pairs": {"additionalProperties": {"description": "weight of a kind"}}}},
        },
    },
    "$defs": {
        "distribution": {"description": "a distribution"},
        "workload": {
            "description": "a kind of query",
            "properties": {"input_tokens": {"$ref": "#/$defs/distribution"}},
        },
    },
}
PARENT = """\
# Head.
title: Parent
cached: {family: beta, p05: 0.4, p95: 0.9} # a source
mix: {pairs: {server: 1, fleet: 2}}
workloads: # what is asked
  long: {label: Long, input_tokens: 500} # by the paper
  short: {label: Short, input_tokens: 5}
"""


def file(name, text):
    return StudyFile(name=name, text=text, content=yaml.safe_load(text))


def rows(*texts):
    lineage = [file(f"study-{number}", text) for number, text in enumerate(texts)]
    return {".".join(row.keys): row for row in study_keys(lineage, SCHEMA)}


def test_keys_of_a_study_that_stands_alone():
    found = rows(PARENT)
    assert list(found) == [
        *("title", "cached", "mix.pairs.server", "mix.pairs.fleet", "workloads", "workloads.long"),
        *("workloads.long.label", "workloads.long.input_tokens"),
        *("workloads.short.label", "workloads.short.input_tokens"),
    ]
    assert found["cached"].comment == "a source"
    assert (found["workloads"].value, found["workloads"].comment) == (None, "what is asked")
    assert not any(row.changed for row in found.values())


def test_what_differs_is_marked_with_what_was_there():
    found = rows(PARENT, "title: Child\ncached: 0.5 # our meter\nmix: 0.8\nworkloads: {long: {input_tokens: 500}}\n")
    assert {keys for keys, row in found.items() if row.changed} == {"title", "cached", "mix"}
    assert found["cached"].before == {"family": "beta", "p05": 0.4, "p95": 0.9}
    assert found["mix"].before == {"pairs": {"server": 1, "fleet": 2}}
    assert (found["cached"].comment, found["cached"].set_in) == ("our meter", "study-1")
    assert found["workloads.short.label"].set_in == "study-0"


def test_a_comment_goes_with_the_value_that_it_speaks_of():
    assert rows(PARENT, "cached: 0.5\n")["cached"].comment == ""
    assert rows(PARENT, "title: Child\n")["cached"].comment == "a source"


def test_a_distribution_in_place_of_several_keys_and_back():
    found = rows(PARENT, "mix: {family: beta, p05: 0.1, p95: 0.9}\n", "mix: {pairs: {server: 1}}\n")
    assert found["mix.pairs.server"].before == {"family": "beta", "p05": 0.1, "p95": 0.9}


def test_what_is_taken_away_is_named_once():
    lineage = [file("a", PARENT), file("b", "mix: 0.8\nworkloads: {short: null, long: {label: null}}\n")]
    assert removed(lineage) == [("workloads", "long", "label"), ("workloads", "short")]
    assert removed(lineage[:1]) == []


def test_head_is_what_stands_above_the_first_key():
    assert head(file("a", PARENT)) == "Head."
    assert head(file("a", "title: a # behind\n")) == ""


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("title", "name"),
        ("cached", "cached share"),  # where it stands, not what it refers to
        ("workloads.any", "a kind of query"),
        ("workloads.any.input_tokens", "a distribution"),
        ("mix.pairs.server", "weight of a kind"),
        ("mix.pairs", ""),
        ("interventions.levers.any.changes", "what it changes"),
        ("interventions.levers.any.changes.cached", "cached share"),
        ("interventions.levers.any.changes.workloads.any.input_tokens", "a distribution"),
        ("unknown", ""),
    ],
)
def test_meaning_of_a_key(keys, text):
    assert meaning(SCHEMA, tuple(keys.split("."))) == text


@pytest.mark.parametrize("name", CONFIGURED)
def test_every_key_of_every_study_has_a_meaning(name, study_schemas, read_configured):
    lineage = read_lineage(name, ROOT / "config/studies")
    found = study_keys(lineage, study_schemas[read_configured(name).method])
    assert [".".join(row.keys) for row in found if not row.meaning] == []


@pytest.mark.parametrize("name", CONFIGURED)
def test_every_comment_of_a_study_is_shown(name, study_schemas, read_configured):
    lineage = read_lineage(name, ROOT / "config/studies")
    shown = {row.comment for row in study_keys(lineage, study_schemas[read_configured(name).method])}
    own = by_keys(comments(lineage[-1].text))
    # What stands beside a key that is taken away has no row.
    expected = {text for keys, text in own.items() if keys and keys not in removed(lineage)}
    assert expected <= shown
