"""The update path of the README: a downloaded file becomes a source, a study uses it, the run says what moved."""

import csv
import json
import subprocess
import sys

import duckdb
import polars as pl
import pytest
from runs import BENCHMARKS, replace, run, sign

# A run of 405B on 8 H100, three times as fast as the published row of these lengths: the fit must move.
RESULT = {
    "date": "20260131-101500",
    "backend": "vllm",
    "model_id": "meta-llama/Llama-3.1-405B-Instruct",
    "completed": 100,
    "total_input_tokens": 50_000,
    "total_output_tokens": 200_000,
    "output_throughput": 11_000.0,
    "max_concurrency": 4096,
}
FACTS = {"precision": "FP8", "gpu": "H100", "gpus": 8, "nodes": 1, "confidence": "high"}
STUDY = "extends: joule-2026\ntitle: With our node\nthroughput: {sources: [oviedo, our_node]}\n"


def new_source(folder, *arguments):
    command = [sys.executable, "workflow/scripts/new_source.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def add_bad_row(folder):
    """Once more the last published row, with a throughput of 0; its line."""
    file = folder / BENCHMARKS
    lines = file.read_text().splitlines()
    cells = next(csv.reader([lines[-1]]))
    position = next(csv.reader([lines[0]])).index("throughput_tok_per_s")
    assert lines[-1].count(cells[position]) == 1
    bad = lines[-1].replace(cells[position], "0").replace(cells[0] + ",", "bad,", 1)
    file.write_text("\n".join([*lines, bad]) + "\n")
    sign(folder)
    return len(lines) + 1


def test_downloaded_file_to_moved_numbers_and_a_bad_row_to_none(copy):
    published = (copy / "results/joule-2026/energy_per_query.parquet").read_bytes()
    before = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    (copy / "bench.json").write_text(json.dumps(RESULT))

    made = new_source(copy, "our_node", "bench.json")
    assert made.returncode == 0, made.stderr
    origin = copy / "resources/benchmarks/our_node/origin.yaml"
    text = origin.read_text()
    for name, value in FACTS.items():
        text = text.replace(f' {name}: ""', f" {name}: {value}")
    origin.write_text(text.replace(' ""', " https://example.org"))
    (copy / "config/studies/our-node.yaml").write_text(STUDY)
    replace(copy / "config/config.yaml", "  - joule-2026\n", "  - joule-2026\n  - our-node\n")
    bad_line = add_bad_row(copy)
    replace(copy / "config/config.yaml", "on_invalid: fail", "on_invalid: reject")
    outcome = run(copy, "--cores", "2", "results/headline.csv", "results/benchmark_checks.parquet")

    assert outcome.returncode == 0, outcome.stdout
    assert "  our_node: new, 1 rows accepted, 0 rejected" in outcome.stdout
    assert "Study our-node is new. Compared with joule-2026:" in outcome.stdout
    with duckdb.connect(str(copy / "results/benchmarks.duckdb"), read_only=True) as connection:
        row = connection.execute(
            "SELECT model, gpu, file, line, output_tok_per_s_per_gpu FROM throughput WHERE source = 'our_node'"
        ).fetchone()
        rejected = connection.execute('SELECT source, file, line, "column", value, reason FROM rejected_row').fetchall()
        accepted = connection.execute("SELECT count(*) FROM throughput WHERE source = 'oviedo'").fetchone()
    assert rejected == [("oviedo", BENCHMARKS, bad_line, "throughput_tok_per_s", "0", "allowed: > 0")]
    assert accepted == (bad_line - 2,)  # less the header and the row itself
    told = f"{BENCHMARKS} line {bad_line} column throughput_tok_per_s: found '0'; allowed: > 0"
    assert (copy / "results/logs/rejected_rows.txt").read_text() == f"1 rejected cells\n{told}\n"
    assert told in outcome.stdout
    assert row == ("Llama 3.1 405B", "H100 SXM 80GB", "resources/benchmarks/our_node/bench.json", 1, 1375.0)
    checks = pl.read_parquet(copy / "results/benchmark_checks.parquet").filter(pl.col("source") == "oviedo")
    assert "conflict" in checks["check"].to_list()
    rows = pl.read_parquet(copy / "results/our-node/throughput_rows.parquet")
    assert rows.filter(pl.col("source") == "our_node")["node_tok_per_s"].to_list() == [11_000.0]
    headline = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    frontier = headline.filter(pl.col("quantity") == "traditional frontier energy_wh_p50 as_published")
    # Studies that name their sources leave the new one out; the serving model of the current one learns a little from
    # every run. And the bad row is in none of them.
    named = pl.col("study").is_in(["arxiv-2025", "joule-2026"])
    assert headline.filter(named).equals(before.filter(named))
    fleet = {"study": "current", "quantity": "mixed energy_gwh_per_day_mean"}
    was, now = (of.filter(**fleet)["computed"].item() for of in (before, headline))
    assert now != was and now == pytest.approx(was, rel=0.1)
    by_study = dict(frontier.select("study", "computed").iter_rows())
    assert by_study["our-node"] != by_study["joule-2026"]
    assert (copy / "results/joule-2026/energy_per_query.parquet").read_bytes() == published


def test_corrected_study_leaves_out_nothing_and_says_so(copy):
    (copy / "config/studies/corrected.yaml").write_text(
        "extends: joule-2026\ntitle: Corrected\nthroughput: {corrected: true, precision: FP16}\n"
        "classes: {frontier: {weights: {DeepSeek-R1: 1}}}\n"
    )
    replace(copy / "config/config.yaml", "  - joule-2026\n", "  - joule-2026\n  - corrected\n")
    outcome = run(copy, "--cores", "1", "results/corrected/throughput_fit.parquet")
    assert outcome.returncode != 0
    assert "throughput.precision: no model has two usable 'FP16' rows" in outcome.stdout
