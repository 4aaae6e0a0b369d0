"""Token lengths of a published study by hand: answers of k tokens are those of k - 0.5 to k + 0.5 of an exponential."""

import numpy as np
import pytest
from inference_energy.oviedo.token_lengths import assumed_lengths, bins, token_lengths

SCALE = 100 / np.log(2)  # of a median of 100
LONGEST = int(np.ceil(11 * np.log(10) * SCALE)) + 1  # one answer in 1e11 is longer


def beyond(tokens):
    return np.exp(-tokens / SCALE)


@pytest.fixture
def tables(study):
    spec = study.workloads["traditional"].replaced(output_tokens={"family": "exponential", "median": 100})
    return token_lengths(study.replaced(workloads={"traditional": spec}))


def test_the_first_bins_hold_one_length_each(tables):
    first = tables[0].head(2)
    assert first["output_tokens"].to_list() == [1.0, 2.0]
    # All below 1.5 tokens count as an answer of one token.
    by_hand = [(1 - beyond(1.5)) / np.log(2), (beyond(1.5) - beyond(2.5)) / np.log(1.5)]
    assert first["density_per_e_fold"].to_list() == pytest.approx(by_hand)


def test_a_bin_of_many_lengths_is_drawn_at_its_middle(tables):
    low, high = (edge[-30] for edge in bins(LONGEST))
    assert high - low > 10
    row = tables[0].row(-30, named=True)
    assert row["output_tokens"] == pytest.approx(np.sqrt(low * (high - 1)))
    assert row["density_per_e_fold"] == pytest.approx((beyond(low - 0.5) - beyond(high - 0.5)) / np.log(high / low))


def test_assumed_lengths_are_a_known_prompt_and_quantiles_of_answers(study):
    traditional = study.workloads["traditional"].replaced(
        label="Short", input_tokens=500, output_tokens={"family": "exponential", "median": 100}
    )
    long = traditional.replaced(label="Long", input_tokens=700)
    found = assumed_lengths(study.replaced(workloads={"a": traditional, "b": long}), {"p50": 0.5, "p95": 0.95})
    assert found.rows() == [
        ("Short", "input", 500.0, 500.0),
        ("Short", "output", 100.0, 432.0),
        ("Long", "input", 700.0, 700.0),
        ("Long", "output", 100.0, 432.0),
    ]


def test_named_quantiles_are_the_fewest_tokens_that_reach_them(tables):
    named = dict(tables[1].select("name", "output_tokens").iter_rows())
    # 1 - exp(-(k + 0.5) / scale) reaches 5 % at k = 6.9, half at 99.5, 95 % at 431.7.
    assert named == {"P5": 7.0, "median": 100.0, "P95": 432.0}
