"""Runs of the serving model from rows of the corpus."""

import math
from pathlib import Path

import check_rows
import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.corpus import registries
from inference_energy.serving import runs as serving_runs
from inference_energy.serving.runs import year
from inference_energy.serving.tables import BATCH_FROM, EngineRelease, PromptLengths

RESOURCES = Path(__file__).parents[3] / "resources"
MODEL = {"released_on": "2025-01", "layers": 80, "key_value_heads": 8, "head_dimension": 128, "hidden_size": 8192}
STATED = {"load": "closed_loop", "concurrency": 64}
LENGTHS = {
    "prompts": ["chat", "chat", "code"],
    "model": ["Llama 3.1 70B", None, None],
    "input_tokens_mean": [110.0, 100.0, 150.0],
    "output_tokens_mean": [None, 300.0, None],
    "server_time_per_token_limit_ms": [200.0, 100.0, None],
    "interactive_time_per_token_limit_ms": [40.0, None, None],
}
NO_RELEASES = {"source": None, "engine": None, "engine_version": None, "released_on": None, "since": None}
UNKNOWN = {"input_tokens": None, "input_length_kind": "unknown", "output_tokens": None, "output_length_kind": "unknown"}


def runs(*rows, energy=(), model=None, gpu=None, releases=()):
    """Runs of rows that are 70 billion parameters on eight H100 with 500 tok/s each."""
    found, _ = serving_runs.runs(
        throughput=check_rows.throughput(*rows),
        energy=check_rows.energy(*energy),
        models=check_rows.models(MODEL | (model or {})),
        hardware=check_rows.hardware(gpu or {}),
        prompt_lengths=pl.DataFrame(LENGTHS),
        engine_releases=pl.DataFrame(
            [NO_RELEASES | release for release in releases], schema=dict.fromkeys(NO_RELEASES, pl.String)
        ),
    )
    return found


def one(row, **others):
    return runs(row, **others).row(0, named=True)


@pytest.mark.parametrize(
    ("date", "found"),
    [
        ("2025", 2025.5),
        ("2025-01", 2025 + 0.5 / 12),
        ("2025-12", 2025 + 11.5 / 12),
        ("2025-01-01", 2025 + 0.5 / 365.25),
    ],
)
def test_year(date, found):
    assert year(date) == pytest.approx(found)


@given(st.dates(), st.dates())
def test_later_dates_are_later_years(one, other):
    assert (year(one.isoformat()) < year(other.isoformat())) == (one < other)
    assert abs(year(one.isoformat()[:7]) - year(one.isoformat())) < 1 / 20


def test_seconds_per_token_are_of_the_whole_replica():
    found = one(STATED)
    assert found["seconds_per_token"] == pytest.approx(1 / 4000)
    assert found["gpus"] == found["gpus_per_replica"] == found["gpus_of_result"] == 8


def test_a_stated_batch():
    found = one(STATED | {"time_per_output_token_mean_ms": 20})
    assert (found["batch"], found["batch_from"]) == (64, "stated")


def test_batch_by_time_per_token():
    found = one({"load": "server", "time_per_output_token_mean_ms": 20})
    assert (found["batch"], found["batch_from"]) == (pytest.approx(4000 * 0.020), "time per token")


KEPT = 2 * 8 * 128 * 80 * 1500 + 1e5  # bytes of the keys of a request, with 1,000 tokens and half of 1,000


def test_batch_of_an_offline_run_is_what_memory_holds():
    found = one({"gpus": 2, "throughput_tok_per_s": 1000})
    assert (found["batch"], found["batch_from"]) == (pytest.approx((0.93 * 160e9 - 70e9) / KEPT), "memory")
    assert found["largest_batch"] == found["batch"]


def test_batch_of_an_offline_run_is_at_most_that_of_the_engine():
    assert one({"gpus": 64})["batch"] == 2048


def test_no_batch_is_above_what_memory_holds_or_below_one():
    large, small = runs(STATED | {"gpus": 1, "concurrency": 1000}, STATED | {"concurrency": 0.5})["batch"]
    assert large == pytest.approx((0.93 * 80e9 - 70e9) / KEPT)
    assert small == 1


def test_where_batches_come_from_is_what_the_schema_allows():
    found = runs(STATED, {"load": "server", "time_per_output_token_mean_ms": 20}, {})
    assert found["batch_from"].to_list() == BATCH_FROM


@pytest.mark.parametrize(
    "row",
    [
        *(STATED | {"serving": "disaggregated"}, STATED | {"phase": "decode"}),
        *(STATED | {"gpus": 1, "precision": "BF16"}, STATED | UNKNOWN, STATED | {"throughput_counts": "input"}),
        STATED | UNKNOWN | {"prompts": "code"},
    ],
    ids=["disaggregated", "decode alone", "does not fit", "no lengths", "no output", "no answers"],
)
def test_rows_that_are_left_out(row):
    assert runs(STATED, row)["row_id"].to_list() == ["0"]


