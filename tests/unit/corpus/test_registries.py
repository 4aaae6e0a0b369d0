"""Registries: every name and alias stands for one row, and facts of several rows fit together."""

import csv
from pathlib import Path

import polars as pl
import pytest
from inference_energy.corpus import registries
from inference_energy.corpus.names import Names
from inference_energy.corpus.registry_tables import Model
from inference_energy.energy.tables import Overhead
from messages import message_of

ROOT = Path(__file__).parents[3]
MODEL = {
    "developer": "Lab",
    "architecture": "dense",
    "released_on": "2025-01",
    "source": "https://example.org",
    "checked_on": "2026-01",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "models.csv"


def write_models(path, *models):
    """A registry of (name, aliases, billions, class[, same network as])."""
    keys = ("model", "aliases", "total_parameters_billions", "model_class", "same_network_as")
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(Model.to_schema().columns))
        writer.writeheader()
        for model in models:
            row = MODEL | dict(zip(keys, model, strict=False))
            writer.writerow({"active_parameters_billions": row["total_parameters_billions"]} | row)


def test_names_and_aliases_lead_to_the_name(path):
    write_models(path, ("Big", " lab/big | BIG||", 300, "frontier"), ("Tiny", "", 3, "small"))
    models, names = registries.read_models(path)
    assert models["model"].to_list() == ["Big", "Tiny"]
    assert names.canonical == {"Big": "Big", "lab/big": "Big", "BIG": "Big", "Tiny": "Tiny"}
    assert names.registry == path


@pytest.mark.parametrize(
    ("aliases", "found"),
    [(("x|shared", "shared"), "'shared' for Big and for Tiny"), (("", "Big"), "'Big' for Big and for Tiny")],
    ids=["two aliases", "an alias that is another's name"],
)
def test_name_that_stands_for_two_rows(path, aliases, found):
    write_models(path, ("Big", aliases[0], 300, "frontier"), ("Tiny", aliases[1], 3, "small"))
    assert message_of(registries.read_models, path) == f"{path}: aliases: found {found}; allowed: one model"


def test_alias_that_is_the_name_of_a_later_row(path):
    write_models(path, ("Big", "Tiny", 300, "frontier"), ("Tiny", "", 3, "small"))
    assert "aliases: found 'Tiny' for Big and for Tiny" in message_of(registries.read_models, path)


def test_alias_given_twice_to_one_row_does_no_harm(path):
    write_models(path, ("Big", "b|b|Big", 300, "frontier"))
    assert registries.read_models(path)[1].canonical == {"Big": "Big", "b": "Big"}


def test_unknown_name_is_told_with_those_close_to_it():
    known = ["Llama 3.1 70B", "Qwen3-14B", "GPT-J 6B", "Gemma 2 27B"]
    names = Names(Path("models.csv"), {name: name for name in known})
    assert names.allowed("Llama-3.1-70B").startswith("a name or alias in models.csv: ")
    assert "Llama 3.1 70B" in names.allowed("Llama-3.1-70B")
    assert "Qwen3-14B" not in names.allowed("Llama-3.1-70B")


def test_name_given_twice(path):
    write_models(path, ("Big", "", 300, "frontier"), ("Big", "", 300, "frontier"))
    message = message_of(registries.read_models, path)
    assert message.startswith(f"{path} line 2 column model: found 'Big'; allowed: a value that no other row has")


def test_fault_of_a_row_stops_with_its_place(path):
    write_models(path, ("Big", "", "300 B", "frontier"))
    message = message_of(registries.read_models, path)
    assert message.startswith(f"{path} line 2 column active_parameters_billions: found '300 B'; allowed: a number")


@pytest.mark.parametrize(
    "twin",
    [
        ("Twin", "", 300, "frontier", "Nope"),
        ("Twin", "", 299, "frontier", "Big"),
        ("Twin", "", 300, "frontier", "Third"),
        ("Twin", "", 300, "frontier", "Twin"),
        ("Twin", "", 300, "frontier", "big"),
    ],
    ids=["no model", "another size", "one that points on", "itself", "an alias"],
)
def test_same_network_as_must_be_a_model_of_the_same_size(path, twin):
    write_models(path, ("Big", "big", 300, "frontier"), twin, ("Third", "", 300, "frontier", "Big"))
    message = message_of(registries.read_models, path)
    assert message.startswith(f"{path}: Twin: same_network_as: found {twin[4]!r}; allowed: a model of the registry ")


