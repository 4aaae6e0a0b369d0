"""What a statement says: numbers for readers, tables, cells of Markdown, progress, and the files of a usage."""

import logging
from pathlib import Path

import polars as pl
import pytest
import yaml
from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.statement import audit, run_end, tables, text, wording
from inference_energy.statement.logs import files, progress
from inference_energy.tables import dictionary

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (5.996, "kWh", "6.0 kWh"),
        (1234567, "kWh", "1.2 GWh"),
        (0.0213, "kWh", "21 Wh"),
        (0.00002, "kWh", "0.020 Wh"),
        (0.00000000234, "kWh", "2.3e-06 Wh"),
        (0, "kWh", "0 Wh"),
        (874, "kg CO2e", "870 kg CO2e"),
        (2500, "kg CO2e", "2.5 t CO2e"),
        (0.0207, "m3", "21 litres"),
        (0.006, "MW", "6.0 kW"),
        (3.44, "nodes", "3.4 nodes"),
    ],
)
def test_totals_have_two_digits_and_a_unit_that_fits(value, unit, told):
    assert wording.interval({"p05": value, "mean": value, "p95": value}, unit) == told


def test_factors_and_rows_for_other_ledgers_have_three_digits():
    told = [wording.number(value) for value in (0.0213, 4.3, 1304, 12_345_678, 0, 2.346e-6)]
    assert told == ["0.0213", "4.30", "1,300", "12,300,000", "0", "2.35e-06"]
    of = {"p05": 212.4, "mean": 333.3, "p95": 736.2}
    assert wording.interval(of, "kg CO2e", wording.LEDGER) == "333 kg CO2e (212–736)"


def test_intervals_and_shares():
    row = {"energy_kwh_p05": 2.3436, "energy_kwh_p50": 6.004, "energy_kwh_p95": 20.52, "energy_kwh_mean": 8.04}
    assert wording.quantity(row, "energy_kwh", "kWh") == "8.0 kWh (2.3–21)"
    assert wording.quantity({"water_m3_mean": None}, "water_m3", "m3") == "-"
    assert wording.count(40421844.0) == "40,421,844"
    shares = (0, 0.0004, 0.0204, 0.5, 0.9999, 1)
    assert [wording.share(value) for value in shares] == ["0 %", "< 0.1 %", "2.0 %", "50.0 %", "> 99.9 %", "100 %"]


def test_changes_have_a_sign():
    assert [wording.signed(value) for value in (0.05, -36.08, 0)] == ["+0.0500", "-36.1", "0"]
    changes = ((17.7, 100), (-0.04, 100), (0, 5), (1, 0))
    assert [wording.percent(*of) for of in changes] == ["+17.7 %", "< 0.1 %", "0 %", "-"]


