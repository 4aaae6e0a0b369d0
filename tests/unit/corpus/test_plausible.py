"""Measured energies that cannot be true are kept apart, each with its reason."""

import polars as pl
import pytest
from check_rows import energy, hardware
from inference_energy.corpus.plausible import of_all_gpus, set_apart, with_board_share

LIMITS = {
    "energy_factor": 1.1,
    "board_share_low": 0.15,
    "board_share_high": 1.05,
    "board_share_disaggregated_low": 0.38,
}


def apart(row):
    """What keeps one row apart: eight H100 (TDP 700 W) at 1,000 tok/s, 4,000 W, 4 J per token if not said."""
    kept, set_aside = set_apart(energy(row), hardware({}), LIMITS)
    assert len(kept) + len(set_aside) == 1
    return set_aside["check"].to_list()


def drawing(watt, **row):
    """A run at a power, whose energy fits."""
    return {"power_w": watt, "energy_j_per_output_token": watt / 1000} | row


@pytest.mark.parametrize(
    ("row", "check"),
    [
        (drawing(4000), None),
        (drawing(5879), None),  # 1.05 x 8 x 700 W is 5,880 W
        (drawing(5881), "board_power_impossible"),
        (drawing(841), None),  # 0.15 x 5,600 W is 840 W
        (drawing(839), "board_power_impossible"),
        (drawing(2127, serving="disaggregated"), "disaggregated_power_impossible"),  # 0.38 x 5,600 W is 2,128 W
        (drawing(2129, serving="disaggregated"), None),
        (drawing(2127, serving="aggregated"), None),
        (drawing(12_000, boundary="node_wall"), None),  # boards are not what was metered
        ({"power_w": None, "energy_j_per_output_token": 5.9}, "board_power_impossible"),  # x 1,000 tok/s is 5,900 W
    ],
)
def test_boards_draw_a_possible_share_of_their_tdp(row, check):
    assert apart(row) == ([check] if check else [])


@pytest.mark.parametrize(
    # Power over throughput is 4 J per token.
    ("joule", "raised"),
    [(4, False), (3.65, False), (3.62, True), (4.39, False), (4.41, True), (0.5, True)],
)
def test_energy_off_from_power_by_more_than_the_factor(joule, raised):
    assert apart({"energy_j_per_output_token": joule}) == ["energy_against_power"] * raised


@pytest.mark.parametrize(("joule", "raised"), [(3, False), (4.39, False), (4.41, True)])
def test_steady_state_may_use_less_energy_than_the_whole_run_and_not_more(joule, raised):
    found = apart({"energy_j_per_output_token": joule, "measured_over": "steady_state"})
    assert found == ["energy_against_power"] * raised


def test_a_row_says_why_it_is_kept_apart():
    _, set_aside = set_apart(energy({"energy_j_per_output_token": 8}, drawing(560)), hardware({}), LIMITS)
    told = set_aside.select("row_id", "found", "expected", "unit", "message").sort("row_id").rows()
    assert told == [
        ("0", 8, 4, "J/output token", "8 J per output token, but its power over its throughput is 4"),
        (
            "1",
            pytest.approx(0.1),
            0.15,
            "of TDP",
            "GPU boards at 0.1 of their TDP; a GPU that serves draws at least 0.15",
        ),
    ]


def test_energy_without_power_or_tdp_is_kept():
    assert apart({"energy_j_per_output_token": 4, "power_w": None}) == []
    assert apart(drawing(90_000, gpu="other")) == []


def test_throughput_stated_per_gpu_is_of_all_gpus_for_the_energy():
    # 125 tok/s on each of eight GPUs at 4 J per token are 4,000 W.
    assert apart({"throughput_tok_per_s": 125, "output_tok_per_s_per_gpu": 125}) == []


def test_share_of_tdp():
    assert with_board_share(energy({}), hardware({}))["board_share_of_tdp"].to_list() == [4000 / 8 / 700]


def test_what_one_gpu_was_metered_for_is_multiplied_by_the_gpus():
    rows = energy(
        {"metered": "one_gpu", "power_w": 500, "energy_j_per_output_token": 0.5, "idle_power_w": 70},
        {"metered": "all_gpus"},
        {"metered": "one_gpu", "boundary": "node_wall"},
    )
    found = of_all_gpus(rows).select("power_w", "energy_j_per_output_token", "idle_power_w").rows()
    assert found == [(4000, 4, 560), (4000, 4, None), (4000, 4, None)]


def test_no_row_is_lost():
    rows = energy(*({"energy_j_per_output_token": joule} for joule in (0.1, 1, 3.9, 4, 4.1, 40)))
    kept, set_aside = set_apart(rows, hardware({}), LIMITS)
    both = pl.concat([kept, set_aside.select(rows.columns)])
    assert sorted(both["row_id"]) == sorted(rows["row_id"])
