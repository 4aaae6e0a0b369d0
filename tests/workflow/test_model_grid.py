"""The grid of what-ifs: as many jobs as models times assumptions, each right alone, and gathered into one table."""

from itertools import product

import polars as pl
import pytest
from inference_energy.common.files import file_name
from inference_energy.common.yaml_files import read_yaml
from inference_energy.fleet.tables import MODEL_SWEEPS
from inference_energy.studies import files as studies_files
from runs import ROOT, planned, replace, run

TABLE = "results/comparison/model_sweeps.parquet"
KEY = ["study", "model", "parameter", "value", "workload"]
# A PUE that is known, so that its value in the sweep is the study itself; a long share, which no model has.
PAIR = """\
extends: current
title: Pair
pue: 1.2
classes:
  large: ~
  medium: ~
  small: ~
  frontier: ~
  two: {label: Two, model_class: frontier, weights: {MiniMax-M2.5: 1, DeepSeek-V3.2: 1}}
fleet: {subject: two}
interventions: {subject: two, levers: {sparser_model: ~}}
sweeps: ~
"""
SWEEPS = "sweeps: {pue: [1.2, 2.4], output_tokens: [300, 3000], long_share: [0, 1]}\n"
MODELS = ("MiniMax-M2.5", "DeepSeek-V3.2")
PARAMETERS = ("pue", "output_tokens")


def write_pair(copy):
    """The study in two files: one takes the sweeps of the current study away, the other has its own."""
    (copy / "config/studies/without.yaml").write_text(PAIR)
    (copy / "config/studies/pair.yaml").write_text("extends: without\n" + SWEEPS)


def jobs(study, models, parameters):
    return {f"model_sweep {study} {file_name(model)} {name}" for model, name in product(models, parameters)}


def test_a_job_for_every_study_model_and_assumption(copy):
    write_pair(copy)
    replace(copy / "config/config.yaml", "  - current\n", "  - current\n  - pair\n")
    method = {"nested": read_yaml(ROOT / "workflow/schemas/study_nested.schema.yaml")}
    current = studies_files.read_study("current", ROOT / "config/studies", method)
    models = [model for of in current["classes"].values() for model in of["weights"]]
    expected = jobs("current", models, current["sweeps"].keys() - {"long_share"}) | jobs("pair", MODELS, PARAMETERS)
    assert len(expected) == 16 * 8 + 2 * 2
    gathered = {"grid", "model_sweeps", "figures_grid current", "figures_grid pair"}
    assert planned(copy, "grid") == expected | gathered
    assert not {job for job in planned(copy) if "model_sweep" in job or job == "grid"}, "part of a whole run"


def test_a_grid_of_few(copy):
    write_pair(copy)
    replace(copy / "config/config.yaml", "  - arxiv-2025\n  - joule-2026\n  - current\n", "  - pair\n")
    known = "results/pair/energy_per_query.parquet"
    outcome = run(copy, "grid", known, "--cores", "2")
    assert outcome.returncode == 0, outcome.stdout

    table = MODEL_SWEEPS.validate(pl.read_parquet(copy / TABLE))
    files = {
        (model, name): copy / f"results/pair/model_sweeps/{file_name(model)}/{name}.parquet"
        for model, name in product(MODELS, PARAMETERS)
    }
    assert set((copy / "results/pair/model_sweeps").rglob("*.parquet")) == set(files.values())
    for (model, name), file in files.items():
        assert table.filter(model=model, parameter=name).equals(pl.read_parquet(file).sort(KEY))
    assert table.rows() == sorted(table.rows(), key=lambda row: [row[table.columns.index(name)] for name in KEY])
    assert table["model_class"].unique().to_list() == ["frontier"]

    # At its own PUE the study's table comes back, at twice that twice the energy.
    energy = pl.read_parquet(copy / known).filter(subject_kind="model", spread="shared")
    for row in table.filter(parameter="pue").iter_rows(named=True):
        own = energy.filter(subject=row["model"], workload=row["workload"]).row(0, named=True)
        for quantity in ("p05", "p50", "p95", "mean"):
            expected = own[f"energy_wh_{quantity}"] * row["value"] / 1.2
            assert row[quantity] == pytest.approx(expected, rel=1e-8)
    for suffix in ("svg", "png", "json"):
        assert (copy / f"results/figures/pair/model_sweeps.{suffix}").stat().st_size > 0

    assert planned(copy, "grid") <= {"grid"}  # a target without a file of its own
    replace(copy / "config/studies/pair.yaml", "pue: [1.2, 2.4]", "pue: [1.2, 1.8]")
    assert planned(copy, "grid") == jobs("pair", MODELS, ["pue"]) | {"grid", "model_sweeps", "figures_grid pair"}
