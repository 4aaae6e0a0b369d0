"""Energy by the length of an answer: by hand, as `estimate` has it, and the measured runs next to it."""

import polars as pl
import pytest
from inference_energy import estimate
from inference_energy.answers import lengths
from inference_energy.answers.tables import ENERGY_BY_ANSWER_LENGTH, MEASURED_QUERIES
from inference_energy.common.errors import InputError
from tiny_package import tiny_package
from tiny_service import POWER_W, WH
from varied_service import VARIED

ASKED = {"models": ["A"], "gpu": "G", "input_tokens": 1000, "output_tokens": [100, 500]}


@pytest.mark.usefixtures("known_hosts")
def test_two_lengths_by_hand():
    found = lengths.energy_by_answer_length(tiny_package(), **ASKED)
    ENERGY_BY_ANSWER_LENGTH.validate(found)
    # 0.1 ms per prompt token, 0.125 ms per answer token, 0.1 us per pair of answer and context token.
    short = (1000 * 1e-4 + 100 * 1.25e-4 + 100 * 1050 * 1e-7) * POWER_W["datacenter"] / 3600
    for name in ("p05", "p50", "p95", "mean"):
        assert found[f"energy_wh_{name}"].to_list() == pytest.approx([short, WH["traditional"]], rel=1e-6)
    assert found.select("model", "gpu", "boundary", "input_tokens", "output_tokens").rows() == [
        ("A", "G", "datacenter", 1000.0, 100.0),
        ("A", "G", "datacenter", 1000.0, 500.0),
    ]


def test_it_is_what_an_estimate_says(holding):
    package = holding(tiny_package(draws=200, **VARIED))
    row = lengths.energy_by_answer_length(package, **ASKED).row(0, named=True)
    one = estimate("A", "G", input_tokens=1000, output_tokens=100, boundary="datacenter")
    assert (row["energy_wh_p05"], row["energy_wh_p50"], row["energy_wh_p95"]) == (
        one.energy_wh.p05,
        one.energy_wh.p50,
        one.energy_wh.p95,
    )
    assert row["evidence"] == one.evidence.kind
    assert row["energy_wh_p05"] < row["energy_wh_p50"] < row["energy_wh_p95"]


def test_an_unknown_model_is_refused():
    with pytest.raises(InputError, match="model: found 'Nobody'"):
        lengths.energy_by_answer_length(tiny_package(), **ASKED | {"models": ["Nobody"]})


def measured(*rows):
    names = ["row_id", "model", "gpu", "boundary", "input_tokens", "output_tokens", "energy_j_per_output_token"]
    floats = dict.fromkeys(names[4:], pl.Float64)
    energy = pl.DataFrame(rows, names, schema_overrides=floats, orient="row").with_columns(source=pl.lit("s"))
    models = pl.DataFrame({"model": ["A", "Twin", "B"], "same_network_as": [None, "A", None]})
    return lengths.measured_queries(energy, models, of=["A"], gpu="G", input_tokens=500)


def test_measured_runs_of_the_same_network_gpu_and_prompts():
    boards = "gpu_boards"
    found = measured(
        ("1", "A", "G", boards, 1250, 100, 36.0),  # 36 J x 100 tokens are 1 Wh
        ("2", "Twin", "G", boards, None, 50, 36.0),
        ("3", "A", "G", boards, 1251, 100, 1.0),
        ("4", "A", "H", boards, 500, 100, 1.0),
        ("5", "B", "G", boards, 500, 100, 1.0),
        ("6", "A", "G", "node_wall", 500, 100, 1.0),
        ("7", "A", "G", boards, 500, None, 1.0),
    )
    MEASURED_QUERIES.validate(found)
    assert found.select("row_id", "model", "output_tokens", "energy_wh").rows() == [
        ("1", "A", 100.0, 1.0),
        ("2", "A", 50.0, 0.5),
    ]
