"""Numbers of the page from a study."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from dashboard_engine import POINTS, Question, answer
from inference_energy.common.yaml_files import read_yaml
from inference_energy.dashboard import payload
from inference_energy.energy.day import Day
from inference_energy.energy.operated import Operated, QueryMeans
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics.draws import stream
from inference_energy.studies import files
from inference_energy.studies.study import whole

ROOT = Path(__file__).parents[3]
DRAWS = 2000


@pytest.mark.slow
def test_few_draws_represent_all():
    generator = np.random.default_rng(1)
    both = generator.standard_normal((2, DRAWS))
    values = np.exp([both[0], both[0] + both[1]])
    weights = generator.random((2, DRAWS))
    energies = list(zip(values, weights, strict=True))
    found = payload.representative(energies, 50, stream(1, "test"))
    assert len(set(found)) == 50
    assert (np.diff(np.argsort(np.argsort(values[0]))[found]) > 0).all()  # ordered by the first
    for logs, counted in zip(np.log(values), weights, strict=True):
        few = payload._summary(logs[None, found], counted[None, found])
        assert few == pytest.approx(payload._summary(logs[None], counted[None]), abs=0.06)
    assert (found == payload.representative(energies, 50, stream(1, "test"))).all()
    nothing = (np.zeros(DRAWS), np.zeros(DRAWS))  # of a subject that nothing serves
    assert (found == payload.representative([*energies, nothing], 50, stream(1, "test"))).all()


def test_points_are_equally_many_queries_each():
    of = Lengths(
        input_tokens=np.array([10.0, 20.0]),
        output_tokens=np.array([5.0, 1.0]),
        cached_share=np.array([0.5, 0.0]),
        weights=np.array([0.75, 0.25]),
    )
    found = payload._points(of.by_answer())
    assert found["output_tokens"].tolist() == [1.0] * (POINTS // 4) + [5.0] * (3 * POINTS // 4)
    assert set(found["uncached_tokens"]) == {20.0, 5.0} and set(found["input_tokens"]) == {20.0, 10.0}


def operated(draws=4):
    """Two members, of which one reaches nothing; the second of two hours has three times the power of the first."""
    columns = np.ones((draws, 2))
    weight = columns * [1.0, 0.0]
    return Operated(
        queries=QueryMeans(
            input_tokens=100.0, uncached_tokens=50 * columns[:, :1], output_tokens=10.0, context_tokens2=1050.0
        ),
        prefill_s=1e-3 * columns,
        decode_s=2e-3 * columns,
        attention_s=0.0 * columns,
        wh_per_gpu_second={name: wh * columns for name, wh in (("gpu_boards", 0.5), ("node", 0.6))},
        day=Day.of(np.array([0.5, 1.5]), np.ones(draws), np.zeros(draws)),
        node_w=lambda work, kept: 200.0 * work * columns,
        beyond_node=np.ones((draws, 1)),
        point=SimpleNamespace(batch=7.0 * columns, gpus=4.0 * columns),
        reached=np.array([0.8, 0.05]),
        weight=weight,
    )


def test_a_kind_of_query_has_the_members_that_reach_it():
    service = SimpleNamespace(
        lengths={
            "traditional": Lengths(
                input_tokens=np.array([100.0]),
                output_tokens=np.array([10.0]),
                cached_share=np.zeros(1),
                weights=np.ones(1),
            )
        },
        shared=SimpleNamespace(draws=4, values={"cached share: traditional": np.full(4, 0.5)}),
        members=SimpleNamespace(names=[("A", "G", "FP8"), ("A", "H", "FP8")]),
        study=SimpleNamespace(fleet=SimpleNamespace(subject="frontier")),
        serving=lambda subject, workload: (np.ones((4, 2)) * [1.0, 0.0], np.ones(4)),
        at=lambda workload: operated(),
    )
    found = payload._kind(service, "traditional", np.array([1, 3]))
    assert list(found["members"]) == ["A, G, FP8"]
    (of,) = found["members"].values()
    assert (of["batch"], of["replica_gpus"], of["reached"]) == (pytest.approx(7), 4.0, 0.8)
    assert of["weight"].tolist() == [1.0, 1.0] and of["node"].tolist() == [0.6, 0.6]
    assert found["kept"].tolist() == [0.5, 0.5] and found["peak"].tolist() == [1.5, 1.5]
    assert found["means"] == {"uncached_tokens": 100.0, "output_tokens": 10.0, "context_tokens2": 1050.0}


@pytest.fixture
def joule():
    schemas = {"published": read_yaml(ROOT / "workflow/schemas/study_published.schema.yaml")}
    return whole(files.read_study("joule-2026", ROOT / "config/studies", schemas))


def test_a_published_study_at_a_constant_throughput(joule):
    models = list(joule.model_classes())
    curve = {"intercept": np.log(1000.0), "slope_input": 0.0, "slope_output": 0.0, "cap_tok_per_s": 1000.0}
    fit = pl.DataFrame([{"model": model, "form": "constant"} | curve for model in (*models, "not in a class")])
    shares = {name: 0.0 for names in joule.fleet.overheads.values() for name in names}
    overheads = pl.DataFrame({"overhead": list(shares), "share_p05": 0.25, "share_p95": 0.25})
    found = payload.published("joule-2026", joule, fit, overheads, 1)
    assert list(found["members"]) == models
    of = found["states"]["plain"]["kinds"]["traditional"]
    # Exponential answers with a median of 300 tokens: 300 / ln 2 on average.
    assert of["mean_unit_wh"][models[-1]] == pytest.approx(10.2 * 300 / np.log(2) / 3.6 / 1000, rel=1e-4)
    assert of["overhead"] == pytest.approx(1.25 ** len(joule.fleet.overheads["traditional"]) - 1)
    study = {"method": "published", "classes": {"frontier": {"models": dict.fromkeys(models, 1 / 3)}}} | found
    utilisation, pue = (np.sqrt(0.4 * 0.9), np.sqrt(1.05 * 1.6))
    mean = answer(study, Question(subject=models[-1]))["mean_query_wh"]["p50"]
    assert mean == pytest.approx(of["mean_unit_wh"][models[-1]] * utilisation * pue, rel=0.01)
    applied = answer(study, Question(subject=models[-1], interventions=True))
    assert applied["multiplier"]["p50"] == pytest.approx(np.sqrt(1.5 * 3.5), rel=0.01)


def test_a_study_has_its_preset_and_the_values_of_its_tables(joule):
    table = pl.DataFrame(
        {
            "spread": ["untrimmed", "as_published", "shared"],
            "subject": ["frontier"] * 3,
            "workload": ["long"] * 3,
            "boundary": ["datacenter"] * 3,
            "energy_wh_p05": [1.0, 0.0, 4.0],
            "energy_wh_p50": [2.0, 0.0, 5.0],
            "energy_wh_p95": [3.0, 0.0, 6.0],
            "energy_wh_mean": [2.5, 0.0, 5.5],
        }
    )
    names = payload.STATISTICS
    scenarios = pl.DataFrame(
        [
            {"scenario": scenario} | {f"energy_gwh_per_day_{name}": 0.24 * place for name in names}
            for place, scenario in enumerate(joule.fleet.scenarios)
        ]
    )
    found = payload.study_of_page(joule, {"states": {}}, table, scenarios, None)
    assert found["tables"] == {
        "headline_wh": {"frontier long datacenter": dict(zip(names, (1.0, 2.0, 3.0, 2.5), strict=True))},
        "mean_query_wh": {"frontier long datacenter": dict(zip(names, (4.0, 5.0, 6.0, 5.5), strict=True))},
    }
    of = found["preset"]["scenarios"][3]
    assert (of["label"], of["long_share"], of["interventions"]) == ("10 % long + interventions", 0.1, True)
    assert of["totals"]["average_power_mw"] == pytest.approx(dict.fromkeys(names, 30))
    assert found["preset"]["subject"] == "frontier" and found["states"] == {}


def test_totals_of_a_scenario_by_hand():
    """0.24 GWh in a day are 10 MW on average."""
    names = payload.STATISTICS
    energy = {f"energy_gwh_per_day_{name}": value for name, value in zip(names, (0.12, 0.2, 0.48, 0.24), strict=True)}
    scenarios = pl.DataFrame([{"scenario": "mixed"} | energy])
    plan = pl.DataFrame(
        [
            {"scenario": "mixed", "quantity": quantity} | dict.fromkeys(names, value)
            for quantity, value in (("gpus", 800.0), ("energy_per_year", 0.1))
        ]
    )
    found = payload.fleet_totals(scenarios, plan)["mixed"]
    assert found.keys() == {"energy_gwh_per_day", "average_power_mw", "gpus"}
    assert found["average_power_mw"] == pytest.approx(dict(zip(names, (5, 10 / 1.2, 20, 10), strict=True)))
    assert found["gpus"] == dict.fromkeys(names, 800.0)
    assert payload.fleet_totals(scenarios, None)["mixed"].keys() == {"energy_gwh_per_day", "average_power_mw"}
