"""Studies of method `nested`: what-ifs of a few lines, and every fault told in one line."""

import shutil
from pathlib import Path

import pytest
import yaml
from inference_energy.common.errors import InputError
from inference_energy.studies import files

ROOT = Path(__file__).parents[3]
H100 = "gpu: H100 SXM 80GB, precision: FP8"
FRONTIER = ("DeepSeek-R1", "Llama 3.1 405B", "Llama-3.1 Nemotron Ultra 253B", "Llama 4 Maverick", "Qwen3-235B-A22B")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return shutil.copytree(ROOT / "config/studies", tmp_path_factory.mktemp("nested") / "studies")


@pytest.fixture(scope="module")
def read(folder, study_schemas):
    def read(text):
        (folder / "own.yaml").write_text(text, encoding="utf-8")
        return files.read_study("own", folder, study_schemas)

    return read


@pytest.fixture(scope="module")
def current(study_schemas):
    return files.read_study("current", ROOT / "config/studies", study_schemas)


def message_of(read, text):
    with pytest.raises(InputError) as raised:
        read(text)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


def test_current_is_complete(current):
    assert current["method"] == "nested"
    assert current["load"] == {"family": "beta", "p05": 0.45, "p95": 0.85}
    assert {"traditional", "long"} <= current["workloads"].keys()
    assert set(current["classes"]) == {"frontier", "large", "medium", "small"}
    assert sum(entry["share"] for entry in current["hardware"]) == 1


