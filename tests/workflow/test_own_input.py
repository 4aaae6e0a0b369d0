"""Studies that users bring, one of either method: what they say, and that nothing else moves."""

import re

import polars as pl
from runs import figure_paths, planned, replace, run

METHODS = {"efficient-site": "published", "what-if": "nested"}
SITE = """\
extends: joule-2026
title: Efficient site
pue: {p05: 1.1, p95: 1.2}
"""
WHAT_IF = """\
extends: current
title: Site that overheats
pue: 2.4
"""


def test_studies_of_ones_own(copy):
    others = {
        name: (copy / f"results/{name}/energy_per_query.parquet").read_bytes()
        for name in ("arxiv-2025", "joule-2026", "current")
    }
    before = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    (copy / "config/studies/efficient-site.yaml").write_text(SITE)
    (copy / "config/studies/what-if.yaml").write_text(WHAT_IF)
    replace(copy / "config/config.yaml", "  - joule-2026\n", "  - joule-2026\n  - efficient-site\n")
    replace(copy / "config/config.yaml", "  - current\n", "  - current\n  - what-if\n")

    figures = [
        path
        for study, method in METHODS.items()
        for path in figure_paths({study: method}, bridged=False)
        if study in path
    ]
    outcome = run(copy, "--cores", "2", "results/headline.csv", *(f"results/{path}.svg" for path in figures))

    assert outcome.returncode == 0, outcome.stdout
    for name, content in others.items():
        assert (copy / f"results/{name}/energy_per_query.parquet").read_bytes() == content
    headline = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    assert headline.filter(~pl.col("study").is_in(["efficient-site", "what-if"])).equals(before)
    of_the_site(copy, headline)
    of_the_what_if(copy, headline)
    shown = outcome.stdout.split("Study efficient-site is new. Compared with joule-2026:\n")[1]
    assert "\n  efficient-site  " in shown.split("Study what-if is new. Compared with current:\n")[0]
    shown = outcome.stdout.split("Study what-if is new. Compared with current:\n")[1].split("\nHeadline numbers: ")
    assert shown[0].count("\n  what-if  ") == shown[0].count("\n") == 7
    assert re.match(r"none of \d+ changed since the last run\.", shown[1])
    found = [path for study in METHODS for path in (copy / f"results/figures/{study}").glob("*.svg")]
    assert {str(path.relative_to(copy / "results").with_suffix("")) for path in found} == set(figures)
    # Of the whole run no job of another study is left, but those that compare studies.
    left = planned(copy)
    assert "workbook" in left and "figures_comparison" not in left
    assert not {job for job in left if job.split(" ")[-1] in (*METHODS, *others)}


def of_the_site(copy, headline):
    """PUE of 1.1-1.2 instead of 1.05-1.6, and nothing printed to hold it against."""
    energy = pl.read_parquet(copy / "results/efficient-site/energy_per_query.parquet")
    parent = pl.read_parquet(copy / "results/joule-2026/energy_per_query.parquet")
    keys = ["workload", "subject", "spread"]
    means = energy.join(parent, on=keys, suffix="_parent")
    assert len(means) == len(energy) == len(parent)
    ratio = (means["energy_wh_mean"] / means["energy_wh_mean_parent"]).to_list()
    assert all(0.75 < value < 1 for value in ratio), "a lower PUE must lower every mean"
    own = headline.filter(pl.col("study") == "efficient-site")
    assert len(own) > 0
    assert own["published"].null_count() == own["within"].null_count() == len(own)
    assert own["computed"].null_count() == 0


def of_the_what_if(copy, headline):
    """PUE of 2.4 instead of 1.2 in the middle, and known; other draws are of the study's own streams."""
    own, parent = (headline.filter(pl.col("study") == study) for study in ("what-if", "current"))
    assert own["quantity"].to_list() == parent["quantity"].to_list()
    moved = own.select("quantity", "unit", ratio=own["computed"] / parent["computed"])
    moved = moved.filter(pl.col("unit").is_in(["Wh", "GWh/day"]))
    # One of the interventions is a datacenter of another PUE, whatever it was before.
    same = pl.col("quantity").str.contains("_optimized ")
    assert moved.filter(~same)["ratio"].is_between(1.6, 2.6).all(), moved
    assert moved.filter(same)["ratio"].is_between(0.95, 1.05).all(), moved
    assumed = pl.read_parquet(copy / "results/what-if/assumptions.parquet").filter(ingredient="pue")
    assert assumed.select("p05", "p50", "p95").row(0) == (2.4, 2.4, 2.4)
