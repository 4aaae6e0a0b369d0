"""After an edit exactly those jobs run again that depend on what was edited."""

import pytest
from runs import BENCHMARKS, planned, replace, sign

STUDIES = ("arxiv-2025", "joule-2026")
CURRENT = "config/studies/current.yaml"
LAST = {"dashboard", "provenance"}


def rerun(folder):
    """Jobs that a run would do but for the last ones, which follow everything, and so must be among them."""
    jobs = planned(folder)
    assert jobs >= LAST
    return jobs - LAST


def of(rules, studies=STUDIES):
    return {f"{rule} {study}" for rule in rules for study in studies}


FROM_ROWS = (
    *("throughput_fit", "energy_per_query", "intervention_multipliers", "overstatement_pairs", "scenario_aggregates"),
    "figures_published",
)
EDITION = {"figures_edition joule-2026"}  # figures that the first published study goes without
COMPARISON = {"headline", "headline_page"} | of(["figures_published"])
BRIDGE = {"method_bridge", "figures_comparison"}
# What judges estimates by measurement, with its figures.
SCORES = {"scoreboard", "figures_comparison"}
METHODS = {"cross_methods", "figures_comparison"}
LEFT_OUT = of(["left_out"], ["source", "model", "gpu", "version"])
# Every table in one place, whatever moves one of them; and the page that shows code, studies and sources.
TABLES_OUT = {"public_database", "data_package", "workbook"}
# What single estimates are made from, and those of one query by the length of its answer.
ESTIMATES = {"package", "answer_lengths", "figures_answers"}
PACKAGE = ESTIMATES | {"factors"}
PAGE = {"methods_page", "explanations"}  # they quote lines of studies, configuration and resources
# What a study of method `nested` computes, and the figures that show it.
FLEET = of(["fleet", "figures_fleet"], ["current"])
SWEEPS = of(["sweeps", "figures_fleet"], ["current"])
INTERVENTIONS = of(["interventions", "figures_nested"], ["current"])
NESTED = of(["query_energy"], ["current"]) | INTERVENTIONS | FLEET | SWEEPS


def test_edit_of_a_module_reruns_its_users(plans):
    module = plans / "workflow/scripts/inference_energy/oviedo/scenarios.py"
    module.write_text(module.read_text() + "# edited\n")
    published = of(["scenario_aggregates", "figures_published"]) | EDITION
    # The bridge begins at the scenarios of a published study.
    assert rerun(plans) == published | COMPARISON | BRIDGE | TABLES_OUT | PAGE


def test_edit_of_a_figure_reruns_its_job_and_the_page_of_methods_alone(plans):
    module = plans / "workflow/scripts/inference_energy/figures/fleet/tornado.py"
    module.write_text(module.read_text() + "# edited\n")
    registry = plans / "workflow/scripts/inference_energy/figures/registry.py"
    registry.write_text(registry.read_text() + "# edited\n")
    assert rerun(plans) == {"figures_comparison", "methods_page"}


def test_edit_of_a_published_study_leaves_other_studies_alone(plans):
    replace(plans / "config/studies/joule-2026.yaml", "default: 10.2", "default: 10.3")
    edited = of(FROM_ROWS, ["joule-2026"]) | EDITION
    assert rerun(plans) == edited | COMPARISON | BRIDGE | SCORES | METHODS | TABLES_OUT | PAGE


EDITS = {
    "released replicas": (
        "released_share: {family: beta, p05: 0.05",
        "released_share: {family: beta, p05: 0.06",
        NESTED | COMPARISON | BRIDGE | METHODS | TABLES_OUT | PACKAGE | {"published_fleets", "answer_points"},
    ),
    "change of an intervention": (
        "changes: {pue: 1.08}",
        "changes: {pue: 1.09}",
        INTERVENTIONS | FLEET | COMPARISON | BRIDGE | METHODS | TABLES_OUT | ESTIMATES,
    ),
    "values of a sweep": (
        "  pue: [1.05, 1.1, 1.2, 1.3",
        "  pue: [1.06, 1.1, 1.2, 1.3",
        SWEEPS | TABLES_OUT | ESTIMATES,
    ),
    "title": (
        "title: Current best estimate",
        "title: Today",
        of(["figures_nested", "figures_fleet"], ["current"]) | ESTIMATES | {"figures_comparison", "headline_page"},
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edit_of_the_current_study_reruns_what_depends_on_it(plans, edit):
    old, new, expected = EDITS[edit]
    replace(plans / CURRENT, old, new)
    assert rerun(plans) == expected | PAGE


def test_edit_of_a_step_reruns_the_bridge_and_the_page_alone(plans):
    replace(plans / "config/studies/bridge-07.yaml", "p95: 1.6", "p95: 1.5")
    assert rerun(plans) == BRIDGE | TABLES_OUT | PAGE


TABLES = {
    "node_power.csv": (
        "H100 SXM 80GB,0.1,",
        "H100 SXM 80GB,0.11,",
        NESTED
        | BRIDGE
        | METHODS
        | SCORES
        | LEFT_OUT
        | {"board_power_shares", "intervention_pairs", "published_fleets", "answer_points"},
    ),
    "grid.csv": (",358.95,", ",358.96,", FLEET),
}


@pytest.mark.parametrize("table", TABLES)
def test_edit_of_a_table_leaves_the_published_studies_alone(plans, table):
    old, new, expected = TABLES[table]
    replace(plans / "resources" / table, old, new)
    assert rerun(plans) == expected | COMPARISON | TABLES_OUT | PAGE | PACKAGE


def test_edit_of_a_benchmark_row_reruns_all_that_is_computed_from_rows(plans):
    replace(plans / BENCHMARKS, ",3732.4,", ",3732.5,")
    sign(plans)
    corpus = {"ingest_benchmarks", "validate_benchmarks", "benchmark_checks", "throughput_forms"}
    corpus |= {"figures_corpus", "intervention_pairs", "board_power_shares"}
    judged = (
        SCORES
        | METHODS
        | TABLES_OUT
        | PAGE
        | PACKAGE
        | LEFT_OUT
        | {"serving_model", "published_fleets", "answer_points"}
    )
    assert rerun(plans) == corpus | of(FROM_ROWS) | EDITION | NESTED | COMPARISON | BRIDGE | judged


def test_edit_of_an_adapter_reruns_all_that_is_computed_from_rows(plans):
    module = plans / "workflow/scripts/inference_energy/corpus/formats/vllm_bench.py"
    module.write_text(module.read_text() + "# edited\n")
    assert {"ingest_benchmarks", "benchmark_checks", "headline"} <= rerun(plans)


def test_edit_of_a_limit_of_the_checks_reruns_the_checks_and_the_page_alone(plans):
    replace(plans / "config/config.yaml", "conflict_factor: 1.5", "conflict_factor: 1.7")
    assert rerun(plans) == {"benchmark_checks", "figures_corpus", "explanations"} | TABLES_OUT


def test_edit_of_the_form_of_throughput_leaves_all_studies_alone(plans):
    replace(plans / "config/config.yaml", "kv_growth: 0.6", "kv_growth: 0.5")
    forms = {"throughput_forms", "figures_corpus"}
    assert rerun(plans) == forms | TABLES_OUT | {"explanations"}


def test_edit_of_a_comment_reruns_only_what_quotes_its_line(plans):
    for path in (plans / "config/studies").glob("*.yaml"):
        path.write_text("# edited\n" + path.read_text())
    assert planned(plans) == PAGE | {"provenance"}