# One change each, and what it must leave the study with.
WHAT_IFS = {
    "a number for a distribution": ("pue: 1.2", {"pue": 1.2}),
    "load at its end": ("load: 1", {"load": 1}),
    "one percentile of a distribution": (
        "pue: {p95: 1.6}",
        {"pue": {"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.6}},
    ),
    "a distribution that names its family": (
        "pue: {family: shifted_lognormal, above: 1.02, p05: 1.05, p95: 1.6}",
        {"pue": {"family": "shifted_lognormal", "above": 1.02, "p05": 1.05, "p95": 1.6}},
    ),
    "hardware": (
        f"hardware: [{{{H100}, share: 1}}]",
        {"hardware": [{"gpu": "H100 SXM 80GB", "precision": "FP8", "share": 1}]},
    ),
    "no overheads": ("overheads: []", {"overheads": []}),
    "attainment as a distribution": (
        "attainment: {family: beta, p05: 0.3, p95: 0.9}",
        {"attainment": {"family": "beta", "p05": 0.3, "p95": 0.9}},
    ),
    "attainment as a number": ("attainment: 1", {"attainment": 1}),
    "attainment of some pairs": (
        "attainment: {pairs: {fleet over offline: 1}}",
        {"attainment": {"pairs": {"fleet over offline": 1}}},
    ),
    "one of two boundaries": ("boundary: {query: node}", {"boundary": {"query": "node", "fleet": "fleet"}}),
    "rated power": (
        "power: {form: rated, node_kw: {default: 10.2}, utilisation: 0.7}",
        {"power": {"form": "rated", "node_kw": {"default": 10.2}, "utilisation": 0.7}},
    ),
    "fewer sources": (
        "throughput: {sources: [tensorrt_llm]}",
        {"throughput": {"form": "gpu_seconds", "fit_error": True, "sources": ["tensorrt_llm"]}},
    ),
}


@pytest.mark.parametrize("name", WHAT_IFS)
def test_what_if_of_three_lines_changes_one_thing(read, current, name):
    text, expected = WHAT_IFS[name]
    own = read(f"extends: current\ntitle: What if\n{text}\n")
    assert own == current | {"title": "What if"} | expected


SIDES = {
    "another distribution": ("{family: exponential, median: 200}", {"family": "exponential", "median": 200}),
    "a number": ("200", 200),
    "a trace": ("{trace: azure_code}", {"trace": "azure_code"}),
    "another task": ("{task: gpqa, model: DeepSeek-R1-0528}", {"task": "gpqa", "model": "DeepSeek-R1-0528"}),
    "another model on the same task": ("{model: Other}", {"task": "lm-arena-chat", "model": "Other"}),
}


@pytest.mark.parametrize("name", SIDES)
def test_other_answers_leave_the_rest_of_a_workload(read, current, name):
    text, expected = SIDES[name]
    own = read(f"extends: current\nworkloads: {{traditional: {{output_tokens: {text}}}}}\n")
    changed = current["workloads"]["traditional"] | {"output_tokens": expected}
    assert own == current | {"workloads": current["workloads"] | {"traditional": changed}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("1", 1), ("{p95: 0.9}", {"family": "beta", "p05": 0.05, "p95": 0.9})],
)
def test_another_cached_share(read, text, expected):
    own = read(f"extends: current\nworkloads: {{traditional: {{cached_share: {text}}}}}\n")
    assert own["workloads"]["traditional"]["cached_share"] == expected


def test_new_workload_and_class_come_on_top(read, current):
    own = read(
        "extends: current\n"
        "workloads: {short: {label: Short, input_tokens: 10, output_tokens: 20}}\n"
        "classes: {mine: {label: Mine, model_class: small, weights: {Qwen3-8B: 1}}}\n"
    )
    assert list(own["workloads"]) == [*current["workloads"], "short"]
    assert list(own["classes"]) == [*current["classes"], "mine"]


def test_hardware_of_one_class(read, current):
    own = read(f"extends: current\nclasses: {{small: {{hardware: [{{{H100}, share: 1}}]}}}}\n")
    assert own["classes"]["small"] == current["classes"]["small"] | {
        "hardware": [{"gpu": "H100 SXM 80GB", "precision": "FP8", "share": 1}]
    }
    assert own["hardware"] == current["hardware"]


def test_a_weight_of_zero_takes_a_model_out_and_leaves_the_others(read, current):
    own = read("extends: current\nclasses: {frontier: {weights: {DeepSeek-R1: 0}}}\n")
    assert own["classes"]["frontier"]["weights"] == current["classes"]["frontier"]["weights"] | {"DeepSeek-R1": 0}


def without(mapping, *keys):
    """A copy in which the last of the keys is gone."""
    first, *rest = keys
    if not rest:
        return {key: value for key, value in mapping.items() if key != first}
    return mapping | {first: without(mapping[first], *rest)}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("classes: {small: {mix_concentration: ~}}", ("classes", "small", "mix_concentration")),
        ("fleet: {grid_zone: ~}", ("fleet", "grid_zone")),
        ("fleet: {onsite_water_l_per_kwh: ~}", ("fleet", "onsite_water_l_per_kwh")),
        ("sweeps: ~", ("sweeps",)),
        ("sweeps: {pue: ~}", ("sweeps", "pue")),
        ("workloads: {reasoning_gpqa: ~}", ("workloads", "reasoning_gpqa")),
        ("workloads: {long: {cached_share: ~}}", ("workloads", "long", "cached_share")),
        ("classes: {large: ~}", ("classes", "large")),
    ],
)
def test_null_takes_a_key_away_and_leaves_the_rest(read, current, text, keys):
    assert read(f"extends: current\n{text}\n") == without(current, *keys)


def test_null_of_what_was_never_there_is_a_slip(read):
    with pytest.raises(InputError, match="peu"):
        read("extends: current\npeu: ~\n")


def test_lengths_replace_a_trace_and_keep_the_label(read, current):
    own = read("extends: current\nworkloads: {azure_code: {input_tokens: 5, output_tokens: 6}}\n")
    label = current["workloads"]["azure_code"]["label"]
    assert own["workloads"]["azure_code"] == {"label": label, "input_tokens": 5, "output_tokens": 6}


def test_a_trace_replaces_lengths_and_keeps_the_label(read, current):
    own = read("extends: current\nworkloads: {traditional: {trace: azure_code}}\n")
    label = current["workloads"]["traditional"]["label"]
    assert own["workloads"]["traditional"] == {"label": label, "trace": "azure_code"}
    assert own["workloads"]["long"] == current["workloads"]["long"]


