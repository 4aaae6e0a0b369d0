"""The bridge from the published to the current estimate: by hand, and the real chain of studies."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.energy import service
from inference_energy.headline import bridge
from inference_energy.headline.bridge import UNITS
from inference_energy.headline.tables import METHOD_BRIDGE
from tiny_service import STUDY, WH, tiny_service

ROOT = Path(__file__).parents[3]
BRIDGE = yaml_files.read_yaml(ROOT / "config/config.yaml")["bridge"]
STEPS = list(BRIDGE["steps"])


def quantities(factor=1.0, **changed):
    """Every quantity in order 1, 2, 3, ... times a factor."""
    return {name: factor * (place + 1) for place, name in enumerate(UNITS)} | changed


def test_factors_by_hand_and_every_step_begins_where_the_last_ended():
    means = {"traditional: mean over queries": 60.0}
    table = bridge.method_bridge(
        [
            ("start", "", quantities()),
            ("first", "Twice", quantities(2.0)),
            ("second", "Half again", quantities(1.0) | means),
        ]
    )
    METHOD_BRIDGE.validate(table)
    assert len(table) == 2 * len(UNITS)
    assert table.select("step", "study", "change").unique(maintain_order=True).rows() == [
        (1, "first", "Twice"),
        (2, "second", "Half again"),
    ]
    one, two = (table.filter(step=step) for step in (1, 2))
    assert one["before"].to_list() == list(quantities().values())
    assert one["factor"].to_list() == [2.0] * len(UNITS)
    assert two["before"].to_list() == one["after"].to_list()
    by_quantity = {row["quantity"]: row for row in two.iter_rows(named=True)}
    assert by_quantity["traditional: mean over queries"]["factor"] == pytest.approx(
        60 / (2 * quantities()[next(iter(means))])
    )
    assert by_quantity["traditional: median of queries"]["factor"] == 0.5
    assert {row["unit"] for name, row in by_quantity.items() if "fleet" in name} == {"GWh/day"}
    assert {row["unit"] for name, row in by_quantity.items() if "fleet" not in name} == {"Wh"}


def test_factors_of_all_steps_multiply_to_the_whole():
    steps = [(f"study{place}", "", quantities(factor)) for place, factor in enumerate((1.0, 3.0, 0.2, 7.0))]
    table = bridge.method_bridge(steps)
    whole = table.group_by("quantity").agg(pl.col("factor").product())
    assert whole["factor"].to_list() == pytest.approx([7.0] * len(UNITS))


def test_published_quantities_are_those_over_all_draws_of_the_subject():
    query = pl.DataFrame(
        [
            (workload, subject, spread, 10.0 * place, 20.0 * place)
            for place, (workload, subject, spread) in enumerate(
                (
                    ("traditional", "frontier", "as_published"),
                    ("traditional", "frontier", "untrimmed"),
                    ("long", "frontier", "untrimmed"),
                    ("long", "DeepSeek-R1", "untrimmed"),
                )
            )
        ],
        schema=["workload", "subject", "spread", "energy_wh_p50", "energy_wh_mean"],
        orient="row",
    )
    days = pl.DataFrame(
        {"scenario": ["traditional", "mixed", "mixed_optimized", "long"], "energy_gwh_per_day_mean": [1.0, 2, 3, 4]}
    )
    assert bridge.of_published(query, days, "frontier") == {
        "traditional: median of queries": 10.0,
        "long: median of queries": 20.0,
        "traditional: mean over queries": 20.0,
        "long: mean over queries": 40.0,
        "traditional fleet: mean": 1.0,
        "mixed fleet: mean": 2.0,
        "mixed_optimized fleet: mean": 3.0,
    }


@pytest.mark.usefixtures("known_hosts")
def test_nested_quantities_by_hand():
    # 1e9 queries with a tenth of overheads; interventions lower the PUE from 1.2 to 1.
    days = {name: 1.1 * wh for name, wh in WH.items()}
    mixed = 0.9 * days["traditional"] + 0.1 * days["long"]
    found = bridge.of_nested(tiny_service())
    assert found == pytest.approx(
        {
            "traditional: median of queries": WH["traditional"],
            "long: median of queries": WH["long"],
            "traditional: mean over queries": WH["traditional"],
            "long: mean over queries": WH["long"],
            "traditional fleet: mean": days["traditional"],
            "mixed fleet: mean": mixed,
            "mixed_optimized fleet: mean": mixed / 1.2,
        },
        rel=1e-6,
    )
    assert found.keys() == UNITS.keys()


def test_nested_quantities_are_at_the_boundary_of_queries():
    found = bridge.of_nested(tiny_service(boundary=STUDY["boundary"] | {"query": "gpu_boards"}))
    assert found["long: median of queries"] == pytest.approx(WH["long"] * 500 / 780, rel=1e-6)


def test_bridge_begins_at_the_newest_publication_and_ends_at_the_current_estimate(read_configured):
    assert BRIDGE["from"] == "joule-2026"
    assert STEPS[-1] == "current"
    assert read_configured(BRIDGE["from"]).method == "published"


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_a_readable_study(read_configured, name):
    assert read_configured(name).method == "nested"


# The sections in which a step differs from the one before it.
SECTIONS = {
    "bridge-02": {"interventions", "fleet"},
    "bridge-03": {"classes", "power"},
    "bridge-04": {"hardware", "serving"},
    "bridge-05": {"power"},
    "bridge-06": {"serving", "fleet", "sweeps", "grids"},
    "bridge-07": {"day"},
    "bridge-08": {"pue"},
    "bridge-09": {"workloads"},
    "current": {"overheads"},
}


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_steps_differ_in_what_they_say_alone(read_configured, before, after):
    first, second = (read_configured(name).plain() for name in (before, after))
    differing = {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}
    assert differing - {"title", "description"} == SECTIONS[after]
    assert differing >= {"title", "description"}


def test_no_two_steps_say_the_same():
    assert len(set(BRIDGE["steps"].values())) == len(STEPS)


@pytest.fixture(scope="module")
def step(service_tables, read_configured):
    @cache
    def step(name):
        return bridge.of_nested(service.resolved(name, read_configured(name), service_tables, draws=20, seed=1))

    return step


def test_steps_work_in_the_direction_that_they_must(step):
    # Idle replicas cost energy; a lower PUE saves some.
    busy, idle, lower = (step(f"bridge-0{place}") for place in (6, 7, 8))
    for quantity in UNITS:
        if "optimized" not in quantity:
            assert busy[quantity] < idle[quantity]
            assert lower[quantity] < idle[quantity]


def test_steps_follow_the_same_frontier_class(read_configured):
    for name in STEPS:
        study = read_configured(name)
        assert study.fleet.subject == "frontier"
        assert study.classes["frontier"].label == read_configured("current").classes["frontier"].label
        assert set(bridge.WORKLOADS) <= study.workloads.keys()
        assert set(bridge.SCENARIOS) <= study.fleet.scenarios.keys()
