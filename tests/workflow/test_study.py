"""Studies that users bring, one of either method: what they say, what `make study` builds, and that no other moves."""

import re

import polars as pl
import pytest
from runs import dry_run, figure_paths, planned, replace, run

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
METHODS = {"efficient-site": "published", "what-if": "nested"}
SHIPPED = ("arxiv-2025", "joule-2026", "current")
ASK = ("study", "--config", "study=['what-if']")
RULES = ("query_energy", "interventions", "fleet", "sweeps", "figures_nested", "figures_fleet")
OF_STUDY = {f"{rule} what-if" for rule in RULES}


def test_studies_of_ones_own(copy):
    """First one that is asked for alone, then both among the configured ones."""
    energies = {name: copy / f"results/{name}/energy_per_query.parquet" for name in (*SHIPPED, "what-if")}
    shipped = {name: energies[name].read_bytes() for name in SHIPPED}
    before = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    study = copy / "config/studies/what-if.yaml"
    study.write_text(WHAT_IF)
    asked = OF_STUDY | {"study", "study_difference what-if"}
    assert planned(copy, *ASK) == asked
    outcome = run(copy, "--cores", "2", *ASK)
    assert outcome.returncode == 0, outcome.stdout
    told = "Study what-if extends current, with\n  title: Current best estimate -> Site that overheats\n  pue: "
    assert told in outcome.stdout
    of_the_difference(copy, energies)
    assert (copy / "results/figures/what-if/energy_by_class.svg").is_file()
    assert planned(copy, *ASK) == set()
    replace(study, "pue: 2.4", "pue: 2.5")
    assert planned(copy, *ASK) == asked
    # The configured studies are as they were; pages quote the files of all studies.
    assert planned(copy) == {"methods_page", "explanations", "provenance"}
    replace(study, "pue: 2.5", "pue: 2.4")

    (copy / "config/studies/efficient-site.yaml").write_text(SITE)
    replace(copy / "config/config.yaml", "  - joule-2026\n", "  - joule-2026\n  - efficient-site\n")
    replace(copy / "config/config.yaml", "  - current\n", "  - current\n  - what-if\n")
    figures = [path for each, of in METHODS.items() for path in figure_paths({each: of}, bridged=False) if each in path]
    outcome = run(copy, "--cores", "2", "results/headline.csv", *(f"results/{path}.svg" for path in figures))
    assert outcome.returncode == 0, outcome.stdout
    headline = pl.read_csv(copy / "results/headline.csv", infer_schema_length=None)
    assert headline.filter(~pl.col("study").is_in([*METHODS])).equals(before)
    of_the_site(copy, headline)
    of_the_what_if(copy, headline)
    shown = outcome.stdout.split("Study efficient-site is new. Compared with joule-2026:\n")[1]
    assert "\n  efficient-site  " in shown.split("Study what-if is new. Compared with current:\n")[0]
    shown = outcome.stdout.split("Study what-if is new. Compared with current:\n")[1].split("\nHeadline numbers: ")
    assert shown[0].count("\n  what-if  ") == shown[0].count("\n") == 7
    assert re.match(r"none of \d+ changed since the last run\.", shown[1])
    found = [path for each in METHODS for path in (copy / f"results/figures/{each}").glob("*.svg")]
    assert {str(path.relative_to(copy / "results").with_suffix("")) for path in found} == set(figures)
    assert {name: energies[name].read_bytes() for name in SHIPPED} == shipped
    # Of the whole run no table of a shipped study is left, only figures that show headline numbers of others.
    left = planned(copy)
    assert "workbook" in left
    assert {job for job in left if job.endswith(SHIPPED)} <= {f"figures_published {name}" for name in SHIPPED}


def of_the_difference(copy, energies):
    """The difference of the what-if to its parent, of one number, from the tables of both."""
    found = pl.read_csv(copy / "results/what-if/difference.csv", infer_schema_length=None)
    before, after = (
        pl.read_parquet(energies[name]).filter(subject="frontier", workload="traditional", spread="shared")[
            "energy_wh_mean"
        ][0]
        for name in ("current", "what-if")
    )
    row = found.row(by_predicate=pl.col("quantity") == "traditional frontier energy_wh_mean shared", named=True)
    assert (row["before"], row["after"]) == pytest.approx((before, after))
    assert row["factor"] == pytest.approx(after / before)


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


FAULTS = {
    ("study",): "Error: study: found none; allowed: ",
    ("study", "--config", "study=['today']"): "Error: studies: no study 'today' (config/studies/today.yaml does",
    ("study", "--config", "study=['../x']"): "Error: studies: found '../x'; allowed: the name of one",
}


@pytest.mark.parametrize("arguments", FAULTS, ids=lambda arguments: arguments[-1])
def test_a_study_that_is_not_there_is_one_line(plans, arguments):
    outcome = dry_run(plans, *arguments)
    assert outcome.returncode != 0
    assert FAULTS[arguments] in outcome.stdout
    assert "Traceback" not in outcome.stdout