def test_throughput_of_another_form_replaces_the_whole(read):
    form = "form: log_linear, fit_error: false, sources: [oviedo], corrected: true, precision: FP8, minimum_rows: 3"
    own = read(f"extends: current\nthroughput: {{{form}}}\n")
    assert own["throughput"]["form"] == "log_linear"
    assert len(own["throughput"]) == 6


def test_merge_replaces_mappings_that_name_their_kind():
    base = {
        "load": {"family": "beta", "p05": 0.1, "p95": 0.9},
        "side": {"task": "t", "model": "m"},
        "power": {"form": "a"},
    }
    changes = {"load": {"family": "lognormal"}, "side": {"trace": "chat"}, "power": {"form": "rated", "kw": 1}}
    assert files.merge(base, changes) == changes
    assert files.merge({"a": base}, {"a": changes}) == {"a": changes}
    assert files.merge(base, {"load": {"p95": 0.8}, "side": {"model": "n"}, "power": {"kw": 2}}) == {
        "load": {"family": "beta", "p05": 0.1, "p95": 0.8},
        "side": {"task": "t", "model": "n"},
        "power": {"form": "a", "kw": 2},
    }


def test_a_what_if_of_a_what_if(read, folder, study_schemas):
    (folder / "first.yaml").write_text("extends: current\npue: {p95: 1.6}\nload: 0.5\n")
    own = read("extends: first\npue: {p05: 1.2}\n")
    assert own["pue"] == {"family": "shifted_lognormal", "above": 1, "p05": 1.2, "p95": 1.6}
    assert own["load"] == 0.5


def workload(entries):
    return f"workloads: {{mine: {{label: Mine, {entries}}}}}"


def answers(spec):
    return workload(f"input_tokens: 5, output_tokens: {spec}")