def test_runs_without_a_batch_are_not_fitted_to():
    found = runs(STATED, {"load": "server"})
    assert found["batch"].to_list() == [64, None]
    assert serving_runs.for_fit(found, {})["row_id"].to_list() == ["0"]


def test_runs_that_stand_in_another_source_are_fitted_to_only_with_energy():
    metered = {"row_id": "1", "boundary": "gpu_boards", "energy_j_per_output_token": 1.0}
    found = runs(STATED, STATED, energy=[metered])
    assert serving_runs.for_fit(found, dict.fromkeys(found["source"], "in another"))["row_id"].to_list() == ["1"]


def test_limits_of_the_time_per_token_are_those_of_the_kind_of_run():
    found = runs(*(STATED | {"load": load, "prompts": "chat"} for load in ("server", "interactive", "offline")))
    assert found["time_per_token_limit_ms"].to_list() == [200, 40, None]


def test_rows_that_say_they_are_aggregated_stay():
    assert len(runs(STATED | {"serving": "aggregated"})) == 1


@pytest.mark.parametrize(
    ("prompts", "model", "lengths"),
    [("chat", "Llama 3.1 70B", (110, 300)), ("chat", "Other", (100, 300))],
    ids=["of the model", "of all"],
)
def test_lengths_that_are_not_stated(prompts, model, lengths):
    found = one(STATED | UNKNOWN | {"prompts": prompts, "model": model}, model={"model": model})
    assert (found["input_tokens"], found["output_tokens"]) == lengths


def test_stated_lengths_hold():
    found = one(STATED | {"prompts": "chat", "input_tokens": 500, "output_tokens": 50})
    assert (found["input_tokens"], found["output_tokens"]) == (500, 50)
    found = one(STATED | {"prompts": "code", "input_tokens": None, "output_tokens": 50})
    assert (found["input_tokens"], found["output_tokens"]) == (150, 50)


@pytest.mark.parametrize(
    ("prompts", "kind", "factor"),
    [
        *(("synthetic, random tokens", "unknown", 0.9), ("synthetic, random tokens (nominal)", "unknown", 0.9)),
        *(("synthetic, random tokens", "fixed", 1), ("synthetic", "unknown", 1), (None, "unknown", 1)),
    ],
)
def test_nominal_lengths_of_random_tokens_are_longer_than_counted_ones(prompts, kind, factor):
    found = one(STATED | {"prompts": prompts, "input_length_kind": kind, "output_tokens": 200})
    assert (found["input_tokens"], found["output_tokens"]) == pytest.approx((1000 * factor, 200 * factor))


VERSION = {"engine": "vLLM", "engine_version": "0.9", "released_on": "2025-07"}
BY_SOURCE = {"source": "a", "engine": "vLLM", "engine_version": "0.5", "released_on": "2025-03"}


@pytest.mark.parametrize(
    ("row", "releases", "software"),
    [
        ({}, (), 2025 + 5.5 / 12),
        ({"engine": "vLLM", "engine_version": "0.9"}, (VERSION, BY_SOURCE), 2025 + 6.5 / 12),
        ({"engine": "SGLang", "engine_version": "0.9"}, (VERSION,), 2025 + 5.5 / 12),
        ({"engine": "vLLM"}, (VERSION, BY_SOURCE), 2025 + 2.5 / 12),
        ({"source": "b", "engine": "vLLM"}, (VERSION, BY_SOURCE), 2025 + 5.5 / 12),
        ({}, ({"source": "a", "since": "2025-09"},), (2025 + 8.5 / 12 + 2026 + 0.5 / 365.25) / 2),
        ({}, ({"source": "a", "since": "2024-09"},), (2025 + 0.5 / 12 + 2026 + 0.5 / 365.25) / 2),
    ],
    ids=["published", "version", "other engine", "source", "other source", "since", "since the model is out"],
)
def test_date_of_the_software(row, releases, software):
    found = one(STATED | row, releases=releases)
    assert found["software_years"] == pytest.approx(software - 2026)
    assert found["youth"] == pytest.approx(math.exp(-(software - 2025 - 0.5 / 12) / 0.5))


def test_a_model_is_not_younger_than_on_its_day_of_release():
    assert one(STATED | {"published_on": "2024-06"})["youth"] == 1


def test_rows_keep_their_number_where_a_version_is_that_of_a_source_too():
    releases = (BY_SOURCE, BY_SOURCE | {"source": None, "released_on": "2025-03-01"})
    assert len(runs(STATED | {"engine": "vLLM", "engine_version": "0.5"}, releases=releases)) == 1


