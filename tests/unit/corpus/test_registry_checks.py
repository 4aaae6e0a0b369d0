"""Facts of one registry row that must agree, closed models, and what the registries of this project hold."""

import csv
from pathlib import Path

import polars as pl
import pytest
from inference_energy.corpus import registries
from inference_energy.corpus.registry_tables import ATTENTION, ClosedModel, Hardware, Model
from messages import message_of

ROOT = Path(__file__).parents[3]
MODEL = {
    **{"model": "Big", "developer": "Lab", "architecture": "moe", "model_class": "frontier", "released_on": "2026-01"},
    **{"total_parameters_billions": "300", "active_parameters_billions": "30", "source": "https://example.org"},
    "checked_on": "2026-01-31",
}
FULL = {
    **{"layers": "60", "hidden_size": "4096", "experts": "128", "experts_per_token": "8", "key_value_heads": "4"},
    **{"head_dimension": "128", "attention": "full", "native_precision": "FP8", "context_length_tokens": "131072"},
    "architecture_source": "https://example.org/config.json (copy of the model's configuration file)",
}
LATENT = FULL | {"attention": "latent", "latent_kv_size": "576", "key_value_heads": "", "head_dimension": ""}
CLOSED = {
    **{"model": "Secret 5", "aliases": "lab/secret-5|secret-5", "developer": "Lab", "disclosed": "not disclosed"},
    **{"smallest_class": "medium", "largest_class": "frontier", "active_parameters_billions_min": "20"},
    **{"active_parameters_billions_max": "90", "evidence": "third_party_estimate", "basis": "its price"},
    **{"assumed_on": "2026-02", "source": "https://example.org"},
}
OPEN = registries.Names(Path("models.csv"), {"Big": "Big", "big": "Big"})


