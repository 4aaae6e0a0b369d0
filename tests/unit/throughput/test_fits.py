"""Configurations measured at several lengths, and how well forms of throughput predict their rows."""

import math

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.throughput import fits
from inference_energy.throughput.fits import (
    KEY,
    PER_GPU,
    coefficients,
    compared,
    groups,
    left_out,
    measured_at_several_lengths,
    stated_error,
    summary,
    with_fit_error,
)
from inference_energy.throughput.gpu_time import GpuSeconds

LENGTHS = [(100, 1000), (500, 2000), (1000, 100), (1000, 1000), (5000, 500), (20000, 2000)]
FORM = GpuSeconds(prefill=1e-3, decode=2e-3, attention=1e-6, kv_growth=0.6)
PLAIN = {
    **{"source": "s", "model": "m", "gpu": "g", "precision": "FP8", "engine": "e", "engine_version": "1", "gpus": 8},
    **{"concurrency": 64.0, "tensor_parallel": 8, "pipeline_parallel": 1, "expert_parallel": 1, "data_parallel": 1},
    **{"load": "offline", "input_length_kind": "fixed", "output_length_kind": "fixed", "note": ""},
}


def measured(lengths=LENGTHS, **changes):
    """Exact rows of `FORM` for one configuration."""
    row = {**PLAIN, **changes}
    name = "-".join(str(changes[key]) for key in changes) or "plain"
    rows = [
        {
            PER_GPU: float(FORM.tok_per_s(tokens_in, tokens_out)),
            **{"input_tokens": float(tokens_in), "output_tokens": float(tokens_out), "row_id": f"{name}-{place}"},
            **row,
        }
        for place, (tokens_in, tokens_out) in enumerate(lengths)
    ]
    return pl.DataFrame(rows, schema_overrides={PER_GPU: pl.Float64})


def predictions(log_ratios, form="gpu_seconds"):
    """Predictions of configurations, by name, with these log ratios."""
    rows = [
        {"form": form, "configuration": name, "ratio": math.exp(log_ratio)}
        for name in log_ratios
        for log_ratio in log_ratios[name]
    ]
    return pl.DataFrame(rows)


TWO = {"A": [0.1, -0.3], "B": [0.2, 0.4]}  # squares 0.01, 0.09; 0.04, 0.16


DIFFERENCES = {
    **{"source": "t", "model": "n", "gpu": "h", "precision": "FP4", "engine": "f", "engine_version": "2", "gpus": 4},
    **{"concurrency": 128.0, "tensor_parallel": 4, "pipeline_parallel": 2, "expert_parallel": 2, "data_parallel": 2},
}


@pytest.mark.parametrize("column", DIFFERENCES)
def test_configurations_keep_their_own_rows(column):
    rows = pl.concat([measured(), measured(**{column: DIFFERENCES[column]})])
    found = [group for _, group in groups(measured_at_several_lengths(rows, 6))]
    assert [(len(group), group[column].n_unique()) for group in found] == [(6, 1), (6, 1)]


@pytest.mark.parametrize("column", DIFFERENCES)
def test_configurations_are_not_pooled_to_reach_the_minimum(column):
    rows = pl.concat([measured(LENGTHS[:3]), measured(LENGTHS[3:], **{column: DIFFERENCES[column]})])
    with pytest.raises(InputError, match="minimum_rows: found 4"):
        measured_at_several_lengths(rows, 4)


def test_an_unstated_parallelism_is_a_configuration_of_its_own():
    rows = pl.concat([measured(), measured(tensor_parallel=None)], how="vertical_relaxed")
    assert len(list(groups(measured_at_several_lengths(rows, 6)))) == 2


def test_the_name_says_how_the_model_was_split():
    rows = measured(tensor_parallel=8, pipeline_parallel=4, expert_parallel=2, data_parallel=1)
    parts = measured_at_several_lengths(rows, 6)["configuration"][0].split(", ")
    assert {"m", "g", "FP8", "8 GPUs", "TP8", "PP4", "EP2", "DP1"} <= set(parts)


def test_other_columns_do_not_separate():
    rows = pl.concat([measured(LENGTHS[:3]), measured(LENGTHS[3:], note="later")])
    assert [len(group) for _, group in groups(measured_at_several_lengths(rows, 6))] == [6]


def test_a_repeated_pair_of_lengths_counts_once():
    rows = measured([*LENGTHS[:5], LENGTHS[0]])
    assert len(measured_at_several_lengths(rows, 5)) == 6
    with pytest.raises(InputError, match="minimum_rows: found 6"):
        measured_at_several_lengths(rows, 6)


