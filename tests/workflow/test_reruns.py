"""After an edit exactly those jobs run again that depend on what was edited."""

from runs import BENCHMARKS, planned, replace, sign

STUDIES = ("arxiv-2025", "joule-2026")


def of(rules, studies=STUDIES):
    return {f"{rule} {study}" for rule in rules for study in studies}


ENERGY_FIGURES = {
    f"figure_energy_per_query {study} {workload}" for study in STUDIES for workload in ("traditional", "long")
}
FROM_ROWS = (
    "throughput_fit",
    "energy_per_query",
    "intervention_multipliers",
    "scenario_aggregates",
    "figure_throughput_fit",
    "figure_intervention_pathways",
    "figure_fleet_scenarios",
)
COMPARISON = {"headline"} | of(["figure_published_against_computed"])


def test_edit_of_a_module_reruns_its_users(copy):
    module = copy / "workflow/scripts/inference_energy/scenarios.py"
    module.write_text(module.read_text() + "# edited\n")
    assert planned(copy) == of(["scenario_aggregates", "figure_fleet_scenarios"]) | COMPARISON


def test_edit_of_a_study_leaves_other_studies_alone(copy):
    replace(copy / "config/studies/joule-2026.yaml", "default: 10.2", "default: 10.3")
    own = of(FROM_ROWS, ["joule-2026"]) | {name for name in ENERGY_FIGURES if " joule-2026 " in name}
    assert planned(copy) == own | COMPARISON


def test_edit_of_a_benchmark_row_reruns_all_that_is_computed_from_rows(copy):
    replace(copy / BENCHMARKS, ",3732.4,", ",3732.5,")
    sign(copy)
    corpus = {"ingest_benchmarks", "validate_benchmarks", "benchmark_checks", "throughput_forms", "attainment_pairs"}
    figures = ("benchmark_coverage", "throughput_over_time", "checks_raised", "throughput_forms", "attainment")
    corpus |= {f"figure_{name}" for name in figures}
    assert planned(copy) == corpus | of(FROM_ROWS) | ENERGY_FIGURES | COMPARISON


def test_edit_of_an_adapter_reruns_all_that_is_computed_from_rows(copy):
    module = copy / "workflow/scripts/inference_energy/adapters/vllm_bench.py"
    module.write_text(module.read_text() + "# edited\n")
    assert {"ingest_benchmarks", "benchmark_checks", "headline"} <= planned(copy)


def test_edit_of_a_limit_of_the_checks_reruns_the_checks_alone(copy):
    replace(copy / "config/config.yaml", "conflict_factor: 1.5", "conflict_factor: 1.7")
    assert planned(copy) == {"benchmark_checks", "figure_checks_raised"}


def test_edit_of_the_form_of_throughput_leaves_the_published_studies_alone(copy):
    replace(copy / "config/config.yaml", "kv_growth: 0.6", "kv_growth: 0.5")
    forms = {"throughput_forms", "attainment_pairs", "figure_throughput_forms", "figure_attainment"}
    assert planned(copy) == forms


def test_edit_of_a_comment_reruns_nothing(copy):
    for study in STUDIES:
        path = copy / f"config/studies/{study}.yaml"
        path.write_text("# edited\n" + path.read_text())
    assert planned(copy) == set()