def written(path, table, *rows):
    """A registry file with these rows; cells that are not given are empty."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(table.to_schema().columns))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    "architecture",
    [
        {},
        FULL,
        LATENT,
        FULL | {"attention": "linear_mixed", "full_attention_layers": "15"},
        LATENT | {"attention": "linear_mixed", "full_attention_layers": "24"},
        FULL | {"attention": "sliding_window_mixed", "full_attention_layers": "10", "attention_window_tokens": "128"},
        LATENT | {"attention": "sparse_latent", "attention_window_tokens": "2048"},
        {"layers": "60", "architecture_source": "https://example.org"},
    ],
)
def test_architecture_that_agrees_is_read(tmp_path, architecture):
    path = written(tmp_path / "models.csv", Model, MODEL | architecture)
    row = registries.read_models(path)[0].row(0, named=True)
    assert row["layers"] == (60 if architecture else None)
    assert row["attention"] == architecture.get("attention")


FAULTS = {
    "experts of a dense model": (
        FULL | {"architecture": "dense", "active_parameters_billions": "300"},
        "experts: found 128; allowed: no experts, as architecture is not moe",
    ),
    "experts without experts per token": (
        FULL | {"experts_per_token": ""},
        "experts_per_token: found None; allowed: both experts and this, or neither",
    ),
    "more experts per token than experts": (
        FULL | {"experts_per_token": "129"},
        "experts_per_token: found 129; allowed: at most experts",
    ),
    "more full layers than layers": (
        FULL | {"attention": "linear_mixed", "full_attention_layers": "61"},
        "full_attention_layers: found 61; allowed: at most layers",
    ),
    "full layers where all are": (
        FULL | {"full_attention_layers": "60"},
        "full_attention_layers: found 60; allowed: empty, unless attention is one of ",
    ),
    "latent size of full attention": (
        FULL | {"latent_kv_size": "576"},
        "latent_kv_size: found 576; allowed: a number for latent",
    ),
    "latent attention without its size": (
        LATENT | {"latent_kv_size": ""},
        "latent_kv_size: found None; allowed: a number for latent",
    ),
    "heads of latent attention": (
        LATENT | {"key_value_heads": "128"},
        "key_value_heads: found 128; allowed: empty, as latent attention has none",
    ),
    "architecture without source": (
        FULL | {"architecture_source": ""},
        "architecture_source: found None; allowed: a source, as one of layers, hidden_size, ",
    ),
}


@pytest.mark.parametrize(("architecture", "fault"), FAULTS.values(), ids=FAULTS)
def test_architecture_that_contradicts_itself(tmp_path, architecture, fault):
    path = written(tmp_path / "models.csv", Model, MODEL | architecture)
    assert message_of(registries.read_models, path).startswith(f"{path}: Big: {fault}")


def test_kind_of_attention_is_one_of_the_list(tmp_path):
    path = written(tmp_path / "models.csv", Model, MODEL | FULL | {"attention": "flash"})
    message = message_of(registries.read_models, path)
    assert message.startswith(f"{path} line 2 column attention: found 'flash'; allowed: one of ")


def test_closed_model_is_read_with_its_names(tmp_path):
    path = written(tmp_path / "closed.csv", ClosedModel, CLOSED)
    closed, names = registries.read_closed_models(path, OPEN)
    assert closed.select("smallest_class", "largest_class", "active_parameters_billions_max").row(0) == (
        *("medium", "frontier"),
        90,
    )
    assert names.canonical == dict.fromkeys(("Secret 5", "lab/secret-5", "secret-5"), "Secret 5")


CLOSED_FAULTS = {
    "classes upside down": (
        {"smallest_class": "frontier", "largest_class": "large"},
        "Secret 5: largest_class: found 'large'; allowed: no smaller than smallest_class",
    ),
    "half a range": (
        {"active_parameters_billions_max": ""},
        "Secret 5: active_parameters_billions_max: found None; allowed: both ends of the range, or neither",
    ),
    "range upside down": (
        {"active_parameters_billions_max": "19"},
        "Secret 5: active_parameters_billions_max: found 19.0; allowed: no less than active_parameters_billions_min",
    ),
    "name of an open model": (
        {"aliases": "secret-5|big"},
        "Secret 5: found the name 'big'; allowed: a name or alias that is not in models.csv, where it stands for Big",
    ),
}


@pytest.mark.parametrize(("changed", "fault"), CLOSED_FAULTS.values(), ids=CLOSED_FAULTS)
def test_closed_model_that_contradicts_itself(tmp_path, changed, fault):
    path = written(tmp_path / "closed.csv", ClosedModel, CLOSED | changed)
    assert message_of(registries.read_closed_models, path, OPEN) == f"{path}: {fault}"


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("disclosed", "secret", "one of "),
        ("largest_class", "huge", "one of "),
        ("basis", "", "a value, not an empty cell"),
        ("assumed_on", "today", "a date such as 2025, "),
        ("source", "a friend", "an address that begins with http:// or https://"),
    ],
)
def test_cell_of_a_closed_model(tmp_path, column, value, allowed):
    path = written(tmp_path / "closed.csv", ClosedModel, CLOSED | {column: value})
    message = message_of(registries.read_closed_models, path, OPEN)
    assert message.startswith(f"{path} line 2 column {column}: found {repr(value) if value else 'an empty cell'}")
    assert f"allowed: {allowed}" in message


# The registries of this project.


@pytest.fixture(scope="module")
def closed_models(models):
    return registries.read_closed_models(ROOT / "resources/closed_models.csv", models[1])


def test_closed_models_are_read_and_say_that_their_size_is_not_disclosed(closed_models):
    table, _ = closed_models
    ClosedModel.validate(table)
    assert table["disclosed"].unique().to_list() == ["not disclosed"]
    only_named = table.filter(pl.col("evidence") == "name_only")
    assert only_named["active_parameters_billions_min"].null_count() == only_named.height
    assert {"OpenAI", "Anthropic", "Google", "xAI", "Mistral AI"} <= set(table["developer"])


@pytest.mark.parametrize(
    ("name", "model"),
    [
        *(("dsr1", "DeepSeek-R1-0528"), ("dsv4", "DeepSeek-V4-Pro"), ("gptoss120b", "gpt-oss-120b")),
        *(("gptoss", "gpt-oss-120b"), ("llama70b", "Llama 3.3 70B"), ("minimaxm2.5", "MiniMax-M2.5")),
        *(("qwen3.5", "Qwen3.5-397B-A17B"), ("glm5", "GLM-5"), ("kimik2.5", "Kimi-K2.5"), ("GLM-4.7", "GLM-4.7")),
        ("qwen3-vl-235b-a22b", "Qwen3-VL-235B-A22B"),
    ],
)
def test_short_names_of_benchmarks(models, name, model):
    assert models[1].canonical[name] == model


@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        *(("b200-nv", "B200 180GB"), ("b200_sxm", "B200 180GB"), ("b200-trt", "B200 180GB"), ("h100", "H100 SXM 80GB")),
        *(("h200-nv", "H200 SXM 141GB"), ("gb200-nv", "GB200 192GB"), ("gb300", "GB300"), ("b300", "B300 288GB")),
        *(("mi300x", "MI300X 192GB"), ("mi325x", "MI325X 256GB"), ("mi355x-amd", "MI355X 288GB")),
        *(("Intel Gaudi 3 HL-325L", "Gaudi 3"), ("TPU v7", "TPU v7"), ("NVIDIA B300-SXM-270GB", "B300 288GB")),
        ("RTX PRO 6000 Blackwell", "RTX PRO 6000 Blackwell"),
    ],
)
def test_short_names_of_hardware(hardware, name, gpu):
    assert hardware[1].canonical[name] == gpu


def test_link_domains_hold_whole_nodes(hardware):
    table, _ = hardware
    Hardware.validate(table)
    domains = dict(table.select("gpu", "gpus_per_link_domain").iter_rows())
    assert (domains["GB200 192GB"], domains["GB300"], domains["H100 SXM 80GB"]) == (72, 72, 8)
    linked = table.filter(pl.col("link_bandwidth_gb_per_s").is_not_null())
    assert (linked["gpus_per_link_domain"] % linked["gpus_per_node"] == 0).all()
    assert linked["link_source"].null_count() == 0
    alone = table.filter(pl.col("gpus_per_link_domain") == 1)
    assert alone["link_bandwidth_gb_per_s"].null_count() == alone.height


def test_architectures_are_those_of_the_configuration_files(models):
    table = {row["model"]: row for row in models[0].iter_rows(named=True)}
    r1, oss, qwen = (table[name] for name in ("DeepSeek-R1", "gpt-oss-120b", "Qwen3.5-397B-A17B"))
    # 512 numbers of the compressed vector and 64 of its rotary part.
    assert (r1["layers"], r1["experts"], r1["experts_per_token"], r1["latent_kv_size"]) == (61, 256, 8, 576)
    # Every second of 36 layers has a window.
    assert (oss["attention_window_tokens"], oss["full_attention_layers"], oss["layers"]) == (128, 18, 36)
    # Every fourth of 60 layers attends to all tokens.
    assert (qwen["attention"], qwen["full_attention_layers"], qwen["layers"]) == ("linear_mixed", 15, 60)
    assert set(models[0]["attention"].drop_nulls()) == set(ATTENTION)


def test_models_of_one_network_have_one_architecture(models):
    shape = ["layers", "hidden_size", "experts", "experts_per_token", "key_value_heads", "latent_kv_size", "attention"]
    table = models[0].select("model", "same_network_as", *shape)
    twins = table.filter(pl.col("same_network_as").is_not_null()).join(
        table, left_on="same_network_as", right_on="model", suffix="_twin"
    )
    for name in shape:
        assert twins.filter(pl.col(name) != pl.col(f"{name}_twin"))["model"].to_list() == [], name
