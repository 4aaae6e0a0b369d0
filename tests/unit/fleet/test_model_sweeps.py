"""Sweeps of single models: by hand, as the study's own tables have them, and gathered in whatever order."""

import random

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.energy import curves, resolve
from inference_energy.energy.per_query import energy_per_query
from inference_energy.fleet.sweeps import (
    MODEL_COLUMNS,
    PER_QUERY_UNIT,
    gathered,
    model_sweep,
    of_models,
    parts_of_model,
    sweeps,
    values_of,
)
from inference_energy.fleet.tables import MODEL_SWEEPS
from inference_energy.statistics.distributions import distribution
from inference_energy.studies.study import WORKLOADS, NestedStudy
from inference_energy.throughput.gpu_time import GpuSeconds, SecondsCurve
from tiny_service import tiny_service
from varied_service import VARIED

QUANTITIES = ("p05", "p50", "p95", "mean")


def swept(parameter, values, model="A", draws=500, **arguments):
    """Rows by value and workload."""
    service = tiny_service(**arguments)
    table = model_sweep(service, model=model, parameter=parameter, values=values, draws=draws, seed=1)
    return {(row["value"], row["workload"]): row for row in table.iter_rows(named=True)}


def test_by_hand():
    # Model B needs twice the GPU time of A: 5.25 and 18 s at 0.8 Wh per GPU-second.
    for model, times in (("A", 1), ("B", 2)):
        rows = swept("pue", [1.2, 2.4], model, weights={"A": 3, "B": 1})
        for workload, wh in (("traditional", 2.1), ("long", 7.2)):
            for quantity in QUANTITIES:
                assert rows[1.2, workload][quantity] == pytest.approx(wh * times)
                assert rows[2.4, workload][quantity] == pytest.approx(2 * wh * times)  # twice the PUE, twice the energy
            assert rows[1.2, workload]["unit"] == PER_QUERY_UNIT
            assert rows[1.2, workload]["model_class"] == "frontier"
    # Always busy: 1,000 W x 1.2 over 1,800 s.
    assert swept("load", [1])[1, "traditional"]["mean"] == pytest.approx(2.625 * 1200 / 1800)


@pytest.mark.parametrize("arguments", [{}, VARIED], ids=["known", "varied"])
def test_a_busier_node_takes_less_per_query(arguments):
    rows = swept("load", [0.2, 0.4, 0.6, 0.8, 1], **arguments)
    for workload in WORKLOADS:
        for quantity in QUANTITIES:
            assert (np.diff([row[quantity] for (_, of), row in rows.items() if of == workload]) < 0).all()


def test_linear_in_answers_whose_cache_costs_nothing():
    lone = SecondsCurve(form=GpuSeconds(prefill=0.0, decode=2e-3, attention=0.0, kv_growth=0.5))
    rows = swept("output_tokens", [500, 1000, 4000], curves={"A": lone})
    assert set(rows) == {(value, "traditional") for value in (500, 1000, 4000)}
    assert [row["mean"] for row in rows.values()] == pytest.approx([0.8, 1.6, 6.4])  # 1 s at 0.8 Wh per GPU-second
    with_prompt = SecondsCurve(form=GpuSeconds(prefill=1e-3, decode=2e-3, attention=0.0, kv_growth=0.5))
    rows = swept("output_tokens", [500, 1000, 4000], **VARIED | {"curves": {"A": with_prompt}})
    first, second, last = (row["mean"] for row in rows.values())
    assert last - second == pytest.approx(6 * (second - first))


@pytest.mark.parametrize("model", ["A", "B"])
def test_at_a_value_that_the_study_knows_its_own_table_comes_back(model):
    arguments = VARIED | {"distributions": VARIED["distributions"] | {"pue": distribution(1.2)}}
    energy, _ = energy_per_query(tiny_service(**arguments), borrowed=set(), draws=2000, fleet_draws=500, seed=1)
    rows = swept("pue", [1.2], model, **arguments)
    for workload in WORKLOADS:
        of = {"workload": workload, "subject": model, "boundary": "datacenter", "spread": "shared"}
        known = energy.filter(**of).row(0, named=True)
        for quantity in QUANTITIES:
            assert rows[1.2, workload][quantity] == pytest.approx(known[f"energy_wh_{quantity}"], rel=1e-12)


def test_a_fleet_of_one_model_is_that_model():
    arguments = VARIED | {"weights": {"A": 1}, "concentration": None}
    values = {"load": [0.4, 0.8], "cached_share": [0, 0.5], "input_tokens": [10, 5000]}
    fleet = sweeps(tiny_service(sweeps=values, **arguments), draws=500, seed=1)
    for parameter in values:
        rows = swept(parameter, values[parameter], **arguments)
        found = pl.DataFrame(list(rows.values())).drop("model", "model_class")
        assert found.equals(fleet.filter(parameter=parameter))


