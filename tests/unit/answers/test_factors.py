"""Factors: they sum to the energy of a query of their lengths, and have names that stay."""

import json

import polars as pl
import pytest
from inference_energy.answers import factors
from inference_energy.answers.tables import FACTORS
from tiny_package import GRID, tiny_package
from tiny_service import POWER_W, tables

FACTS = {"version": "1.2.3", "study": "current", "valid_from": "2026-01-02", "cite": "so"}


@pytest.fixture
def made(known_hosts, monkeypatch):
    monkeypatch.setattr(factors, "CONTEXTS", {"short": (1000, 500)})
    monkeypatch.setattr(factors, "SPEEDS_TOK_PER_S", (100,))
    package = tiny_package()
    return factors.factors(package.studies["current"], package.tables, draws=4, seed=1)


def test_factors_sum_to_the_energy_of_a_query(made):
    assert made["model"].unique().sort().to_list() == ["A", "B"]
    assert made["gpu"].unique().sort().to_list() == ["G", "H"]
    for row in made.filter(model="A", gpu="G").iter_rows(named=True):
        # Prefill 0.1 ms a token, attention 0.1 us per pair; the decoding follows from the batch at that speed.
        watts = POWER_W[row["boundary"]] / 3600
        attended = 500 * 1e-7
        assert row["wh_per_1000_cached_input_tokens_p50"] == pytest.approx(1000 * attended * watts, rel=0.01)
        expected = 1000 * (1e-4 + attended) * watts
        assert row["wh_per_1000_uncached_input_tokens_mean"] == pytest.approx(expected, rel=0.01)
        assert row["wh_per_1000_output_tokens_p95"] > 1000 * attended / 2 * watts


def test_names_of_factors_are_unique_and_plain(made):
    FACTORS.validate(made)
    assert made["factor_id"].is_unique().all()
    assert made.filter(model="A", gpu="G", boundary="node")["factor_id"].item() == "a/g/fp8/short/100/node"
    names = pl.DataFrame({"model": ["Llama 3.1 8B"], "gpu": ["H100 SXM 80GB"], "precision": ["FP8"]}).with_columns(
        context=pl.lit("long"), speed_tok_per_s=pl.lit(40), boundary=pl.lit("gpu_boards")
    )
    found = names.select(factors.factor_id()).item()
    assert found == "llama-3.1-8b/h100-sxm-80gb/fp8/long/40/gpu-boards"


def test_packed_factors_are_the_same(made):
    packed = factors.packed(made)
    assert pl.Float64 not in packed.dtypes
    assert factors.unpacked(packed).equals(made)


def test_what_does_not_fit_has_no_factors(made):
    memory = pl.when(gpu="G").then(1.0).otherwise(100.0).alias("memory_gb")
    package = tiny_package(of=tables(hardware=tables().hardware.with_columns(memory)))
    found = factors.factors(package.studies["current"], package.tables, draws=4, seed=1)
    assert found["gpu"].unique().to_list() == ["H"]


def test_factors_as_a_document(made):
    columns = {name: {"meaning": "m", "unit": "u"} for name in made.columns}
    found = json.loads(factors.as_json(made, GRID, columns, FACTS))
    assert list(found["columns"]) == made.columns
    assert found["rows"] == [list(row) for row in made.rows()]
    assert found["zones"]["ABC"] == {"label": "Abece", "gco2e_per_wh": 0.4, "offsite_water_l_per_wh": 0.003}
    assert found["zones"]["DRY"]["offsite_water_l_per_wh"] is None
    assert {name: found[name] for name in FACTS} == FACTS


def test_factors_hold_from_the_newest_source():
    origins = pl.DataFrame({"read_on": ["2026-03-01", "2026-11-29", "2025-01-01"]})
    assert factors.about(origins, version="1", study="current")["valid_from"] == "2026-11-29"
