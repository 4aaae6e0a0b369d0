"""Sweeps of single models: by hand, as the study's own tables have them, and gathered in whatever order."""

import random
from dataclasses import replace

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.energy import service
from inference_energy.energy.per_query import energy_per_query
from inference_energy.fleet.sweeps import PER_QUERY_UNIT, gathered, model_sweep, sweeps
from inference_energy.fleet.tables import MODEL_SWEEPS
from inference_energy.studies.study import WORKLOADS, NestedStudy
from inference_energy.studies.swept import of_models, parts_of_model, values_of
from inference_energy.tables.columns import types_of
from tiny_service import POWER_W, WH, frontier, on, tiny_service
from varied_service import varied_service

QUANTITIES = ("p05", "p50", "p95", "mean")


def swept(parameter, values, model="A", of=tiny_service, **arguments):
    """Rows by value and workload."""
    table = model_sweep(of(**arguments), model=model, parameter=parameter, values=values)
    MODEL_SWEEPS.validate(table)
    return {(row["value"], row["workload"]): row for row in table.iter_rows(named=True)}


@pytest.mark.parametrize("model", ["A", "B"])
def test_by_hand(model):
    # A narrowed service draws its hosts: boards alone are known.
    boundary = {"query": "gpu_boards", "fleet": "fleet"}
    rows = swept("headroom", [1, 2], model, classes=frontier(A=3, B=1), boundary=boundary)
    wh = POWER_W["gpu_boards"] / 3600
    for workload, seconds in (("traditional", (0.225, 0.3875)), ("long", (0.75, 1.1))):
        of_model = seconds["AB".index(model)]
        for headroom in (1, 2):
            row = rows[headroom, workload]
            assert [row[name] for name in QUANTITIES] == pytest.approx([headroom * of_model * wh] * 4, rel=1e-6)
            assert (row["unit"], row["model"], row["model_class"]) == (PER_QUERY_UNIT, model, "frontier")


@pytest.mark.parametrize("model", ["A", "B"])
def test_at_the_value_of_the_study_it_is_its_own_table(model):
    energy, _ = energy_per_query(varied_service(100, pue=1.2))
    rows = swept("pue", [1.2], model, varied_service, draws=100, pue=1.2)
    for workload in WORKLOADS:
        of = {"workload": workload, "subject": model, "boundary": "datacenter", "spread": "shared"}
        known = energy.filter(**of).row(0, named=True)
        for quantity in QUANTITIES:
            assert rows[1.2, workload][quantity] == pytest.approx(known[f"energy_wh_{quantity}"], rel=1e-9)


def test_a_fleet_of_one_model_is_that_model():
    values = {"speed_tok_per_s": [30, 60], "cached_share": [0, 0.5], "input_tokens": [10, 5000]}
    arguments = {"classes": frontier(A=1), "draws": 50}
    fleet = sweeps(varied_service(sweeps=values, **arguments))
    for parameter in values:
        rows = swept(parameter, values[parameter], of=varied_service, **arguments)
        found = pl.DataFrame(list(rows.values())).drop("model", "model_class")
        assert found.equals(fleet.filter(parameter=parameter))


def test_other_models_classes_and_weights_change_nothing():
    def of(classes):
        return swept("headroom", [1.3, 1.6], "B", varied_service, draws=50, classes=classes)

    alone = of(frontier(B=1))
    assert of(frontier(2, A=7, B=1)) == alone
    other = {"label": "Other", "model_class": "frontier", "weights": {"A": 1}, "hardware": on(H=1)}
    assert of({"other": other} | frontier(2, A=1, B=1)) == alone


def test_what_is_read_for_a_model_is_enough(read_configured, service_tables):
    study = read_configured("current")
    for model in ("Kimi-K2.5", "gpt-oss-20b"):
        parts = parts_of_model(study, model)
        lone = service.resolved("current", parts, service_tables, draws=10, seed=1)
        assert {name for name, _, _ in lone.members.names} == {model}
        assert set(lone.lengths) == set(WORKLOADS)
        few = study.replaced(classes={name: of for name, of in study.classes.items() if model in of.weights})
        whole = service.resolved("current", few, service_tables, draws=10, seed=1)
        tables = [model_sweep(of, model=model, parameter="speed_tok_per_s", values=[20]) for of in (whole, lone)]
        assert tables[0].equals(tables[1])
        MODEL_SWEEPS.validate(tables[0])


def test_a_model_alone_keeps_its_class_and_hardware():
    some = {"label": "Some", "weights": {"A": 1, "B": 0, "C": 1}, "mix_concentration": 2, "hardware": on(H=1)}
    more = {"label": "More", "weights": {"A": 1, "D": 1}}
    study = NestedStudy.of({"hardware": on(G=1), "classes": {"some": some, "more": more}})
    assert study.model_classes() == {"A": "some", "C": "some", "D": "more"}
    alone = {"some": {"label": "Some", "weights": {"A": 1}, "hardware": on(H=1)}}
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
    of = varied_service(20)
    parts = [
        model_sweep(of, model=model, parameter=parameter, values=[1.5, 1])
        for model in ("B", "A")
        for parameter in ("pue", "headroom")
    ]
    parts.append(parts[0].with_columns(study=pl.lit("another")))
    table = gathered(parts)
    assert table.height == sum(part.height for part in parts) == 5 * 4
    place = table.select("study", "model", "parameter", "value", "workload").rows()
    assert place == sorted(place)
    for seed in range(5):
        assert gathered(random.Random(seed).sample(parts, len(parts))).equals(table)
    for part in parts:
        own = {column: part[column][0] for column in ("study", "model", "parameter")}
        assert table.filter(**own).equals(part.sort("value", "workload"))
    MODEL_SWEEPS.validate(table)


def test_gathered_of_nothing_has_the_same_columns():
    table = gathered([])
    assert table.is_empty()
    assert dict(table.schema) == types_of(MODEL_SWEEPS)
    assert list(table.columns) == list(MODEL_SWEEPS.columns)
    MODEL_SWEEPS.validate(table)


def test_a_speed_that_the_model_does_not_reach_has_no_row():
    rows = swept("speed_tok_per_s", [40, 1e6], serving={"speed_tok_per_s": 40, "replica_gpus": [1]})
    assert {value for value, _ in rows} == {40}
    assert rows[40, "long"]["mean"] < WH["long"]  # of a larger batch than eight
    assert replace(tiny_service()).study.serving.batch == 8
