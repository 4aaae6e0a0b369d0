"""Which inputs differ between two builds."""

import polars as pl
from inference_energy.records import diff


def test_files_are_told_by_what_they_are():
    before = {"Snakefile": "1", "resources/grid.csv": "1", "workflow/scripts/inference_energy/energy.py": "1"}
    now = {"Snakefile": "1", "resources/grid.csv": "2", "workflow/scripts/new.py": "1"}
    assert diff.changed_files(before, now) == {
        "resources": {"changed": ["resources/grid.csv"]},
        "modules": {"removed": ["workflow/scripts/inference_energy/energy.py"]},
        "scripts": {"added": ["workflow/scripts/new.py"]},
    }


def test_benchmark_rows_are_told_by_source_wherever_they_stand_in_their_file():
    rows = {
        "source": ["s", "s", "t"],
        "row_id": ["1", "2", "1"],
        "line": [2, 3, 2],
        "throughput_tok_per_s": [1.0, 2.0, 3.0],
    }
    before = {"throughput": pl.DataFrame(rows)}
    rows |= {"row_id": ["1", "3", "1"], "line": [7, 8, 2], "throughput_tok_per_s": [1.5, 2.0, 3.0]}
    assert diff.changed_benchmarks(before, {"throughput": pl.DataFrame(rows)}) == {
        "s": {"throughput": {"added": ["3"], "removed": ["2"], "changed": ["1"]}}
    }
    rows |= {"line": [9, 9, 9]}
    assert diff.changed_benchmarks(*[{"throughput": pl.DataFrame(rows)}] * 2) == {}


def test_a_new_source_has_new_rows():
    before = pl.DataFrame({"source": ["s"], "row_id": ["1"], "power_w": [1.0]})
    now = pl.DataFrame({"source": ["s", "new"], "row_id": ["1", "1"], "power_w": [1.0, 2.0]})
    found = diff.changed_benchmarks({"throughput": before}, {"throughput": now})
    assert found == {"new": {"throughput": {"added": ["1"]}}}


def test_rows_of_a_version_without_names_are_not_compared():
    now = pl.DataFrame({"source": ["s"], "row_id": ["1"]})
    assert diff.changed_benchmarks({"throughput": now.drop("source")}, {"throughput": now}) == {}
    assert diff.changed_benchmarks({}, {"throughput": now}) == {}


def test_registry_rows_are_named_by_as_few_columns_as_it_takes():
    before = pl.DataFrame({"gpu": ["H100", "H100"], "precision": ["FP8", "FP4"], "power": ["1", "2"]})
    now = before.with_columns(power=pl.Series(["1", "3"]))
    change = diff.changed_rows(before, now)
    assert change.texts.to_dicts() == [{"row": "H100, FP4", "column": "power", "before": "2", "now": "3"}]


def test_parameters_are_told_by_key_with_both_values():
    before = {"current": {"pue": {"p05": 1.1, "p95": 1.3}, "gpus": ["H100"], "old": 1, "same": 2}}
    now = {"current": {"pue": {"p05": 1.1, "p95": 1.4}, "gpus": ["H100", "B200"], "same": 2}, "own": {"pue": 1}}
    assert diff.changed_parameters(before, now) == [
        {"key": "current.gpus", "before": ["H100"], "now": ["H100", "B200"]},
        {"key": "current.old", "before": 1, "now": None},
        {"key": "current.pue.p95", "before": 1.3, "now": 1.4},
        {"key": "own.pue", "before": None, "now": 1},
    ]
    assert [diff.shown(value) for value in (None, 1.3, "text", ["a"])] == ["-", "1.3", "text", '["a"]']


def test_a_whole_study_is_told_in_one_line():
    same = {"current": {"pue": 1.2}}
    assert diff.changed_settings(same | {"old": {"pue": 1}}, same | {"own": {"pue": 1, "load": 1}}) == [
        {"key": "old", "before": "a study", "now": None},
        {"key": "own", "before": None, "now": "a study"},
    ]
    (changed,) = diff.changed_settings(same, {"current": {"pue": 1.3}})
    assert changed == {"key": "current.pue", "before": 1.2, "now": 1.3}


def test_a_distribution_in_the_place_of_a_number_is_told_by_its_keys():
    found = diff.changed_parameters({"s": {"pue": 1.2}}, {"s": {"pue": {"family": "beta"}}})
    assert found == [
        {"key": "s.pue", "before": 1.2, "now": None},
        {"key": "s.pue.family", "before": None, "now": "beta"},
    ]


def test_packages_and_python():
    before = {"python": "3.11.7", "packages": {"polars": "2.0.0", "duckdb": "2.0.0"}}
    now = {"python": "3.13.0", "packages": {"polars": "2.0.0", "altair": "6"}}
    assert diff.changed_packages(before, now) == [
        {"key": "altair", "before": None, "now": "6"},
        {"key": "duckdb", "before": "2.0.0", "now": None},
        {"key": "python", "before": "3.11.7", "now": "3.13.0"},
    ]
