"""A study as a typed object: frozen, in parts, and plain again."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from inference_energy.studies import files
from inference_energy.studies.study import (
    Boundaries,
    HardwareShare,
    ModelClass,
    NestedStudy,
    NodePowerKw,
    PublishedStudy,
    Workload,
    part,
    whole,
)
from messages import message_of

FOLDER = Path(__file__).parents[3] / "config/studies"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
CURRENT = {"title": "Current", "method": "nested", "boundary": {"query": "node", "fleet": "fleet"}}


@pytest.mark.parametrize("name", NAMES)
def test_every_study_is_plain_again_as_it_was(name, study_schemas):
    entries = files.read_study(name, FOLDER, study_schemas)
    assert part(entries).plain() == entries
    assert list(part(entries).plain()["workloads"]) == list(entries["workloads"])
    optional = ("hardware_concentration", "sweeps", "grids")
    left_out = {key for key in optional if key not in entries and entries["method"] == "nested"}
    assert whole(entries).plain() == entries | dict.fromkeys(left_out)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_study_has_every_entry_of_its_schema(name, study_schemas, read_configured):
    study = read_configured(name)
    for key in study_schemas[study.method]["properties"]:
        getattr(study, key)


def test_entries_by_hand():
    study = NestedStudy.of(CURRENT | {"workloads": {"long": {"label": "Long", "output_tokens": {"trace": "t"}}}})
    assert study.title == "Current"
    assert study.boundary == Boundaries(query="node", fleet="fleet")
    assert study.workloads["long"] == Workload(label="Long", output_tokens={"trace": "t"})
    assert study.workloads["long"].input_tokens is None


def test_a_study_is_frozen():
    study = NestedStudy.of(CURRENT | {"classes": {"small": {"label": "Small", "weights": {"A": 1}}}})
    with pytest.raises(FrozenInstanceError):
        study.title = "Another"
    with pytest.raises(FrozenInstanceError):
        study.boundary.query = "fleet"
    with pytest.raises(TypeError):
        study.classes["large"] = study.classes["small"]
    with pytest.raises(TypeError):
        study.classes["small"].weights["A"] = 2


def test_an_entry_that_was_not_handed_over_is_named_when_it_is_used():
    study = NestedStudy.of(CURRENT)
    found = message_of(lambda: study.fleet)
    assert found == "NestedStudy: fleet was not handed over; allowed: boundary, method or title, which were"
    assert "sweeps was not handed over" in message_of(lambda: study.sweeps)
    assert NestedStudy.of(CURRENT | {"sweeps": None}).sweeps is None
    assert "levers was not handed over" in message_of(lambda: NestedStudy.of({"fleet": {"subject": "a"}}).fleet.levers)
    assert "title='Current'" in repr(study)


def test_a_key_that_there_is_not_is_named():
    assert message_of(NestedStudy.of, {"bounds": {}}).startswith("NestedStudy: found 'bounds'; allowed: boundary, ")
    assert message_of(PublishedStudy.of, {"fleet": {"levers": []}}).startswith("PublishedFleet: found 'levers'; ")
    with pytest.raises(AttributeError, match="NestedStudy has no attribute 'bounds'"):
        NestedStudy.of(CURRENT).bounds  # noqa: B018


def test_unknown_classes_and_workloads_are_named(read_configured):
    study = read_configured("current")
    assert (
        message_of(lambda: study.classes["huge"]) == "classes: found 'huge'; allowed: frontier, large, medium or small"
    )
    assert message_of(lambda: study.workloads["short"]).startswith(
        "workloads: found 'short'; allowed: azure_conversation, "
    )
    assert message_of(lambda: study.hardware_mix("huge")).startswith("classes: found 'huge'; ")
    assert "huge" not in study.classes


def test_replaced_entries_leave_the_rest_and_the_study_itself():
    study = NestedStudy.of(CURRENT)
    other = study.replaced(boundary=study.boundary.replaced(query="fleet"), pue=1.2)
    assert (other.boundary.query, other.boundary.fleet, other.pue) == ("fleet", "fleet", 1.2)
    assert other.title == study.title
    assert study.boundary.query == "node"
    assert "pue was not handed over" in message_of(lambda: study.pue)
    assert message_of(lambda: other.replaced(classes={"a": {}}).classes["b"]) == "classes: found 'b'; allowed: a"


def test_shares_by_hand():
    of_class = ModelClass(label="Class", weights={"A": 1, "B": 0, "C": 3})
    assert of_class.model_shares() == {"A": 0.25, "C": 0.75}
    entries = [HardwareShare(gpu="G", precision="FP8", share=1), HardwareShare(gpu="H", precision="FP4", share=4)]
    study = NestedStudy.of({"classes": {"mine": of_class}, "hardware": entries})
    assert [(entry.gpu, entry.share) for entry in study.hardware_mix("mine")] == [("G", 0.2), ("H", 0.8)]
    assert study.members() == [("A", "G", "FP8"), ("A", "H", "FP4"), ("C", "G", "FP8"), ("C", "H", "FP4")]


def test_node_power_of_a_model_or_the_default():
    assert NodePowerKw(default=10.2, by_model={"DeepSeek-R1": 12.8}).of_model("DeepSeek-R1") == 12.8
    assert NodePowerKw(default=10.2, by_model={"DeepSeek-R1": 12.8}).of_model("Llama 3.1 405B") == 10.2
    assert NodePowerKw(default=10.2).of_model("DeepSeek-R1") == 10.2
