"""The bridge from the published to the current estimate: by hand, and the real chain of studies."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.corpus import registries
from inference_energy.energy import curves, resolve
from inference_energy.energy.tables import InterventionRow, Overhead
from inference_energy.headline import bridge
from inference_energy.headline.bridge import UNITS
from inference_energy.headline.tables import METHOD_BRIDGE
from inference_energy.oviedo import energy, scenarios
from tiny_service import tiny_service

ROOT = Path(__file__).parents[3]
DRAWS = 20_000
BRIDGE = yaml_files.read_yaml(ROOT / "config/config.yaml")["bridge"]
STEPS = list(BRIDGE["steps"])
NO_INTERVENTIONS = pl.DataFrame(
    {
        "lever": ["half"],
        "label": ["Half"],
        "level": ["model"],
        "acts_on": ["energy"],
        "multiplier_p05": [2.0],
        "multiplier_p95": [2.0],
        "overlap_group": [None],
        "in_benchmarks": ["false"],
        "source": ["here"],
    },
    schema_overrides={"overlap_group": pl.String},
)


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


def test_nested_quantities_by_hand():
    # 2.1 and 7.2 Wh per query; 1e9 of them with a tenth of overheads 2.31 and 7.92 GWh, levers half of it.
    places = {"traditional": (0, False), "mixed": (0.1, False), "mixed_optimized": (0.1, True)}
    of = {name: {"label": name, "long_share": share, "interventions": on} for name, (share, on) in places.items()}
    spec = {"subject": "frontier", "queries_per_day": 1e9, "levers": ["half"], "scenarios": of}
    found = bridge.of_nested(tiny_service(fleet=spec), NO_INTERVENTIONS, draws=100, seed=1)
    assert found == pytest.approx(
        {
            "traditional: median of queries": 2.1,
            "long: median of queries": 7.2,
            "traditional: mean over queries": 2.1,
            "long: mean over queries": 7.2,
            "traditional fleet: mean": 2.31,
            "mixed fleet: mean": 0.9 * 2.31 + 0.792,
            "mixed_optimized fleet: mean": (0.9 * 2.31 + 0.792) / 2,
        },
        rel=1e-3,
    )
    assert found.keys() == UNITS.keys()


def test_bridge_begins_at_the_newest_publication_and_ends_at_the_current_estimate(read_configured):
    assert BRIDGE["from"] == "joule-2026"
    assert STEPS[-1] == "current"
    assert read_configured(BRIDGE["from"]).method == "published"


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_a_readable_study(read_configured, name):
    assert read_configured(name).method == "nested"


# The sections in which a step differs from the one before it.
SECTIONS = {
    "bridge-02": {"throughput"},
    "bridge-03": {"throughput"},
    "bridge-04": {"throughput"},
    "bridge-05": {"classes"},
    "bridge-06": {"hardware"},
    "bridge-07": {"power"},
    "bridge-08": {"load"},
    "bridge-09": {"attainment"},
    "bridge-10": {"pue"},
    "bridge-11": {"workloads"},
    "bridge-12": {"overheads"},
    "current": {"classes", "fleet"},  # other classes, which the bridge does not follow
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
    levers = registries.read_registry(ROOT / "resources/interventions.csv", InterventionRow)

    @cache
    def step(name):
        study = read_configured(name)
        fit = curves.fitted(name, study, service_tables)
        return bridge.of_nested(resolve.resolved(name, study, fit, service_tables), levers, draws=DRAWS, seed=1)

    return step


def test_first_step_reproduces_the_publication(study, fit, step):
    overheads = registries.read_registry(ROOT / "resources/overheads.csv", Overhead)
    query, _ = energy.energy_per_query(study_name="joule-2026", study=study, fit=fit, draws=50_000, seed=1)
    days = scenarios.scenario_aggregates(
        study_name="joule-2026", study=study, fit=fit, energy=query, overheads=overheads, seed=1
    )
    published = bridge.of_published(query, days, "frontier")
    found = step("bridge-01")
    for quantity in ("traditional: median of queries", "long: median of queries", "traditional fleet: mean"):
        assert found[quantity] == pytest.approx(published[quantity], rel=0.015), quantity
    for quantity in ("traditional: mean over queries", "long: mean over queries"):
        assert found[quantity] == pytest.approx(published[quantity], rel=0.03), quantity


def test_steps_work_in_the_direction_that_they_must(step):
    busy, loaded, attained = (step(name) for name in ("bridge-07", "bridge-08", "bridge-09"))
    for quantity in UNITS:
        assert busy[quantity] < loaded[quantity] < attained[quantity]
    sourced, current = step("bridge-12"), step("current")
    for quantity in UNITS:
        if "optimized" not in quantity:  # levers are all that the last step changes
            assert current[quantity] == pytest.approx(sourced[quantity], rel=0.03)


def test_steps_follow_the_same_frontier_class(read_configured):
    for name in STEPS:
        study = read_configured(name)
        assert study.fleet.subject == "frontier"
        assert study.classes["frontier"].label == read_configured("current").classes["frontier"].label
        assert set(bridge.WORKLOADS) <= study.workloads.keys()
        assert set(bridge.SCENARIOS) <= study.fleet.scenarios.keys()
