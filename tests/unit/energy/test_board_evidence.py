"""Board power of runs near saturation: by hand, and the adopted ranges against what was measured."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.corpus import registries
from inference_energy.energy import board_evidence, tables
from inference_energy.energy.board_evidence import saturated
from inference_energy.tables import rows

NODE_POWER = Path(__file__).parents[3] / "resources/node_power.csv"
HARDWARE = pl.DataFrame({"gpu": ["X", "Y", "Z"], "tdp_w": [1000.0, 500.0, None]})
THROUGHPUT = "throughput_tok_per_s"
RUN = {
    "source": "s",
    "row_id": "r",
    "file": "f",
    "line": 2,
    "boundary": "gpu_boards",
    "model": "A",
    "gpu": "X",
    "gpus": 2,
    "precision": "FP8",
    "prompts": "chat",
    "energy_j_per_output_token": 1.0,
    THROUGHPUT: 1000.0,
}


def energy(*runs):
    return pl.DataFrame([RUN | run for run in runs]).with_columns(
        output_tok_per_s_per_gpu=pl.col(THROUGHPUT) / pl.col("gpus")
    )


def shares(*runs):
    return board_evidence.board_power_shares(energy(*runs), HARDWARE)


@pytest.fixture(scope="module")
def found(corpus):
    return board_evidence.board_power_shares(corpus["measured_energy"], corpus["hardware"])


def test_run_on_a_gpu_without_a_published_tdp_has_no_share():
    assert shares({"gpu": "Z"}, {"row_id": "2"})["row_id"].to_list() == ["2"]


def test_shares_by_hand():
    found = shares(
        {"row_id": "1"},  # 1 J x 500 per s and GPU over 1,000 W
        {"row_id": "2", THROUGHPUT: 900.0, "energy_j_per_output_token": 2.0},  # 0.9, just near saturation
        {"row_id": "3", THROUGHPUT: 899.0, "energy_j_per_output_token": 9.0},  # not near it
        {"row_id": "4", "model": "B", "energy_j_per_output_token": 1.8},  # 0.9
        {"row_id": "5", "boundary": "node_wall", "energy_j_per_output_token": 9.0},
    )
    assert found["row_id"].to_list() == ["1", "2", "4"]
    assert found["board_share_of_tdp"].to_list() == pytest.approx([0.5, 0.9, 0.9])
    (only,) = board_evidence.ranges(found).rows(named=True)
    assert (only["source"], only["gpu"], only["rows"], only["models"]) == ("s", "X", 3, 2)
    # Model A counts once, with the median of 0.5 and 0.9; P5 and P95 lie on the line from 0.7 to 0.9.
    assert only["board_share_of_tdp_p05"] == pytest.approx(0.71)
    assert only["board_share_of_tdp_p50"] == pytest.approx(0.8)
    assert only["board_share_of_tdp_p95"] == pytest.approx(0.89)


@pytest.mark.parametrize("other", ["source", "model", "prompts", "precision", "gpu"])
def test_saturation_is_that_of_the_same_series(other):
    assert len(shares({}, {other: "Y", THROUGHPUT: 100.0})) == 2


def test_no_runs_no_shares():
    found = shares({"boundary": "node_wall"})
    assert found.is_empty()
    assert board_evidence.ranges(found).is_empty()


def test_saturated_by_hand():
    sweep = energy(*({"row_id": str(tok), THROUGHPUT: float(tok)} for tok in (100, 899, 900, 1000)))
    assert saturated(sweep, 0.9)["row_id"].to_list() == ["900", "1000"]
    assert saturated(sweep, 1.0)["row_id"].to_list() == ["1000"]


@pytest.mark.parametrize("name", board_evidence.SERIES)
def test_every_series_has_its_own_saturated_runs(name):
    slow = {name: 4 if name == "gpus" else "other", THROUGHPUT: 10.0}
    assert len(saturated(energy({}, slow), 0.9)) == 2
    assert len(saturated(energy({}, slow | {name: RUN[name]}), 0.9)) == 1


def test_corpus(found):
    rows.checked(found.select(list(tables.BOARD_POWER_SHARES.columns)), tables.BOARD_POWER_SHARES, "shares")
    assert found["board_share_of_tdp"].is_between(0.1, 1.05).all()


def test_older_engine_left_gpus_waiting(found):
    h100 = board_evidence.ranges(found).filter(gpu="H100 SXM 80GB")
    by_source = dict(h100.select("source", "board_share_of_tdp_p50").rows())
    medians = {"mlenergy_v2": 0.410, "mlenergy_v3": 0.845, "inferencex_groups": 0.740}
    assert by_source == pytest.approx(medians, abs=0.001)


def test_a_second_source_sees_the_same_boards(found):
    # Median over models near saturation, of two publishers that measured independently.
    b200 = board_evidence.ranges(found).filter(gpu="B200 180GB")
    by_source = dict(b200.select("source", "board_share_of_tdp_p50").rows())
    assert by_source["inferencex_groups"] == pytest.approx(by_source["mlenergy_v3"], abs=0.01)


def test_adopted_ranges_are_those_of_the_corpus(found):
    # ML.ENERGY v3; the runs of v2 are those of an engine that left the GPUs waiting.
    adopted = registries.read_registry(NODE_POWER, tables.NodePower)
    assert board_evidence.not_adopted(adopted, found, "node_power.csv") == []
    named = adopted.filter(pl.col("board_evidence").is_not_null())
    assert set(named["board_evidence"]) == {"mlenergy_v3: H100 SXM 80GB", "mlenergy_v3: B200 180GB"}
    assert set(adopted["gpu"]) - set(named["gpu"]) == {"A100 SXM 80GB", "MI300X 192GB"}  # ranges widened downwards
    measured = board_evidence.ranges(found).filter(source="mlenergy_v3")
    assert measured["models"].min() >= 20


def test_range_that_the_runs_do_not_give():
    columns = {"gpu": "Z", "board_saturated_share_of_tdp_p05": 0.5, "board_saturated_share_of_tdp_p95": 0.6}
    adopted = pl.DataFrame([columns | {"board_evidence": "s: X"}])

    def told(rows):
        return board_evidence.not_adopted(rows, shares({}), "p.csv")

    assert told(adopted.with_columns(board_saturated_share_of_tdp_p95=0.5)) == []
    assert told(adopted.with_columns(board_evidence=pl.lit(None, pl.String))) == []
    assert told(adopted) == ["p.csv: Z: board_saturated_share_of_tdp_p95: 0.6 is adopted; 1 rows of 's: X' give 0.5"]
