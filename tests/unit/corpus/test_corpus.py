"""The corpus of this project: what every source brought, and that each row stands where it says."""

import csv
from pathlib import Path

import polars as pl
import pytest
import yaml
from inference_energy.corpus.tables import ACCEPTED, TABLES

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[3] / "resources/benchmarks"
ROWS = {
    "throughput": {
        "deepseek": 3,
        "gaudi3_glm47": 8,
        "inferencemax_rows": 1622,
        "inferencex_groups": 5362,
        "inferencex_power_v2": 11,
        "inferencex_rows": 1755,
        "mlenergy_v2": 314,
        "mlenergy_v3": 565,
        "mlperf_v4_1": 298,
        "mlperf_v5_1": 354,
        "mlperf_v6_0": 356,
        "nebius_h200": 14,
        "nvidia_measured": 814,
        "oviedo": 25,
        "sglang": 2,
        "tensorrt_llm": 956,
        "tpuv7_qwen35": 7,
        "vllm": 1,
    },
    "measured_energy": {
        "inferencex_groups": 1101,
        "inferencex_power_v2": 11,
        "inferencex_rows": 28,
        "mlenergy_v2": 314,
        "mlenergy_v3": 565,
        "mlperf_v4_1": 6,
        "mlperf_v5_1": 6,
        "nebius_h200": 14,
    },
    "published_estimate": {"jegham": 81, "muxup": 32, "published_statements": 13},
}


def test_energies_that_cannot_be_true_are_kept_apart(corpus):
    apart = corpus["implausible_energy"].group_by("source", "check").len().sort("source", "check").rows()
    assert apart == [
        ("inferencex_groups", "board_power_impossible", 19),
        ("inferencex_groups", "disaggregated_power_impossible", 50),
        ("inferencex_rows", "disaggregated_power_impossible", 3),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_rows_per_source(corpus, table):
    assert dict(corpus[table].group_by("source").len().iter_rows()) == ROWS[table]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_what_its_schema_says(corpus, table):
    ACCEPTED[table].validate(corpus[table])


def test_no_row_is_rejected(corpus):
    assert corpus["rejected_row"].rows() == []
    assert corpus["source"]["rows_rejected"].sum() == 0


def test_accepted_rows_of_all_files_are_the_rows_of_the_tables(corpus):
    assert corpus["source"]["rows_accepted"].sum() == sum(sum(counts.values()) for counts in ROWS.values()) + len(
        corpus["implausible_energy"]
    )


@pytest.mark.parametrize("table", TABLES)
def test_every_row_stands_in_its_line_of_its_file(corpus, table):
    places = corpus[table].select("file", "line", "row_id")
    lines = {file: Path(file).read_text(encoding="utf-8").split("\n") for file in places["file"].unique()}
    astray = [
        (file, line, row_id)
        for file, line, row_id in places.iter_rows()
        if next(csv.reader([lines[file][line - 1]]))[0] != row_id
    ]
    assert astray == []
    assert all(next(csv.reader([content[0]]))[0] == "row_id" for content in lines.values())


def test_every_file_is_named_in_an_origin(corpus):
    present = {str(path) for path in BENCHMARKS.rglob("*") if path.is_file() and path.name != "origin.yaml"}
    assert set(corpus["source"]["file"]) == present
    assert {path.name for path in BENCHMARKS.iterdir()} == set(corpus["source"]["source"])


@pytest.mark.parametrize("source", sorted(path.name for path in BENCHMARKS.iterdir()))
def test_every_source_has_licence_and_citation(corpus, source):
    origin = yaml.safe_load((BENCHMARKS / source / "origin.yaml").read_text(encoding="utf-8"))
    rows = corpus["source"].filter(source=source)
    for key in ("licence", "citation"):
        assert origin[key].strip()
        assert set(rows[key]) == {origin[key]}
    for table in TABLES:
        assert set(corpus[table].filter(source=source)["licence"]) <= {origin["licence"]}


@pytest.mark.parametrize("row_id", ["01", "02", "03"])
def test_rows_that_the_publication_took_from_ml_energy_are_found_there(corpus, row_id):
    runs = corpus["throughput"]
    row = runs.row(by_predicate=(pl.col("source") == "oviedo") & (pl.col("row_id") == row_id), named=True)
    same = runs.filter(
        (pl.col("source") == "mlenergy_v2") & (pl.col("model") == row["model"]) & (pl.col("gpu") == row["gpu"])
    )
    matches = [
        run
        for run in same.iter_rows(named=True)
        if all(
            run[name] == pytest.approx(row[name], rel=1e-4)  # four digits
            for name in ("throughput_tok_per_s", "output_tokens", "concurrency")
        )
    ]
    assert len(matches) == 1
    assert matches[0]["gpus"] == (16 if row_id == "03" else 8)  # the error that resources/corrections.csv puts right


@pytest.mark.parametrize(("table", "key"), [("throughput", "throughput_tok_per_s"), ("measured_energy", "power_w")])
def test_no_source_gives_one_number_for_all_its_rows(corpus, table, key):
    for source, count in ROWS[table].items():
        if count > 1 and (values := corpus[table].filter(source=source)[key].drop_nulls()).len():
            assert values.n_unique() > 1, source


def test_energy_per_token_is_power_over_throughput_where_both_are_stated(corpus):
    both = corpus["measured_energy"].filter(pl.col("power_w").is_not_null())
    throughput = both["output_tok_per_s_per_gpu"] * both["gpus"]
    ratio = both["energy_j_per_output_token"] * throughput / both["power_w"]
    assert len(both) == 565 + 6 + 6 + 28 + 11 + 14
    assert ratio.is_between(0.95, 1.05).all()
