"""Studies: inheritance, and every fault told in one line that names the file and the key."""

import shutil
from pathlib import Path

import pytest
from inference_energy.studies import checks, files
from inference_energy.studies.study import PublishedStudy
from messages import message_of

ROOT = Path(__file__).parents[3]
MODELS = {"DeepSeek-R1": 671.0, "Llama 3.1 405B": 405.0, "Llama-3.1 Nemotron Ultra 253B": 253.0, "Small": 7.0}


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(ROOT / "config/studies", tmp_path / "studies")


@pytest.fixture
def entries(study_schemas):
    return files.read_study("joule-2026", ROOT / "config/studies", study_schemas)


@pytest.fixture
def read(folder, study_schemas):
    def read(text, name="own"):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return files.read_study(name, folder, study_schemas)

    return read


def test_merge_lays_mappings_over_and_replaces_everything_else():
    base = {"a": {"b": 1, "c": {"d": 2}}, "list": [1, 2], "scalar": 3, "mapping": {"x": 1}}
    changes = {"a": {"c": {"e": 4}}, "list": [9], "scalar": {"y": 1}, "mapping": 5, "new": 6}
    before = repr(base)
    assert files.merge(base, changes) == {
        "a": {"b": 1, "c": {"d": 2, "e": 4}},
        "list": [9],
        "scalar": {"y": 1},
        "mapping": 5,
        "new": 6,
    }
    assert repr(base) == before


def test_extends_merges_over_several_generations(read, entries):
    own = read("extends: joule-2026\npue: {p95: 2}\nas_published: {trimming: [[0.1, 0.9]]}\n")
    assert own["pue"] == {"family": "lognormal", "p05": 1.05, "p95": 2}
    assert own["as_published"] == {"trimming": [[0.1, 0.9]], "draws_per_model": 10_000}
    assert own["node_power_kw"] == {"default": 10.2, "by_model": {"DeepSeek-R1": 12.8}}
    assert "extends" not in own
    assert own | {key: entries[key] for key in ("pue", "as_published")} == entries


def test_published_study_keeps_what_it_does_not_change(entries):
    assert entries["title"] == "Joule 2026"
    assert entries["pue"]["p95"] == 1.6
    assert entries["fleet"]["serving_multiplier"]["traditional"] == {"family": "lognormal", "p05": 1.5, "p95": 3.5}


def test_a_file_may_extend_nothing(folder, study_schemas):
    assert files.read_study("arxiv-2025", folder, study_schemas)["node_power_kw"]["default"] == 11.3


def test_extends_in_a_circle(folder, read):
    (folder / "other.yaml").write_text("extends: own\n")
    message = message_of(read, "extends: other\n")
    assert "own -> other -> own" in message
    assert str(folder / "own.yaml") in message
    assert "extends" in message


def test_a_file_that_extends_itself(read):
    assert "extends goes in a circle: own -> own" in message_of(read, "extends: own\n")


def test_unknown_study_names_the_known_ones(folder, study_schemas):
    message = message_of(files.read_study, "nope", folder, study_schemas)
    assert "studies: no study 'nope'" in message
    assert str(folder / "nope.yaml") in message
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    assert message.endswith(f"allowed: {', '.join(known[:-1])} or {known[-1]}")


def test_unknown_parent_names_the_file_that_asked(folder, read):
    assert message_of(read, "extends: nope\n").startswith(f"{folder / 'own.yaml'}: extends: no study 'nope'")


