"""Pairs of rows that show an intervention: by hand, and what the corpus holds; the table of interventions."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.corpus import registries
from inference_energy.energy import intervention_evidence, tables
from inference_energy.tables import rows

INTERVENTIONS = Path(__file__).parents[3] / "resources/interventions.csv"
H100, H200, B200 = "H100 SXM 80GB", "H200 SXM 141GB", "B200 180GB"
MODELS = pl.DataFrame(
    {
        "model": ["Dense", "Dense tuned", "Sparse", "Large", "Large sparse"],
        "same_network_as": [None, "Dense", None, None, None],
        "model_class": ["frontier", "frontier", "frontier", "large", "large"],
        "architecture": ["dense", "dense", "moe", "dense", "moe"],
        "active_parameters_billions": [400.0, 400.0, 20.0, 70.0, 40.0],
    }
)
GPUS = pl.DataFrame({"gpu": [H100, H200, B200], "tdp_w": [700.0, 700.0, 1000.0]})
PARALLELISM = dict.fromkeys(intervention_evidence.PARALLELISM[1:], 1)
ROW = {
    "source": "s",
    "row_id": "a",
    "file": "f",
    "line": 2,
    "model": "Dense",
    "gpu": H100,
    "gpus": 8,
    "precision": "FP8",
    "engine": "E",
    "engine_version": "1.0",
    "load": "offline",
    "prompts": "synthetic",
    "input_tokens": 1000.0,
    "input_length_kind": "fixed",
    "output_tokens": 500.0,
    "output_length_kind": "fixed",
    "output_tok_per_s_per_gpu": 100.0,
} | PARALLELISM
CHAT = {
    "load": "closed_loop",
    "prompts": "chat",
    "input_tokens": None,
    "input_length_kind": "unknown",
    "output_length_kind": "mean",
}
MLPERF = CHAT | {"output_tokens": None, "output_length_kind": "unknown", "prompts": "MLPerf"}
ENERGY = {
    "boundary": "gpu_boards",
    "energy_j_per_output_token": 1.0,
    "batch_limit": 64.0,
} | {name: (ROW | CHAT)[name] for name in ("source", "row_id", "model", "gpu", "gpus", "precision", "prompts")}


def pairs(*rows, energy=()):
    throughput = pl.DataFrame(
        [ROW | row for row in rows], schema_overrides={"input_tokens": pl.Float64, "output_tokens": pl.Float64}
    )
    measured = pl.DataFrame([ENERGY | PARALLELISM | row for row in energy] or [ENERGY | PARALLELISM])
    return intervention_evidence.intervention_pairs(throughput, measured if energy else measured.clear(), MODELS, GPUS)


def speed(row_id, value):
    return {"row_id": row_id, "output_tok_per_s_per_gpu": value}


def shown(found):
    reference = pl.format("{}/{}", "reference_source", "reference_row_id")
    return found.select("lever", "row_id", reference, "acts_on", "multiplier").rows()


def test_lower_precision_is_taken_at_the_same_batch_per_gpu():
    rows = [
        CHAT | speed("bf16", 100.0) | {"precision": "BF16"},
        CHAT | speed("bf16 full", 400.0) | {"precision": "BF16"},
        CHAT | speed("fp8", 150.0) | {"gpus": 4},
    ]
    found = pairs(
        *rows,
        energy=[
            {"row_id": "bf16", "precision": "BF16", "energy_j_per_output_token": 3.0, "batch_limit": 64.0},
            {"row_id": "bf16 full", "precision": "BF16", "batch_limit": 256.0},
            {"row_id": "fp8", "gpus": 4, "energy_j_per_output_token": 2.5, "batch_limit": 32.0},
        ],
    ).filter(lever="lower_precision")
    assert shown(found) == [("lower_precision", "fp8", "s/bf16", "gpu_seconds", 1.5)]
    assert found["measured_energy_multiplier"].to_list() == [1.2]


def test_newer_gpu_is_one_intervention_in_the_same_format_and_another_in_a_shorter_one():
    found = pairs(
        speed("old", 100.0),
        speed("slower", 50.0),
        speed("same", 130.0) | {"gpu": H200, "model": "Dense tuned"},
        speed("short", 390.0) | {"gpu": B200, "precision": "FP4"},
    )
    assert shown(found) == [
        ("newer_gpu", "same", "s/old", "gpu_seconds", 1.3),
        ("newer_gpu_lower_precision", "short", "s/old", "gpu_seconds", 3.9),
        ("newer_gpu_lower_precision", "short", "s/same", "gpu_seconds", 3.0),
    ]
    assert found["power_ratio"].to_list() == pytest.approx([1.0, 10 / 7, 10 / 7])
    assert found["energy_multiplier"].to_list() == pytest.approx([1.3, 2.73, 2.1])


def test_both_rows_are_named_with_file_and_line():
    found = pairs(speed("old", 100.0), speed("new", 120.0) | {"gpu": H200, "file": "g", "line": 7})
    (row,) = found.rows(named=True)
    assert [row[name] for name in intervention_evidence.PLACE] == ["s", "new", "g", 7]
    assert [row[f"reference_{name}"] for name in intervention_evidence.PLACE] == ["s", "old", "f", 2]
    assert row["basis"] == "H100 SXM 80GB FP8 to H200 SXM 141GB FP8"


def test_newest_version_is_held_against_the_oldest_as_numbers():
    found = pairs(
        speed("first", 100.0) | {"engine_version": "0.9"},
        speed("middle", 300.0) | {"engine_version": "0.19"},
        speed("last", 120.0) | {"engine_version": "1.0"},
        speed("unnumbered", 900.0) | {"engine_version": None},
        speed("other GPUs", 200.0) | {"engine_version": "1.1", "gpus": 4},
    )
    assert shown(found) == [("newer_software", "last", "s/first", "gpu_seconds", 1.2)]
    assert found["basis"].to_list() == ["E 0.9 to 1.0"]


def test_best_batch_is_held_against_one_near_an_eighth_of_it():
    batches = {"1": (1.0, 9.0), "8": (8.0, 4.0), "24": (24.0, 3.0), "64": (64.0, 1.0), "128": (128.0, 1.1)}
    found = pairs(
        *(CHAT | {"row_id": name} for name in batches),
        energy=[
            {"row_id": name, "batch_limit": batch, "energy_j_per_output_token": joule}
            for name, (batch, joule) in batches.items()
        ],
    )
    assert shown(found) == [("larger_batch", "64", "s/8", "energy", 4.0)]


def test_sparse_model_is_held_against_the_fastest_dense_one_of_the_frontier():
    found = pairs(
        speed("dense", 100.0),
        speed("tuned", 125.0) | {"model": "Dense tuned"},
        speed("sparse", 500.0) | {"model": "Sparse"},
    )
    assert shown(found) == [("sparser_model", "sparse", "s/tuned", "gpu_seconds", 4.0)]


def test_smaller_model_is_of_the_same_architecture_with_fewer_active_parameters():
    found = pairs(
        speed("dense", 100.0),
        speed("large", 500.0) | {"model": "Large"},
        speed("sparse", 100.0) | {"model": "Sparse"},
        speed("wider", 700.0) | {"model": "Large sparse"},
    ).filter(lever="smaller_model")
    assert shown(found) == [("smaller_model", "large", "s/dense", "gpu_seconds", 5.0)]


def test_latency_limits_are_relaxed_one_step_at_a_time_on_one_system():
    found = pairs(
        MLPERF | speed("1/a/Interactive", 40.0) | {"load": "interactive"},
        MLPERF | speed("1/a/Server", 80.0) | {"load": "server"},
        MLPERF | speed("1/a/Offline", 100.0) | {"load": "offline"},
        MLPERF | speed("2/a/Offline", 300.0) | {"load": "offline"},
    )
    assert shown(found) == [
        ("less_interactivity", "1/a/Offline", "s/1/a/Server", "attainment", 1.25),
        ("less_interactivity", "1/a/Server", "s/1/a/Interactive", "attainment", 2.0),
    ]


@pytest.mark.parametrize("twice", [{"row_id": "again"}, {"row_id": "again", "source": "oviedo"}])
def test_what_is_published_twice_counts_once(twice):
    assert len(pairs({}, twice, speed("new", 120.0) | {"gpu": H200}, twice | {"gpu": H200})) == 1


@pytest.mark.parametrize(
    "other", [{"gpu": H100}, {"input_tokens": 2000.0}, {"precision": "BF16"}, {"model": "Large"}, {"source": "t"}]
)
def test_no_pair(other):
    found = pairs({}, speed("b", 120.0) | {"gpu": H200} | other)
    assert found.filter(pl.col("lever") == "newer_gpu").is_empty()
    assert set(found.columns) == set(tables.INTERVENTION_PAIRS.columns)


def test_nothing_to_compare():
    found = pairs({})
    assert found.is_empty()
    assert set(found.columns) == set(tables.INTERVENTION_PAIRS.columns)
    assert intervention_evidence.ranges(found).is_empty()


def test_every_model_on_a_gpu_weighs_the_same():
    crowd = pl.DataFrame(
        {
            "lever": "l",
            "model": ["A"] * 4 + ["B", "C"],
            "gpu": "X",
            "energy_multiplier": [2.0, 2.0, 2.0, 2.0, 3.0, 4.0],
        }
    )
    (row,) = intervention_evidence.ranges(crowd).rows(named=True)
    assert (row["rows"], row["models"]) == (6, 3)
    assert row["multiplier_p50"] == pytest.approx(3.0)  # A 2, B 3, C 4
    assert row["multiplier_p95"] == pytest.approx(4.0)


def test_table_of_interventions():
    table = registries.read_registry(INTERVENTIONS, tables.InterventionRow)
    assert table["lever"].is_sorted()
    assert set(table["acts_on"]) <= set(tables.ACTS_ON)


def test_range_that_ends_before_it_begins(tmp_path):
    lines = INTERVENTIONS.read_text(encoding="utf-8").split("\n")
    swapped = lines[1].replace(",1.23,2.13,", ",2.13,1.23,")
    assert swapped != lines[1]
    (tmp_path / "interventions.csv").write_text("\n".join([lines[0], swapped]), encoding="utf-8")
    with pytest.raises(InputError, match="multiplier_p05"):
        registries.read_registry(tmp_path / "interventions.csv", tables.InterventionRow)


@pytest.fixture(scope="module")
def found(corpus):
    names = ["throughput", "measured_energy", "model", "hardware"]
    return intervention_evidence.intervention_pairs(*(corpus[name] for name in names))


@pytest.fixture(scope="module")
def table():
    return registries.read_registry(INTERVENTIONS, tables.InterventionRow)


def test_corpus(found):
    rows.checked(found.select(list(tables.INTERVENTION_PAIRS.columns)), tables.INTERVENTION_PAIRS, "pairs")
    assert found["multiplier"].is_between(0.1, 20).all()
    assert intervention_evidence.ranges(found)["rows"].min() >= 5


def test_every_range_that_names_pairs_is_theirs(found, table):
    assert intervention_evidence.not_adopted(table, found, "interventions.csv") == []
    named = table.filter(pl.col("evidence").is_not_null())
    assert set(named["evidence"]) == set(found["lever"])
    assert named["evidence"].equals(named["lever"])
    assert (named["source"] == "intervention_pairs").all()


def test_range_of_routing_follows_from_that_of_a_smaller_model(found, table):
    smaller = intervention_evidence.ranges(found).row(by_predicate=pl.col("lever") == "smaller_model", named=True)
    routing = table.row(by_predicate=pl.col("lever") == "routing", named=True)
    for end, share, multiplier in (("p05", 0.2, smaller["multiplier_p50"]), ("p95", 0.7, smaller["multiplier_p95"])):
        assert routing[f"multiplier_{end}"] == round(1 / (1 - share + share / multiplier), 2)


def crowd(*multipliers):
    return pl.DataFrame({"lever": "l", "model": "A", "gpu": "X", "energy_multiplier": multipliers})


def adopted(low, high, evidence="l"):
    row = {"lever": "mine", "multiplier_p05": low, "multiplier_p95": high, "evidence": evidence}
    return pl.DataFrame([row], schema_overrides={"evidence": pl.String})


def told(table):
    return intervention_evidence.not_adopted(table, crowd(0.5, 2.346), "interventions.csv")


def test_range_is_compared_to_two_decimals_and_never_begins_below_1():
    # Two of equal weight: P5 and P95 lie beyond their middles, so at the values themselves.
    assert told(adopted(1.0, 2.35)) == []
    assert told(adopted(1.5, 9.0, None)) == []


def test_range_that_the_pairs_do_not_give_is_told():
    assert told(adopted(1.01, 2.34)) == [
        "interventions.csv: mine: multiplier_p05: 1.01 is adopted; 2 rows of 'l' give 1",
        "interventions.csv: mine: multiplier_p95: 2.34 is adopted; 2 rows of 'l' give 2.35",
    ]


def test_evidence_that_is_not_there():
    with pytest.raises(InputError) as fault:
        told(adopted(1.0, 2.35, "k"))
    assert str(fault.value) == "interventions.csv: mine: evidence: found 'k'; allowed: one of 1 names, such as l"