@pytest.mark.parametrize(
    ("column", "value"),
    [("load", "online"), ("input_length_kind", "mean"), ("output_length_kind", "mean"), (PER_GPU, None)],
)
def test_unusable_rows_are_neither_kept_nor_counted(column, value):
    rows = pl.concat([measured(LENGTHS[:5]), measured(LENGTHS[5:], **{column: value})])
    with pytest.raises(InputError, match="minimum_rows: found 6"):
        measured_at_several_lengths(rows, 6)
    assert len(measured_at_several_lengths(rows, 5)) == 5


def test_row_order_of_the_corpus_does_not_matter():
    rows = pl.concat([measured(), measured(gpu="h")])
    assert measured_at_several_lengths(rows.reverse(), 6).equals(measured_at_several_lengths(rows, 6))


def test_exact_rows_are_predicted_exactly():
    found = left_out(measured_at_several_lengths(measured(), 6), 0.6)
    assert found.filter(form="gpu_seconds")["ratio"].to_list() == pytest.approx([1] * 6, rel=1e-9)
    assert found.filter(form="log_linear")["ratio"].log().abs().max() > 0.1


def test_ratio_is_predicted_over_observed():
    rows = measured_at_several_lengths(measured(), 6)
    third = pl.col("row_id") == "plain-3"
    found = left_out(rows.with_columns(pl.when(third).then(pl.col(PER_GPU) * 2).otherwise(PER_GPU)), 0.6)
    row = found.filter(third, form="gpu_seconds").row(0, named=True)
    assert row["predicted_tok_per_s_per_gpu"] == pytest.approx(float(FORM.tok_per_s(1000, 1000)))
    assert row["ratio"] == pytest.approx(0.5)


@pytest.mark.parametrize("form", fits.FORMS)
def test_only_the_row_itself_is_left_out(form):
    rows = measured_at_several_lengths(pl.concat([measured(), measured(gpu="h")]), 6)
    mine = (pl.col("gpu") == "g") & (pl.col("row_id") == "plain-3")
    changed = rows.with_columns(pl.when(mine).then(pl.col(PER_GPU) * 3).otherwise(PER_GPU))
    before, after = (left_out(frame, 0.6).filter(form=form) for frame in (rows, changed))
    moved = before["predicted_tok_per_s_per_gpu"] != after["predicted_tok_per_s_per_gpu"]
    assert not before.with_columns(moved=moved).filter(mine)["moved"].item()
    assert before.with_columns(moved=moved).filter(pl.col("gpu") == "h")["moved"].sum() == 0
    assert before.with_columns(moved=moved).filter(pl.col("gpu") == "g")["moved"].sum() >= 4


def test_coefficients_of_exact_rows_and_their_lengths():
    row = coefficients(measured_at_several_lengths(measured(), 6), 0.6).row(0, named=True)
    assert row["prefill_s_per_token"] == pytest.approx(1e-3)
    assert row["decode_s_per_token"] == pytest.approx(2e-3)
    assert row["attention_s_per_token2"] == pytest.approx(1e-6)
    assert (row["rows"], row["kv_growth"]) == (6, 0.6)
    assert (row["input_tokens_min"], row["input_tokens_max"]) == (100, 20000)
    assert (row["output_tokens_min"], row["output_tokens_max"]) == (100, 2000)
    assert {name: row[name] for name in ("source", *KEY)} == {name: PLAIN[name] for name in ("source", *KEY)}


def test_fit_error_pools_the_other_own_rows_with_four_from_elsewhere():
    found = with_fit_error(predictions(TWO))
    # elsewhere: 0.20 / 2 for A, 0.10 / 2 for B
    variances = [(0.09 + 4 * 0.10) / 5, (0.01 + 4 * 0.10) / 5, (0.16 + 4 * 0.05) / 5, (0.04 + 4 * 0.05) / 5]
    assert (found["fit_error_log_sd"] ** 2).to_list() == pytest.approx(variances)
    assert found["inside_90"].to_list() == [True, True, True, False]  # 0.4 > 1.645 * sqrt(0.048) = 0.360


def test_forms_do_not_share_their_errors():
    wild = predictions({"A": [3.0, 4.0], "B": [5.0, 6.0]}, form="log_linear")
    both = with_fit_error(pl.concat([predictions(TWO), wild]))
    assert both.head(4).equals(with_fit_error(predictions(TWO)))


