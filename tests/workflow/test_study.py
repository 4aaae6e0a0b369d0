"""`make study`: one study, its figures and its difference to the study that it extends, and nothing else."""

import polars as pl
import pytest
from runs import dry_run, planned, replace, run

ASK = ("study", "--config", "study=['what-if']")
WHAT_IF = "extends: current\ntitle: Cooler site\npue: 1.2\n"
OF_STUDY = {f"{rule} what-if" for rule in ("query_energy", "interventions", "fleet", "sweeps", "figures_nested")}


def test_one_study_and_an_edit_of_it(copy):
    study = copy / "config/studies/what-if.yaml"
    study.write_text(WHAT_IF)
    asked = OF_STUDY | {"study", "study_difference what-if"}
    assert planned(copy, *ASK) == asked
    outcome = run(copy, "--cores", "2", *ASK)
    assert outcome.returncode == 0, outcome.stdout
    found = pl.read_csv(copy / "results/what-if/difference.csv", infer_schema_length=None)
    energy = {
        name: pl.read_parquet(copy / f"results/{name}/energy_per_query.parquet").filter(
            subject="frontier", workload="traditional", spread="shared"
        )["energy_wh_mean"][0]
        for name in ("current", "what-if")
    }
    row = found.row(by_predicate=pl.col("quantity") == "traditional frontier energy_wh_mean shared", named=True)
    assert (row["before"], row["after"]) == pytest.approx((energy["current"], energy["what-if"]))
    assert row["factor"] == pytest.approx(energy["what-if"] / energy["current"])
    assert (
        "Study what-if extends current, with\n  title: Current best estimate -> Cooler site\n  pue: " in outcome.stdout
    )
    assert (copy / "results/figures/what-if/energy_by_class.svg").is_file()
    assert planned(copy, *ASK) == set()
    replace(study, "pue: 1.2", "pue: 1.3")
    assert planned(copy, *ASK) == asked
    # The configured studies are as they were; pages quote the files of all studies.
    assert planned(copy) == {"methods_page", "explanations", "provenance"}


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