@pytest.mark.parametrize(
    ("engine", "published", "old"),
    [("vLLM", "2024-08", 1), ("vLLM", "2024-10", 0), ("SGLang", "2024-08", 0), (None, "2024-08", 0)],
)
def test_old_engines(engine, published, old):
    assert one(STATED | {"engine": engine, "published_on": published})["old_engine"] == old


def test_share_of_the_rated_power():
    rows = (STATED, STATED, STATED, STATED)
    energy = ({"energy_j_per_output_token": 0.7}, {"boundary": "node"}, {"row_id": "7"})
    found = runs(*rows, energy=energy)
    assert found["board_share"].to_list() == [pytest.approx(0.7 * 500 / 700), None, None, None]
    assert found["seconds_per_token"].n_unique() == 1
    larger = one(STATED, energy=energy[:1], gpu={"tdp_w": 1400})
    assert larger["board_share"] == pytest.approx(0.7 * 500 / 1400)


def test_a_result_of_many_replicas_counts_as_the_fewest_gpus_that_hold_the_weights():
    rows = ({}, {"source": "mlperf_x"}, {"source": "mlperf_x", "tensor_parallel": 4})
    found = runs(*rows).sort("source", "row_id")
    # 70 GB in 0.6 of 80 GB each: two GPUs
    assert found["gpus"].to_list() == [8, 2, 8]
    assert found["gpus_of_result"].to_list() == [8, 8, 8]
    assert found["seconds_per_token"].to_list() == pytest.approx([1 / 4000, 1 / 1000, 1 / 4000])


@pytest.mark.parametrize(("memory_gb", "gpus"), [(20, 8), (60, 2), (200, 1)])
def test_a_replica_has_a_power_of_two_gpus(memory_gb, gpus):
    # 70 GB in 0.6 of the memory: 5.8, 1.9 and 0.6 GPUs
    found = one({"source": "mlperf_x", "gpus": 64, "throughput_tok_per_s": 32_000}, gpu={"memory_gb": memory_gb})
    assert found["gpus"] == gpus


def test_a_replica_is_no_larger_than_the_result():
    found = one({"source": "mlperf_x", "precision": "BF16", "gpus": 2, "throughput_tok_per_s": 1000})
    assert found["gpus"] == 2  # four would be needed


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        *(({}, "campaign", "a"), ({"source": "inferencex_groups"}, "campaign", "inferencex")),
        *(({"note": note}, "campaign", "inferencex") for note in ("framework sglang", "runner b200-nv; image vllm:1")),
        ({"note": "640 requests"}, "campaign", "a"),
        *(({"source": "mlperf_v5"}, "tuned", 1), ({"source": "tensorrt_llm"}, "tuned", 1), ({}, "tuned", 0)),
        *(({"note": "attention data-parallel"}, "attention_data_parallel", 1), ({}, "attention_data_parallel", 0)),
        *(({"data_parallel": 8}, "attention_data_parallel", 1), ({"data_parallel": 1}, "attention_data_parallel", 0)),
        *(({"speculative_decoding": "mtp"}, "speculative", 1), ({"speculative_decoding": "none"}, "speculative", 0)),
        *(({}, "speculative", 0), ({}, "engine", "not stated"), ({}, "cached_share", 0)),
    ],
)
def test_facts_of_a_run(row, column, value):
    assert one(STATED | row)[column] == value


def test_a_network_is_that_of_the_model_it_was_made_from():
    assert one(STATED)["network"] == "Llama 3.1 70B"
    assert one(STATED, model={"same_network_as": "Base"})["network"] == "Base"


@pytest.mark.parametrize(
    ("change", "cells"),
    [
        *(({"concurrency": 128}, 1), ({"throughput_tok_per_s": 5000}, 1), ({"input_tokens": 500}, 2)),
        *(({"engine": "vLLM"}, 2), ({"source": "b"}, 2), ({"expert_parallel": 2}, 2), ({"precision": "BF16"}, 2)),
    ],
)
def test_rows_of_one_configuration_are_a_cell(change, cells):
    assert runs(STATED, STATED | change)["cell"].n_unique() == cells


def test_registries_of_the_repository_fit_the_corpus(rows, corpus):
    lengths = registries.read_registry(RESOURCES / "prompt_lengths.csv", PromptLengths)
    releases = registries.read_registry(RESOURCES / "engine_releases.csv", EngineRelease)
    assert set(lengths["prompts"]) <= set(rows["prompts"])
    assert set(lengths["model"].drop_nulls()) <= set(corpus["model"]["model"])
    assert set(releases["source"].drop_nulls()) <= set(rows["source"])
    versions = releases.filter(pl.col("source").is_null()).select("engine", "engine_version")
    assert set(versions.rows()) <= set(rows.select("engine", "engine_version").rows())
    assert not versions.is_duplicated().any()
    assert all(2023 < year(date) < 2027 for date in releases["released_on"].drop_nulls())
