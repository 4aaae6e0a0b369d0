"""Days and queries of services, predicted: by hand with the serving model of the tiny service."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.corpus.registries import read_registry
from inference_energy.serving import stored
from inference_energy.serving.step import DECODING_SHARE
from inference_energy.tables.columns import columns_of
from inference_energy.validation import tables
from inference_energy.validation.published_fleet import MEAN_QUERY, NODES_MEAN, NODES_PEAK, RANDOM_QUERY, nodes, queries
from tiny_service import POWER_W, SECONDS, points, tables as tiny_tables, tiny_service

RATES = np.array([0.5] * 12 + [1.5] * 12)
# Each GPU holds 8e9 bytes of weights and as many requests, of 1e5 bytes and a thousand tokens of one byte, as fit.
LARGEST = (0.93 * 100e9 - 8e9) / (1e5 + 1000)
BATCH = LARGEST ** (2 / 9)  # one at which speeds are computed, so that nothing is interpolated
STEP_S = 1e-3 + 1e-7 * 1000 * BATCH  # weights, and a thousand tokens of context of every request
FLEET = {
    **{"service": "S", "model": "A", "gpu": "G", "precision": "FP8", "day": "2026-01-01", "cached_share": 0.5},
    **{"input_tokens_per_day": 2e9, "output_tokens_per_day": 1e9, "context_tokens": 1000.0, "replica_gpus": 1},
    **{"speed_tok_per_s": 1 / (DECODING_SHARE * STEP_S), "nodes_mean": 0.5, "nodes_peak": 1.0, "source": "https://s"},
}
# Of every answer token two of the prompt, half of them cached; 0.1 ms each. Nodes of eight GPUs.
DECODING, PROMPTS = (1e9 / 86_400 * seconds / 8 for seconds in (STEP_S / BATCH, 1e-4))
ESTIMATE = {
    **{"source": "s", "row_id": "r", "subject": "All of S", "kind": "provider_measurement", "energy_wh": 0.1},
    **{"boundary": "accelerators, host, idle machines and datacenter overhead", "url": "https://s"},
}


def day(of=None, draws=8, **changes):
    of = of or tiny_tables()
    model = stored.from_tables(**{name: getattr(of, name) for name in stored.NAMES})
    fleets = pl.DataFrame([FLEET | changes])
    found = nodes(fleets, model, of.models, of.hardware, RATES, draws=draws, seed=1)
    return {row["quantity"]: row for row in found.iter_rows(named=True)}


def predicted(**changes):
    return day(**changes)[NODES_MEAN]["predicted_p50"]


def test_nodes_by_hand():
    found = day()[NODES_MEAN]
    assert found["predicted_p50"] == pytest.approx(DECODING + PROMPTS, rel=1e-3)
    assert found["batch_p50"] == pytest.approx(BATCH, rel=1e-3)
    assert found["ratio"] == pytest.approx((DECODING + PROMPTS) / 0.5, rel=1e-3)
    assert (found["reached_share"], found["replica_gpus_p50"]) == (1, 1)


def test_the_busiest_hour_needs_as_much_more_as_it_has_requests():
    found = day()
    for name in ("predicted_p05", "predicted_p50", "predicted_p95"):
        assert found[NODES_PEAK][name] == pytest.approx(1.5 * found[NODES_MEAN][name])
    assert found[NODES_PEAK]["stated"] == 1


def test_prompts_do_not_slow_the_users():
    # Whatever is cached, as many requests decode together; what is not cached needs GPUs in proportion.
    assert predicted(cached_share=1.0) == pytest.approx(DECODING, rel=1e-3)
    assert predicted(cached_share=0.0) == pytest.approx(DECODING + 2 * PROMPTS, rel=1e-3)


def test_twice_the_tokens_need_twice_the_nodes():
    twice = {name: 2 * FLEET[name] for name in ("input_tokens_per_day", "output_tokens_per_day")}
    assert predicted(**twice) == pytest.approx(2 * predicted())


def test_faster_users_need_more_nodes():
    speeds = FLEET["speed_tok_per_s"] * np.array([0.5, 1, 1.2])
    assert np.all(np.diff([predicted(speed_tok_per_s=speed) for speed in speeds]) > 0)


def test_draws_that_do_not_reach_the_speed_do_not_count():
    uncertain = tiny_tables(deviations={"time_campaign": 1.0})
    fast = 1 / (DECODING_SHARE * 1e-3) / 1.1  # of one request, a little more than its weights allow
    found = day(of=uncertain, draws=400, speed_tok_per_s=fast)[NODES_MEAN]
    assert 0.3 < found["reached_share"] < 0.7
    assert found["predicted_p95"] < 1e9 / 86_400 * 2e-3 / 8 + 2 * PROMPTS  # no more than one request at a time needs


def test_what_is_stated_may_lie_outside():
    spread = tiny_tables(deviations={"time_campaign": 0.3})
    for stated, inside in ((DECODING + PROMPTS, True), (100.0, False)):
        assert day(of=spread, draws=200, nodes_mean=stated)[NODES_MEAN]["inside_90"] is inside


def asked(*changes, service=None):
    estimates = pl.DataFrame([ESTIMATE | {"row_id": str(place)} | change for place, change in enumerate(changes)])
    return queries(service or tiny_service(), estimates)


def test_queries_by_hand():
    found = {row["quantity"]: row for row in asked({}).iter_rows(named=True)}
    expected = SECONDS["traditional"] * POWER_W["fleet"] / 3600
    for quantity in (RANDOM_QUERY, MEAN_QUERY):
        assert found[quantity]["predicted_p50"] == pytest.approx(expected)
        assert found[quantity]["ratio"] == pytest.approx(expected / 0.1)
        assert (found[quantity]["boundary"], found[quantity]["inside_90"]) == ("fleet", False)
    assert found[RANDOM_QUERY]["batch_p50"] == pytest.approx(8)


def test_a_random_query_varies_where_the_mean_does_not():
    service = tiny_service(lengths={"traditional": points(1000, [500, 2000])}, draws=200)
    expected = (SECONDS["traditional"] + SECONDS["long"]) / 2 * POWER_W["node"] / 3600
    change = {"boundary": "server power, no PUE", "energy_wh": 1.01 * expected}
    found = {row["quantity"]: row for row in asked(change, service=service).iter_rows(named=True)}
    assert found[MEAN_QUERY]["predicted_p50"] == pytest.approx(expected)
    assert (found[RANDOM_QUERY]["inside_90"], found[MEAN_QUERY]["inside_90"]) == (True, False)
    assert found[RANDOM_QUERY]["predicted_p05"] == pytest.approx(SECONDS["traditional"] * POWER_W["node"] / 3600)
    assert found[RANDOM_QUERY]["predicted_p95"] == pytest.approx(SECONDS["long"] * POWER_W["node"] / 3600)


def test_only_statements_about_all_queries_of_a_service():
    kinds = ("provider_measurement", "executive_statement", "api_inferred", "top_down")
    found = asked(*({"kind": kind, "subject": kind} for kind in kinds))
    assert set(found["service"]) == set(kinds[:2])


def test_schema_and_the_registry():
    fleets = read_registry(Path(__file__).parents[3] / "resources/published_fleets.csv", tables.PublishedFleet)
    assert (fleets["nodes_peak"] >= fleets["nodes_mean"]).all()
    found = pl.concat([pl.DataFrame(list(day().values())), asked({})]).select(list(columns_of(tables.PUBLISHED_FLEETS)))
    tables.PUBLISHED_FLEETS.validate(found)
