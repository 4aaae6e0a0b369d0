"""Every number of the public tables has a unit, and a meaning says it once."""

import pandera.polars as pa
import pytest
from inference_energy.common.errors import InputError
from inference_energy.publish.catalogue import PUBLIC_TABLES
from inference_energy.tables.columns import number, text
from inference_energy.tables.dictionary import data_dictionary
from inference_energy.tables.public import PublicTable
from inference_energy.tables.units import unit_of, with_unit

BY_HAND = {
    "energy_wh_p50": "Wh",
    "energy_wh_p50_se": "Wh",
    "ours_wh_p05": "Wh",
    "energy_gwh_per_day_p95_as_published": "GWh/day",
    "energy_j_per_output_token": "J per output token",
    "predicted_p95_unseen": "J per output token",
    "predicted_tok_per_s_per_gpu": "tok/s per GPU",
    "tok_per_s": "tok/s",
    "power_w": "W",
    "power_cap_w_per_gpu": "W per GPU",
    "node_idle_power_kw": "kW",
    "memory_bandwidth_gb_per_s": "GB/s",
    "memory_gb": "GB",
    "peak_fp8_tflop_per_s": "TFLOP/s",
    "peak_int8_tflop_per_s": "TOP/s",
    "duration_s": "s",
    "target_ms": "ms",
    "decode_s_per_token": "GPU-seconds per token",
    "attention_s_per_token2": "GPU-seconds per token squared",
    "output_tokens_min": "tokens",
    "tokens_p05": "tokens",
    "long_share": "share of 1",
    "multiplier_share_below_8": "share of 1",
    "energy_wh_p50_relative_se": "share of 1",
    "multiplier_p50": "factor",
    "factor_max": "factor",
    "ratio_geometric_sd": "factor",
    "total_parameters_billions": "billions",
    "gpus_per_node": "count",
    "runs_that_meet": "count",
    "line": "position",
}


@pytest.mark.parametrize("column", BY_HAND)
def test_unit_by_hand(column):
    assert unit_of("table", column, [column]) == BY_HAND[column]


@pytest.mark.parametrize("table", PUBLIC_TABLES, ids=lambda table: table.name)
def test_every_number_of_every_public_table_has_a_unit(table):
    for entry in data_dictionary([table])[table.name]:
        assert bool(entry.unit) is (entry.type in ("number", "integer")), entry


def test_new_column_without_a_unit_is_told():
    table = PublicTable(
        name="speeds", path="speeds.csv", meaning="", schemas={"": pa.DataFrameSchema({"speed": number("how fast")})}
    )
    with pytest.raises(InputError, match=r"^table speeds: column speed: a number whose name says no unit; allowed: "):
        data_dictionary([table])


def test_numbers_of_rows_with_their_own_unit_refer_to_it():
    schema = pa.DataFrameSchema({"unit": text("unit"), "p50": number("P50"), "energy_wh": number("energy")})
    table = PublicTable(name="plan", path="plan.csv", meaning="", schemas={"": schema})
    units = {entry.column: entry.unit for entry in data_dictionary([table])["plan"]}
    assert units == {"unit": "", "p50": "as in column unit", "energy_wh": "Wh"}
    with pytest.raises(InputError, match="column p50"):
        unit_of("plan", "p50", ["p50"])


@pytest.mark.parametrize(
    ("meaning", "unit", "told"),
    [
        ("P50 of energy per query, Wh", "Wh", "P50 of energy per query, Wh"),
        ("of it traditional queries", "GWh/day", "of it traditional queries [GWh/day]"),
        ("mean, GWh/day", "Wh", "mean, GWh/day [Wh]"),  # a unit inside another is not that unit
        ("power limit, W per GPU", "W", "power limit, W per GPU"),
        ("energy per output token, J", "J per output token", "energy per output token, J"),
        ("throughput as stated, tokens per second", "tok/s", "throughput as stated, tokens per second"),
        ("share of long queries", "share of 1", "share of long queries"),
        ("largest", "factor", "largest [factor]"),
        ("rows predicted", "count", "rows predicted [count]"),
        ("name in figures", "", "name in figures"),
    ],
)
def test_a_meaning_says_its_unit_once(meaning, unit, told):
    assert with_unit(meaning, unit) == told
