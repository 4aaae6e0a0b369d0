"""The same run twice, one run with two GPU counts, and contradictions."""

import pytest
from check_rows import rows_of, throughput
from inference_energy.corpus.checks.repeats import conflicts, duplicates, same_figure_other_gpus

PAIR = ["source", "row_id", "other_source", "other_row_id"]
A, B = {"source": "a"}, {"source": "b"}
MEAN = {"output_tokens": 449.8, "output_length_kind": "mean", "concurrency": 127.41, "throughput_tok_per_s": 579.6}


@pytest.mark.parametrize("second", [A, B])
def test_duplicate_names_the_earlier_row(second):
    found = duplicates(throughput(A, second))
    assert found.select(PAIR).rows() == [(second["source"], "1", "a", "0")]
    assert found["severity"].item() == "info"
    assert found["found"].item() == 4000
    assert "row a 0" in found["message"].item()


def test_three_equal_rows_are_two_duplicates_of_the_first():
    found = duplicates(throughput(B, A, B))
    assert found.select(PAIR).rows() == [
        ("b", "0", "a", "1"),
        ("b", "2", "a", "1"),
    ]


@pytest.mark.parametrize(
    "fact",
    [
        {"tensor_parallel": 8},
        {"expert_parallel": 8},
        {"concurrency": 64},
        {"prompts": "synthetic"},
        {"engine": "vLLM"},
        {"engine_version": "0.9"},
        {"load": "server"},
        {"gpus": 16},
        {"nodes": None},
        {"precision": "BF16"},
        {"throughput_counts": "total"},
        {"phase": "decode"},
        {"output_tokens": 1001},
        {"input_length_kind": "mean"},
        {"model": "Llama 3.3 70B"},
    ],
)
def test_row_that_differs_in_one_fact_is_no_duplicate(fact):
    assert duplicates(throughput({}, fact)).is_empty()


def test_facts_unknown_to_both_are_equal():
    unknown = {"nodes": None, "engine": None, "input_tokens": None, "input_length_kind": "unknown"}
    assert rows_of(duplicates(throughput(unknown, unknown))) == ["1"]


def test_duplicates_agree_to_four_digits():
    found = duplicates(throughput({}, {"throughput_tok_per_s": 4000.3}, {"throughput_tok_per_s": 4001}))
    assert rows_of(found) == ["1"]


def test_figure_of_a_node_and_of_its_instance_are_the_same():
    assert rows_of(duplicates(throughput({}, {"throughput_scope": "node"}))) == ["1"]


def test_equal_figures_per_gpu_and_of_eight_gpus_are_no_duplicate():
    assert duplicates(throughput({}, {"throughput_scope": "gpu"})).is_empty()


def test_one_run_with_two_gpu_counts_is_raised_at_both_rows():
    found = same_figure_other_gpus(throughput(MEAN | A | {"gpus": 16}, MEAN | B | {"throughput_tok_per_s": 579.63}))
    assert found.sort("source").select(*PAIR, "found", "expected").rows() == [
        ("a", "0", "b", "1", 16, 8),
        ("b", "1", "a", "0", 8, 16),
    ]
    assert set(found["severity"]) == {"error"}


@pytest.mark.parametrize(
    "other",
    [
        {"gpus": 8},  # the same count
        {"gpus": None},
        {"source": "a"},  # the same source
        {"output_length_kind": "fixed"},
        {"concurrency": 127.6},
        {"concurrency": None},
        {"output_tokens": 450.1},
        {"throughput_tok_per_s": 579.8},
        {"gpu": "B200 180GB"},
        {"model": "Llama 3.3 70B"},
    ],
)
def test_other_runs_may_have_other_gpus(other):
    assert same_figure_other_gpus(throughput(MEAN | A, MEAN | B | {"gpus": 16} | other)).is_empty()


@pytest.mark.parametrize(("times", "raised"), [(1.49, []), (1.5, []), (1.51, ["0"])])
def test_throughputs_of_one_configuration_conflict_above_the_factor(times, raised):
    rows = throughput(A, B | {"throughput_tok_per_s": 4000 * times})
    assert rows_of(conflicts(rows, 1.5)) == raised


def test_conflict_names_the_slower_row_and_what_it_is_held_against():
    finding = conflicts(throughput(A | {"throughput_tok_per_s": 8000}, B), 1.5).row(0, named=True)
    assert (finding["source"], finding["row_id"], finding["other_source"], finding["other_row_id"]) == (
        *("b", "1"),
        *("a", "0"),
    )
    assert (finding["found"], finding["expected"], finding["severity"]) == (500, 1000, "warning")
    assert finding["message"].endswith("has 1000: 2 x")


def test_conflict_within_a_source_is_of_its_slowest_and_fastest_row():
    rows = throughput(*({"throughput_tok_per_s": value} for value in (5000, 2000, 9000, 8000)))
    found = conflicts(rows, 1.5)
    assert found.select("row_id", "other_row_id", "found", "expected").rows() == [("1", "2", 250, 1125)]


FAST = B | {"throughput_tok_per_s": 8000}
FACTS = [("engine", "vLLM", "SGLang"), ("engine_version", "0.9", "1.0"), ("concurrency", 8, 64), ("prompts", "x", "y")]


@pytest.mark.parametrize(("fact", "one", "two"), FACTS)
def test_fact_stated_by_both_and_different_is_no_conflict(fact, one, two):
    assert conflicts(throughput(A | {fact: one}, FAST | {fact: two}), 1.5).is_empty()
    assert rows_of(conflicts(throughput(A | {fact: one}, FAST | {fact: one}), 1.5)) == ["0"]


@pytest.mark.parametrize(("fact", "one", "two"), FACTS)
def test_fact_stated_by_one_alone_may_be_the_same(fact, one, two):
    assert rows_of(conflicts(throughput(A | {fact: one}, FAST), 1.5)) == ["0"]
    assert rows_of(conflicts(throughput(A, FAST | {fact: two}), 1.5)) == ["0"]


@pytest.mark.parametrize(
    "fact",
    [
        *({"input_length_kind": kind} for kind in ("mean", "unknown")),
        *({"output_length_kind": kind} for kind in ("mean", "unknown")),
        {"input_tokens": None, "input_length_kind": "unknown"},
        {"output_tokens": None, "output_length_kind": "unknown"},
    ],
)
def test_lengths_that_are_not_fixed_are_not_compared(fact):
    assert conflicts(throughput(A | fact, FAST | fact), 1.5).is_empty()


@pytest.mark.parametrize(
    "fact",
    [{"gpus": 16}, {"precision": "FP4"}, {"gpu": "B200 180GB"}, {"input_tokens": 500}, {"model": "Mixtral 8x7B"}],
)
def test_other_configurations_do_not_conflict(fact):
    # Twice the throughput per GPU, or four times the throughput on 16 GPUs.
    assert conflicts(throughput(A, FAST | {"throughput_tok_per_s": 16_000} | fact), 1.5).is_empty()
