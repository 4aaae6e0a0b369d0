"""What the registry says of a figure is what its module, its caption and its rule need."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from inference_energy.figures import registry
from runs import figure_paths

ROOT = Path(__file__).parents[3]
MODULES = ROOT / "workflow/scripts/inference_energy/figures"
STUDIES = {"printed": "published", "today": "nested"}
names = [figure.name for figure in registry.FIGURES]


@pytest.mark.parametrize("figure", registry.FIGURES, ids=names)
def test_a_module_draws_a_figure_from_what_its_rule_hands_over(figure):
    of = [name for name, parts in (("study", figure.of_study), ("usage", figure.of_usage)) if parts]
    configured = {"cross_methods": ["output_tokens"], "method_bridge": ["begin", "end"]}.get(figure.name, [])
    arguments = inspect.signature(import_module(f"inference_energy.figures.{figure.module}").draw).parameters
    assert {argument.kind for argument in arguments.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert sorted(arguments) == sorted([*figure.inputs, *figure.params, *of, *configured])


@pytest.mark.parametrize("figure", registry.FIGURES, ids=names)
def test_a_figure_of_the_report_has_a_caption(figure):
    assert (ROOT / f"workflow/report/{figure.name}.rst").is_file() == bool(figure.category)


def test_every_module_of_a_chapter_has_one_entry():
    modules = {str(path.relative_to(MODULES)).removesuffix(".py").replace("/", ".") for path in MODULES.glob("*/*.py")}
    # A command draws it from statements that any run made: no rule does.
    assert sorted([*(figure.module for figure in registry.FIGURES), "statement.statement_difference"]) == sorted(
        name for name in modules if not name.endswith("__init__")
    )
    assert len(set(names)) == len(names)


def test_a_run_has_the_figures_of_its_studies_the_last_study_first():
    found = figure_paths(STUDIES, bridged=True)
    assert len(found) == len(set(found)) == 1 + 5 + 8 + 7 + 6
    assert found.index("figures/today/sweeps") < found.index("figures/printed/energy_per_query_traditional")
    assert "figures/printed/energy_per_query_long" in found
    assert not any("model_sweeps" in path or "usage" in path for path in found)


def test_a_run_without_the_begin_of_the_bridge_has_nothing_that_is_compared():
    found = figure_paths({"today": "nested"}, bridged=False)
    assert {path.split("/")[1] for path in found} == {"comparison", "today", "benchmarks"}
    assert [path for path in found if "comparison" in path] == ["figures/comparison/energy_by_answer_length"]


def test_the_first_of_several_editions_has_only_what_it_prints():
    found = figure_paths({"first": "published", "second": "published"}, bridged=False)
    assert [path for path in found if path.startswith("figures/first/")] == ["figures/first/published_against_computed"]
    assert "figures/second/fleet_scenarios" in found and "figures/second/published_against_computed" in found
    alone = figure_paths({"first": "published", "today": "nested"}, bridged=False)
    assert "figures/first/fleet_scenarios" in alone