A_SIDE = "a number, {family: exponential, median}, {family: lognormal, p05, p95}, {trace} or {task, model}"
A_SHARE = "a number, or a mapping such as {family: beta, p05: 0.4, p95: 0.9}"
AN_ATTAINMENT = "a number, a distribution such as {family: beta, p05: 0.4, p95: 0.9}, or {pairs: {<kind>: weight}}"
NO_WEIGHTS = ", ".join(f"{model}: 0" for model in FRONTIER)
# What is written, and the message after the name of the file.
FAULTS = {
    "load 0": ("load: 0", "load: found 0; allowed: a number > 0"),
    "load above 1": ("load: 1.2", "load: found 1.2; allowed: a number <= 1"),
    "load negative": ("load: -0.1", "load: found -0.1; allowed: a number > 0"),
    "load not a number": ("load: .nan", "load: found nan; allowed: a finite number"),
    "load log-normal": (
        "load: {family: lognormal, p05: 0.3, p95: 0.9}",
        "load.family: found 'lognormal'; allowed: 'beta'",
    ),
    "load out of order": (
        "load: {family: beta, p05: 0.9, p95: 0.3}",
        "load: found p05 0.9 >= p95 0.3; allowed: p05 < p95",
    ),
    "load out of order, merged": ("load: {p05: 0.9}", "load: found p05 0.9 >= p95 0.85; allowed: p05 < p95"),
    "load without spread": ("load: {p05: 0.85}", "load: found p05 0.85 >= p95 0.85; allowed: p05 < p95"),
    "load from 0": ("load: {p05: 0}", "load.p05: found 0; allowed: a number > 0"),
    "load up to 1": ("load: {p95: 1}", "load.p95: found 1; allowed: a number < 1"),
    "load without percentiles": ("load: {family: beta}", "load: missing key p05 or p95"),
    "load of unknown key": (
        "load: {p50: 0.5}",
        f"load: unknown key p50; allowed: family, p05 or p95 (as a whole: {A_SHARE})",
    ),
    "load percentile as text": ("load: {p05: '0.3'}", "load.p05: found '0.3'; allowed: a value of type number"),
    "load null": ("load: ~", "top level: missing key load"),
    "percentile null": ("load: {p95: ~}", "load: missing key p95"),
    "load true": ("load: true", "load: found True; allowed: "),
    "load a list": ("load: [0.3]", "load: found [0.3]; allowed: "),
    "pue below 1": ("pue: 0.9", "pue: found 0.9; allowed: a number >= 1"),
    "pue infinite": ("pue: .inf", "pue: found inf; allowed: a finite number"),
    "pue of no family": ("pue: {family: uniform, p05: 1.1, p95: 2}", "pue.family: found 'uniform'; allowed: "),
    "pue without bound": (
        "pue: {family: shifted_lognormal, p05: 1.1, p95: 1.4}",
        "pue: missing key above",
    ),
    "pue of a share": (
        "pue: {family: beta, p05: 0.3, p95: 0.9}",
        "pue.p95: found 0.9; allowed: a number > 1",
    ),
    "pue from below 1": (
        "pue: {family: shifted_lognormal, above: 0, p05: 1.1, p95: 1.4}",
        "pue.above: found 0; allowed: a number >= 1",
    ),
    "pue whose P5 is below its bound": (
        "pue: {family: shifted_lognormal, above: 1, p05: 0.9, p95: 1.4}",
        "pue.p05: found 0.9; allowed: a number > 1",
    ),
    "pue, published distribution from 1": (
        "pue: {family: lognormal, p05: 1, p95: 1.4}",
        "pue.p05: found 1; allowed: a number > 1",
    ),
    "bound of a log-normal": (
        "pue: {family: lognormal, above: 1, p05: 1.05, p95: 1.6}",
        "pue: found above; allowed: only with family shifted_lognormal",
    ),
    "pue as text": ("pue: high", "pue: found 'high'; allowed: a number, or a mapping such as {family: "),
    "load as text": ("load: high", "load: found 'high'; allowed: a number, or a mapping such as {family: beta"),
    "hardware twice": (
        f"hardware: [{{{H100}, share: 1}}, {{{H100}, share: 2}}]",
        "hardware: found H100 SXM 80GB in FP8 twice; allowed: once, with one share",
    ),
    "hardware twice in a class": (
        f"classes: {{small: {{hardware: [{{{H100}, share: 1}}, {{{H100}, share: 1}}]}}}}",
        "classes.small.hardware: found H100 SXM 80GB in FP8 twice; allowed: once, with one share",
    ),
    "trace and lengths": (
        "workloads: {azure_code: {trace: azure_code, input_tokens: 5}}",
        "workloads.azure_code: found trace and lengths; allowed: one or the other",
    ),
    "median of a log-normal": (
        "workloads: {long: {output_tokens: {median: 30000}}}",
        "workloads.long.output_tokens: found {'family': 'lognormal', 'p05': 1400, 'p95': 18000, 'median': 30000};"
        " allowed: a number, {family: exponential, median}, ",
    ),
    "power of a model that no class has": (
        "power: {form: rated, node_kw: {default: 10.2, by_model: {Nope: 3}}, utilisation: 0.5}",
        "power.node_kw.by_model: found 'Nope'; allowed: DeepSeek-R1, ",
    ),
    "pue out of order": ("pue: {p05: 1.5}", "pue: found p05 1.5 >= p95 1.4; allowed: p05 < p95"),
    "attainment 0": ("attainment: 0", "attainment: found 0; allowed: a number > 0"),
    "attainment above 1": ("attainment: 1.5", "attainment: found 1.5; allowed: a number <= 1"),
    "attainment up to 1": ("attainment: {family: beta, p05: 0.3, p95: 1}", "attainment.p95: found 1; allowed: a"),
    "attainment of no pairs": ("attainment: {pairs: {}}", "attainment.pairs: found {}; allowed: at least 1 key(s)"),
    "attainment, weight 0": (
        "attainment: {pairs: {server over offline: 0}}",
        "attainment.pairs.server over offline: found 0; allowed: a number > 0",
    ),
    "attainment, pairs and distribution": (
        "attainment: {pairs: {server over offline: 1}, p05: 0.3}",
        f"attainment: unknown key p05; allowed: pairs (as a whole: {AN_ATTAINMENT})",
    ),
    "attainment of unknown key": (
        "attainment: {p50: 0.5}",
        f"attainment: unknown key p50; allowed: pairs (as a whole: {AN_ATTAINMENT})",
    ),
    "attainment, distribution of unknown key": (
        "attainment: {family: beta, p05: 0.3, p50: 0.5, p95: 0.9}",
        f"attainment: unknown key p50; allowed: family, p05 or p95 (as a whole: {A_SHARE})",
    ),
    "attainment, distribution without P95": ("attainment: {family: beta, p05: 0.3}", "attainment: missing key p95"),
    "attainment as text": ("attainment: high", f"attainment: found 'high'; allowed: {AN_ATTAINMENT}"),
    "no hardware": ("hardware: []", "hardware: found []; allowed: at least 1 item(s)"),
    "hardware of only zeros": (
        f"hardware: [{{{H100}, share: 0}}]",
        "hardware: found only shares of 0; allowed: one above 0 at least",
    ),
    "hardware of only zeros in a class": (
        f"classes: {{small: {{hardware: [{{{H100}, share: 0}}]}}}}",
        "classes.small.hardware: found only zeros; allowed: one above 0 at least",
    ),
    "negative share": (f"hardware: [{{{H100}, share: -1}}]", "hardware.0.share: found -1; allowed: a number >= 0"),
    "hardware without a share": (f"hardware: [{{{H100}}}]", "hardware.0: missing key share"),
    "hardware of unknown key": (
        f"hardware: [{{{H100}, share: 1, count: 8}}]",
        "hardware.0: unknown key count; allowed: gpu, precision or share",
    ),
    "hardware is no list": (f"hardware: {{{H100}, share: 1}}", "hardware: found {'gpu': "),
    "hardware is a name": ("hardware: H100", "hardware: found 'H100'; allowed: "),
    "unknown key": ("peu: 1.2", "top level: unknown key peu; allowed: attainment, boundary, classes, "),
    "key of another method": ("node_power_kw: {default: 1}", "top level: unknown key node_power_kw; allowed: "),
    "workload without lengths": (
        "workloads: {mine: {label: Mine}}",
        "workloads.mine: missing key input_tokens or output_tokens",
    ),
    "workload without answers": (workload("input_tokens: 5"), "workloads.mine: missing key output_tokens"),
    "workload without prompts": (workload("output_tokens: 5"), "workloads.mine: missing key input_tokens"),
    "workload without label": (
        "workloads: {mine: {input_tokens: 5, output_tokens: 5}}",
        "workloads.mine: missing key label",
    ),
    "workload null that is needed": ("workloads: {long: ~}", "workloads: missing key long"),
    "workload of a bad name": (
        "workloads: {Mine: {label: a, trace: azure_code}}",
        "workloads: found 'Mine'; allowed: ",
    ),
    "no prompt": (
        workload("input_tokens: 0, output_tokens: 5"),
        "workloads.mine.input_tokens: found 0; allowed: a number >= 1",
    ),
    "answers beyond any model": (answers("100000000"), "workloads.mine.output_tokens: found 100000000; allowed: "),
    "answers of no family": (
        answers("{family: gamma, median: 3}"),
        "workloads.mine.output_tokens.family: found 'gamma'; allowed: 'exponential' or 'lognormal'",
    ),
    "answers without a median": (
        answers("{family: exponential}"),
        f"workloads.mine.output_tokens: found {{'family': 'exponential'}}; allowed: {A_SIDE}",
    ),
    "answers without percentiles": (
        answers("{family: lognormal, median: 300}"),
        "workloads.mine.output_tokens: found {'family': 'lognormal', 'median': 300}; allowed: a number, {family: ",
    ),
    "answers out of order": (
        answers("{family: lognormal, p05: 300, p95: 30}"),
        "workloads.mine.output_tokens: found p05 300 >= p95 30; allowed: p05 < p95",
    ),
    "answers of a task without model": (
        answers("{task: gpqa}"),
        f"workloads.mine.output_tokens: found {{'task': 'gpqa'}}; allowed: {A_SIDE}",
    ),
    "answers of unknown key": (
        answers("{family: exponential, median: 3, mean: 4}"),
        "workloads.mine.output_tokens: unknown key mean; allowed: family, median, model, p05, p95, task or trace",
    ),
    "answers of nothing": (answers("{}"), f"workloads.mine.output_tokens: found {{}}; allowed: {A_SIDE}"),
    "answers as text": (answers("five"), "workloads.mine.output_tokens: found 'five'; allowed: "),
    "share cached above 1": (
        workload("trace: azure_code, cached_share: 1.5"),
        "workloads.mine.cached_share: found 1.5; allowed: a number <= 1",
    ),
    "share cached negative": (
        workload("trace: azure_code, cached_share: -0.5"),
        "workloads.mine.cached_share: found -0.5; allowed: a number >= 0",
    ),
    "share cached log-normal": (
        workload("trace: azure_code, cached_share: {family: lognormal, p05: 0.1, p95: 0.5}"),
        "workloads.mine.cached_share.family: found 'lognormal'; allowed: 'beta'",
    ),
    "method unknown": ("method: nope", "method: found 'nope'; allowed: nested or published, or extends: another study"),
    "method a list": ("method: [nested]", "method: found ['nested']; allowed: nested or published, or "),
    "method a mapping": ("method: {nested: 1}", "method: found {'nested': 1}; allowed: nested or published, or "),
    "method null": ("method: ~", "method: found None; allowed: nested or published, or extends: another study"),
    "method of another kind": ("method: published", ""),
    "boundary unknown": (
        "boundary: {query: rack}",
        "boundary.query: found 'rack'; allowed: 'datacenter', 'fleet', 'gpu_boards' or 'node'",
    ),
    "boundary of unknown key": (
        "boundary: {scenario: node}",
        "boundary: unknown key scenario; allowed: fleet or query",
    ),
    "boundary as a word": ("boundary: node", "boundary: found 'node'; allowed: "),
    "power of no form": ("power: {form: guess}", "power.form: found 'guess'; allowed: 'measured' or 'rated'"),
    "rated power of nothing": ("power: {form: rated}", "power: missing key node_kw or utilisation"),
    "utilisation above 1": (
        "power: {form: rated, node_kw: {default: 10.2}, utilisation: 1.4}",
        "power.utilisation: found 1.4; allowed: a number <= 1",
    ),
    "throughput of no form": (
        "throughput: {form: guess, fit_error: true}",
        "throughput.form: found 'guess'; allowed: 'gpu_seconds' or 'log_linear'",
    ),
    "log-linear without its keys": (
        "throughput: {form: log_linear, fit_error: true}",
        "throughput: missing key corrected, minimum_rows, precision or sources",
    ),
    "sweep of PUE below 1": ("sweeps: {pue: [0.9, 1.2]}", "sweeps.pue.0: found 0.9; allowed: a number >= 1"),
    "sweep of load from 0": ("sweeps: {load: [0, 1]}", "sweeps.load.0: found 0; allowed: a number > 0"),
    "sweep of attainment above 1": (
        "sweeps: {attainment: [0.5, 1.1]}",
        "sweeps.attainment.1: found 1.1; allowed: a number <= 1",
    ),
    "sweep of no answers": (
        "sweeps: {output_tokens: [0, 5]}",
        "sweeps.output_tokens.0: found 0; allowed: a number >= 1",
    ),
    "sweep of one value": ("sweeps: {pue: [1.2]}", "sweeps.pue: found [1.2]; allowed: at least 2 item(s)"),
    "sweep of nothing known": (
        "sweeps: {nope: [1, 2]}",
        "sweeps: unknown key nope; allowed: attainment, cached_share, ",
    ),
    "concentration 0": (
        "classes: {small: {mix_concentration: 0}}",
        "classes.small.mix_concentration: found 0; allowed: a number >= 0.1",
    ),
    "weights of only zeros": (
        f"classes: {{frontier: {{weights: {{{NO_WEIGHTS}}}}}}}",
        "classes.frontier.weights: found only zeros; allowed: one above 0 at least",
    ),
    "weight negative": (
        "classes: {frontier: {weights: {DeepSeek-R1: -1}}}",
        "classes.frontier.weights.DeepSeek-R1: found -1; allowed: a number >= 0",
    ),
    "class of no kind": (
        "classes: {mine: {label: a, model_class: tiny, weights: {Qwen3-8B: 1}}}",
        "classes.mine.model_class: found 'tiny'; allowed: 'frontier', 'large', 'medium' or 'small'",
    ),
    "class without models": (
        "classes: {mine: {label: a, model_class: small}}",
        "classes.mine: missing key weights",
    ),
    "overhead twice": (
        "overheads: [network_and_storage, network_and_storage]",
        "overheads: found ['network_and_storage', 'network_and_storage']; allowed: items that differ from each other",
    ),
    "subject of interventions": (
        "interventions: {subject: huge}",
        "interventions.subject: found 'huge'; allowed: frontier, large, medium or small",
    ),
    "subject of the fleet": (
        "fleet: {subject: huge}",
        "fleet.subject: found 'huge'; allowed: frontier, large, medium or small",
    ),
    "no queries": ("fleet: {queries_per_day: 0}", "fleet.queries_per_day: found 0; allowed: a number > 0"),
    "queries as text": ("fleet: {queries_per_day: 1e9}", "fleet.queries_per_day: found '1e9'; allowed: "),
    "share of long queries": (
        "fleet: {scenarios: {mixed: {long_share: 2}}}",
        "fleet.scenarios.mixed.long_share: found 2; allowed: a number <= 1",
    ),
    "overlap above 1": ("interventions: {overlap: 2}", "interventions.overlap: found 2; allowed: a number <= 1"),
    "intervention on another workload": (
        "interventions: {workloads: [azure_code]}",
        "interventions.workloads.0: found 'azure_code'; allowed: 'long' or 'traditional'",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_one_line_with_file_key_and_what_is_allowed(read, folder, fault):
    text, expected = FAULTS[fault]
    assert message_of(read, f"extends: current\n{text}\n").startswith(f"{folder / 'own.yaml'}: {expected}")


def test_study_without_a_method(read, folder):
    message = message_of(read, "title: x\npue: 1.2\n")
    assert message == (
        f"{folder / 'own.yaml'}: method: found None; allowed: nested or published, or extends: another study"
    )


def test_study_of_a_method_alone_is_told_all_that_is_missing(read, current):
    message = message_of(read, "method: nested\n")
    assert "top level: missing key " in message
    assert all(key in message for key in current.keys() - {"method", "sweeps", "serving"})


@pytest.mark.parametrize("key", ["load", "pue", "attainment", "hardware", "workloads", "classes", "fleet", "power"])
def test_every_ingredient_is_needed(folder, study_schemas, current, key):
    (folder / "without.yaml").write_text(yaml.safe_dump({name: of for name, of in current.items() if name != key}))
    with pytest.raises(InputError, match=f"without.yaml: top level: missing key {key}"):
        files.read_study("without", folder, study_schemas)


def test_sweeps_may_be_left_out(folder, study_schemas, current):
    (folder / "without.yaml").write_text(yaml.safe_dump({name: of for name, of in current.items() if name != "sweeps"}))
    assert "sweeps" not in files.read_study("without", folder, study_schemas)


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ({"label": "x"}, "found none; allowed: one of batch, speed_tok_per_s or time_per_token_ms"),
        ({"label": "x", "batch": 2, "speed_tok_per_s": 20}, "found speed_tok_per_s and batch; allowed: one of"),
    ],
)
def test_an_operating_point_is_stated_in_one_way(folder, study_schemas, current, point, told):
    serving = {"replica_gpus": [8], "operating_points": {"mine": point}}
    (folder / "mine.yaml").write_text(yaml.safe_dump(current | {"serving": serving}))
    with pytest.raises(InputError, match=f"mine.yaml: serving.operating_points.mine: {told}"):
        files.read_study("mine", folder, study_schemas)
