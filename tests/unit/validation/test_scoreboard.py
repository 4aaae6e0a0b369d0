"""Scores of predictions by hand, runs near saturation, and the regression that the model is compared with."""

import numpy as np
import polars as pl
import pytest
from inference_energy.serving.replicas import Replicas
from inference_energy.tables.columns import columns_of
from inference_energy.validation import tables
from inference_energy.validation.scoreboard import log_linear, of_methods, saturated, scores
from made_up_runs import LARGE, SMALL, SPARSE, learnt

RUN = {
    **{"score": "energy_at_batch", "left_out": "source", "value": "c", "source": "s", "campaign": "c", "network": "n"},
    **{"gpu": "g", "vendor": "v", "precision": "FP8", "engine": "e", "prompts": None},
}
NO_RUNS = pl.DataFrame(schema={"source": pl.String, "row_id": pl.String})


def predictions(*rows):
    """Predictions of runs, named 0, 1, ...: measured, P5, median and P95, and changes."""
    names = ("measured", "predicted_p05", "predicted_p50", "predicted_p95")
    return pl.DataFrame(
        [
            RUN | {"row_id": str(place)} | dict(zip(names, values, strict=True)) | change
            for place, (values, change) in enumerate(rows)
        ],
        schema_overrides={"prompts": pl.String} | dict.fromkeys(names, pl.Float64),
    )


THREE = predictions(
    ((1.0, 1.0, 2.0, 4.0), {}),  # at the end of its interval, which is inside
    ((2.0, 0.5, 1.0, 1.9), {"gpu": "h", "vendor": "w"}),
    ((1.0, 2.0, 4.0, 8.0), {"gpu": "h", "vendor": "w", "prompts": "chat"}),
)


def row(found, group):
    (one,) = found.filter(pl.col("group") == group).iter_rows(named=True)
    return one


def test_scores_by_hand():
    # Ratios of 2, 1/2 and 4: logarithms of 1, -1 and 2 times ln 2.
    found = row(scores(THREE, NO_RUNS), "all")
    assert found["rows"] == 3
    assert found["median_ratio"] == pytest.approx(2)
    assert found["factor"] == pytest.approx(2 ** np.sqrt((1 + 1 + 4) / 3))
    assert found["coverage_90"] == pytest.approx(1 / 3)


def test_groups_by_hand():
    found = scores(THREE, NO_RUNS)
    tables.HELD_OUT_SCORES.validate(found)
    assert row(found, "gpu: g")["factor"] == pytest.approx(2)
    of_h = row(found, "vendor: w")
    assert (of_h["rows"], of_h["coverage_90"]) == (2, 0)
    assert of_h["median_ratio"] == pytest.approx(np.sqrt(2))  # in the middle of 1/2 and 4, as logarithms
    assert row(found, "prompts: not stated")["rows"] == 2
    assert row(found, "prompts: chat")["factor"] == pytest.approx(4)


def test_scores_of_different_predictions_are_apart():
    both = pl.concat([THREE, THREE.with_columns(left_out=pl.lit("gpu")), THREE.with_columns(score=pl.lit("other"))])
    found = scores(both, NO_RUNS).filter(pl.col("group") == "all")
    assert found.select("score", "left_out").rows() == [
        ("energy_at_batch", "gpu"),
        ("energy_at_batch", "source"),
        ("other", "source"),
    ]
    assert found["rows"].to_list() == [3, 3, 3]


def test_a_method_without_intervals_has_no_coverage():
    bare = THREE.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("predicted_p05", "predicted_p95"))
    assert row(scores(bare, NO_RUNS), "all")["coverage_90"] is None


def test_saturated_runs_are_scored_by_source():
    full = pl.DataFrame({"source": ["s", "other"], "row_id": ["2", "0"]})
    found = row(scores(THREE, full), "saturated s")
    assert (found["rows"], found["factor"]) == (1, pytest.approx(4))


