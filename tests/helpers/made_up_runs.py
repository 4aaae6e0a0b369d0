"""Made-up runs whose time and power follow from the middle of the priors, a fit to them, and a folder of a source."""

import hashlib
import shutil
from functools import cache
from pathlib import Path

import check_rows
import numpy as np
import polars as pl
import yaml
from inference_energy.corpus import registries
from inference_energy.corpus.tables import MeasuredEnergy, Throughput
from inference_energy.serving import step, stored
from inference_energy.serving.fit import fit_model
from inference_energy.serving.parameters import POWER, TIME
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.runs import runs
from inference_energy.serving.tables import EngineRelease, PromptLengths
from inference_energy.validation import frozen

ROOT = Path(__file__).parents[2]
SMALL, LARGE, SPARSE = "Llama 3.1 8B", "Llama 3.1 70B", "gpt-oss-120b"
H100, H200, B200 = "H100 SXM 80GB", "H200 SXM 141GB", "B200 180GB"
USUAL = {parameter.name: parameter.prior for parameter in (*TIME, *POWER)}
ERROR_SD = 0.1
ORIGIN = {
    **{"publisher": "Lab", "title": "Made up", "url": "https://example.org", "version": "1"},
    **{"read_on": "2026-01-31", "licence": "CC-BY-4.0", "citation": "Lab 2026"},
}


@cache
def registry():
    """Registries of the repository, as arguments of `runs.runs`."""
    resources = ROOT / "resources"
    return {
        "models": registries.read_models(resources / "models.csv")[0],
        "hardware": registries.read_hardware(resources / "hardware.csv")[0],
        "prompt_lengths": registries.read_registry(resources / "prompt_lengths.csv", PromptLengths),
        "engine_releases": registries.read_registry(resources / "engine_releases.csv", EngineRelease),
    }


def row(model=SMALL, gpu=H100, batch=16, **changes):
    """A row of the throughput table: one replica of four GPUs with so many requests in flight."""
    return {
        **{"model": model, "gpu": gpu, "gpus": 4, "engine": "vLLM", "load": "closed_loop", "concurrency": batch},
        **{"prompts": "made up", "published_on": "2026-01-01"},
    } | changes


def measured(rows, seed=1, slower_by=0.0):
    """Throughput and measured energy of rows, by the middle of the priors, with a common factor and errors (logs)."""
    said = check_rows.throughput(*rows)
    found = runs(said, check_rows.energy().clear(), **registry())[0].drop_nulls("batch")
    of, error = Replicas.of(found), slower_by + ERROR_SD * np.random.default_rng(seed).standard_normal(len(found))
    time = step.time_per_token(of, found["batch"].to_numpy(), USUAL)
    seconds = time.seconds * np.exp(error)
    share = step.board_share(step.boards(of, USUAL), time, seconds)
    keys = ["source", "row_id"]
    numbers = found.select(
        *keys,
        speed=pl.Series(1 / seconds),
        joules=pl.Series(of.gpus * of.tdp_w * share * seconds),
        watts=of.gpus * of.tdp_w * share,
    )
    told = said.join(numbers, on=keys, how="left", maintain_order="left").with_columns(
        throughput_tok_per_s=pl.coalesce("speed", "throughput_tok_per_s")
    )
    told = told.with_columns(output_tok_per_s_per_gpu=pl.col("throughput_tok_per_s") / pl.col("gpus"))
    energies = [
        {**{name: told_row[name] for name in ("source", "row_id", "model", "gpu", "gpus")}}
        | {"energy_j_per_output_token": told_row["joules"], "power_w": told_row["watts"], "includes_prefill": "yes"}
        for told_row in told.drop_nulls("joules").iter_rows(named=True)
    ]
    return told.drop("speed", "joules", "watts"), check_rows.energy(*energies)


@cache
def learnt():
    """Runs that a fit learns from: three models on two GPUs at two lengths and five batches, of two campaigns."""
    rows = [
        row(model, gpu, batch, source=source, input_tokens=prompt)
        for model in (SMALL, LARGE, SPARSE)
        for gpu in (H100, B200)
        for source, prompt in (("mine", 1000), ("yours", 3000))
        for batch in (1, 8, 32, 128, 512)
    ]
    return runs(*measured(rows), **registry())[0]


@cache
def model():
    """The serving model fitted to `learnt`."""
    return fit_model(learnt())


def finished_run(folder):
    """A project folder with the fit as its last run left it."""
    for name in ("config", "resources", "workflow"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "results/serving").mkdir(parents=True)
    for name, table in stored.tables(model(), learnt()).items():
        table.write_parquet(folder / frozen.FITTED[name])
    learnt().write_parquet(folder / frozen.FITTED["runs"])
    return folder


def write_source(folder, throughput, energy=None, **facts):
    """A source with files in the project's own formats and a fitting origin."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = {}
    for name, table, frame in (("throughput", Throughput, throughput), ("measured_energy", MeasuredEnergy, energy)):
        if frame is not None and len(frame):
            path = folder / f"{name}.csv"
            frame.select(list(table.to_schema().columns)).write_csv(path)
            checksum = hashlib.sha256(path.read_bytes()).hexdigest()
            files[path.name] = {"sha256": checksum, "format": f"{name}_csv"}
    files["throughput.csv"] |= {"facts": facts} if facts else {}
    (folder / "origin.yaml").write_text(yaml.safe_dump(ORIGIN | {"files": files}))
    return folder