FAULTS = {
    "p05 above p95": ("pue: {p05: 3}", "pue"),
    "p05 equals p95": ("pue: {p05: 1.6}", "pue"),
    "p05 above p95, deep": ("fleet: {serving_multiplier: {long: {p05: 9}}}", "fleet.serving_multiplier.long"),
    "p05 above p95, intervention": ("interventions: {levers: {serving: {p05: 9}}}", "interventions.levers.serving"),
    "share above 1": ("fleet: {scenarios: {mixed: {long_share: 1.5}}}", "fleet.scenarios.mixed.long_share"),
    "share below 0": ("fleet: {scenarios: {mixed: {long_share: -0.1}}}", "fleet.scenarios.mixed.long_share"),
    "trimming share above 1": ("as_published: {trimming: [[0.1, 1.1]]}", "as_published.trimming.0.1"),
    "trimming reversed": ("as_published: {trimming: [[0.9, 0.1]]}", "as_published.trimming"),
    "trimming of three": ("as_published: {trimming: [[0.1, 0.5, 0.9]]}", "as_published.trimming.0"),
    "unknown key": ("peu: 1", "unknown key peu; allowed: "),
    "unknown key, deep": ("pue: {p50: 1}", "pue: unknown key p50; allowed: "),
    "NaN": ("pue: {p05: .nan}", "pue.p05"),
    "inf": ("node_power_kw: {default: .inf}", "node_power_kw.default"),
    "-inf": ("fleet: {queries_per_day: -.inf}", "fleet.queries_per_day"),
    "NaN in a list": ("as_published: {trimming: [[.nan, 0.9]]}", "as_published.trimming.0.0"),
    "number as text": ("pue: {p05: 0_1}", "pue.p05: found '0_1'; allowed: a value of type number"),
    "whole number beyond any float": (f"node_power_kw: {{default: 1{'0' * 400}}}", "node_power_kw.default"),
    "class name that ends in a newline": (
        'classes: {"a\\n": {label: a, total_parameters_billions_over: 1, weights: {DeepSeek-R1: 1}}}',
        "classes: found 'a\\n'",
    ),
    "class name that is a number": ("classes: {1: {}}", "classes: found '1'; allowed: text matching"),
    "zero power": ("node_power_kw: {default: 0}", "node_power_kw.default: found 0; allowed: a number > 0"),
    "null, which takes a key away": ("pue: ~", "top level: missing key pue"),
    "text instead of mapping": ("classes: frontier", "classes: found 'frontier'"),
    "an intervention of no workload": (
        "interventions: {levers: {model: {workloads: []}}}",
        "interventions.levers.model",
    ),
    "an intervention twice on a workload": (
        "interventions: {levers: {model: {workloads: [long, long]}}}",
        "interventions.levers.model.workloads",
    ),
    "unknown class, interventions": ("interventions: {subject: nope}", "interventions.subject: found 'nope'"),
    "unknown class, fleet": ("fleet: {subject: nope}", "fleet.subject: found 'nope'; allowed: frontier"),
    "class without label": ("classes: {small: {weights: {Small: 1}}}", "classes.small: missing key"),
    "parent is a list": ("extends: [joule-2026]", "extends: found ['joule-2026']"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_one_line_with_file_and_key(folder, read, fault):
    text, expected = FAULTS[fault]
    parent = "" if text.startswith("extends") else "extends: joule-2026\n"
    message = message_of(read, f"{parent}{text}\n")
    assert message.startswith(f"{folder / 'own.yaml'}: ")
    assert expected in message


@pytest.mark.parametrize(
    "text", ["pue: {}\npue: {}", "pue:\n  p05: 1\n  p05: 1.1", "pue: {}\n'pue': {}"], ids=["top", "deep", "quoted"]
)
def test_key_given_twice(folder, read, text):
    message = message_of(read, f"extends: joule-2026\n{text}\n")
    assert message.startswith(f"{folder / 'own.yaml'} line ")
    assert "is given twice" in message
    assert "'p05'" in message or "'pue'" in message


@pytest.mark.parametrize(
    "text", ["", "- a\n", "joule-2026\n", "{", "a: b: c\n", "a: &x [*x]\n", "? [1]\n: 2\n", "\x00"]
)
def test_file_that_is_no_mapping_or_no_yaml(folder, read, text):
    assert message_of(read, text).startswith(str(folder / "own.yaml"))


@pytest.mark.parametrize("text", ['"a\\nb": 1', 'title: ["a\\nb"]', 'classes: {"a\\nb": {}}', 'extends: "a\\nb"'])
def test_newlines_in_keys_and_values_stay_on_one_line(folder, read, text):
    message_of(read, text if text.startswith("extends") else f"extends: joule-2026\n{text}\n")


def test_file_that_is_not_utf8(folder, study_schemas):
    (folder / "own.yaml").write_bytes(b"title: \xff\n")
    message = message_of(files.read_study, "own", folder, study_schemas)
    assert message == f"{folder / 'own.yaml'}: not UTF-8 text (byte 7)"


def changed(entries, changes):
    return PublishedStudy.of(files.merge(entries, changes))


def test_registry_knows_the_published_members(study):
    checks.check_against_registry(study, "joule-2026.yaml", MODELS)


def test_unknown_member(entries):
    own = changed(entries, {"classes": {"frontier": {"weights": {"Nope": 1}}}})
    message = message_of(checks.check_against_registry, own, "own.yaml", MODELS)
    assert message.startswith("own.yaml: classes.frontier.weights: unknown model 'Nope'; allowed: one of ")


def test_unknown_model_with_its_own_node_power(entries):
    own = changed(entries, {"node_power_kw": {"by_model": {"Nope": 1}}})
    message = message_of(checks.check_against_registry, own, "own.yaml", MODELS)
    assert message.startswith("own.yaml: node_power_kw.by_model: unknown model 'Nope'; allowed: one of ")


@pytest.mark.parametrize("billions", [7.0, 200.0])
def test_member_too_small(entries, billions):
    own = changed(entries, {"classes": {"frontier": {"weights": {"Small": 1}}}})
    message = message_of(checks.check_against_registry, own, "own.yaml", MODELS | {"Small": billions})
    key = "own.yaml: classes.frontier.weights"
    assert message == f"{key}: Small has {billions:g} B parameters; allowed: more than 200 B"


def test_member_without_curve():
    members = {"frontier": ["DeepSeek-R1", "Llama 3.1 405B"]}
    message = message_of(checks.check_members_fitted, members, "own.yaml", ["Other", "DeepSeek-R1"])
    assert message == (
        "own.yaml: classes.frontier.weights: Llama 3.1 405B has fewer than two usable benchmark rows;"
        " models that have: DeepSeek-R1 or Other"
    )
    checks.check_members_fitted(members, "own.yaml", members["frontier"])


@pytest.mark.parametrize("parent", ["../other", "/etc/hostname", "a/b", "../studies/current", "", "x" * 101, "a\nb"])
def test_extends_names_a_study_and_never_a_path(folder, read, parent):
    (folder.parent / "other.yaml").write_text("extends: current\n")
    message = message_of(read, f"extends: {parent!r}\n".replace("'", '"'))
    assert message.startswith(f"{folder / 'own.yaml'}: extends: found ")
    assert message.endswith("; allowed: the name of one, up to 100 letters, digits, '.', '_' and '-': never a path")