def test_saturation_is_of_one_configuration():
    runs = pl.DataFrame(
        {
            **{"source": ["s"] * 5, "row_id": list("abcde"), "network": ["n"] * 5, "gpu": ["g"] * 5},
            **{"precision": ["FP8"] * 5, "prompts": [None] * 5, "gpus": [4.0, 4.0, 4.0, 8.0, 8.0]},
            "output_tok_per_s_per_gpu": [100.0, 90.0, 89.0, 20.0, 10.0],
        }
    )
    assert saturated(runs, 0.9)["row_id"].to_list() == ["a", "b", "d"]
    assert saturated(runs, 0.5)["row_id"].to_list() == ["a", "b", "c", "d", "e"]


# The regression.


def power_law():
    """Runs whose energy is a power of batch and prompt, with errors of 10 %."""
    runs, generator = learnt(), np.random.default_rng(3)
    error = 0.1 * generator.standard_normal(len(runs))
    joules = 5 * runs["batch"].to_numpy() ** -0.5 * runs["input_tokens"].to_numpy() ** 0.3 * np.exp(error)
    return runs.with_columns(energy_j_per_output_token=pl.Series(joules))


def test_the_regression_finds_a_power_law():
    runs = power_law()
    found = log_linear("model", runs, runs, dict.fromkeys((SMALL, LARGE, SPARSE), "network"))
    assert len(found) == len(runs)
    (of_all,) = scores(found, NO_RUNS).filter(pl.col("group") == "all").iter_rows(named=True)
    assert of_all["score"] == "energy_at_batch, log-linear regression"
    assert of_all["factor"] < 1.4  # ten times that of the energies themselves
    assert power_law()["energy_j_per_output_token"].log().std() > np.log(3)


def test_the_regression_does_not_learn_from_what_it_predicts():
    runs = power_law()
    doubled = runs.with_columns(
        energy_j_per_output_token=pl.col("energy_j_per_output_token")
        * pl.when(pl.col("network") == SPARSE).then(2).otherwise(1)
    )
    same, other = (log_linear("model", of, of, {SPARSE: "network"}) for of in (runs, doubled))
    assert same["predicted_p50"].to_list() == other["predicted_p50"].to_list()
    assert (other["measured"] / same["measured"]).to_list() == pytest.approx([2] * len(same))


def test_the_interval_of_the_regression_is_the_spread_of_its_residuals():
    found = log_linear("model", power_law(), power_law(), {SMALL: "network"})
    ratio = (found["predicted_p95"] / found["predicted_p05"]).log()
    assert ratio.to_list() == pytest.approx([ratio[0]] * len(found))
    assert 0.05 < ratio[0] / (2 * 1.645) < 0.2


def test_runs_without_energy_or_batch_are_not_regressed():
    runs = power_law().with_columns(
        board_share=pl.when(pl.col("batch") == 8).then(None).otherwise("board_share"),
        batch=pl.when(pl.col("batch") == 1).then(None).otherwise("batch"),
    )
    found = log_linear("model", runs, runs.drop_nulls("batch"), {SMALL: "network"})
    assert len(found) == 3 / 5 * runs.filter(pl.col("network") == SMALL).height


# Other methods.


def test_other_methods_are_compared_where_boards_were_metered():
    runs = learnt().head(3).with_columns(board_share=pl.Series([0.5, 0.5, None]))
    peers = runs.select("source", "row_id", label=pl.lit("Peer"), predicted_p50=pl.Series([1.0, 2.0, 3.0]))
    found = of_methods(runs, peers.filter(pl.col("predicted_p50") != 2)).select(list(columns_of(tables.HELD_OUT)))
    tables.HELD_OUT.validate(found)
    assert found.select("score", "row_id", "predicted_p50").rows() == [
        ("energy_at_batch, Peer", runs["row_id"][0], 1.0)
    ]
    assert found["measured"].to_list() == [runs["energy_j_per_output_token"][0]]


def test_made_up_runs_fill_what_replicas_hold():
    assert len(Replicas.of(learnt()).gpus) == 60
