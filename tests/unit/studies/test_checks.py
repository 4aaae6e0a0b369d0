"""Studies of method `nested`: what-ifs of a few lines, and every fault told in one line."""

import shutil
from pathlib import Path

import pytest
import yaml
from inference_energy.common.errors import InputError
from inference_energy.studies import files

ROOT = Path(__file__).parents[3]
H100 = "gpu: H100 SXM 80GB, precision: FP8"


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
    assert current["day"]["released_share"] == {"family": "beta", "p05": 0.05, "p95": 0.9}
    assert current["serving"]["replica_gpus"] == [1, 2, 4, 8]
    assert {"traditional", "long"} <= current["workloads"].keys()
    assert set(current["classes"]) == {"frontier", "large", "medium", "small"}
    assert sum(entry["share"] for entry in current["hardware"]) == pytest.approx(1)


# One change each, and what it must leave the study with.
WHAT_IFS = {
    "a number for a distribution": ("pue: 1.2", {"pue": 1.2}),
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
    "one of two boundaries": ("boundary: {query: node}", {"boundary": {"query": "node", "fleet": "fleet"}}),
    "rated power": (
        "power: {form: rated, node_kw: {default: 10.2}, utilisation: 0.7}",
        {"power": {"form": "rated", "node_kw": {"default": 10.2}, "utilisation": 0.7}},
    ),
    "another speed": (
        "serving: {speed_tok_per_s: 30}",
        {"serving": {"speed_tok_per_s": 30, "replica_gpus": [1, 2, 4, 8], "speculative_share": 0.5}},
    ),
    "a percentile of the speed": (
        "serving: {speed_tok_per_s: {p95: 100}}",
        {
            "serving": {
                "speed_tok_per_s": {"family": "lognormal", "p05": 23, "p95": 100},
                **{"replica_gpus": [1, 2, 4, 8], "speculative_share": 0.5},
            }
        },
    ),
    "a time per token for the speed": (
        "serving: {time_per_token_ms: 40}",
        {"serving": {"time_per_token_ms": 40, "replica_gpus": [1, 2, 4, 8], "speculative_share": 0.5}},
    ),
    "a speed taken away for a time": (
        "serving: {speed_tok_per_s: ~, time_per_token_ms: 40}",
        {"serving": {"time_per_token_ms": 40, "replica_gpus": [1, 2, 4, 8], "speculative_share": 0.5}},
    ),
    "lower clocks": ("power: {board_factor: 0.8}", {"power": {"form": "measured", "board_factor": 0.8}}),
}


@pytest.mark.parametrize("name", WHAT_IFS)
def test_what_if_of_three_lines_changes_one_thing(read, current, name):
    text, expected = WHAT_IFS[name]
    own = read(f"extends: current\ntitle: What if\n{text}\n")
    assert own == current | {"title": "What if"} | expected