def test_energies_are_within_the_boundary_of_queries():
    for boundary, wh in (("gpu_boards", 0.5), ("node", 600 / 900), ("fleet", 0.88)):
        row = swept("attainment", [0.5], query_boundary=boundary)[0.5, "traditional"]
        assert row["mean"] == pytest.approx(2.625 * wh)


def test_other_models_classes_and_weights_change_nothing():
    alone = swept("load", [0.3, 0.6], "B", **VARIED | {"weights": {"B": 1}})
    assert swept("load", [0.3, 0.6], "B", **VARIED) == alone
    assert swept("load", [0.3, 0.6], "B", **VARIED | {"weights": {"C": 7, "B": 1, "A": 2}}) == alone


def test_what_is_read_for_a_model_is_enough(read_configured, service_tables):
    study = read_configured("current")
    fit = curves.fitted("current", study, service_tables)
    of_all = resolve.resolved("current", study, fit, service_tables)
    for model in ("Llama 3.1 405B", "gpt-oss-20b"):
        parts = parts_of_model(study, model)
        lone = resolve.resolved("current", parts, fit, service_tables)
        assert {member[0] for member in lone.curves} == {model}
        for parameter in ("load", "output_tokens"):
            tables = [
                model_sweep(of, model=model, parameter=parameter, values=[0.5, 1], draws=100, seed=1)
                for of in (of_all, lone)
            ]
            assert tables[0].equals(tables[1])
            MODEL_SWEEPS.validate(tables[0])


def test_only_what_a_job_needs_is_read():
    names = resolve.ServedTables.__dataclass_fields__
    assert set(names) < set(resolve.Tables.__dataclass_fields__)
    assert not set(names) & {"throughput", "corrections", "coefficients", "left_out", "forms", "models"}


def test_a_model_alone_keeps_its_class_and_hardware():
    own = [{"gpu": "H", "precision": "FP8", "share": 1}]
    study = NestedStudy.of(
        {
            "hardware": [{"gpu": "G", "precision": "FP8", "share": 1}],
            "classes": {
                "some": {"label": "Some", "weights": {"A": 1, "B": 0, "C": 1}, "mix_concentration": 2, "hardware": own},
                "more": {"label": "More", "weights": {"A": 1, "D": 1}},
            },
        }
    )
    assert study.model_classes() == {"A": "some", "C": "some", "D": "more"}
    alone = {"some": {"label": "Some", "weights": {"A": 1}, "hardware": own}}
    assert study.model_alone("A").plain()["classes"] == alone
    assert study.model_alone("A").members() == [("A", "H", "FP8")]
    assert study.model_alone("D").members() == [("D", "G", "FP8")]
    for model in ("B", "E"):
        with pytest.raises(InputError, match=f"model: found '{model}'; allowed: A, C or D, which the study serves"):
            study.model_alone(model)


def test_all_but_the_mix_of_queries_is_swept():
    values = {"long_share": [0, 1], "pue": [1, 2], "input_tokens": [1, 2]}
    some, none = (NestedStudy.of({"sweeps": of}) for of in (values, None))
    assert of_models(some) == {"pue": (1, 2), "input_tokens": (1, 2)}
    assert of_models(none) == {}
    assert values_of(some, "pue") == (1, 2)
    for study, allowed in ((some, "input_tokens or pue"), (none, r"\(nothing\)")):
        with pytest.raises(InputError, match=rf"sweeps: found no 'long_share'; allowed: {allowed}, which the study"):
            values_of(study, "long_share")


def test_gathered_whatever_the_order():
    service = tiny_service(**VARIED)
    parts = [
        model_sweep(service, model=model, parameter=parameter, values=[1, 0.5], draws=50, seed=1)
        for model in ("B", "A")
        for parameter in ("load", "attainment")
    ]
    parts.append(parts[0].with_columns(study=pl.lit("another")))
    table = gathered(parts)
    assert table.height == sum(part.height for part in parts) == 5 * 4
    assert table.select("study", "model", "parameter", "value", "workload").rows() == sorted(
        table.select("study", "model", "parameter", "value", "workload").rows()
    )
    for seed in range(5):
        assert gathered(random.Random(seed).sample(parts, len(parts))).equals(table)
    for part in parts:
        place = {column: part[column][0] for column in ("study", "model", "parameter")}
        assert table.filter(**place).equals(part.sort("value", "workload"))
    MODEL_SWEEPS.validate(table)


def test_gathered_of_nothing_has_the_same_columns():
    table = gathered([])
    assert table.is_empty()
    assert dict(table.schema) == MODEL_COLUMNS
    assert list(table.columns) == list(MODEL_SWEEPS.columns)
    MODEL_SWEEPS.validate(table)


def test_columns_say_what_they_mean():
    assert all(column.description for column in MODEL_SWEEPS.columns.values())
