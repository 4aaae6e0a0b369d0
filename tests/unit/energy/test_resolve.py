"""From a study and its tables to a service: classes, both forms of curve, and what is assumed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.energy import assumptions, curves, resolve
from inference_energy.energy.assumptions import Assumptions
from inference_energy.energy.tables import ASSUMPTIONS
from inference_energy.statistics.distributions import Beta, Constant, distribution
from inference_energy.studies import files
from inference_energy.studies.study import NestedStudy, whole
from inference_energy.throughput.gpu_time import NodeCurve, SecondsCurve
from inference_energy.throughput.log_linear import from_fit_row
from inference_energy.throughput.tables import THROUGHPUT_FIT
from tiny_service import POWER, UNIFORM

MODELS = pl.DataFrame(
    {"model": ["Big", "Bigger", "Little"], "model_class": ["frontier", "frontier", "small"]},
)
H100 = {"gpu": "H100 SXM 80GB", "precision": "FP8", "share": 1}


def classes(*models, model_class="frontier"):
    mine = {"label": "Mine", "model_class": model_class, "weights": dict.fromkeys(models, 1)}
    return NestedStudy.of({"classes": {"mine": mine}})


def message_of(function, *arguments):
    with pytest.raises(InputError) as raised:
        function(*arguments)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


def test_classes_of_the_registry_pass():
    curves.check_classes("own", classes("Big", "Bigger"), MODELS)
    curves.check_classes("own", classes("Little", model_class="small"), MODELS)


def test_model_of_another_class_is_told_with_those_that_would_do():
    assert message_of(curves.check_classes, "own", classes("Big", "Little"), MODELS) == (
        "config/studies/own.yaml: classes.mine.weights: found 'Little', small;"
        " allowed: models of class frontier: Big, Bigger"
    )


def test_model_that_is_not_registered_is_told_so():
    assert message_of(curves.check_classes, "own", classes("Nope"), MODELS) == (
        "config/studies/own.yaml: classes.mine.weights: found 'Nope', which is not in resources/models.csv;"
        " allowed: models of class frontier: Big, Bigger"
    )


def test_model_of_weight_0_is_checked_all_the_same():
    mine = classes("Big").classes["mine"]
    study = NestedStudy.of({"classes": {"mine": mine.replaced(weights=mine.weights | {"Nope": 0})}})
    assert "found 'Nope'" in message_of(curves.check_classes, "own", study, MODELS)


@pytest.fixture(scope="module")
def current(read_configured):
    return read_configured("current")


@pytest.fixture(scope="module")
def current_fit(current, service_tables):
    return curves.fitted("current", current, service_tables)


def test_current_study_is_served_by_one_curve_per_member(current, current_fit):
    assert current_fit.select("model", "gpu", "precision").rows() == current.members()
    assert current_fit["form"].unique().to_list() == ["gpu_seconds"]
    THROUGHPUT_FIT.validate(current_fit.select(list(THROUGHPUT_FIT.columns)))


def test_current_study_resolves_to_a_service(current, current_fit, service_tables):
    service = resolve.resolved("current", current, current_fit, service_tables)
    assert list(service.curves) == current.members()
    assert all(isinstance(curve, SecondsCurve) for curve, _ in service.curves.values())
    assert [error for _, error in service.curves.values()] == current_fit["fit_error_log_sd"].to_list()
    assert list(service.lengths) == list(current.workloads)
    assert service.given.power.keys() == {entry.gpu for entry in current.hardware}
    assert service.ranges[current.members()[0]] == (
        tuple(current_fit.select("input_tokens_min", "input_tokens_max").row(0)),
        tuple(current_fit.select("output_tokens_min", "output_tokens_max").row(0)),
    )


def test_borrowed_members_are_those_without_own_rows(current_fit):
    borrowed = curves.borrowed_members(current_fit)
    own = set(current_fit.filter(kinship="own_rows").select("model", "gpu", "precision").iter_rows())
    assert borrowed | own == set(current_fit.select("model", "gpu", "precision").iter_rows())
    assert not borrowed & own
    assert borrowed
    assert ("Llama 3.1 405B", "H100 SXM 80GB", "FP8") in own


def test_service_of_an_unknown_length_names_its_key(current, current_fit, service_tables):
    own = files.merge(current.plain(), {"workloads": {"azure_code": {"trace": "azure"}}})
    message = message_of(resolve.resolved, "own", whole(own), current_fit, service_tables)
    assert message.startswith("config/studies/own.yaml: workloads.azure_code.trace: found 'azure'; allowed: ")


@pytest.fixture(scope="module")
def first_step(read_configured):
    return read_configured("bridge-01")


def test_log_linear_members_have_the_published_curves(first_step, fit, service_tables):
    found = curves.fitted("bridge-01", first_step, service_tables)
    THROUGHPUT_FIT.validate(found.select(list(THROUGHPUT_FIT.columns)))
    assert found["kinship"].unique().to_list() == ["own_rows"]
    published = {row["model"]: row for row in fit.iter_rows(named=True)}
    service = resolve.resolved("bridge-01", first_step, found, service_tables)
    assert found.select("model", "gpu", "precision").rows() == first_step.members() == list(service.curves)
    for row in found.iter_rows(named=True):
        same = published[row["model"]]
        for name in ("form", "rows", "intercept", "slope_input", "slope_output", "cap_tok_per_s", "input_tokens_max"):
            assert row[name] == same[name]
        assert row["prefill_s_per_token"] is None
        assert row["fit_error_log_sd"] == pytest.approx(np.log(same["leave_one_out_ratio_geometric_sd"]))
        curve, _ = service.curves[row["model"], row["gpu"], row["precision"]]
        assert curve == NodeCurve(form=from_fit_row(same))


def test_a_model_on_several_gpus_has_the_same_log_linear_curve_on_all(first_step, service_tables):
    entries = [{"gpu": gpu, "precision": "FP8", "share": 1} for gpu in ("H100 SXM 80GB", "H200 SXM 141GB")]
    found = curves.fitted("own", first_step.replaced(hardware=entries), service_tables)
    assert found.group_by("model").agg(pl.col("gpu").n_unique(), pl.col("intercept").n_unique()).select(
        pl.col("gpu").min(), pl.col("intercept").max()
    ).row(0) == (2, 1)


@pytest.mark.parametrize("corrected", [False, True])
def test_corrections_are_used_where_the_study_says_so(first_step, service_tables, corrected):
    doubled = service_tables.corrections.head(1).with_columns(
        row_id=pl.lit("04"),
        column=pl.lit("throughput_tok_per_s"),
        published=pl.lit("3732.4"),
        corrected=pl.lit("7464.8"),
    )
    study = first_step.replaced(throughput=first_step.throughput.replaced(corrected=corrected))
    without = replace(service_tables, corrections=service_tables.corrections.clear())
    before, after = (
        curves.fitted("own", study, of).filter(model="Llama 3.1 405B")["cap_tok_per_s"].item()
        for of in (without, replace(service_tables, corrections=doubled))
    )
    assert (after > 1.5 * before) is corrected  # of the rows' largest
    assert corrected or after == before


def with_weights(study, weights):
    return study.replaced(classes={"frontier": study.classes["frontier"].replaced(weights=weights)})


def test_log_linear_model_without_rows_is_told(first_step, service_tables):
    own = with_weights(first_step, {"DeepSeek-R1": 1, "Qwen3-235B-A22B": 1})
    message = message_of(curves.fitted, "own", own, service_tables)
    place = "config/studies/own.yaml: classes.frontier.weights"
    assert message.startswith(f"{place}: Qwen3-235B-A22B has fewer than two usable benchmark rows; models that have: ")
    assert "DeepSeek-R1" in message.split("models that have: ")[1]


def test_log_linear_model_without_rows_may_have_no_weight(first_step, service_tables):
    own = with_weights(first_step, {"DeepSeek-R1": 1, "Qwen3-235B-A22B": 0})
    assert curves.fitted("own", own, service_tables)["model"].to_list() == ["DeepSeek-R1"]


def test_what_is_assumed_by_hand():
    given = Assumptions(
        distributions={
            "load": Constant(0.5),
            "pue": distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.1, "p95": 1.4}),
            "overhead: network": Constant(0.1),
            "boards": UNIFORM,
            "host": UNIFORM,
            "fit error: A": UNIFORM,
        },
        power={"G": replace(POWER, board_saturated=Beta.from_percentiles(p05=0.6, p95=0.9, low=0.1))},
        rated_w={},
        mix={"frontier": ({"A": 1.0}, None)},
        overheads=("network",),
    )
    fit = pl.DataFrame({"model": ["A"], "gpu": ["G"], "kinship": ["other_gpu"], "fit_error_log_sd": [0.2]})
    table = assumptions.assumed("own", given, fit)
    ASSUMPTIONS.validate(table)
    rows = {row["ingredient"]: row for row in table.iter_rows(named=True)}
    assert list(rows) == [
        "load",
        "pue",
        "overhead: network",
        "saturated boards, G",
        "saturated host, G",
        "idle node, G",
        "throughput fit, A on G (other gpu)",
    ]
    ends = {name: (row["p05"], row["p95"], row["unit"]) for name, row in rows.items()}
    assert ends["load"] == (0.5, 0.5, "share")
    assert ends["pue"] == (pytest.approx(1.1, rel=1e-4), pytest.approx(1.4, rel=1e-4), "factor")
    assert ends["saturated boards, G"] == (pytest.approx(600), pytest.approx(900), "W per GPU")  # of 1,000 W
    assert ends["saturated host, G"] == (200, 200, "W per GPU")
    assert ends["idle node, G"] == (200, 200, "W per GPU")  # 100 W of boards and 100 W of host
    low, high, unit = ends["throughput fit, A on G (other gpu)"]
    assert (low, high) == pytest.approx((np.exp(-0.2 * 1.64485), np.exp(0.2 * 1.64485)), rel=1e-5)
    assert unit == "factor on GPU time"
    assert set(table["study"]) == {"own"}


def test_what_the_current_study_assumes(current, current_fit, service_tables):
    given = resolve.resolved("current", current, current_fit, service_tables).given
    table = assumptions.assumed("current", given, current_fit)
    ASSUMPTIONS.validate(table)
    assert table["ingredient"].is_unique().all()
    for low, high in (("p05", "p25"), ("p25", "p50"), ("p50", "p75"), ("p75", "p95")):
        assert (table[low] <= table[high]).all()
    pue = table.row(by_predicate=pl.col("ingredient") == "pue", named=True)
    assert (pue["p05"], pue["p95"]) == pytest.approx((1.08, 1.40), rel=1e-4)
    load = table.row(by_predicate=pl.col("ingredient") == "load", named=True)
    assert (load["p05"], load["p95"]) == pytest.approx((0.45, 0.85))


def test_rated_study_assumes_utilisation_and_no_power(first_step, service_tables):
    found = curves.fitted("bridge-01", first_step, service_tables)
    service = resolve.resolved("bridge-01", first_step, found, service_tables)
    ingredients = assumptions.assumed("bridge-01", service.given, found)["ingredient"]
    assert "utilisation" in ingredients.to_list()
    assert not any(name.startswith(("saturated", "idle")) for name in ingredients)


def test_tables_are_read_from_their_files(tmp_path, service_tables):
    root = Path(__file__).parents[3]
    paths = {}
    for name in resolve.Tables.__dataclass_fields__:
        if name in resolve.REGISTRIES:
            paths[name] = str(root / f"resources/{name}.csv")
        else:
            paths[name] = str(tmp_path / f"{name}.parquet")
            getattr(service_tables, name).write_parquet(paths[name])
    read = resolve.read_tables(paths)
    for name in paths:
        assert getattr(read, name).equals(getattr(service_tables, name)), name
