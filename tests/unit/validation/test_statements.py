"""Published estimates compared with this work: by hand with a tiny service, and every estimate of the corpus."""

import numpy as np
import polars as pl
import pytest
from inference_energy.studies.study import BOUNDARIES
from inference_energy.validation import statements as validation_statements, tables
from inference_energy.validation.statements import METERED_BY_STATEMENT, by_kind
from tiny_service import POWER_W, SECONDS, WH, changed, frontier, points, tiny_service

MODELS = pl.DataFrame(
    {
        "model": ["A", "A again", "B", "Z", "Little"],
        "same_network_as": [None, "A", None, None, None],
        "model_class": ["frontier", "frontier", "frontier", "frontier", "small"],
    }
)
ESTIMATE = {
    "source": "s",
    "row_id": "r",
    "subject": "A",
    "model": "A",
    "kind": "first_principles",
    "energy_wh": 0.0975,
    "input_tokens": 1000.0,
    "output_tokens": 500.0,
    "boundary": "server power and PUE",
}
PUE = {"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4}
OURS = WH["traditional"]  # of 1,000 and 500 tokens
IT_WH = SECONDS["traditional"] * POWER_W["node"] / 3600


def statements(*changes, of=None):
    estimates = pl.DataFrame(
        [ESTIMATE | {"row_id": f"r{i}"} | change for i, change in enumerate(changes)],
        infer_schema_length=None,
        schema_overrides={"model": pl.String, "input_tokens": pl.Float64, "output_tokens": pl.Float64},
    )
    return validation_statements.overstatement(of or tiny_service(), estimates, MODELS)


def one(change, of=None):
    return statements(change, of=of).row(0, named=True)


def ours(change, of=None):
    return one(change, of)["ours_wh_p50"]


def test_factor_by_hand():
    # 0.225 s x 780 W = 0.04875 Wh; it states 0.0975.
    found = one({})
    assert (found["study"], found["boundary"], found["compared_with"], found["reason"]) == (
        "tiny",
        "datacenter",
        "A",
        None,
    )
    assert [found[f"ours_wh_{name}"] for name in ("p05", "p50", "p95")] == pytest.approx([0.04875] * 3)
    assert [found[name] for name in ("factor", "factor_p05", "factor_p95")] == pytest.approx([2.0] * 3)


@pytest.mark.parametrize(("words", "boundary"), METERED_BY_STATEMENT.items())
def test_every_boundary_by_hand(words, boundary):
    found = one({"boundary": words})
    assert found["boundary"] == boundary
    assert found["ours_wh_p50"] == pytest.approx(SECONDS["traditional"] * POWER_W[boundary] / 3600)


def test_boundaries_are_ours_and_those_of_the_corpus_are_all_known(corpus):
    assert set(METERED_BY_STATEMENT.values()) <= set(BOUNDARIES)
    assert set(corpus["published_estimate"]["boundary"]) == set(METERED_BY_STATEMENT)


def test_words_with_pue_mean_the_datacenter_or_more():
    for words, boundary in METERED_BY_STATEMENT.items():
        if "PUE" in words:
            assert boundary == ("node" if "no PUE" in words else "datacenter")


def test_unknown_boundary_is_a_reason():
    table = statements({"boundary": "by feel"}, {})
    found = table.row(0, named=True)
    assert found["reason"] == "no boundary here is like 'by feel'"
    assert [found[name] for name in ("boundary", "compared_with", "factor", "ours_wh_p50")] == [None] * 4
    assert table["factor"].to_list() == [None, pytest.approx(2.0)]


def test_who_is_compared_with_whom():
    of = tiny_service(classes=frontier(A=4, B=1))
    a_wh, b_wh = 0.225 * 500 / 3600, 0.3875 * 500 / 3600
    mean_wh = (4 * a_wh + b_wh) / 5
    expected = {
        "A": ("A", a_wh),
        "A again": ("A", a_wh),
        "B": ("B", b_wh),
        "Z": ("frontier", mean_wh),
        None: ("frontier", mean_wh),
    }
    for model, (subject, energy) in expected.items():
        found = one({"model": model, "subject": "GPT-5", "boundary": "GPU"}, of)
        assert (found["compared_with"], found["reason"]) == (subject, None)
        assert found["ours_wh_p50"] == pytest.approx(energy)
    found = statements({}, {"model": "Little"}, of=of).row(1, named=True)
    assert (found["compared_with"], found["factor"]) == (None, None)
    assert found["reason"] == "no class of the study is of its size"


def test_what_nothing_serves_at_the_operating_point_is_not_compared():
    out_of_reach = tiny_service(serving={"speed_tok_per_s": 1e6, "replica_gpus": [1]})
    found = one({}, out_of_reach)
    assert found["reason"] == "nothing of the study serves it at the operating point"
    assert (found["compared_with"], found["factor"], found["ours_wh_p50"]) == (None, None, None)


@pytest.mark.parametrize(
    "subject",
    ["GPT-4o mini", "o3-mini (high)", "GPT-4.1 nano", "LLaMA-3.2 1B", "LLaMA-3.2-vision 11B", "LLaMA-3-70B", "X MINI"],
)
def test_small_models_of_unknown_size_are_not_compared(subject):
    found = statements({}, {"model": None, "subject": subject}).row(1, named=True)
    assert found["reason"] == "a smaller model whose size is not in the registry"
    assert (found["compared_with"], found["factor"]) == (None, None)


@pytest.mark.parametrize(
    "subject",
    ["Gemini Apps", "Gemini", "open models above 200 B", "ChatGPT", "GPT-4.5", "MiniMax-M2.5", "o1", "Dominion"],
)
def test_others_of_unknown_size_are_taken_for_frontier_models(subject):
    assert one({"model": None, "subject": subject})["compared_with"] == "frontier"


def test_a_large_model_is_not_small_because_its_name_says_its_size():
    assert one({"model": None, "subject": "Qwen3.5-397B-A17B"})["compared_with"] == "frontier"


@pytest.mark.parametrize("subject", ["Qwen 1.5B", "Mixtral 8x7B", "GLM-4.7-Flash"])
def test_other_names_of_small_models(subject):
    assert "smaller model" in one({"model": None, "subject": subject})["reason"]


def query_wh(prompts, answers, cached=0.0):
    """Of model A: 0.1 ms per prompt token, 0.125 ms per answer token, 0.1 us per pair of answer and context token."""
    answers = np.asarray(answers, float)
    seconds = 1e-4 * prompts * (1 - cached) + 1.25e-4 * answers + 1e-7 * answers * (prompts + answers / 2)
    return float(np.mean(seconds)) * POWER_W["datacenter"] / 3600


def test_tokens_stated_or_not_by_hand():
    # Where no tokens are stated, the traditional queries: half of 500 and half of 2,000 tokens, prompts of 1,000, of
    # which a fifth is in the cache.
    study = changed(workloads={"traditional": {"cached_share": 0.2}})
    of = tiny_service(workloads=study["workloads"], lengths={"traditional": points(1000, [500, 2000])})
    nothing = {"input_tokens": None, "output_tokens": None}
    assert ours(nothing, of) == pytest.approx(query_wh(1000, [500, 2000], 0.2))
    assert ours({}, of) == pytest.approx(query_wh(1000, 500))  # a stated prompt is not in the cache
    assert ours({"input_tokens": None}, of) == pytest.approx(query_wh(1000, 500, 0.2))
    assert ours({"output_tokens": None}, of) == pytest.approx(query_wh(1000, [500, 2000]))
    assert ours({"input_tokens": 2000.0, "output_tokens": 1000.0}, of) == pytest.approx(query_wh(2000, 1000))


def test_prompts_that_a_trace_says_are_cached_are_not_if_a_length_is_stated():
    of = tiny_service(lengths={"traditional": points(1000, 500, cached=0.5)})
    assert ours({"input_tokens": None, "output_tokens": None}, of) == pytest.approx(query_wh(1000, 500, 0.5))
    assert ours({}, of) == pytest.approx(OURS)


def test_interval_is_over_what_the_fleet_shares():
    (found,) = statements({}, of=tiny_service(pue=PUE, draws=20_000)).rows(named=True)
    assert [found["ours_wh_p05"], found["ours_wh_p95"]] == pytest.approx([IT_WH * 1.08, IT_WH * 1.4], rel=0.01)
    assert [found["factor_p05"], found["factor_p95"]] == pytest.approx(
        [0.0975 / found["ours_wh_p95"], 0.0975 / found["ours_wh_p05"]]
    )
    assert found["factor_p05"] < found["factor"] < found["factor_p95"]


def test_schema_order_and_repetition():
    changes = [{"row_id": "b"}, {"row_id": "a", "boundary": "?"}, {"row_id": "c", "model": None, "input_tokens": None}]
    found = statements(*changes)
    tables.PUBLISHED_ESTIMATES.validate(found.select(list(tables.PUBLISHED_ESTIMATES.columns)))
    assert found["row_id"].to_list() == ["a", "b", "c"]
    assert statements(*changes[::-1]).equals(found)


def test_nothing_that_can_be_compared_is_an_empty_table_of_kinds():
    assert by_kind(statements({"boundary": "?"})).is_empty()


def test_by_kind_by_hand():
    factors = {"x": [2.0, 4.0, 20.0, 30.0], "y": [3.0, None], "z": [None]}
    table = pl.DataFrame(
        [{"study": "t", "kind": kind, "factor": factor} for kind, of in factors.items() for factor in of]
    )
    found = by_kind(table)
    tables.PUBLISHED_ESTIMATE_KINDS.validate(found)
    assert found.rows() == [("t", "x", 4, 12.0, 2.0, 30.0, 0.5, 0.25), ("t", "y", 1, 3.0, 3.0, 3.0, 0.0, 0.0)]


def test_statements_of_the_corpus(corpus, models):
    estimates = corpus["published_estimate"]
    registry = models[0].with_columns(same_network_as=pl.col("same_network_as")).select(MODELS.columns)
    registry = pl.concat([registry, MODELS.head(1)])
    found = validation_statements.overstatement(tiny_service(), estimates, registry)
    assert len(found) == len(estimates)
    assert found["boundary"].is_not_null().all()
    assert (found["reason"].is_null() == found["factor"].is_not_null()).all()
    known = found.filter(pl.col("reason").is_null())
    assert np.allclose(known["factor"], known["energy_wh"] / known["ours_wh_p50"])