# An intervention that changes the answers alone does not fit a trace.
WITHOUT = "interventions: {levers: {shorter_answers: ~}}\n"
SIDES = {
    "another distribution": ("{family: exponential, median: 200}", {"family": "exponential", "median": 200}),
    "a number": ("200", 200),
    "a trace": ("{trace: azure_conversation}", {"trace": "azure_conversation"}),
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
    own = read("extends: current\nclasses: {frontier: {weights: {GLM-5: 0}}}\n")
    assert own["classes"]["frontier"]["weights"] == current["classes"]["frontier"]["weights"] | {"GLM-5": 0}


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
        ("workloads: {reasoning: ~}", ("workloads", "reasoning")),
        ("day: {arrivals: ~}", ("day", "arrivals")),
        ("hardware_concentration: ~", ("hardware_concentration",)),
        ("grids: ~", ("grids",)),
        ("serving: {speculative_share: ~}", ("serving", "speculative_share")),
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
    own = read("extends: current\nworkloads: {azure_conversation: {input_tokens: 5, output_tokens: 6}}\n")
    label = current["workloads"]["azure_conversation"]["label"]
    assert own["workloads"]["azure_conversation"] == {"label": label, "input_tokens": 5, "output_tokens": 6}


def test_a_trace_replaces_lengths_and_keeps_the_label(read, current):
    own = read(f"extends: current\nworkloads: {{traditional: {{trace: azure_conversation}}}}\n{WITHOUT}")
    label = current["workloads"]["traditional"]["label"]
    assert own["workloads"]["traditional"] == {"label": label, "trace": "azure_conversation"}
    assert own["workloads"]["long"] == current["workloads"]["long"]


def test_merge_replaces_mappings_that_name_their_kind():
    base = {
        "share": {"family": "beta", "p05": 0.1, "p95": 0.9},
        "side": {"task": "t", "model": "m"},
        "power": {"form": "a"},
    }
    changes = {"share": {"family": "lognormal"}, "side": {"trace": "chat"}, "power": {"form": "rated", "kw": 1}}
    assert files.merge(base, changes) == changes
    assert files.merge({"a": base}, {"a": changes}) == {"a": changes}
    assert files.merge(base, {"share": {"p95": 0.8}, "side": {"model": "n"}, "power": {"kw": 2}}) == {
        "share": {"family": "beta", "p05": 0.1, "p95": 0.8},
        "side": {"task": "t", "model": "n"},
        "power": {"form": "a", "kw": 2},
    }


def test_a_speed_a_time_per_token_and_a_batch_replace_each_other():
    base = {"serving": {"speed_tok_per_s": {"family": "lognormal", "p05": 20, "p95": 80}, "replica_gpus": [8]}}
    for change in ({"batch": 64}, {"time_per_token_ms": 25}, {"speed_tok_per_s": 40}):
        expected = {"serving": change | {"replica_gpus": [8]}}
        assert files.merge(base, {"serving": change}) == expected
        assert files.merge(files.merge(base, {"serving": {"batch": 2}}), {"serving": change}) == expected
    assert files.merge(base, {"serving": {"replica_gpus": [4]}})["serving"]["replica_gpus"] == [4]
    both = files.merge(base, {"serving": {"batch": 64, "speed_tok_per_s": 40}})
    assert both["serving"] == {"speed_tok_per_s": 40, "batch": 64, "replica_gpus": [8]}


def test_a_what_if_of_a_what_if(read, folder, study_schemas):
    (folder / "first.yaml").write_text("extends: current\npue: {p95: 1.6}\nday: {headroom: 1.5}\n")
    own = read("extends: first\npue: {p05: 1.2}\n")
    assert own["pue"] == {"family": "shifted_lognormal", "above": 1, "p05": 1.2, "p95": 1.6}
    assert own["day"]["headroom"] == 1.5


def workload(entries):
    return f"workloads: {{mine: {{label: Mine, {entries}}}}}"


def answers(spec):
    return workload(f"input_tokens: 5, output_tokens: {spec}")


A_SIDE = "a number, {family: exponential, median}, {family: lognormal, p05, p95}, {trace} or {task, model}"
A_SHARE = "a number, or a mapping such as {family: beta, p05: 0.4, p95: 0.9}"
NO_WEIGHTS = "Llama 3.1 8B: 0, Qwen3-8B: 0"
# What is written, and the message after the name of the file.
FAULTS = {
    "share above 1": ("day: {released_share: 1.2}", "day.released_share: found 1.2; allowed: a number <= 1"),
    "share negative": ("day: {released_share: -0.1}", "day.released_share: found -0.1; allowed: a number >= 0"),
    "share not a number": ("day: {released_share: .nan}", "day.released_share: found nan; allowed: a finite number"),
    "share log-normal": (
        "day: {released_share: {family: lognormal, p05: 0.3, p95: 0.9}}",
        "day.released_share.family: found 'lognormal'; allowed: 'beta'",
    ),
    "share out of order": (
        "day: {released_share: {family: beta, p05: 0.9, p95: 0.3}}",
        "day.released_share: found p05 0.9 >= p95 0.3; allowed: p05 < p95",
    ),
    "share out of order, merged": (
        "day: {released_share: {p05: 0.95}}",
        "day.released_share: found p05 0.95 >= p95 0.9; allowed: p05 < p95",
    ),
    "share without spread": (
        "day: {released_share: {p05: 0.9}}",
        "day.released_share: found p05 0.9 >= p95 0.9; allowed: p05 < p95",
    ),
    "share from 0": ("day: {released_share: {p05: 0}}", "day.released_share.p05: found 0; allowed: a number > 0"),
    "share up to 1": ("day: {released_share: {p95: 1}}", "day.released_share.p95: found 1; allowed: a number < 1"),
    "share without percentiles": (
        "day: {released_share: {family: beta}}",
        "day.released_share: missing key p05 or p95",
    ),
    "share of unknown key": (
        "day: {released_share: {p50: 0.5}}",
        f"day.released_share: unknown key p50; allowed: family, p05 or p95 (as a whole: {A_SHARE})",
    ),
    "share percentile as text": (
        "day: {released_share: {p05: '0.3'}}",
        "day.released_share.p05: found '0.3'; allowed: a value of type number",
    ),
    "share null": ("day: {released_share: ~}", "day: missing key released_share"),
    "percentile null": ("day: {released_share: {p95: ~}}", "day.released_share: missing key p95"),
    "share true": ("day: {released_share: true}", "day.released_share: found True; allowed: "),
    "share a list": ("day: {released_share: [0.3]}", "day.released_share: found [0.3]; allowed: "),
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
    "share as text": (
        "day: {released_share: high}",
        "day.released_share: found 'high'; allowed: a number, or a mapping such as {family: beta",
    ),
    "headroom below 1": ("day: {headroom: 0.9}", "day.headroom: found 0.9; allowed: a number >= 1"),
    "day of unknown key": ("day: {peak: 2}", "day: unknown key peak; allowed: arrivals, headroom or released_share"),
    "no replica": ("serving: {replica_gpus: []}", "serving.replica_gpus: found []; allowed: at least 1 item(s)"),
    "half a GPU": (
        "serving: {replica_gpus: [0.5]}",
        "serving.replica_gpus.0: found 0.5; allowed: a value of type integer",
    ),
    "replica of no GPU": ("serving: {replica_gpus: [0]}", "serving.replica_gpus.0: found 0; allowed: a number >= 1"),
    "no speed": (
        "serving: {speed_tok_per_s: ~}",
        "serving: found none; allowed: one of batch, speed_tok_per_s or time_per_token_ms",
    ),
    "speed and batch": (
        "serving: {speed_tok_per_s: 30, batch: 8}",
        "serving: found batch and speed_tok_per_s; allowed: one of batch, speed_tok_per_s or time_per_token_ms",
    ),
    "speed 0": ("serving: {speed_tok_per_s: 0}", "serving.speed_tok_per_s: found 0; allowed: a number > 0"),
    "batch below 1": ("serving: {batch: 0.5}", "serving.batch: found 0.5; allowed: a number >= 1"),
    "sweep of the speed of a batch": (
        "serving: {batch: 8}",
        "sweeps: found speed_tok_per_s; allowed: what a study with serving.batch can vary, not its speed",
    ),
    "speculative above 1": (
        "serving: {speculative_share: 1.5}",
        "serving.speculative_share: found 1.5; allowed: a number <= 1",
    ),
    "board power above rated": (
        "power: {board_factor: 1.2}",
        "power.board_factor: found 1.2; allowed: a number <= 1",
    ),
    "board power up to rated": (
        "power: {board_factor: {family: beta, p05: 0.5, p95: 1}}",
        "power.board_factor.p95: found 1; allowed: a number < 1",
    ),
    "hardware concentration 0": (
        "hardware_concentration: 0",
        "hardware_concentration: found 0; allowed: a number >= 0.1",
    ),
    "grid of one": ("grids: {own: {pue: [1, 2]}}", "grids.own: found {'pue': [1, 2]}; allowed: at least 2 key(s)"),
    "grid of unknown key": (
        "grids: {own: {pue: [1, 2], nope: [1, 2]}}",
        "grids.own: unknown key nope; allowed: cached_share, ",
    ),
    "intervention of the fleet": (
        "fleet: {levers: [nope]}",
        "fleet.levers: found 'nope'; allowed: autoscaling, ",
    ),
    "intervention without a change": (
        "interventions: {levers: {own: {label: Own, level: model, changes: {}, source: me}}}",
        "interventions.levers.own.changes: found {}; allowed: at least 1 key(s)",
    ),
    "intervention of no level": (
        "interventions: {levers: {own: {label: Own, level: magic, changes: {pue: 1}, source: me}}}",
        "interventions.levers.own.level: found 'magic'; allowed: ",
    ),
    "hardware twice": (
        f"hardware: [{{{H100}, share: 1}}, {{{H100}, share: 2}}]",
        "hardware: found H100 SXM 80GB in FP8 twice; allowed: once, with one share",
    ),
    "hardware twice in a class": (
        f"classes: {{small: {{hardware: [{{{H100}, share: 1}}, {{{H100}, share: 1}}]}}}}",
        "classes.small.hardware: found H100 SXM 80GB in FP8 twice; allowed: once, with one share",
    ),
    "trace and lengths": (
        "workloads: {azure_conversation: {trace: azure_conversation, input_tokens: 5}}",
        "workloads.azure_conversation: found trace and lengths; allowed: one or the other",
    ),
    "median of a log-normal": (
        "workloads: {long: {output_tokens: {median: 30000}}}",
        "workloads.long.output_tokens: found {'family': 'lognormal', 'p05': 1400, 'p95': 18000, 'median': 30000};"
        " allowed: a number, {family: exponential, median}, ",
    ),
    "power of a model that no class has": (
        "power: {form: rated, node_kw: {default: 10.2, by_model: {Nope: 3}}, utilisation: 0.5}",
        "power.node_kw.by_model: found 'Nope'; allowed: DeepSeek-V3.2, ",
    ),
    "pue out of order": ("pue: {p05: 1.5}", "pue: found p05 1.5 >= p95 1.4; allowed: p05 < p95"),
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
    "unknown key": ("peu: 1.2", "top level: unknown key peu; allowed: boundary, classes, "),
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
        "workloads: {Mine: {label: a, trace: azure_conversation}}",
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
        workload("trace: azure_conversation, cached_share: 1.5"),
        "workloads.mine.cached_share: found 1.5; allowed: a number <= 1",
    ),
    "share cached negative": (
        workload("trace: azure_conversation, cached_share: -0.5"),
        "workloads.mine.cached_share: found -0.5; allowed: a number >= 0",
    ),
    "share cached log-normal": (
        workload("trace: azure_conversation, cached_share: {family: lognormal, p05: 0.1, p95: 0.5}"),
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
    "sweep of PUE below 1": ("sweeps: {pue: [0.9, 1.2]}", "sweeps.pue.0: found 0.9; allowed: a number >= 1"),
    "sweep of headroom below 1": (
        "sweeps: {headroom: [0.5, 1]}",
        "sweeps.headroom.0: found 0.5; allowed: a number >= 1",
    ),
    "sweep of shares above 1": (
        "sweeps: {released_share: [0.5, 1.1]}",
        "sweeps.released_share.1: found 1.1; allowed: a number <= 1",
    ),
    "sweep of no answers": (
        "sweeps: {output_tokens: [0, 5]}",
        "sweeps.output_tokens.0: found 0; allowed: a number >= 1",
    ),
    "sweep of one value": ("sweeps: {pue: [1.2]}", "sweeps.pue: found [1.2]; allowed: at least 2 item(s)"),
    "sweep of nothing known": (
        "sweeps: {nope: [1, 2]}",
        "sweeps: unknown key nope; allowed: cached_share, ",
    ),
    "concentration 0": (
        "classes: {small: {mix_concentration: 0}}",
        "classes.small.mix_concentration: found 0; allowed: a number >= 0.1",
    ),
    "weights of only zeros": (
        f"classes: {{small: {{weights: {{{NO_WEIGHTS}}}}}}}",
        "classes.small.weights: found only zeros; allowed: one above 0 at least",
    ),
    "weight negative": (
        "classes: {frontier: {weights: {GLM-5: -1}}}",
        "classes.frontier.weights.GLM-5: found -1; allowed: a number >= 0",
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
    "queries as text": ("fleet: {queries_per_day: 1:000}", "fleet.queries_per_day: found '1:000'; allowed: "),
    "share of long queries": (
        "fleet: {scenarios: {mixed: {long_share: 2}}}",
        "fleet.scenarios.mixed.long_share: found 2; allowed: a number <= 1",
    ),
    "intervention on another workload": (
        "interventions: {workloads: [azure_conversation]}",
        "interventions.workloads.0: found 'azure_conversation'; allowed: 'long' or 'traditional'",
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
    assert all(key in message for key in current.keys() - {"method", "sweeps", "grids", "hardware_concentration"})


@pytest.mark.parametrize(
    "key", ["serving", "pue", "day", "hardware", "workloads", "classes", "fleet", "power", "interventions"]
)
def test_every_ingredient_is_needed(folder, study_schemas, current, key):
    (folder / "without.yaml").write_text(yaml.safe_dump({name: of for name, of in current.items() if name != key}))
    with pytest.raises(InputError, match=f"without.yaml: top level: missing key {key}"):
        files.read_study("without", folder, study_schemas)


@pytest.mark.parametrize("key", ["sweeps", "grids", "hardware_concentration"])
def test_what_may_be_left_out(folder, study_schemas, current, key):
    (folder / "without.yaml").write_text(yaml.safe_dump({name: of for name, of in current.items() if name != key}))
    assert key not in files.read_study("without", folder, study_schemas)


# Interventions, each checked as a study that extends theirs.


def own(changes):
    return f"interventions: {{levers: {{own: {{label: Own, level: model, source: me, changes: {changes}}}}}}}"


CHANGES = {
    "a key that there is not": ("{peu: 1}", ": found 'peu'; allowed: classes, day, hardware, "),
    "what decides no energy": ("{fleet: {queries_per_day: 1}}", ": found 'fleet'; allowed: classes, day, "),
    "the boundary": ("{boundary: {query: node}}", ": found 'boundary'; allowed: classes, "),
    "a key that there is not, deep": (
        "{serving: {sped_tok_per_s: 25}}",
        ": serving: unknown key sped_tok_per_s; allowed: batch, ",
    ),
    "a value that is not allowed": ("{pue: 0.9}", ": pue: found 0.9; allowed: a number >= 1"),
    "a percentile out of order": ("{pue: {p95: 1.01}}", ": pue: found p05 1.08 >= p95 1.01; allowed: p05 < p95"),
    "a workload that is needed": ("{workloads: {long: ~}}", ": workloads: missing key long"),
    "a class that is needed": (
        "{classes: {frontier: ~}}",
        ": interventions.subject: found 'frontier'; allowed: large, medium or small",
    ),
    "a missing label": ("{workloads: {new: {trace: azure_code}}}", ": workloads.new: missing key label"),
    "hardware twice": (
        f"{{hardware: [{{{H100}, share: 1}}, {{{H100}, share: 1}}]}}",
        ": hardware: found H100 SXM 80GB",
    ),
    "two operating points": (
        "{serving: {batch: 8, speed_tok_per_s: 9}}",
        ": serving: found batch and speed_tok_per_s; allowed: one of ",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_faulty_change_is_named_with_its_intervention(read, folder, name):
    changes, expected = CHANGES[name]
    message = message_of(read, f"extends: current\n{own(changes)}\n")
    assert message.startswith(f"{folder / 'own.yaml'}: interventions.levers.own.changes{expected}")


@pytest.mark.parametrize(
    "changes", ["{serving: {batch: 8}}", "{hardware_concentration: ~}", "{workloads: {long: {output_tokens: 9}}}"]
)
def test_a_change_that_a_study_may_make(read, changes):
    found = read(f"extends: current\n{own(changes)}\n")
    assert found["interventions"]["levers"]["own"]["changes"] == yaml.safe_load(changes)


def test_changes_that_forbid_each_other(read, folder):
    lever = "{label: a, level: model, source: me, changes: "
    text = f"{{one: {lever}{{day: {{headroom: {{p05: 1.6}}}}}}}}, two: {lever}{{day: {{headroom: {{p95: 1.5}}}}}}}}}}"
    message = message_of(read, f"extends: current\ninterventions: {{levers: {text}}}\n")
    assert message == (
        f"{folder / 'own.yaml'}: interventions.levers, all together: day.headroom: found p05 1.6 >= p95 1.5;"
        " allowed: p05 < p95"
    )