def test_same_network_with_other_active_parameters(path):
    write_models(path, ("Big", "", 300, "frontier"), ("Twin", "", 300, "frontier", "Big"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2].replace("300,300", "300,30")]) + "\n")
    assert "Twin: same_network_as: found 'Big'" in message_of(registries.read_models, path)


def test_same_network_as_is_kept(path):
    write_models(path, ("Big", "", 300, "frontier"), ("Twin", "", 300, "frontier", "Big"))
    assert registries.read_models(path)[0]["same_network_as"].to_list() == [None, "Big"]


@pytest.mark.parametrize(
    ("classes", "fault"),
    [
        ((("A", 100, "frontier"), ("B", 100, "large")), "B: model_class: found 'large' at 100 B; allowed: frontier"),
        ((("A", 100, "frontier"), ("B", 101, "small")), "B: model_class: found 'small' at 101 B; allowed: frontier"),
        (
            (("A", 100, "frontier"), ("B", 50, "large"), ("C", 60, "medium")),
            "C: model_class: found 'medium' at 60 B; allowed: large, which starts at 50 B",
        ),
    ],
    ids=["as large as the next class", "over a class in between", "third class"],
)
def test_class_that_reaches_into_the_next(path, classes, fault):
    write_models(path, *((name, "", size, model_class) for name, size, model_class in classes))
    assert message_of(registries.read_models, path).startswith(f"{path}: {fault}")


def test_classes_apart_are_fine_even_with_one_missing(path):
    write_models(path, ("A", "", 100, "frontier"), ("B", "", 99.9, "medium"), ("C", "", 1, "small"))
    assert len(registries.read_models(path)[0]) == 3


def test_registry_of_assumptions():
    overheads = registries.read_registry(ROOT / "resources/overheads.csv", Overhead)
    assert overheads.columns == list(Overhead.to_schema().columns)
    Overhead.validate(overheads)


# The registries of this project.


@pytest.mark.parametrize("name", ["models", "hardware"])
def test_every_name_and_alias_is_written_once(name):
    with (ROOT / f"resources/{name}.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    written = [part for row in rows for part in (row[0], *row[1].split("|")) if part]
    assert len(written) > len(rows)
    assert sorted(written) == sorted(set(written))
    assert [part for part in written if part != part.strip()] == []


def test_models_are_typed_and_fall_into_the_classes_that_their_meaning_says(models):
    table, _ = models
    Model.validate(table)
    limits = {"frontier": (200, 1e6), "large": (60, 200), "medium": (20, 60), "small": (0, 20)}
    for name, billions, model_class in table.select("model", "total_parameters_billions", "model_class").iter_rows():
        low, high = limits[model_class]
        assert low < billions <= high, name


def test_no_model_uses_more_parameters_than_it_has(models):
    table, _ = models
    active, total = table["active_parameters_billions"], table["total_parameters_billions"]
    assert (active <= total).all()
    dense = table.filter(pl.col("architecture") == "dense")
    assert dense.filter(pl.col("active_parameters_billions") != pl.col("total_parameters_billions")).is_empty()


def test_rated_node_power_covers_its_gpus_and_what_was_measured(hardware):
    table, _ = hardware
    gpus_kw = pl.col("tdp_w") * pl.col("gpus_per_node") / 1000
    assert table.filter(pl.col("node_rated_power_kw") < gpus_kw)["gpu"].to_list() == []
    assert table.filter(pl.col("node_saturated_power_kw") > pl.col("node_rated_power_kw"))["gpu"].to_list() == []
    assert table.filter(pl.col("node_idle_power_kw") >= pl.col("node_saturated_power_kw"))["gpu"].to_list() == []


def test_every_row_of_the_corpus_bears_a_name_of_the_registries(corpus):
    models, gpus = corpus["model"]["model"].to_list(), corpus["hardware"]["gpu"].to_list()
    for name in ("throughput", "measured_energy", "published_estimate"):
        assert corpus[name]["model"].drop_nulls().is_in(models).all()
        assert corpus[name]["gpu"].drop_nulls().is_in(gpus).all()
    assert corpus["throughput"]["model"].null_count() == corpus["throughput"]["gpu"].null_count() == 0
