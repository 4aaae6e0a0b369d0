"""Two statements compared: contributions by hand, that add up, and are of the cause that changed."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.figures.statement import statement_difference
from inference_energy.statement import comparison, comparison_text, drivers, energy, stated
from inference_energy.statement.comparison import Usage, difference, shapley
from usage_logs import region, row, table, usage

ONE = np.array([0.0, 0.0, 1.0, 0.0, 0.0])  # one answer token


def side(**changes):
    """A thousand requests of 100 answer tokens to model A in one region, on GPU G, at 10 mWh a token."""
    return replace(
        Usage(
            name="one",
            boundary="datacenter",
            method="m",
            requests={("A", "eu"): 1000.0},
            lengths={("A", "eu"): ONE * 100},
            pue={("A", "eu"): 1.2},
            carbon={("A", "eu"): 400.0},
            gpus={"A": {"G": 1.0}},
            unit_wh={"A": {"G": ONE * 0.01}},
        ),
        **changes,
    )


def parts(before, after, quantity=comparison.ENERGY):
    found = difference(before, after).filter(pl.col("quantity") == quantity)
    size = max(found["before"][0], found["after"][0], found["difference"].abs().max())
    assert abs(found["difference"].sum() - (found["after"][0] - found["before"][0])) <= 1e-12 * size
    return dict(found.select("cause", "difference").iter_rows())


def only(cause, value):
    return pytest.approx(dict.fromkeys(comparison.CAUSES, 0.0) | {cause: value})


def test_each_cause_alone_makes_the_whole_difference():
    """1,000 × 100 × 0.01 Wh × 1.2 are 1.2 kWh, and 480 g at 400 g/kWh."""
    before = side()
    assert difference(before, before)["before"].to_list()[:1] == [pytest.approx(1.2)]
    assert parts(before, side(requests={("A", "eu"): 1500.0})) == only("volume", 0.6)
    assert parts(before, side(lengths={("A", "eu"): ONE * 50})) == only("lengths", -0.6)
    assert parts(before, side(unit_wh={"A": {"G": ONE * 0.02}})) == only("serving", 1.2)
    assert parts(before, side(unit_wh={"A": {"G": ONE * 0.02}}, method="n")) == only("method", 1.2)
    assert parts(before, side(pue={("A", "eu"): 1.1})) == only("grid", -0.1)
    assert parts(before, side(carbon={("A", "eu"): 100.0})) == only("grid", 0)
    assert parts(before, side(carbon={("A", "eu"): 100.0}), comparison.EMISSIONS) == only("grid", -0.36)


def test_another_gpu_or_model_is_that_cause():
    both = {"A": {"G": ONE * 0.01, "H": ONE * 0.03}}
    half = side(gpus={"A": {"G": 0.5, "H": 0.5}}, unit_wh=both)
    assert parts(side(), half) == only("gpu", 1.2)
    assert parts(half, side()) == only("gpu", -1.2)
    other = side(
        requests={("B", "eu"): 1000.0},
        lengths={("B", "eu"): ONE * 100},
        pue={("B", "eu"): 1.2},
        carbon={("B", "eu"): 400.0},
        gpus={"B": {"G": 1.0}},
        unit_wh={"B": {"G": ONE * 0.04}},
    )
    assert parts(side(), other) == only("model", 3.6)


def test_two_causes_share_what_they_make_together():
    """Half more requests of twice the length: 0.6 and 1.2 alone, and 0.6 together, of which each has half."""
    after = side(requests={("A", "eu"): 1500.0}, lengths={("A", "eu"): ONE * 200})
    assert parts(side(), after)["volume"] == pytest.approx(0.9)
    assert parts(side(), after)["lengths"] == pytest.approx(1.5)


def test_another_region_is_the_electricity():
    after = side(
        requests={("A", "us"): 1000.0},
        lengths={("A", "us"): ONE * 100},
        pue={("A", "us"): 1.2},
        carbon={("A", "us"): 100.0},
    )
    assert parts(side(), after, comparison.EMISSIONS) == only("grid", -0.36)


def test_boundaries_that_differ_are_told():
    with pytest.raises(InputError, match="two: found boundary node; allowed: datacenter, as in one"):
        difference(side(), side(boundary="node", name="two"))


KEYS = (("A", "eu"), ("B", "eu"), ("A", "us"))
sides = st.builds(
    lambda counts, lengths, wh, carbon, mixes: side(
        requests={("A", "eu"): counts[0], ("B", "eu"): counts[1], ("A", "us"): counts[2]},
        lengths={
            key: ONE * length for key, length in zip((("A", "eu"), ("B", "eu"), ("A", "us")), lengths, strict=True)
        },
        pue={("A", "eu"): 1.2, ("B", "eu"): 1.2, ("A", "us"): 1.5},
        carbon={("A", "eu"): carbon, ("B", "eu"): carbon, ("A", "us"): 2 * carbon},
        gpus={"A": {"G": mixes, "H": 1 - mixes}, "B": {"H": 1.0}},
        unit_wh={"A": {"G": ONE * wh, "H": ONE * 2 * wh}, "B": {"H": ONE * 3 * wh}},
    ),
    st.tuples(*[st.floats(1, 1e6)] * 3),
    st.tuples(*[st.floats(1, 1e4)] * 3),
    st.floats(1e-4, 1),
    st.floats(1, 1000),
    st.floats(0.01, 0.99),
)


@settings(max_examples=25, deadline=None)
@given(sides, sides)
def test_contributions_add_up_and_turn_round(before, after):
    for quantity in (comparison.ENERGY, comparison.EMISSIONS):
        forth, back = parts(before, after, quantity), parts(after, before, quantity)
        scale = max(abs(value) for value in forth.values()) or 1.0
        for cause in forth:
            assert forth[cause] == pytest.approx(-back[cause], rel=1e-6, abs=1e-9 * scale)


def test_shapley_of_a_product_of_two():
    values = {frozenset(): 1, frozenset("a"): 2, frozenset("b"): 3, frozenset("ab"): 6}
    assert shapley(["a", "b"], values.__getitem__) == {"a": 2.0, "b": 3.0}


def statement(folder, rows, of=None):
    """The files of a statement that a comparison reads, and its mean energy and emissions."""
    of = of or usage(factors={"A": 1, "B": 3}, regions={"eu": region(), "us": region(location_gco2e_per_kwh=100.0)})
    folder.mkdir()
    drivers.drivers(of, rows).write_parquet(folder / "drivers.parquet")
    drivers.unit_energies(of).write_parquet(folder / "unit_energy.parquet")
    about = {"title": "T", "boundary": "datacenter", "method": "m", "period": "2026-01"}
    (folder / "statement.json").write_text(json.dumps({"about": about}))
    total = energy.broken_down(of, rows, []).row(0, named=True)
    return total["energy_kwh_mean"], total["emissions_location_kgco2e_mean"]


def test_a_statement_is_read_with_the_energy_and_emissions_that_it_states(tmp_path):
    one = table(row(10, 1000, 500), row(5, 100, 900, subject="B", place="us"))
    two = table(row(10, 1000, 700), row(25, 100, 900, subject="B"), row(1, 10, 10, step="2026-02-01T00:00:00Z"))
    before, after = statement(tmp_path / "one", one), statement(tmp_path / "two", two)
    found = difference(stated.read(str(tmp_path / "one"), "A"), stated.read(str(tmp_path / "two"), "B"))
    for number, quantity in enumerate((comparison.ENERGY, comparison.EMISSIONS)):
        of = found.filter(pl.col("quantity") == quantity)
        assert (of["before"][0], of["after"][0]) == pytest.approx((before[number], after[number]))
        assert of["difference"].sum() == pytest.approx(after[number] - before[number])
    month = stated.read(f"{tmp_path / 'two'}@2026-02", "B")
    assert month.total == 1
    assert month.name == "T, 2026-02"
    with pytest.raises(InputError, match="found no month '2026-03'; allowed: 2026-01 or 2026-02"):
        stated.read(f"{tmp_path / 'two'}@2026-03", "B")


@pytest.mark.parametrize(
    ("given_", "told"),
    [("", "A: found nothing; allowed: a usage"), ("none", "A: found 'none', but no statement in")],
)
def test_statements_that_are_not_there_are_told(tmp_path, monkeypatch, given_, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=told):
        stated.read(given_, "A")


def test_text_and_figure_name_the_largest_cause():
    after = side(requests={("A", "eu"): 1500.0}, lengths={("A", "eu"): ONE * 200}, name="two")
    found = difference(side(), after)
    content = comparison_text.content(side(), after, found)
    told = dict(content["summary"])
    assert told["Energy, expected value"] == "from 1.20 to 3.60 kWh, +200.0 %, most of it by lengths (+1.50 kWh)."
    assert told["Requests"] == "from 1,000 to 1,500, +50.0 %."
    assert content["parts"][0].rows[-1] == ["Sum", "difference of the two statements", "+2.40", "+200.0 %"]
    drawn = statement_difference.draw(parts=found, before="one", after="two").to_dict()
    rows = next(iter(drawn["datasets"].values()))
    assert [row["label"] for row in rows] == ["before", "Lengths", "Requests", "after"]
    assert rows[1]["low"] == pytest.approx(0.48)  # kg
    assert rows[2]["high"] == pytest.approx(rows[3]["high"])
