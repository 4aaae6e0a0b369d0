"""Models and GPUs that studies and settings name are those of the registries."""

from copy import deepcopy
from pathlib import Path

import pytest
from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.studies import files, known

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def of_the_project(monkeypatch):
    monkeypatch.chdir(ROOT)


def study(name):
    methods = ("published", "nested")
    schemas = {each: yaml_files.read_yaml(Path(f"workflow/schemas/study_{each}.schema.yaml")) for each in methods}
    return files.read_study(name, Path("config/studies"), schemas)


def with_gpu(entries):
    entries["hardware"][0]["gpu"] = "H900"


def with_gpu_of_a_class(entries):
    entries["classes"]["small"]["hardware"] = [{"gpu": "H900", "precision": "FP8", "share": 1}]


def with_model(entries):
    entries["classes"]["small"]["weights"] = {"Llama 9": 1}


def with_model_of_a_task(entries):
    entries["workloads"]["traditional"]["output_tokens"] = {"task": "lm-arena-chat", "model": "Llama 9"}


def with_gpu_of_an_intervention(entries):
    entries["interventions"]["levers"]["newer_gpu"]["changes"]["hardware"][0]["gpu"] = "H900"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            with_gpu_of_an_intervention,
            "interventions.levers.newer_gpu.changes.hardware: found 'H900'; allowed: one of 27 names, such as ",
        ),
        (with_gpu, "hardware: found 'H900'; allowed: one of 27 names, such as "),
        (with_gpu_of_a_class, "classes.small.hardware: found 'H900'; allowed: one of 27 names, such as "),
        (
            with_model,
            "classes.small.weights: found 'Llama 9', which is not in resources/models.csv; allowed: ",
        ),
        (with_model_of_a_task, "workloads.traditional.output_tokens: found 'Llama 9'; allowed: one of 84 names, such"),
    ],
)
def test_a_name_that_no_registry_has(change, told):
    entries = deepcopy(study("current"))
    known.check_studies({"current": entries})
    change(entries)
    with pytest.raises(InputError) as raised:
        known.check_studies({"own": entries})
    assert str(raised.value).startswith(f"config/studies/own.yaml: {told}")


def test_a_model_of_a_published_study_that_the_registry_has_not():
    entries = deepcopy(study("joule-2026"))
    known.check_studies({"joule-2026": entries})
    entries["classes"]["frontier"]["weights"] = {"Llama 9": 1}
    with pytest.raises(
        InputError, match=r"^config/studies/own.yaml: classes.frontier.weights: unknown model 'Llama 9'"
    ):
        known.check_studies({"own": entries})


SETTINGS = {
    "cross_methods": {"models": ["Llama 3.1 8B"]},
    "answer_lengths": {"models": ["llama-3.1-8b", "gpt-4"], "gpu": "B200"},  # other names, and one of a closed model
}


@pytest.mark.parametrize(
    ("key", "entry", "value", "allowed"),
    [
        ("cross_methods", "models", ["gpt-4"], "DeepSeek-V3.2, "),
        ("answer_lengths", "models", ["Llama 9"], "a name or alias in resources/models.csv: one of "),
        ("answer_lengths", "gpu", "B900", "a name or alias in resources/hardware.csv: one of "),
    ],
)
def test_a_setting(key, entry, value, allowed):
    settings, current = deepcopy(SETTINGS), study("current")
    known.check_settings(settings, current, "current")
    settings[key][entry] = value
    found = value if isinstance(value, str) else value[0]
    with pytest.raises(InputError) as raised:
        known.check_settings(settings, current, "current")
    assert str(raised.value).startswith(f"config/config.yaml: {key}.{entry}: found {found!r}; allowed: {allowed}")
