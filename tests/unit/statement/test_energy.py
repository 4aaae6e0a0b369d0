"""Energy of a usage from its sums: by hand, linear, with the shared kept shared; factors, evidence and bills."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.statement import (
    build,
    energy,
    grades as statement_grades,
    model_names,
    regions as statement_regions,
)
from inference_energy.statement.coefficients import QUANTITIES
from inference_energy.statement.logs import bills
from inference_energy.statement.model_names import BY_DEFAULT, CLASS, LEFT_OUT, MODEL, Subject
from polars.testing import assert_frame_equal
from tiny_service import points
from usage_logs import (
    DRAWS,
    GRID,
    ROWS,
    WH_PER_GPU_SECOND,
    frame,
    metered,
    region,
    row,
    table,
    usage,
    write,
)


def uncertain():
    """Factors of three subjects whose uncertainty is partly shared."""
    shared, *own = np.random.default_rng(1).lognormal(sigma=0.4, size=(4, DRAWS))
    return dict(zip(("A", "B", "frontier"), shared * own, strict=True))


@pytest.mark.parametrize("boundary", WH_PER_GPU_SECOND)
def test_energy_is_that_computed_by_hand(boundary):
    of = usage(boundary=boundary)
    rows = table(row(1000, 1000, 500), row(10, 1000, 2000, step="2026-01-01T05:00:00Z"))
    total = energy.broken_down(of, rows, []).row(0, named=True)
    # 1 + 1 + 0.625 s of an answer of 500 tokens, 1 + 4 + 4 s of one of 2,000.
    wh = (1000 * 2.625 + 10 * 9) * WH_PER_GPU_SECOND[boundary]
    for q in ("p05", "p50", "p95", "mean"):
        assert total[f"energy_kwh_{q}"] == pytest.approx(wh / 1000)
    assert total["emissions_location_kgco2e_p50"] == pytest.approx(wh / 1000 * 0.5)
    assert total["emissions_market_kgco2e_p50"] == pytest.approx(wh / 1000 * 0.1)
    onsite = 1.2 / (1.2 if boundary in ("datacenter", "fleet") else 1)
    assert total["water_m3_p50"] == pytest.approx(wh / 1000 * (onsite + 3) / 1000)
    assert (total["requests"], total["input_tokens"], total["output_tokens"]) == (1010, 1_010_000, 520_000)


def test_sums_give_what_single_requests_give():
    requests = [row(1, prompt, answer, subject="B") for prompt, answer in ((100, 700), (1000, 20), (3000, 400))]
    of = usage(factors=uncertain())
    total = energy.broken_down(of, table(*requests), []).row(0, named=True)
    single = [energy.broken_down(of, table(one), []).row(0, named=True) for one in requests]
    for q in ("p05", "p50", "p95", "mean"):  # the same factor at every draw
        assert total[f"energy_kwh_{q}"] == pytest.approx(sum(one[f"energy_kwh_{q}"] for one in single), rel=1e-12)


def test_sums_beyond_the_digits_of_a_float_are_exact():
    """2^60 + 1 prompt tokens, of which 2^60 were in the cache: one is computed."""
    rows = table(row(1, 2**60 + 1, 0, cached=2**60))
    (wh,) = energy.broken_down(usage(), rows, [])["energy_kwh_p50"] * 1000
    assert wh == pytest.approx(1e-3 * 0.8)


def test_known_caches_are_taken_out_of_prompts():
    (cached,) = energy.broken_down(usage(), table(row(1, 1000, 0, cached=600)), [])["energy_kwh_p50"]
    (unknown,) = energy.broken_down(usage(), table(row(1, 1000, 0, cached=None)), [])["energy_kwh_p50"]
    assert cached == pytest.approx(0.4 * 0.8 / 1000)  # 400 prompt tokens of 1 ms
    assert unknown == pytest.approx(0.75 * 0.8 / 1000)


def test_twice_the_log_is_twice_the_energy_with_the_same_relative_interval():
    of = usage(factors=uncertain())
    once = table(row(10, 1000, 500), row(3, 20, 900, subject="B", step="2026-01-01T01:00:00Z"))
    twice = pl.concat([once, once])
    one, two = (energy.broken_down(of, rows, []).row(0, named=True) for rows in (once, twice))
    assert two["requests"] == 2 * one["requests"]
    for name in QUANTITIES:
        for q in ("p05", "p50", "p95", "mean"):
            assert two[f"{name}_{q}"] == pytest.approx(2 * one[f"{name}_{q}"], rel=1e-12)
    assert one["energy_kwh_p95"] / one["energy_kwh_p50"] > 1.3  # however many requests: it does not average out


def test_breakdowns_add_up_and_keep_the_shared_shared():
    of = usage(factors=uncertain(), regions={"eu": region(), None: region(pue=1.0, pue_source="x", market_source=None)})
    rows = table(
        row(10, 1000, 500),
        row(4, 50, 100, subject="B", tenant="y", step="2026-02-01T00:00:00Z"),
        row(2, 50, 100, subject="frontier", place=None, step="2026-02-01T01:00:00Z"),
        row(2, 500, 10, subject="A", tenant=None, place=None, step=None),
    ).with_columns(pl.col("region").fill_null("(none)"))
    total = energy.broken_down(of, rows, []).row(0, named=True)
    for keys in (
        ["month"],
        ["model"],
        ["tenant"],
        ["region"],
        ["month", "step_start_utc", "model", "tenant", "region"],
    ):
        parts = energy.broken_down(of, rows, keys)
        for column in ("energy_kwh_mean", "emissions_location_kgco2e_mean", "water_m3_mean", "requests"):
            assert parts[column].sum() == pytest.approx(total[column])
    # What all share does not average out: percentiles of like months add up as if each were the whole.
    like = pl.concat([rows.head(1), rows.head(1).with_columns(month=pl.lit("2026-03"))])
    months = energy.broken_down(of, like, ["month"])["energy_kwh_p95"]
    assert months.sum() == pytest.approx(energy.broken_down(of, like, [])["energy_kwh_p95"][0], rel=1e-12)
    assert_frame_equal(energy.broken_down(of, rows, ["model"]), energy.broken_down(of, rows.reverse(), ["model"]))


def test_regions_have_their_own_pue_and_unknown_water_is_unknown():
    own = region(pue=1.5, pue_source="operator", offsite_water_l_per_kwh=None)
    of = usage(regions={"eu": region(), "us": own})
    parts = energy.broken_down(of, table(row(1, 1000, 500), row(1, 1000, 500, place="us")), ["region"])
    eu, us = parts["energy_kwh_p50"]
    assert us / eu == pytest.approx(1.5 / 1.2)
    assert parts["water_m3_p50"].is_null().to_list() == [False, True]
    assert energy.broken_down(of, table(row(1, 9, 9), row(1, 9, 9, place="us")), [])["water_m3_p50"][0] is None


def test_power_and_nodes_over_time():
    of = usage()
    steps, capacity = energy.over_time(
        of,
        table(row(3600, 1000, 500), row(7200, 1000, 500, step="2026-01-01T02:00:00Z")),
        step_minutes=60,
        peak_load=0.8,
    )
    # 3,600 requests of 2.625 s × 0.8 Wh in an hour: 7.56 kW; they keep 2.625 GPUs busy.
    assert steps["power_kw_p50"].to_list() == pytest.approx([7.56, 15.12])
    assert steps["busy_nodes_p50"].to_list() == pytest.approx([2.625 / 8, 5.25 / 8])
    found = dict(capacity.select("quantity", "p50").iter_rows())
    assert found["average_power"] == pytest.approx(3 * 7.56 / 3 / 1000)  # over three hours, one of them empty
    assert found["peak_power"] == pytest.approx(15.12 / 1000)
    assert found["nodes_at_peak"] == pytest.approx(5.25 / 8 / 0.8)
    per = dict(energy.per_request(of, table(row(10, 1000, 500))).select("quantity", "mean").iter_rows())
    # 2.1 Wh at 500 g/kWh are 1.05 g; 2.625 s of a GPU at 1e-5 kg are 0.02625 g.
    assert per == pytest.approx(
        {
            "energy_per_request": 2.1,
            "energy_per_1000_output_tokens": 4.2,
            "sci_operational_per_request": 1.05,
            "sci_embodied_per_request": 0.02625,
            "sci_per_request": 1.07625,
            "sci_per_1000_output_tokens": 2.1525,
        }
    )


def test_bills_alone_have_no_power_over_time():
    steps, capacity = energy.over_time(usage(), table().clear(), step_minutes=60, peak_load=1)
    assert steps.is_empty()
    assert capacity.is_empty()


def test_many_steps_are_the_same_in_any_chunks(monkeypatch):
    rows = table(*(row(1 + n, 100, 50, step=f"2026-01-01T{n:02d}:00:00Z") for n in range(20)))
    of = usage(factors=uncertain())
    whole = energy.over_time(of, rows, step_minutes=60, peak_load=1), energy.broken_down(of, rows, ["step_start_utc"])
    monkeypatch.setattr(energy, "CHUNK_ROWS", 3)
    parts = energy.over_time(of, rows, step_minutes=60, peak_load=1), energy.broken_down(of, rows, ["step_start_utc"])
    assert_frame_equal(whole[0][0], parts[0][0])
    assert_frame_equal(whole[0][1], parts[0][1])
    assert_frame_equal(whole[1], parts[1])


REGISTRY = SimpleNamespace(
    registry="resources/models.csv",
    resolve={"A": "A", "alias of A": "A"}.get,
    allowed=lambda name: f"not {name}",
)
NAMES = table(*(row(1, tokens, 0, subject=name) for name, tokens in (("alias of A", 60), ("mine", 30), ("who", 10))))


def test_a_name_that_yaml_reads_as_a_number_is_found():
    sums = table(row(1, 60, 0, subject="405"))
    found = model_names.resolved(sums, {"names": {"405": "A"}, "unknown": "fail"}, ["large"], REGISTRY, "usage")
    assert found["405"].name == "A"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (" Gpt-X ", "frontier"),
        ("openai/gpt-x", "frontier"),
        ("gpt-x-2026-01-31", "frontier"),
        ("us.anthropic.house-20260101-v1:0", "large"),
        ("house-20260202", "large"),
        ("HOUSE-20260101", "large"),
        ("two-20260101", "large"),
        ("two-20260202", "frontier"),
        ("two-20260303", None),  # either of two
        ("gpt-x-turbo", None),
    ],
)
def test_own_names_are_found_as_those_of_the_registry_are(name, subject):
    names = {"gpt-x": "frontier", "house": "large", "two-20260101": "large", "two-20260202": "frontier"}
    sums = table(row(1, 60, 0, subject=name))
    models = {"names": names, "unknown": "leave_out"}
    found = model_names.resolved(sums, models, ["frontier", "large"], REGISTRY, "usage")
    assert found[name].name == subject


def test_a_name_that_changed_its_model_is_told_so():
    sums = table(row(1, 60, 0, subject="deepseek/deepseek-reasoner"))
    with pytest.raises(InputError, match="DeepSeek-R1 until August 2025, then"):
        model_names.resolved(sums, {"unknown": "fail"}, ["frontier"], REGISTRY, "usage")


@pytest.mark.parametrize("name", ["EU", " eu ", "Eu"])
def test_regions_are_found_in_other_letters(name):
    spec = {"eu": {"grid_zone": "AAA", "market_gco2e_per_kwh": 7}, "default": {"grid_zone": "AAA"}}
    assert statement_regions.of_regions([name], spec, GRID, "u.yaml")[name].market_gco2e_per_kwh == 7


def test_names_are_resolved_by_registry_own_names_and_classes():
    models = {"names": {"mine": "frontier"}, "unknown": {"class": "large"}}
    found = model_names.resolved(NAMES, models, ["frontier", "large"], REGISTRY, "u.yaml")
    assert found == {
        "alias of A": Subject(name="A", treatment=MODEL),
        "mine": Subject(name="frontier", treatment=CLASS),
        "who": Subject(name="large", treatment=BY_DEFAULT),
    }
    left = model_names.resolved(NAMES, {"unknown": "leave_out"}, [], REGISTRY, "u.yaml")
    assert [left[name].treatment for name in ("mine", "who")] == [LEFT_OUT, LEFT_OUT]
    kept = statement_grades.labelled(NAMES.drop("subject", "region_name"), left)
    assert kept["model"].to_list() == ["A"]
    shares = dict(statement_grades.names_table(NAMES, left).select("name", "token_share").iter_rows())
    assert shares == pytest.approx({"alias of A": 0.6, "mine": 0.3, "who": 0.1})


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ({"unknown": "fail"}, r"u.yaml: models: 2 of 3 names are not known: 'mine' \(30.0% of tokens\), 'who' \(10.0%"),
        ({"unknown": {"class": "no"}}, "models.unknown.class: found 'no'; allowed: frontier"),
        ({"names": {"who": "Z"}, "unknown": "fail"}, "models.names: found 'Z' for 'who'; allowed: not Z, a class"),
    ],
)
def test_names_that_are_not_known_are_told_with_their_share(models, told):
    with pytest.raises(InputError, match=told):
        model_names.resolved(NAMES, models, ["frontier"], REGISTRY, "u.yaml")


@pytest.mark.parametrize(
    ("number", "told"), [(5, "'m0' (20.0% of tokens), "), (6, "'m4' (16.7% of tokens) and 1 more; allowed: ")]
)
def test_at_most_five_names_that_are_not_known_are_told(number, told):
    names = [f"m{place}" for place in range(number)]
    sums = pl.DataFrame({"model": names, "input_tokens": [100] * number, "output_tokens": [0] * number})
    with pytest.raises(InputError) as error:
        model_names.resolved(sums, {"unknown": "fail"}, ["frontier"], REGISTRY, "u.yaml")
    assert told in str(error.value)
    assert ("more;" in str(error.value)) == (number > 5)
    assert "'m5'" not in str(error.value)


def test_regions_without_an_entry_have_that_of_all_others_or_stop_the_run():
    found = statement_regions.of_regions(["eu", None], {"default": {"grid_zone": "AAA"}}, GRID, "u.yaml")
    assert found["eu"].market_gco2e_per_kwh == found[None].location_gco2e_per_kwh == 500
    assert found["eu"].market_source is None
    with pytest.raises(InputError, match=r"u.yaml: regions: found no entry for \(none\) or us, .*`default`"):
        statement_regions.of_regions(["eu", "us", None], {"eu": {"grid_zone": "AAA"}}, GRID, "u.yaml")
    with pytest.raises(InputError, match=r"regions.eu.grid_zone: found 'AAX'; allowed: .*AAA"):
        statement_regions.of_regions(["eu"], {"eu": {"grid_zone": "AAX"}}, GRID, "u.yaml")


@pytest.mark.parametrize("requests", [None, 0.0])
def test_a_bill_of_nothing_is_nothing(requests):
    place = {"source": "b", "month": "2026-01", "model": "A", "tenant": "x", "region": "eu"}
    empty = {"requests": requests, "input_tokens": 0.0, "cached_tokens": 0.0, "output_tokens": 0.0}
    billed = pl.DataFrame([place | empty], schema_overrides={"requests": pl.Float64})
    found = bills.with_spread(billed, {"b": points([100], [20])})
    sums = found.select("requests", "input_output_tokens2", "output_tokens2").row(0)
    assert sums == (0.0, 0.0, 0.0)


def test_bills_get_the_lengths_of_a_workload():
    """Requests drawn from the workload itself, billed, have the sums that its requests have."""
    lengths = points([100, 1000, 3000], [700, 20, 400], weights=[1, 1, 2])
    n = 100
    mean = {name: float(lengths.weights @ getattr(lengths, name)) for name in ("input_tokens", "output_tokens")}
    billed = pl.DataFrame(
        {
            "source": ["b"] * 3,
            "month": ["2026-01", "2026-02", "2026-03"],
            "model": ["A"] * 3,
            "tenant": ["x"] * 3,
            "region": ["eu"] * 3,
            "requests": [n, None, None],
            "input_tokens": [n * mean["input_tokens"]] * 3,
            "cached_tokens": [None] * 3,
            "output_tokens": [n * mean["output_tokens"]] * 2 + [0.0],
        },
        schema_overrides={"cached_tokens": pl.Float64, "requests": pl.Float64},
    )
    found = bills.with_spread(billed, {"b": lengths})
    product = n * float(lengths.weights @ (lengths.input_tokens * lengths.output_tokens))
    square = n * float(lengths.weights @ lengths.output_tokens**2)
    assert found["requests"].to_list() == pytest.approx([n, n, n])
    assert found["input_output_tokens2"].to_list() == pytest.approx([product, product, 0])
    assert found["output_tokens2"].to_list() == pytest.approx([square, square, 0])


def test_a_log_takes_the_closed_form_of_its_requests(tmp_path):
    """From the file to the energy: the sum over rows of 1 ms, 2 ms and 1 us per token and pair, times 0.8 Wh."""
    rows = [(row[0], "A", *row[2:]) for row in ROWS]
    write(frame(rows), tmp_path / "in/log.parquet")
    sums, _ = metered(tmp_path / "in")
    known = {"A": Subject(name="A", treatment=MODEL)}
    kept = statement_grades.labelled(build.together(sums, pl.DataFrame()), known)
    of = usage(regions={"eu": region(), "us": region()})
    seconds = [
        1e-3 * (prompt - cached) + 2e-3 * answer + 1e-6 * (prompt * answer + answer**2 / 2)
        for _, _, prompt, cached, answer, _, _ in rows
    ]
    total = energy.broken_down(of, kept, []).row(0, named=True)
    assert total["energy_kwh_mean"] == pytest.approx(sum(seconds) * 0.8 / 1000, rel=1e-12)
    hours = energy.broken_down(of, kept, ["step_start_utc"])
    assert hours["step_start_utc"].to_list() == ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"]
    assert hours["energy_kwh_p50"].to_list() == pytest.approx(
        [sum(seconds[:2]) * 0.8 / 1000, sum(seconds[2:]) * 0.8 / 1000]
    )