def test_progress_says_what_is_done_how_fast_and_what_is_left():
    line = progress.status("meter 2 files", 4_000_000, 10_000_000, "rows", 2.0)
    assert line == "meter 2 files: 40 %, 4,000,000 of 10,000,000 rows, 2,000,000 rows/s, 3.0 s left"
    assert progress.status("x", 0, 10, "rows", 1.0) == "x: 0 %, 0 of 10 rows, 0 rows/s"
    assert [progress.duration(s) for s in (0.44, 59.6, 200, 7500)] == ["0.4 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]


def test_progress_of_long_work_is_told_while_it_lasts(monkeypatch, capsys):
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(progress, "NEXT_SECONDS", 0.01)
    seen = []
    with progress.Progress("meter", 100, "rows", logging.getLogger("test"), lambda: 0.5) as of:
        of.part = 40
        while len(seen) < 3:
            seen += capsys.readouterr().err.splitlines()
        of.finished()
        assert of.done == 40
    assert "meter: 20 %, 20 of 100 rows, " in seen[0]
    assert " left" in seen[0]
    assert "meter: 100 rows in " in capsys.readouterr().err


def test_progress_corrects_what_was_estimated():
    with progress.Progress("meter", 100, "rows", logging.getLogger("test")) as of:
        of.part = 40
        of.finished(50)
        assert (of.done, of.total) == (50, 110)


def usage(**changes):
    return files.DEFAULTS | {"logs": {"a": {"files": ["."], "columns": {}}}} | changes


def test_files_of_folders_patterns_and_names(tmp_path):
    for name in ("x/1.parquet", "x/y/2.csv.gz", "x/_SUCCESS", "z.log", "x/3.ndjson"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(*patterns, **spec):
        of = usage(logs={"a": {"files": list(patterns), "columns": {}} | spec})
        return [(Path(f.path).name, f.format) for f in files.files_of(of, "logs", "u.yaml", str(tmp_path))]

    assert found("x") == [("1.parquet", "parquet"), ("3.ndjson", "jsonl"), ("2.csv.gz", "csv")]
    assert found("x/*.parquet", "x") == found("x")
    assert found("**/*.gz") == [("2.csv.gz", "csv")]
    assert found("z.log", format="csv") == [("z.log", "csv")]
    assert found(str(tmp_path / "x/1.parquet")) == [("1.parquet", "parquet")]
    with pytest.raises(InputError, match=r"z.log: found a file that is not read: no known ending; known are .csv, "):
        found("z.log")
    with pytest.raises(InputError, match=r"u.yaml: logs.a.files: found no file for 'nothing' in"):
        found("nothing")
    both = usage(logs={name: {"files": ["x"], "columns": {}} for name in ("a", "b")})
    with pytest.raises(InputError, match=r"1.parquet in a and in b; allowed: in one"):
        files.files_of(both, "logs", "u.yaml", str(tmp_path))


def test_files_are_dealt_to_every_shard():
    assert files.dealt([1, 2, 3, 4, 5], 2) == [[1, 3, 5], [2, 4]]
    assert files.dealt([1, 2], 16) == [[1], [2]]


@pytest.mark.parametrize("name", ["example", "azure_2023", "mooncake"])
def test_shipped_usages_are_sound(name):
    schema = yaml_files.read_yaml(ROOT / "workflow/schemas/usage.schema.yaml")
    assert files.read_usage(name, ROOT / "config/usage", schema)["study"] == "current"


LOG = {"files": ["x"], "columns": {"time": "t", "model": "m", "input_tokens": "i", "output_tokens": "o"}}
SOUND = {
    "title": "T",
    "study": "current",
    "boundary": "node",
    "logs": {"a": LOG},
    "models": {"unknown": "fail"},
    "regions": {"default": {"grid_zone": "USA"}},
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"logs": {"a": LOG | {"constants": {"model": "M"}}}}, "logs.a: constants: found model, which columns have"),
        ({"logs": {"a": LOG | {"time_zone": "Mars"}}}, "logs.a: time_zone: found 'Mars'; allowed: a name of"),
        ({"logs": {"a": LOG | {"time_start": "2024"}}}, "time_start: found without time_unit"),
        ({"logs": {"a": LOG | {"time_unit": "s", "time_start": "2024-01-01"}}}, "allowed: a time with its offset"),
        ({"logs": {"a": LOG | {"time_unit": "s", "time_zone": "UTC"}}}, "time_zone: found together with time_unit"),
        ({"logs": {"a": LOG | {"cached_in_input": False}}}, "cached_in_input: found without columns.cached_tokens"),
        ({"logs": {"a": {"files": ["x"], "columns": {k: v for k, v in LOG["columns"].items() if k != "model"}}}},
         "logs.a: missing key model"),
        ({"cached_share": {"family": "beta", "p05": 0.5, "p95": 0.4}}, "cached_share: found p05 0.5 >= p95 0.4"),
        ({"logs": {}}, "logs: found {}; allowed: at least 1"),
        ({"regions": {"eu": {"grid_zone": "IRL", "market_gco2e_per_kwh": 5}}}, "market_source"),
        ({"regions": {"eu": {"grid_zone": "IRL", "market_gco2e_per_kwh": 0.35, "market_source": "s"}}},
         "regions.eu.market_gco2e_per_kwh: found 0.35; allowed: 0, or 1.5 to 2,000 gCO2e/kWh (350 if it is in kg/kWh)"),
        ({"regions": {"eu": {"grid_zone": "IRL", "location_gco2e_per_kwh": 0.35, "location_basis": "direct",
                             "location_source": "s"}}},
         "regions.eu.location_gco2e_per_kwh: found 0.35; allowed: 0, or 1.5 to 2,000 gCO2e/kWh (350 if it is in"),
        ({"regions": {"eu": {"grid_zone": "IRL", "pue": 112, "pue_source": "s"}}},
         "regions.eu.pue: found 112; allowed: 1 to 3 (1.12 if it is in percent)"),
        ({"peak_load": 80}, "peak_load: found 80; allowed: a number <= 1 (0.8 if it is in percent)"),
    ],
)  # fmt: skip
def test_wrong_usage_files_are_told(tmp_path, changes, told):
    schema = yaml_files.read_yaml(ROOT / "workflow/schemas/usage.schema.yaml")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SOUND))
    files.read_usage("mine", tmp_path, schema)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SOUND | changes))
    with pytest.raises(InputError, match=r"mine.yaml") as error:
        files.read_usage("mine", tmp_path, schema)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"no usage file 'other' .*; allowed: mine"):
        files.read_usage("other", tmp_path, schema)


