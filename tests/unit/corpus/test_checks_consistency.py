"""Rows against the registries and against their own other columns."""

import pytest
from check_rows import energy, hardware, models, rows_of, throughput
from inference_energy.corpus.checks.consistency import power_above_rating, precision_in_name, stated_parameters


def stated(total, registry, active=None):
    rows = throughput({"stated_total_parameters_billions": total, "stated_active_parameters_billions": active})
    known = models({"total_parameters_billions": registry, "active_parameters_billions": registry})
    return stated_parameters(rows, known, 0.05)


@pytest.mark.parametrize(
    ("total", "registry", "raised"),
    [
        (235, 253, True),  # 18 of 253: 7%
        (241, 253, False),  # 12 is 4.7%
        (14, 14.2, False),  # 0.2 is less than half a billion
        (3, 3.5, False),  # half a billion, though 14%
        (3, 3.6, True),
        (9, 8.5, False),
        (14, 14.8, True),  # 0.8 is more than 0.5 and than 0.74
        (None, 14, False),
    ],
)
def test_stated_parameters_beyond_five_percent_and_half_a_billion(total, registry, raised):
    assert stated(total, registry).is_empty() == (not raised)


def test_stated_parameters_say_which_number_differs():
    found = stated(100, 100, active=50)
    assert found["message"].to_list() == ["the source states 50 B active parameters; the registry has 100 B"]
    assert found.select("found", "expected", "severity").rows() == [(50, 100, "warning")]


def test_both_numbers_of_a_row_can_differ():
    assert rows_of(stated(200, 100, active=50)) == ["0", "0"]


@pytest.mark.parametrize(
    ("precision", "stated", "raised"),
    [
        ("FP8", "maker/Model-NVFP4", True),
        ("FP4", "maker/Model-NVFP4", False),
        ("FP4", "maker/Model-MXFP4", False),  # both are half a byte per parameter
        ("BF16", "maker/Model", False),
        ("BF16", None, False),
    ],
)
def test_a_precision_that_differs_from_the_name_of_the_model(precision, stated, raised):
    found = precision_in_name(throughput({"precision": precision, "stated_model": stated}))
    assert found["message"].to_list() == ([f"{precision} weights, but its model is stated as {stated}"] * raised)


@pytest.mark.parametrize(
    ("row", "raised"),
    [
        ({"power_w": 5600}, False),  # 8 * 700 W
        ({"power_w": 5601}, True),
        ({"power_w": 1401, "gpus": 2}, True),
        ({"power_w": 5601, "gpus": None}, False),
        ({"power_w": 10_200, "boundary": "node_wall"}, False),
        ({"power_w": 10_201, "boundary": "node_wall"}, True),
        ({"power_w": 20_400, "boundary": "node_wall", "nodes": 2}, False),
        ({"power_w": 20_401, "boundary": "node_wall", "nodes": 2}, True),
        ({"power_w": 20_401, "boundary": "node_wall", "nodes": None}, False),
        ({"power_w": None, "energy_j_per_output_token": 5.59}, False),  # at 1,000 tok/s
        ({"power_w": None, "energy_j_per_output_token": 5.61}, True),
    ],
)
def test_power_above_the_rating_of_boards_or_nodes(row, raised):
    assert power_above_rating(energy(row), hardware({})).is_empty() == (not raised)


def test_power_of_a_node_without_a_rating_is_not_judged():
    wall = energy({"power_w": 1e6, "boundary": "node_wall"})
    assert power_above_rating(wall, hardware({"node_rated_power_kw": None})).is_empty()


def test_power_finding_names_both_powers():
    finding = power_above_rating(energy({"power_w": 6000}), hardware({})).row(0, named=True)
    assert (finding["found"], finding["expected"], finding["unit"], finding["severity"]) == (6000, 5600, "W", "error")
    assert finding["message"] == "6000 W measured; rated for 5600 W"


def test_power_from_energy_counts_all_gpus_where_throughput_is_stated_per_gpu():
    # 8 J at 125 tok/s on each of eight GPUs are 8,000 W.
    row = {
        "power_w": None,
        "energy_j_per_output_token": 8,
        "throughput_tok_per_s": 125,
        "output_tok_per_s_per_gpu": 125,
    }
    assert rows_of(power_above_rating(energy(row), hardware({}))) == ["0"]
