"""A source that is not taken in, predicted by a fit of a last run: both made up."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.validation import frozen, tables
from inference_energy.validation.frozen import before_taking_in, judge, last_run, lines, outputs
from made_up_runs import B200, H100, H200, LARGE, ROOT, SMALL, finished_run, learnt, measured, row, write_source
from messages import message_of

BATCHES = (2, 16, 64, 256)
USUAL = [row(SMALL, H200, batch) for batch in BATCHES]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def fit(root):
    return last_run(root)


@pytest.fixture
def lab(tmp_path):
    """A function that writes a source of some rows; with energy of all whose time is known, unless one is given."""

    def write(*rows, energy=None, name="lab"):
        throughput, of_all = measured(rows or USUAL)
        return write_source(tmp_path / name, throughput, of_all if energy is None else energy(of_all))

    return write


def counts(judged):
    return dict(judged.not_predicted.select("reason", "rows").rows())


def of_all(judged):
    found = judged.scores.filter(pl.col("group") == "all")
    return {row["score"]: row for row in found.iter_rows(named=True)}


def without_energy(energy):
    return energy.clear()


def at(boundary, *places):
    """Energies of some runs with another boundary."""
    return lambda energy: energy.with_columns(
        boundary=pl.when(pl.col("row_id").is_in(list(places))).then(pl.lit(boundary)).otherwise("boundary")
    )


# Scores.


def test_a_source_is_scored_by_a_fit_that_does_not_know_it(lab, fit):
    judged = judge(lab(), fit)
    found = of_all(judged)
    assert set(found) == {"energy_at_batch", "energy_at_speed", "energy_of_service", "time_at_batch"}
    assert {row["left_out"] for row in found.values()} == {"none"}
    assert [found[name]["rows"] for name in ("energy_at_batch", "energy_at_speed", "time_at_batch")] == [4, 4, 4]
    assert found["time_at_batch"]["factor"] < 1.5  # made by the middle of the priors
    assert found["time_at_batch"]["coverage_90"] == 1
    tables.HELD_OUT_SCORES.validate(judged.scores)
    tables.SOURCE_RUNS.validate(judged.runs.select(list(tables.SOURCE_RUNS.columns)))
    assert (counts(judged), judged.rejected, judged.seen, judged.repeated) == ({}, [], False, 0)


def test_a_source_that_is_twice_as_slow_is_seen_to_be(tmp_path, fit):
    slow, fast = (
        of_all(judge(write_source(tmp_path / "lab", *measured(USUAL, slower_by=by)), fit))["time_at_batch"]
        for by in (0.693147, 0)
    )
    assert fast["median_ratio"] / slow["median_ratio"] == pytest.approx(2, rel=0.01)


def test_the_same_source_gives_the_same_scores(lab, fit):
    folder = lab()
    assert judge(folder, fit).scores.equals(judge(folder, fit).scores)


def test_the_campaign_is_the_folder_or_one_that_the_fit_knows(lab, fit):
    for name, campaign in (("elsewhere", "elsewhere"), ("inferencex_new", "inferencex")):
        assert f"campaign: {campaign}" in judge(lab(name=name), fit).scores["group"].to_list()


def test_time_alone_is_scored_where_nothing_was_metered(lab, fit):
    judged = judge(lab(energy=without_energy), fit)
    assert set(of_all(judged)) == {"time_at_batch"}
    assert judged.runs["row_id"].sort().to_list() == ["0", "1", "2", "3"]


def test_offline_runs_have_the_batch_that_memory_holds(lab, fit):
    judged = judge(lab(row(LARGE, H100, None, load="offline"), energy=without_energy), fit)
    (found,) = judged.runs.iter_rows(named=True)
    assert (found["score"], found["batch_from"], found["reason"]) == ("time_at_batch", "memory", None)
    assert found["batch"] > 50


def test_nodes_at_the_wall(lab, fit):
    judged = judge(lab(energy=at("node_wall", "0", "1", "2", "3")), fit)
    assert set(of_all(judged)) == {"energy_at_wall", "time_at_batch"}
    assert of_all(judged)["energy_at_wall"]["rows"] == 4


def test_every_prediction_is_in_the_table_of_runs(lab, fit):
    folder = lab()
    judged = judge(folder, fit)
    at_batch = judged.runs.filter(score="energy_at_batch").sort("batch")
    assert at_batch["batch"].to_list() == [float(batch) for batch in BATCHES]
    assert set(at_batch["file"]) == {str(folder / "throughput.csv")}
    assert at_batch["line"].to_list() == [2, 3, 4, 5]
    ratio = (at_batch["predicted_p50"] / at_batch["measured"]).log().to_numpy()
    assert of_all(judged)["energy_at_batch"]["factor"] == pytest.approx(np.exp(np.sqrt(np.mean(ratio**2))))


# What is not predicted.

NOT_PREDICTED = {
    "prefill and decode on separate GPUs": {"serving": "disaggregated"},
    "prefill or decode alone": {"phase": "decode"},
    "mean length of prompts or answers not known": {"output_tokens": None, "output_length_kind": "unknown"},
    "model does not fit into the memory of the GPUs": {"model": "Llama 3.1 405B", "gpus": 1},
    "memory, bandwidth or peak of the GPU not in the registry": {"gpu": "Arc Pro B70 32GB"},
    frozen.NO_BATCH: {"concurrency": None},
    "number of GPUs of a replica not known": {"gpus": None, "nodes": None, "throughput_scope": "gpu"},
    "output throughput of a GPU not known": {"throughput_counts": "input"},
}


@pytest.mark.parametrize(("reason", "change"), NOT_PREDICTED.items(), ids=range(len(NOT_PREDICTED)))
def test_a_run_that_is_not_predicted_is_counted_with_the_reason(lab, fit, reason, change):
    judged = judge(lab(*USUAL, row(**change), energy=without_energy), fit)
    assert counts(judged) == {reason: 1}
    (found,) = judged.runs.filter(pl.col("reason").is_not_null()).iter_rows(named=True)
    assert (found["row_id"], found["reason"], found["line"], found["score"]) == ("4", reason, 6, None)
    assert of_all(judged)["time_at_batch"]["rows"] == 4


def test_nothing_is_dropped_silently(lab, fit):
    judged = judge(lab(*USUAL, *(row(**change) for change in NOT_PREDICTED.values()), energy=without_energy), fit)
    assert set(judged.runs["row_id"]) == {str(place) for place in range(len(USUAL) + len(NOT_PREDICTED))}
    assert counts(judged) == dict.fromkeys(NOT_PREDICTED, 1)


def test_energies_that_are_not_predicted_are_counted_too(lab, fit):
    def energies(energy):
        changed = at("node", "0")(energy)
        doubled = pl.col("energy_j_per_output_token", "power_w") * pl.when(row_id="1").then(10).otherwise(1)
        return changed.with_columns(doubled)

    judged = judge(lab(energy=energies), fit)
    assert counts(judged) == {
        frozen.NOT_OF_BOARDS: 1,
        "energy: cannot be true, by check board_power_impossible": 1,
    }
    told = dict(judged.runs.drop_nulls("reason").select("row_id", "reason").rows())
    assert told["0"] == frozen.NOT_OF_BOARDS
    assert told["1"].startswith("GPU boards at ") and told["1"].endswith("of their TDP; at most 1.05 is possible")
    assert (of_all(judged)["energy_at_batch"]["rows"], of_all(judged)["time_at_batch"]["rows"]) == (2, 4)


def test_energy_on_a_gpu_without_rated_power(tmp_path, fit):
    throughput, energy = measured([row(SMALL, H200, 8), row(SMALL, "TPU v7", 16, engine="vLLM")])
    known = energy.with_columns(pl.lit(None, pl.Float64).alias("power_w"), energy_j_per_output_token=pl.lit(0.5))
    judged = judge(write_source(tmp_path / "lab", throughput, known), fit)
    assert counts(judged) == {frozen.NO_RATED_POWER: 1}
    assert of_all(judged)["time_at_batch"]["rows"] == 2
    assert of_all(judged)["energy_at_batch"]["rows"] == 1


def test_rejected_rows_are_told_and_the_others_scored(lab, fit):
    folder = lab(*USUAL, row("No Such Model"), energy=without_energy)
    judged = judge(folder, fit)
    (told,) = judged.rejected
    assert told.startswith(f"{folder}/throughput.csv line 6 column model: found 'No Such Model'; allowed: ")
    assert judged.runs.drop_nulls("reason")["reason"].to_list() == [told]
    assert of_all(judged)["time_at_batch"]["rows"] == 4
    assert lines(judged)[-2:] == ["Rejected: 1", f"  {told}"]


def test_few_of_many_rejected_rows_are_printed(lab, fit):
    judged = judge(lab(*USUAL, *[row("No Such Model")] * 13, energy=without_energy), fit)
    assert len(judged.rejected) == 13
    assert lines(judged)[-1] == "  and 3 more, in the table of runs"
    assert len([line for line in lines(judged) if "No Such Model" in line]) == 10


def test_runs_that_the_fit_knows_are_said(tmp_path, fit):
    again = learnt().head(5)
    rows = [
        row(one["model"], one["gpu"], one["batch"], input_tokens=one["input_tokens"])
        for one in again.iter_rows(named=True)
    ]
    throughput, _ = measured(rows)
    same = throughput.with_columns(throughput_tok_per_s=1 / again["seconds_per_token"])
    judged = judge(write_source(tmp_path / "lab", same), fit)
    assert judged.repeated == 5
    assert any(line.startswith("The fit learnt from 5 of these runs") for line in lines(judged))
    assert judge(write_source(tmp_path / "mine", throughput), fit).seen


# Faults, each in one line.


def test_no_such_folder(tmp_path, fit):
    assert message_of(judge, tmp_path / "none", fit) == f"SOURCE: {tmp_path}/none: no such folder"


def test_no_origin(tmp_path, fit):
    assert message_of(judge, tmp_path, fit).startswith(f"SOURCE: {tmp_path}: found no origin.yaml; allowed: a folder")


def test_a_file_that_was_changed(lab, fit):
    folder = lab()
    with (folder / "throughput.csv").open("a") as handle:
        handle.write("more\n")
    assert f"{folder}/throughput.csv: found sha256 " in message_of(judge, folder, fit)


def test_nothing_but_unknown_models(lab, fit):
    folder = lab(row("No Such Model"), row("No Such Model"), energy=without_energy)
    message = message_of(judge, folder, fit)
    assert message.startswith(f"SOURCE: {folder}: no run can be scored: {folder}/throughput.csv line 2 column model: ")
    assert message.endswith(" (and 1 more)")


def test_nothing_that_can_be_predicted(lab, fit):
    changes = ({"serving": "disaggregated"}, {"concurrency": None}, {"concurrency": None})
    folder = lab(*(row(**change) for change in changes), energy=without_energy)
    assert message_of(judge, folder, fit) == (
        f"SOURCE: {folder}: no run can be scored: 2 x {frozen.NO_BATCH}; 1 x prefill and decode on separate GPUs"
    )


def test_no_last_run(tmp_path):
    assert message_of(last_run, tmp_path) == (
        "results/serving/serving_parameters.parquet: no such file; run `make` first, which fits the model"
    )


def test_a_last_run_of_another_version(tmp_path):
    folder = finished_run(tmp_path)
    path = folder / frozen.FITTED["parameters"]
    pl.read_parquet(path).filter(pl.col("parameter") != "youth").write_parquet(path)
    assert message_of(last_run, folder) == (
        "results/serving/serving_parameters.parquet: found parameters of another version; run `make` first"
    )


# Where scores are written, and the commands.


def test_where_scores_are_written(tmp_path):
    place = "results/validation/lab"
    assert outputs(tmp_path / "lab", None) == {"scores": f"{place}/scores.csv", "runs": f"{place}/runs.csv"}
    out = tmp_path / "s.csv"
    assert outputs(tmp_path / "lab", out) == {"scores": str(out), "runs": str(tmp_path / "s_runs.csv")}
    with pytest.raises(InputError, match=r"OUT: found '.*s.txt'; allowed: a file whose name ends in .csv"):
        outputs(tmp_path / "lab", tmp_path / "s.txt")


def command(root, *arguments):
    script = ROOT / "workflow/scripts/validate.py"
    return subprocess.run(
        [sys.executable, str(script), *arguments], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_command_writes_and_prints_scores(lab, root, tmp_path):
    outcome = command(root, "--out", str(tmp_path / "s.csv"), "--", str(lab()))
    assert outcome.returncode == 0, outcome.stderr
    printed = outcome.stdout.splitlines()
    assert printed[0].split() == ["predicted", "runs", "number", "ratio", "factor", "coverage"]
    assert printed[-1] == f"{tmp_path}/s.csv, {tmp_path}/s_runs.csv"
    written = pl.read_csv(tmp_path / "s.csv")
    assert written.columns == ["score", "left_out", "group", "rows", "median_ratio", "factor", "coverage_90"]
    assert len(pl.read_csv(tmp_path / "s_runs.csv")) >= 12
    assert not (root / "results/validation").exists()


@pytest.mark.slow
def test_the_command_ends_with_one_line(root, tmp_path):
    outcome = command(root, "--", str(tmp_path / "none"))
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr == f"Error: SOURCE: {tmp_path}/none: no such folder\n"


def test_a_new_source_is_scored_before_it_is_taken_in(lab, root):
    told = before_taking_in(root, lab())
    assert told[0].startswith("Predicted by the last fit")
    assert any(line.startswith("time_at_batch") for line in told)


def test_a_new_source_that_cannot_be_scored_yet(lab, root, tmp_path):
    folder = lab()
    origin = folder / "origin.yaml"
    origin.write_text(origin.read_text().replace("publisher: Lab", "publisher: ''"))
    told = before_taking_in(root, folder)
    assert told == [
        f"not scored yet: {origin}: publisher: found ''; allowed: text that is not empty",
        f"`make validate SOURCE={folder}` compares it with the last fit",
    ]
    assert "run `make` first" in before_taking_in(tmp_path, lab())[0]


def test_gpus_of_these_tests_differ():
    assert H200 not in learnt()["gpu"].to_list() and B200 in learnt()["gpu"].to_list()