def test_names_that_look_like_something_else_stay_names(tmp_path):
    schema = yaml_files.read_yaml(ROOT / "workflow/schemas/usage.schema.yaml")
    (tmp_path / "2026.yaml").write_text(
        "title: 2026\nstudy: current\nboundary: node\nfolder: 2026\n"
        "logs: {1: {files: [2026, 1.50], columns: {time: t, model: 1, input_tokens: 2, output_tokens: 3},"
        " constants: {tenant: 007, region: no}}}\n"
        "models: {names: {405: Llama 3.1 405B, on: large}, unknown: fail}\n"
        "regions: {no: {grid_zone: NOR}, default: {grid_zone: NO}}\n"
    )
    found = files.read_usage("2026", tmp_path, schema)
    assert (found["title"], found["folder"]) == ("2026", "2026")
    assert found["logs"]["1"]["files"] == ["2026", "1.50"]
    assert found["logs"]["1"]["columns"] == {"time": "t", "model": "1", "input_tokens": "2", "output_tokens": "3"}
    assert found["logs"]["1"]["constants"] == {"tenant": "007", "region": "no"}
    assert found["models"]["names"] == {"405": "Llama 3.1 405B", "on": "large"}
    assert found["regions"] == {"no": {"grid_zone": "NOR"}, "default": {"grid_zone": "NO"}}


def test_every_number_of_a_statement_has_a_unit_and_a_meaning():
    for name, entries in dictionary.data_dictionary(tables.TABLES.values()).items():
        assert entries, name
        assert all(entry.meaning for entry in entries)
        assert all(entry.unit for entry in entries if entry.type in ("number", "integer"))


def broken_down(breakdown, kwh, **keys):
    of = {
        f"{name}_{q}": kwh
        for name in ("energy_kwh", "emissions_location_kgco2e", "emissions_market_kgco2e")
        for q in ("p05", "p50", "p95", "mean")
    }
    return (
        {"breakdown": breakdown, "month": None, "model": None, "tenant": None, "region": None, "supply": None}
        | keys
        | of
        | {"requests": 10.0, "input_tokens": 100.0, "output_tokens": 20.0}
    )


def test_a_breakdown_of_one_row_is_left_out_and_those_after_it_are_not():
    """Of one model, one month and one region, but two tenants; the largest is the first."""
    table = pl.DataFrame(
        [
            broken_down("total", 8.0),
            broken_down("model", 8.0, model="A"),
            broken_down("month", 8.0, month="2026-04"),
            broken_down("month and model", 8.0, month="2026-04", model="A"),
            broken_down("tenant", 2.0, tenant="sales"),
            broken_down("tenant", 6.0, tenant="support"),
            broken_down("region", 8.0, region="eu"),
        ],
        schema_overrides=dict.fromkeys(("month", "model", "tenant", "region", "supply"), pl.String),
    )
    model, tenant = text.breakdowns(table)
    assert (model.title, tenant.title) == ("By model", "By tenant")
    assert [row[:3] for row in model.rows] == [["A", "10", "120"]]
    assert [(row[0], row[4]) for row in tenant.rows] == [("support", "75.0 %"), ("sales", "25.0 %")]


def test_every_boundary_says_what_it_leaves_out():
    lines = {name: text.not_included(name) for name in audit.WITHIN}
    assert all("Training and fine-tuning of the models." in of for of in lines.values())
    assert len(lines["gpu_boards"]) > len(lines["fleet"])


def test_closing_line_is_of_the_total(tmp_path):
    (tmp_path / "statement.csv").write_text(
        "breakdown,requests,energy_kwh_p05,energy_kwh_p50,energy_kwh_p95,energy_kwh_mean\n"
        "month,1,1,1,1,1\ntotal,28185.0,2.34,6.0,20.5,8\n"
    )
    told = "azure: 8.0 kWh (2.3–20) for 28,185 requests, expected value (P5–P95): "
    assert run_end.line("azure", tmp_path).startswith(told)
