"""Builds made by hand, compared: whole folders, results alone, older versions without provenance."""

import json

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.records import builds, report
from inference_energy.records.builds import in_folder

HEADLINE = """\
study,quantity,label,unit,computed,computed_p05,computed_p95,within
current,long p50,"Frontier, long: median",Wh,2.8,0.8,10.8,
current,mixed,Fleet | mixed,GWh/day,1.0,0.5,3.0,true
"""
STUDY = "method: nested\npue: {p05: 1.1, p95: 1.3}\n"
TORNADO = pl.DataFrame({"study": ["current"], "quantity": ["mean"], "ingredient": ["pue"], "at_low": [1.5]})
ENERGY = pl.DataFrame({"study": "current", "workload": "long", "subject": "m", "spread": "all", "energy_wh_p50": [2.8]})


@pytest.fixture
def make(tmp_path):
    """Function that makes a project with a finished build."""

    def project(name, headline=HEADLINE, pue="1.3", grid="zone,carbon\nDEU,300\n", energy=ENERGY, **recorded):
        folder = tmp_path / name
        for sub in ("results/comparison", "results/current", "results/validated", "config/studies", "resources"):
            (folder / sub).mkdir(parents=True)
        (folder / "Snakefile").touch()
        (folder / "config/config.yaml").write_text("studies: [current]\ndraws: 100\n")
        (folder / "config/studies/current.yaml").write_text(STUDY.replace("1.3", pue))
        (folder / "resources/grid.csv").write_text(grid)
        (folder / "results/headline.csv").write_text(headline)
        TORNADO.write_parquet(folder / "results/comparison/tornado.parquet")
        energy.write_parquet(folder / "results/current/energy_per_query.parquet")
        if recorded:
            text = json.dumps(recorded["content"])
            (folder / "results/provenance.json").write_text(text)
        return folder

    return project


def compared(base, now):
    changes = report.compare(in_folder(base, "main"), in_folder(now, "this"))
    return report.as_json(changes), report.as_markdown(changes)


def test_equal_builds(make):
    content, text = compared(make("a"), make("b"))
    assert content["tables"] == {} and content["inputs"]["files"] == {} and content["inputs"]["parameters"] == []
    assert content["tables_compared"] == ["energy_per_query", "headline", "tornado"]
    assert "**Headline numbers: none of 2 moved.**" in text and "**Tables: 0 of 3 differ.**" in text
    assert text.endswith("None changed.\n")


def test_the_verdict_is_a_few_lines(make):
    def verdict(base, now):
        return report.verdict(report.compare(in_folder(base, "main"), in_folder(now, "this")))

    base = make("a")
    same = ["Headline numbers: none of 2 moved.", "Tables: 0 of 3 differ.", "Inputs that differ: none."]
    assert verdict(base, make("b")) == same
    headline, move, *rest = verdict(base, make("c", HEADLINE.replace("2.8,", "3.3,")))
    assert headline.startswith("Headline numbers: 1 of 2 moved")
    assert move == "  current  Frontier, long: median [Wh]: 2.8 -> 3.3 (+17.86%)"
    assert rest == ["Tables: 1 of 3 differ.", "Inputs that differ: none."]


def test_moved_headline_numbers_come_first_with_both_values_and_their_interval(make):
    _, text = compared(make("a"), make("b", HEADLINE.replace("2.8,", "3.3,").replace("true", "false")))
    assert text.startswith("## Changes relative to main\n\n**Headline numbers: 1 of 2 moved, 1 verdicts")
    # 0.5 more: 17.9 % of 2.8, and 5 % of the 10 between P5 and P95.
    assert "| current | Frontier, long: median \\[Wh\\] | 2.8 | 3.3 | +17.86% | +5.00% |" in text
    assert "- current, mixed: is reproduced: true -> false" in text
    assert text.index("Headline") < text.index("Tables") < text.index("### Inputs")


def test_rows_that_are_new_or_gone(make):
    content, text = compared(make("a"), make("b", HEADLINE.replace("current,mixed", "own,mixed")))
    assert content["tables"]["headline"]["added"] == ["own, mixed"]
    assert "1 new, 1 gone" in text and "- new: own, mixed" in text and "- gone: current, mixed" in text


