"""Pairs of metered runs that differ in one intervention, and what the serving model says of them."""

import polars as pl
import pytest
from inference_energy.energy import intervention_evidence, tables

RUN = {
    "campaign": "one",
    "engine": "vLLM",
    "prompts": "chat",
    "input_tokens": 100.0,
    "output_tokens": 200.0,
    "attention_data_parallel": 0.0,
    "network": "net",
    "gpu": "H200",
    "generation": "Hopper",
    "precision": "FP8",
    "computes_in": "FP8",
    "gpus": 8.0,
    "speculative": 0.0,
    "batch": 16.0,
}
BLACKWELL = {"gpu": "B200", "generation": "Blackwell"}
FP4 = {"precision": "FP4", "computes_in": "FP4"}


def pairs(*runs, predicted=(1.0,) * 9, metered=True):
    """Pairs of runs that differ from `RUN` as given, with their energy in J per token; model and network are alike."""
    rows = [
        RUN | {"source": "s", "row_id": f"r{place}", "model": "net", "board_share": 0.5 if metered else None} | of
        for place, of in enumerate(runs)
    ]
    for row in rows:
        row["energy_j_per_output_token"] = row.pop("joule")
    held = [
        {"score": "energy_at_batch", "left_out": kind, "source": "s", "row_id": f"r{place}", "predicted_p50": value}
        for place, value in zip(range(len(runs)), predicted, strict=False)
        for kind in ("model", "source")
    ]
    schema = {"board_share": pl.Float64}
    return intervention_evidence.intervention_pairs(pl.DataFrame(rows, schema_overrides=schema), pl.DataFrame(held))


@pytest.mark.parametrize(
    ("lever", "before", "after", "basis"),
    [
        ("speculative_decoding", {}, {"speculative": 1.0}, "speculative: 0.0 to 1.0"),
        ("lower_precision", {}, FP4, "precision: FP8 to FP4"),
        ("lower_precision", {"precision": "BF16", "computes_in": "BF16"}, {}, "precision: BF16 to FP8"),
        ("larger_batch", {}, {"batch": 64.0}, "batch: 16.0 to 64.0"),
        ("larger_batch", {}, {"batch": 70.0}, "batch: 16.0 to 70.0"),
        ("fewer_gpus", {}, {"gpus": 4.0}, "gpus: 8.0 to 4.0"),
        ("newer_gpu", {}, BLACKWELL, "gpu: H200 to B200"),
        ("newer_gpu_lower_precision", {}, BLACKWELL | FP4, "gpu: H200 to B200"),
    ],
)
def test_a_pair_differs_in_one_step_alone(lever, before, after, basis):
    found = pairs(before | {"joule": 6.0}, after | {"joule": 2.0}, predicted=(5.0, 4.0))
    (row,) = found.rows(named=True)
    assert (row["lever"], row["basis"]) == (lever, basis)
    assert (row["row_id"], row["reference_row_id"]) == ("r1", "r0")
    assert row["measured_multiplier"] == pytest.approx(3.0)
    assert row["predicted_multiplier"] == pytest.approx(1.25)
    tables.INTERVENTION_PAIRS.validate(found)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"batch": 32.0},
        {"batch": 80.0},
        {"gpus": 2.0},
        {"speculative": 1.0, "batch": 64.0},
        BLACKWELL | {"batch": 64.0},
        FP4 | {"prompts": "code"},
        {"speculative": 1.0, "campaign": "another"},
        {"speculative": 1.0, "network": "another"},
    ],
)
def test_no_pair(other):
    assert pairs({"joule": 6.0}, other | {"joule": 2.0}).is_empty()


def test_runs_without_metered_boards_or_prediction_are_no_pairs():
    runs = ({"joule": 6.0}, {"joule": 2.0, "speculative": 1.0})
    assert pairs(*runs, metered=False).is_empty()
    assert pairs(*runs, predicted=(1.0,)).is_empty()
    assert len(pairs(*runs)) == 1


def test_every_model_on_a_gpu_weighs_the_same():
    many = [{"joule": 4.0, "batch": float(batch)} for batch in range(1, 4)]
    many += [{"joule": 2.0, "batch": float(batch), "speculative": 1.0} for batch in range(1, 4)]
    other = [{"joule": 9.0, "gpu": "H100"}, {"joule": 1.0, "gpu": "H100", "speculative": 1.0}]
    found = intervention_evidence.ranges(pairs(*many, *other)).filter(lever="speculative_decoding")
    (row,) = found.rows(named=True)
    assert row["pairs"] == 4
    assert row["measured_mean"] == pytest.approx((2.0 + 9.0) / 2)


def test_ranges_of_no_pairs_are_none():
    assert intervention_evidence.ranges(pairs({"joule": 1.0})).is_empty()