def test_summary_by_hand():
    ratios = {"ratio": [0.5, 1.0, 2.0], "inside_90": [False, True, True], "configuration": ["A", "A", "B"]}
    row = summary(pl.DataFrame(ratios).with_columns(form=pl.lit("x")), ["form"]).row(0, named=True)
    assert row == {
        **{"form": "x", "rows": 3, "configurations": 2, "ratio_min": 0.5, "ratio_max": 2},
        "ratio_geometric_mean": pytest.approx(1),
        "ratio_geometric_sd": pytest.approx(2 ** math.sqrt(2 / 3)),
        "share_within_band": pytest.approx(1 / 3),
        "share_inside_90": pytest.approx(2 / 3),
    }


def test_geometric_sd_is_about_agreement_not_about_the_mean():
    ratios = pl.DataFrame({"form": "x", "configuration": "A", "ratio": [2.0, 2.0], "inside_90": True})
    assert summary(ratios, ["form"])["ratio_geometric_sd"].item() == pytest.approx(2)


def test_the_band_includes_its_ends():
    ratios = [0.7499, 0.75, 1.33, 1.3301]
    frame = pl.DataFrame({"form": "x", "configuration": "A", "ratio": ratios, "inside_90": True})
    assert summary(frame, ["form"])["share_within_band"].item() == 0.5


def test_compared_has_every_form_as_a_whole_and_by_configuration():
    frame = pl.concat([predictions(TWO), predictions(TWO, form="log_linear")]).with_columns(inside_90=True)
    found = compared(frame).select("form", "configuration", "rows", "configurations")
    assert set(found.rows()) == {
        *((form, "all", 4, 2) for form in fits.FORMS),
        *((form, name, 2, 1) for form in fits.FORMS for name in "AB"),
    }


def test_stated_error_pools_all_own_rows_with_four_of_everyone():
    frame = pl.concat([predictions(TWO), predictions({"A": [9.0], "B": [9.0]}, form="log_linear")])
    fitted = pl.DataFrame({"configuration": ["B", "A"], "rows": [2, 2]})
    found = stated_error(fitted, frame)
    assert found.columns == ["configuration", "rows", "fit_error_log_sd"]
    assert found["configuration"].to_list() == ["B", "A"]
    # everyone: 0.30 / 4
    variances = [(0.20 + 4 * 0.075) / 6, (0.10 + 4 * 0.075) / 6]
    assert (found["fit_error_log_sd"] ** 2).to_list() == pytest.approx(variances)


@pytest.fixture(scope="module")
def real(rows):
    return measured_at_several_lengths(rows, 6)


@pytest.fixture(scope="module")
def real_summary(real):
    found = summary(with_fit_error(left_out(real, 0.6)), ["form"])
    return {row["form"]: row for row in found.iter_rows(named=True)}


def test_real_corpus_has_94_configurations(real):
    assert (real["configuration"].n_unique(), len(real)) == (94, 879)
    assert real.select("source", *KEY).n_unique() == 94


def test_gpu_seconds_predicts_real_rows_within_ten_percent(real_summary):
    assert real_summary["gpu_seconds"]["ratio_geometric_sd"] <= 1.10
    assert real_summary["gpu_seconds"]["share_within_band"] >= 0.97


def test_log_linear_does_not(real_summary):
    assert real_summary["log_linear"]["ratio_geometric_sd"] > 1.6


@pytest.mark.parametrize("form", fits.FORMS)
def test_stated_errors_cover_what_they_say(real_summary, form):
    assert 0.88 <= real_summary[form]["share_inside_90"] <= 0.93


@pytest.mark.slow
def test_kv_growth_holds_for_models_it_was_not_chosen_on(real, monkeypatch):
    monkeypatch.setattr(fits, "FORMS", ("gpu_seconds",))
    squares = {
        kv_growth: left_out(real, kv_growth).select("model", square=pl.col("ratio").log() ** 2)
        for kv_growth in (0.5, 0.55, 0.6, 0.65, 0.7)
    }
    total = 0.0
    for model in real["model"].unique():
        elsewhere = {g: frame.filter(pl.col("model") != model)["square"].sum() for g, frame in squares.items()}
        total += squares[min(elsewhere, key=elsewhere.get)].filter(model=model)["square"].sum()
    assert math.exp(math.sqrt(total / len(real))) <= 1.105


def test_a_single_configuration_learns_from_its_own_rows():
    # Of the row at 9: (3 * 0.0091 + 4 * 1.2136) / 7 = 0.697, so 90 % lie within exp(1.645 * 0.835) = 3.9.
    one = pl.DataFrame({"form": "x", "configuration": "A", "ratio": [1.1, 1.1, 1.1, 9.0]})
    found = with_fit_error(one)
    assert found["inside_90"].to_list() == [True, True, True, False]
    assert found["fit_error_log_sd"][3] == pytest.approx(0.835, abs=0.001)