def test_what_a_file_holds_cannot_break_the_page(make):
    bad = '"<b>x|y\n"'
    _, text = compared(
        make("a"), make("b", HEADLINE.replace("Fleet | mixed", "Fl</details>| x").replace("1.0,0.5", "2.0,0.5"))
    )
    assert "Fl\\</details>\\| x" in text
    _, text = compared(make("c"), make("d", grid=f"zone,carbon\nDEU,{bad}\n"))
    assert "| resources/grid.csv | DEU | carbon | 300 | \\<b>x\\|y |" in text


def test_changed_inputs_are_named_with_both_values(make):
    content, text = compared(make("a"), make("b", pue="1.4", grid="zone,carbon\nDEU,310\nFRA,50\n"))
    assert content["inputs"]["parameters"] == [{"key": "current.pue.p95", "before": 1.3, "now": 1.4}]
    grid = content["inputs"]["registries"]["resources/grid.csv"]
    assert grid["added"] == ["FRA"]
    assert grid["texts"] == [{"row": "DEU", "column": "carbon", "before": "300", "now": "310"}]
    assert "| current.pue.p95 | 1.3 | 1.4 |" in text
    assert "- `resources/grid.csv`: 1 rows new, 1 rows changed" in text
    assert "- changed: `config/studies/current.yaml`" in text


def test_a_folder_of_results_without_provenance_tells_nothing_of_its_inputs(make, tmp_path):
    (make("a") / "results").rename(tmp_path / "published")
    content, text = compared(tmp_path / "published", make("b", pue="1.4"))
    assert content["inputs"]["files"] is None and content["inputs"]["parameters"] is None
    assert "none of 2 moved" in text and "The base does not record its other inputs." in text


def recorded(**changes):
    return {
        "inputs": {"rules": {"Snakefile": "1"}},
        "outputs": {"results/headline.csv": {}, "results/comparison/tornado.parquet": {}},
        "configuration": {"draws": 100},
        "studies": {"current": {"pue": 1.2}},
        "software": {"python": "3.11.7", "packages": {"polars": "2.0.0"}},
    } | changes


def test_provenance_tells_inputs_parameters_and_packages_of_both(make, tmp_path):
    make("a", content=recorded()).joinpath("results").rename(tmp_path / "published")
    now = recorded(
        inputs={"rules": {"Snakefile": "2"}, "resources": {"resources/grid.csv": "1"}},
        studies={"current": {"pue": 1.3}},
        software={"python": "3.11.7", "packages": {"polars": "2.1.0"}},
    )
    content, text = compared(tmp_path / "published", make("b", content=now))
    assert content["inputs"]["packages"] == [{"key": "polars", "before": "2.0.0", "now": "2.1.0"}]
    assert content["inputs"]["parameters"] == [{"key": "current.pue", "before": 1.2, "now": 1.3}]
    added = {"added": ["resources/grid.csv"]}
    assert content["inputs"]["files"] == {"rules": {"changed": ["Snakefile"]}, "resources": added}
    assert "- polars: 2.0.0 -> 2.1.0" in text
    # What an earlier run left behind is not of this build.
    assert content["tables_compared"] == ["headline", "tornado"] and content["tables_gone"] == []


def test_tables_that_one_build_alone_has_are_named(make):
    base = make("a")
    (base / "results/comparison/tornado.parquet").rename(base / "results/comparison/sweep_grids.parquet")
    content, text = compared(base, make("b"))
    assert content["tables_new"] == ["tornado"] and content["tables_gone"] == ["sweep_grids"]
    assert "Tables that are new: tornado." in text and "Tables that are gone: sweep_grids." in text


def test_tables_of_an_older_version_are_compared_in_what_both_have(make):
    older = ENERGY.drop("spread").with_columns(energy_wh_p50=pl.lit(2.0), energy_wh_iqr=pl.lit(1.0))
    content, _ = compared(make("a", energy=older), make("b"))
    energy = content["tables"]["energy_per_query"]
    assert energy["new_columns"] == ["spread"] and energy["lost_columns"] == ["energy_wh_iqr"]


def test_a_folder_without_a_build_is_told(tmp_path):
    with pytest.raises(InputError, match=r"found no headline\.csv in it; allowed: a project folder"):
        in_folder(tmp_path, "main")


def test_a_table_that_cannot_be_read_is_told(make):
    folder = make("a")
    (folder / "results/comparison/tornado.parquet").write_text("x")
    with pytest.raises(InputError, match=r"tornado\.parquet: cannot be read"):
        builds.tables(in_folder(folder, "main"))
