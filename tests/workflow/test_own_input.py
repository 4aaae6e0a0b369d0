"""What users bring: a bad row that is set aside, a study of their own."""

import csv

import duckdb
import polars as pl
from runs import BENCHMARKS, declared, replace, run, sign

STUDY = """\
extends: joule-2026
title: Efficient site
pue: {p05: 1.1, p95: 1.2}
"""


def test_rejected_row_changes_nothing_but_is_told(copy):
    before = (copy / "results/headline.csv").read_bytes()
    file = copy / BENCHMARKS
    lines = file.read_text().splitlines()
    cells = next(csv.reader([lines[-1]]))
    position = next(csv.reader([lines[0]])).index("throughput_tok_per_s")
    assert lines[-1].count(cells[position]) == 1
    bad = lines[-1].replace(cells[position], "0").replace(cells[0] + ",", "bad,", 1)
    file.write_text("\n".join([*lines, bad]) + "\n")
    sign(copy)
    replace(copy / "config/config.yaml", "on_invalid: fail", "on_invalid: reject")

    outcome = run(copy, "--cores", "2", "results/headline.csv")

    assert outcome.returncode == 0, outcome.stdout
    line = len(lines) + 1
    with duckdb.connect(str(copy / "results/benchmarks.duckdb"), read_only=True) as connection:
        rejected = connection.execute('SELECT source, file, line, "column", value, reason FROM rejected_row').fetchall()
        accepted = connection.execute("SELECT count(*) FROM throughput WHERE source = 'oviedo'").fetchone()
    assert rejected == [("oviedo", BENCHMARKS, line, "throughput_tok_per_s", "0", "allowed: > 0")]
    assert accepted == (len(lines) - 1,)
    told = f"{BENCHMARKS} line {line} column throughput_tok_per_s: found '0'; allowed: > 0"
    assert (copy / "results/logs/rejected_rows.txt").read_text() == f"1 rejected cells\n{told}\n"
    assert told in outcome.stdout
    assert (copy / "results/headline.csv").read_bytes() == before


def test_study_of_ones_own(copy):
    others = {
        name: (copy / f"results/{name}/energy_per_query.parquet").read_bytes()
        for name in ("arxiv-2025", "joule-2026", "current")
    }
    published = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    (copy / "config/studies/efficient-site.yaml").write_text(STUDY)
    replace(copy / "config/config.yaml", "  - joule-2026\n", "  - joule-2026\n  - efficient-site\n")

    outcome = run(copy, "--cores", "2", "results/headline.csv")

    assert outcome.returncode == 0, outcome.stdout
    energy = pl.read_parquet(copy / "results/efficient-site/energy_per_query.parquet")
    parent = pl.read_parquet(copy / "results/joule-2026/energy_per_query.parquet")
    keys = ["workload", "subject", "spread"]
    means = energy.join(parent, on=keys, suffix="_parent")
    assert len(means) == len(energy) == len(parent)
    ratio = (means["energy_wh_mean"] / means["energy_wh_mean_parent"]).to_list()
    assert all(0.75 < value < 1 for value in ratio), "a lower PUE must lower every mean"
    headline = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    own = headline.filter(pl.col("study") == "efficient-site")
    assert len(own) > 0
    assert own["published"].null_count() == own["within"].null_count() == len(own)
    assert own["computed"].null_count() == 0
    assert headline.filter(pl.col("study") != "efficient-site").equals(published)
    for name, content in others.items():
        assert (copy / f"results/{name}/energy_per_query.parquet").read_bytes() == content
    assert "efficient-site" in outcome.stdout


WHAT_IF = """\
extends: current
title: Efficient site
pue: 1.1
"""


def test_what_if_of_the_current_study(copy):
    before = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    (copy / "config/studies/what-if.yaml").write_text(WHAT_IF)
    replace(copy / "config/config.yaml", "  - current\n", "  - current\n  - what-if\n")

    outcome = run(copy, "--cores", "2")

    assert outcome.returncode == 0, outcome.stdout
    headline = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    own, parent = (headline.filter(pl.col("study") == study) for study in ("what-if", "current"))
    assert own["quantity"].to_list() == parent["quantity"].to_list()
    assert headline.filter(pl.col("study") != "what-if").equals(before)
    # PUE of 1.1 instead of 1.2 in the middle, and known.
    ratio = (own["computed"] / parent["computed"]).filter(own["unit"].is_in(["Wh", "GWh/day"])).to_list()
    assert all(0.8 < value < 1 for value in ratio), ratio
    assumed = pl.read_parquet(copy / "results/what-if/assumptions.parquet").filter(ingredient="pue")
    assert assumed.select("p05", "p50", "p95").row(0) == (1.1, 1.1, 1.1)
    shown = outcome.stdout.split("Study what-if is new. Against current:\n")[1].split("\nHeadline numbers: ")
    assert shown[0].count("\n  what-if  ") == shown[0].count("\n") == 7
    assert shown[1].startswith("none moved since the last run.")
    figures = {path.stem for path in (copy / "results/figures/what-if").glob("*.svg")}
    assert figures == set(declared("FIGURES")["nested"])
