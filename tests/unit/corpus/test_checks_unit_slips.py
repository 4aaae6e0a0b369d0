"""Figures per GPU entered as those of all GPUs, and the reverse."""

import random

import polars as pl
import pytest
from check_rows import corpus, rows_of, throughput
from inference_energy.corpus.checks.unit_slips import unit_slips

# 480 to 520 tok/s on each of eight GPUs.
NEIGHBOURS = [{"throughput_tok_per_s": value} for value in (3840, 3950, 4080, 4160)]
PER_GPU_AS_INSTANCE = {"row_id": "small", "throughput_tok_per_s": 500}
INSTANCE_AS_PER_GPU = {"row_id": "large", "throughput_tok_per_s": 4000, "throughput_scope": "gpu"}


def slips(*rows):
    return unit_slips(throughput(*rows), 1.3)


def test_too_small_and_too_large_by_the_number_of_gpus_are_both_found():
    found = slips(*NEIGHBOURS, PER_GPU_AS_INSTANCE, INSTANCE_AS_PER_GPU)
    assert rows_of(found) == ["small", "large"]
    assert set(found["severity"]) == {"error"}
    assert found["found"].to_list() == [62.5, 4000]
    # Median of 62.5, 480, 493.75, 510, 520 and 4000.
    assert found["expected"].to_list() == [501.875, 501.875]
    assert found["message"][0] == (
        "62.5 output tok/s/GPU is 0.125 x that of its 5 neighbours (501.9), about its 8 GPUs: a per-GPU figure entered"
        " as that of all GPUs?"
    )
    assert found["message"][1].endswith("a figure of all GPUs entered per GPU?")


def test_consistent_rows_raise_nothing():
    assert slips(*NEIGHBOURS).is_empty()


@pytest.mark.parametrize(("neighbours", "raised"), [(1, []), (2, ["small"])])
def test_two_neighbours_are_needed(neighbours, raised):
    assert rows_of(slips(*NEIGHBOURS[:neighbours], PER_GPU_AS_INSTANCE)) == raised


@pytest.mark.parametrize(
    "other",
    [
        {"model": "Llama 3.3 70B"},
        {"gpu": "B200 180GB"},
        {"precision": "FP4"},
        {"load": "server"},
        {"input_tokens": 100},
        {"output_tokens": 2100},
        {"output_tokens": None, "output_length_kind": "unknown"},
        {"concurrency": 64},
    ],
)
def test_rows_of_other_configurations_are_no_neighbours(other):
    assert slips(*NEIGHBOURS, PER_GPU_AS_INSTANCE | other).is_empty()


def test_lengths_of_one_digit_and_batches_of_one_octave_are_neighbours():
    # 950 to 1,400 tokens round to 1,000; 64 to 127 requests.
    near = [
        row | {"input_tokens": length, "output_tokens": length, "concurrency": batch}
        for row, length, batch in zip(NEIGHBOURS, (960, 1000, 1024, 1400), (64, 80, 100, 127), strict=True)
    ]
    slipped = PER_GPU_AS_INSTANCE | {"input_tokens": 1000, "output_tokens": 1000, "concurrency": 96}
    assert rows_of(slips(*near, slipped)) == ["small"]
    assert slips(*near, slipped | {"concurrency": 128}).is_empty()
    assert slips(*near, slipped | {"output_tokens": 1600}).is_empty()


@pytest.mark.parametrize(
    # Beside a median of 500 tok/s/GPU, a slip by 8 lies at 62.5, within a factor of 1.3 between 48.1 and 81.25.
    ("per_gpu", "raised"),
    [(47, []), (49, ["x"]), (80, ["x"]), (83, []), (250, [])],
)
def test_ratio_must_be_the_number_of_gpus_within_the_factor(per_gpu, raised):
    rows = [{"throughput_tok_per_s": 4000}] * 4
    assert rows_of(slips(*rows, {"row_id": "x", "throughput_tok_per_s": 8 * per_gpu})) == raised


@pytest.mark.parametrize(("gpus", "raised"), [(2, []), (4, ["x"])])
def test_slip_by_two_is_not_looked_for(gpus, raised):
    rows = [{"throughput_tok_per_s": 500 * gpus, "gpus": gpus}] * 4
    assert rows_of(slips(*rows, {"row_id": "x", "throughput_tok_per_s": 500, "gpus": gpus})) == raised


def test_row_of_unknown_gpus_is_not_judged():
    slipped = {"row_id": "x", "throughput_tok_per_s": 62.5, "throughput_scope": "gpu"}
    assert slips(*NEIGHBOURS, slipped | {"gpus": None}).is_empty()
    assert rows_of(slips(*NEIGHBOURS, slipped)) == ["x"]


def test_rows_of_unknown_answer_length_are_not_judged():
    unknown = {"output_tokens": None, "output_length_kind": "unknown"}
    assert slips(*(row | unknown for row in (*NEIGHBOURS, PER_GPU_AS_INSTANCE))).is_empty()


@pytest.mark.slow
def test_real_corpus_has_few_slips():
    found = unit_slips(corpus()["throughput"], corpus()["limits"]["unit_slip_factor"])
    # A deployment that stands out among others of another size, as in sweeps of configurations, looks like a slip.
    by_source = dict(found.group_by("source").len().rows())
    assert by_source == {"inferencex_groups": 11, "inferencex_rows": 2, "nvidia_measured": 1}


def test_half_the_slips_put_into_real_rows_are_caught():
    rows, factor = corpus()["throughput"], corpus()["limits"]["unit_slip_factor"]
    before = set(rows_of(unit_slips(rows, factor)))
    eligible = rows.filter(source="tensorrt_llm", gpus=8)["row_id"].to_list()
    sample = random.Random(0).sample(eligible, 40)
    caught = blamed = 0
    for name in sample:
        chosen = (pl.col("source") == "tensorrt_llm") & (pl.col("row_id") == name)
        slipped = rows.with_columns(
            pl.when(chosen).then(pl.col(column) / 8).otherwise(pl.col(column)).alias(column)
            for column in ("throughput_tok_per_s", "output_tok_per_s_per_gpu")
        )
        found = rows_of(unit_slips(slipped, factor))
        caught += name in found
        blamed += len(set(found) - {name} - before)
    # Four in ten rows have no two neighbours; of three rows, a slipped one can make another look wrong.
    assert blamed <= 2
    assert caught / len(sample) >= 0.4
