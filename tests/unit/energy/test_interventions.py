"""Interventions: by hand, in the limit, together, and never below 1."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.energy import interventions, uncertainty
from inference_energy.energy.tables import ACTS_ON
from inference_energy.fleet.scenarios import Fleet
from inference_energy.statistics.distributions import Beta, distribution
from tiny_service import UNIFORM, exponential, points, tiny_service

BIN = 1e-3
DRAWS = 2000
PUE = distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4})
DISTRIBUTIONS = {
    "pue": PUE,
    "load": Beta.from_percentiles(p05=0.45, p95=0.85),
    "attainment": Beta.from_percentiles(p05=0.3, p95=0.8),
    "boards": UNIFORM,
    "cached share: traditional": Beta.from_percentiles(p05=0.05, p95=0.65),
}
LENGTHS = {"traditional": exponential(), "long": points(1000, 2000)}
# Of the tiny service's 2.625 s, 1 s is prefill, 1 s decoding, 0.5 s attention to the prompt, 0.125 s to the answer.
# What an intervention with multiplier 2 leaves, in Wh per query; without any 2.1.
HALVED = {
    "prefill": (0.5 + 1 + 0.5 + 0.125) * 0.8,
    "decode": (1 + 0.5 + 0.5 + 0.125) * 0.8,
    "attention": (1 + 1 + 0.25 + 0.0625) * 0.8,
    "gpu_seconds": 2.1 / 2,
    "power": 2.1 / 2,
    "energy": 2.1 / 2,
    "load": 2.625 * 1000 * 1.2 / (1 * 0.5 * 3600),  # busy all the time: 800 W of boards, 200 W of host
    "attainment": 2.1 / 2,
    "pue": 2.1 / 1.2,  # 1.2 / 2 stops at 1
    "input_tokens": (0.5 + 1 + 0.25 + 0.125) * 0.8,
    "cached_share": (0.5 + 1 + 0.5 + 0.125) * 0.8,  # of 1 - 0 cached, half
    "output_tokens": (1 + 0.5 + 0.25 + 0.125 / 4) * 0.8,
}


def table(**rows):
    """Interventions by name: what each acts on, P5, P95, and optionally its group and whether benchmarks contain it."""
    found = []
    for name, (acts_on, p05, p95, *more) in rows.items():
        group, contained = (*more, None, "false")[:2] if len(more) < 2 else more
        place = {"lever": name, "label": name.title(), "level": "serving", "acts_on": acts_on, "source": "here"}
        found.append(
            place | {"multiplier_p05": p05, "multiplier_p95": p95, "overlap_group": group, "in_benchmarks": contained}
        )
    return pl.DataFrame(found, schema_overrides={"overlap_group": pl.String})


def service_with(rows, overlap=0.5, **arguments):
    spec = {"subject": "frontier", "workloads": ["traditional"], "overlap": overlap, "levers": rows["lever"].to_list()}
    return tiny_service(interventions=spec, **arguments)


def multipliers(rows, overlap=0.5, draws=DRAWS, **arguments):
    service = service_with(rows, overlap, **arguments)
    found = interventions.intervention_multipliers(service, rows, draws=draws, seed=1)
    return {(row["lever"], row["combination"], row["spread"]): row for row in found.iter_rows(named=True)}


def together(rows, multiplier, overlap=0.0, savings=None):
    """What interventions divide by; by default each saves as much energy as its multiplier says."""
    chosen = interventions.chosen(rows["lever"].to_list(), rows, "here")
    multiplier, savings = (
        {name: np.atleast_1d(value) for name, value in of.items()} for of in (multiplier, savings or multiplier)
    )
    return interventions.divisors(chosen, multiplier, overlap, savings)


def test_every_ingredient_is_checked_here():
    assert set(HALVED) == set(ACTS_ON)


@pytest.mark.parametrize(("acts_on", "left"), HALVED.items())
def test_a_intervention_of_two_by_hand(acts_on, left):
    found = multipliers(table(half=(acts_on, 2.0, 2.0)), draws=100)
    for combination in ("single", "independent", "overlap"):
        lever = "half" if combination == "single" else "all_levers"
        row = found[lever, combination, "shared"]
        assert row["energy_wh_mean"] == pytest.approx(left)
        assert row["multiplier_p50"] == pytest.approx(2.1 / left)
        assert found[lever, combination, "untrimmed"]["energy_wh_p50"] == pytest.approx(left, rel=BIN)


@pytest.mark.parametrize("acts_on", ACTS_ON)
def test_a_intervention_of_one_changes_nothing(acts_on):
    found = multipliers(table(nothing=(acts_on, 1.0, 1.0)), distributions=DISTRIBUTIONS, lengths=LENGTHS, draws=500)
    service = service_with(table(nothing=(acts_on, 1.0, 1.0)), distributions=DISTRIBUTIONS, lengths=LENGTHS)
    shared = uncertainty.shared_draws(service.given, "tiny", 500, seed=1)
    before = Fleet.of(service, shared, {}).mean_wh("traditional", "datacenter")
    for row in found.values():
        assert (row["multiplier_p05"], row["multiplier_p95"]) == pytest.approx((1.0, 1.0))
    assert found["nothing", "single", "shared"]["energy_wh_p05"] == pytest.approx(np.quantile(before, 0.05))


def test_half_a_cache_by_hand():
    # 0.4 in the cache leaves 0.6, halved 0.3: 0.3 s of prefill and 1.625 s of the rest.
    found = multipliers(
        table(half=("cached_share", 2.0, 2.0)), distributions={"cached share: traditional": distribution(0.4)}
    )
    assert found["half", "single", "shared"]["energy_wh_mean"] == pytest.approx((0.3 + 1.625) * 0.8)


def test_attainment_and_load_stop_at_one_and_pue_too():
    service = tiny_service()
    shared = uncertainty.shared_draws(service.given, "tiny", 4, seed=1)
    by = {"load": np.array([1.0, 1.5, 2.0, 9.0]), "attainment": np.full(4, 1.2), "pue": np.array([1, 1.1, 1.2, 9])}
    found = interventions.applied(shared, by).values
    assert found["load"] == pytest.approx([0.5, 0.75, 1, 1])
    assert found["attainment"] == pytest.approx([0.6] * 4)
    assert found["pue"] == pytest.approx([1.2, 1.2 / 1.1, 1, 1])
    assert (shared.values["load"] == 0.5).all()  # what was given stays as it was


@pytest.mark.parametrize(("acts_on", "most"), [("attainment", 2.0), ("pue", 1.2), ("load", 1.2)])
def test_no_intervention_saves_more_than_its_ingredient_can_give(acts_on, most):
    # Load from 1/2 to 1: 600 W / 0.5 to 1000 W.
    found = multipliers(table(huge=(acts_on, 1000.0, 1000.0)), draws=10)
    assert found["huge", "single", "shared"]["multiplier_p50"] == pytest.approx(most)


def test_independent_interventions_multiply_and_commute():
    rows = table(a=("energy", 2.0, 2.0, "g"), b=("energy", 3.0, 3.0, "g"), c=("decode", 5.0, 5.0))
    factors = {"a": 2.0, "b": 3.0, "c": 5.0}
    assert together(rows, factors) == {"energy": 6.0, "decode": 5.0}
    assert together(rows.reverse(), factors) == {"energy": 6.0, "decode": 5.0}


def test_overlap_by_hand():
    rows = table(a=("energy", 2.0, 2.0, "g"), b=("energy", 4.0, 4.0, "g"), c=("energy", 5.0, 5.0, "h"))
    factors = {"a": 2.0, "b": 4.0, "c": 5.0}
    assert together(rows, factors, overlap=0)["energy"] == pytest.approx(40)
    assert together(rows, factors, overlap=0.5)["energy"] == pytest.approx(4 * 2**0.5 * 5)
    assert together(rows, factors, overlap=1)["energy"] == pytest.approx(20)  # the largest of g, and h


def test_a_group_overlaps_across_ingredients_and_draw_by_draw():
    rows = table(a=("decode", 1.0, 9.0, "g"), b=("energy", 1.0, 9.0, "g"))
    found = together(rows, {"a": np.array([2.0, 9.0]), "b": np.array([4.0, 4.0])}, overlap=1)
    assert found["decode"].tolist() == [1, 9]
    assert found["energy"].tolist() == [4, 1]


def test_the_intervention_that_saves_most_energy_counts_fully_not_the_one_of_the_largest_multiplier():
    rows = table(a=("prefill", 9.0, 9.0, "g"), b=("energy", 2.0, 2.0, "g"))
    found = together(rows, {"a": 9.0, "b": 2.0}, overlap=1, savings={"a": 1.1, "b": 2.0})
    assert (found["prefill"].tolist(), found["energy"].tolist()) == ([1], [2])
    found = together(rows, {"a": 9.0, "b": 2.0}, overlap=0.5, savings={"a": 1.1, "b": 2.0})
    assert (found["prefill"].tolist(), found["energy"].tolist()) == ([3], [2])


def test_of_interventions_that_save_the_same_one_counts_fully():
    rows = table(a=("energy", 4.0, 4.0, "g"), b=("energy", 4.0, 4.0, "g"), c=("decode", 4.0, 4.0, "g"))
    found = together(rows, {"a": 4.0, "b": 4.0, "c": 4.0}, overlap=0.5)
    assert found["energy"][0] * found["decode"][0] == pytest.approx(4 * 2 * 2)


def test_savings_are_those_of_the_mean_energy():
    # Of 2.1 Wh, 0.8 are prefill: halved they leave 1.7.
    rows = table(a=("prefill", 2.0, 2.0), b=("energy", 2.0, 2.0), c=("attainment", 9.0, 9.0))
    service, chosen = service_with(rows), interventions.chosen(["a", "b", "c"], rows, "here")
    shared = uncertainty.shared_draws(service.given, "tiny", 3, seed=1)
    multiplier = interventions.drawn(chosen, "tiny", 3, seed=1)
    found = interventions.savings(service, shared, "frontier", "traditional", chosen, multiplier)
    assert found["a"] == pytest.approx([2.1 / 1.7] * 3)
    assert found["b"] == pytest.approx([2.0] * 3)
    assert found["c"] == pytest.approx([2.0] * 3)  # attainment stops at 1


def test_overlap_ranks_by_energy_saved_in_the_table_too():
    # At full overlap the half of everything is left alone, though the other is said to be nine times as good.
    rows = table(a=("prefill", 9.0, 9.0, "g"), b=("energy", 2.0, 2.0, "g"))
    row = multipliers(rows, overlap=1)["all_levers", "overlap", "shared"]
    assert row["multiplier_p50"] == pytest.approx(2)


@given(
    st.lists(st.tuples(st.sampled_from(ACTS_ON), st.floats(1.0, 10.0), st.sampled_from(["g", "h", None])), max_size=6),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_more_overlap_saves_less_and_nothing_falls_below_one(found, one, other):
    rows = table(**{f"lever{i}": (acts_on, value, value, group) for i, (acts_on, value, group) in enumerate(found)})
    if not found:
        return
    factors = {f"lever{i}": value for i, (_, value, _) in enumerate(found)}
    wide, narrow = (together(rows, factors, overlap) for overlap in sorted((one, other)))
    for acts_on, value in narrow.items():
        assert 1 <= value[0] <= wide[acts_on][0] * (1 + 1e-12)


def test_interventions_that_benchmarks_contain_leave_the_energy_as_it_is():
    rows = table(had=("energy", 2.0, 2.0, None, "true"), new=("energy", 3.0, 3.0, None, "false"))
    found = multipliers(rows)
    assert found["had", "single", "shared"]["multiplier_p50"] == pytest.approx(2)
    for spread in ("shared", "untrimmed"):
        energies = {lever: row["energy_wh_mean"] for (lever, _, of), row in found.items() if of == spread}
        expected = {"had": 2.1, "new": 0.7, "all_levers": 0.7, "remaining_levers": 0.7}
        assert energies == pytest.approx(expected, rel=BIN)
    for combination in ("independent", "overlap"):
        assert found["all_levers", combination, "shared"]["multiplier_p50"] == pytest.approx(6)
        assert found["remaining_levers", combination, "shared"]["multiplier_p50"] == pytest.approx(3)


def test_contained_interventions_do_not_take_from_the_remaining_ones():
    # In one group at full overlap the contained intervention is the larger; the remaining energy does not depend on it.
    rows = table(had=("energy", 4.0, 4.0, "g", "true"), new=("energy", 3.0, 3.0, "g", "false"))
    row = multipliers(rows, overlap=1)["all_levers", "overlap", "shared"]
    assert row["multiplier_p50"] == pytest.approx(4)
    assert row["energy_wh_mean"] == pytest.approx(0.7)


def test_all_interventions_contained_leave_everything():
    found = multipliers(table(had=("energy", 2.0, 2.0, None, "true")))
    assert {round(row["energy_wh_mean"], 9) for key, row in found.items() if key[2] == "shared"} == {2.1}


def test_facts_of_the_table_are_carried_along():
    row = multipliers(table(half=("decode", 2.0, 2.0, "g", "true")))["half", "single", "shared"]
    assert (row["acts_on"], row["in_benchmarks"], row["source"], row["label"]) == ("decode", True, "here", "Half")
    combined = multipliers(table(half=("decode", 2.0, 2.0)))["all_levers", "overlap", "shared"]
    assert (combined["acts_on"], combined["in_benchmarks"], combined["level"]) == (None, None, "combined")


def test_range_of_a_intervention_by_hand():
    # Log-normal between 1.5 and 6: median 3, P90 3 exp(1.2816 ln 2 / 1.645) = 5.1487, and P(X < 2) = 0.168.
    found = multipliers(table(wide=("energy", 1.5, 6.0)), draws=100_000)["wide", "single", "shared"]
    expected = {"p05": 1.5, "p50": 3.0, "p90": 5.1487, "p95": 6.0}
    assert {name: found[f"multiplier_{name}"] for name in expected} == pytest.approx(expected, rel=0.01)
    # 8 lies 0.9808 / 0.4214 = 2.3277 deviations up.
    assert found["multiplier_share_below_8"] == pytest.approx(0.9900, abs=2e-3)
    assert found["multiplier_share_above_20"] == pytest.approx(0.0, abs=1e-3)
    assert found["energy_wh_p05"] == pytest.approx(2.1 / 6, rel=0.01)


def test_a_intervention_that_saves_nothing_is_not_applied():
    # Log-normal between 1 and 4: one draw of twenty lies below 1 and counts as 1.
    chosen = interventions.chosen(["maybe"], table(maybe=("energy", 1.0, 4.0)), "here")
    drawn = interventions.drawn(chosen, "tiny", 100_000, seed=1)["maybe"]
    assert drawn.min() == 1
    assert (drawn == 1).mean() == pytest.approx(0.05, abs=3e-3)
    assert np.median(drawn) == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize("acts_on", ACTS_ON)
def test_no_multiplier_is_below_one_and_none_exceeds_its_intervention(acts_on):
    # Twice fewer answer tokens save four times the attention to the answer itself.
    most = 9.0 if acts_on == "output_tokens" else 3.0
    rows = table(some=(acts_on, 3.0, 3.0), same=(acts_on, 1.5, 2.5))
    service = service_with(rows, distributions=DISTRIBUTIONS, lengths=LENGTHS)
    shared = uncertainty.shared_draws(service.given, "tiny", 300, seed=1)
    before = Fleet.of(service, shared, {}).mean_wh("traditional", "datacenter")
    by = together(rows.head(1), {"some": 3.0})
    saved = before / Fleet.of(service, shared, by).mean_wh("traditional", "datacenter")
    assert saved.min() >= 1
    assert saved.max() <= most * (1 + 1e-12)
    for row in multipliers(rows, distributions=DISTRIBUTIONS, lengths=LENGTHS, draws=300).values():
        assert row["multiplier_p05"] >= 1
        assert row["multiplier_p05"] <= row["multiplier_p50"] <= row["multiplier_p95"]


def test_draws_of_a_intervention_depend_on_its_name_alone():
    rows = table(a=("energy", 1.5, 3.0), b=("decode", 1.5, 3.0))
    both, turned, alone = (
        interventions.drawn(interventions.chosen(names, rows, "here"), "tiny", 100, seed=1)
        for names in (["a", "b"], ["b", "a"], ["a"])
    )
    assert (both["a"] == turned["a"]).all()
    assert (both["a"] == alone["a"]).all()
    assert (both["a"] != both["b"]).all()


def test_order_of_interventions_in_the_study_does_not_matter():
    rows = table(a=("energy", 1.5, 3.0, "g"), b=("decode", 1.5, 3.0, "g"), c=("load", 1.2, 2.0))
    one, other = (multipliers(of, distributions=DISTRIBUTIONS, lengths=LENGTHS) for of in (rows, rows.reverse()))
    for key, row in one.items():
        for name in ("multiplier_p50", "energy_wh_mean"):
            assert other[key][name] == pytest.approx(row[name])


def test_remaining_energy_of_the_mean_is_that_of_single_queries():
    rows = table(a=("prefill", 1.5, 3.0), b=("output_tokens", 1.5, 3.0), c=("attainment", 1.2, 2.0))
    found = multipliers(rows, distributions=DISTRIBUTIONS, lengths=LENGTHS, draws=50_000)
    for lever, combination, spread in found:
        if spread == "shared":
            single, mean = (found[lever, combination, of]["energy_wh_mean"] for of in ("untrimmed", "shared"))
            assert single == pytest.approx(mean, rel=0.03)


def test_unknown_intervention_in_one_line():
    rows = table(a=("energy", 2.0, 2.0))
    with pytest.raises(InputError, match=r"config/studies/mine.yaml: interventions.levers: found 'b'; allowed: a") as e:
        interventions.chosen(["a", "b"], rows, "config/studies/mine.yaml: interventions.levers")
    assert "\n" not in str(e.value)
