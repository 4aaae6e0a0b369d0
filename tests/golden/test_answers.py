"""Estimates, command, factors, page and tables of this build agree: more than 500 questions."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from built_page import PAGE, numbers
from dashboard_engine import Question, answer
from inference_energy import estimate, estimates, factor_table
from inference_energy.answers.factors import CONTEXTS

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
STATISTICS = ("p05", "p50", "p95", "mean")
QUERIES = [(100, 20), (2000, 500), (30_000, 900), (800, 12_000)]
# Of 256 draws of the page, and of 1,000 of the factors, compared with 2,000: sampling errors.
OF_PAGE = {"p05": 0.30, "p50": 0.10, "p95": 0.30, "mean": 0.12}
OF_FACTORS = 0.25  # of means


@pytest.fixture(scope="module", autouse=True)
def built():
    for path in (RESULTS / "package/build.json", RESULTS / "factors.parquet", PAGE):
        if not path.is_file():
            pytest.fail(f"run `make` first: {path} is not there", pytrace=False)


def test_tables_of_the_pipeline():
    """Every subject, workload and boundary of the study: 480 questions, with the same draws."""
    table = pl.read_parquet(RESULTS / "current/energy_by_boundary.parquet").filter(spread="untrimmed")
    assert len(table) >= 400
    for row in table.iter_rows(named=True):
        found = estimate(row["subject"], workload=row["workload"], boundary=row["boundary"])
        for name in STATISTICS:
            assert getattr(found.energy_wh, name) == pytest.approx(row[f"energy_wh_{name}"], rel=1e-8), row


def test_frames_and_command():
    """The same question in a frame and on the command line, by model and GPU."""
    rows = [
        {"model": model, "gpu": gpu, "input_tokens": prompt, "output_tokens": out}
        for model in ("DeepSeek-R1", "gpt-oss-120b", "Llama 3.1 8B")
        for gpu in ("H100", "H200", "B200", "MI300X")
        for prompt, out in QUERIES
        if (model, gpu) != ("DeepSeek-R1", "H100")
    ]
    found = estimates(pl.DataFrame(rows))
    for asked, row in zip(rows, found.iter_rows(named=True), strict=True):
        one = estimate(**asked)
        for name in STATISTICS:
            assert row[f"wh_{name}"] == pytest.approx(getattr(one.energy_wh, name), rel=1e-9)
    asked = rows[5]
    words = [asked["model"], str(asked["input_tokens"]), str(asked["output_tokens"]), "--gpu", asked["gpu"], "--json"]
    told = subprocess.run(
        [sys.executable, "-m", "inference_energy", *words],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": ""},
        text=True,
    )
    energy = estimate(**asked).energy_wh
    assert json.loads(told.stdout)["energy_wh"] == pytest.approx(vars(energy), rel=1e-12)


def test_the_page():
    """The page's own lengths, with its fewer draws."""
    study = numbers(PAGE.read_text())["studies"]["current"]
    for subject in ("frontier", "large", "small", "Kimi-K2.5", "Llama 3.1 8B"):
        for boundary in ("gpu_boards", "datacenter", "fleet"):
            for prompt, out in QUERIES:
                asked = Question(subject=subject, boundary=boundary, own_tokens=(prompt, out, 0.25 * prompt))
                of_page = answer(study, asked)["query_wh"]
                found = estimate(subject, boundary=boundary, input_tokens=prompt, output_tokens=out, cached_share=0.25)
                for name in STATISTICS:
                    expected = getattr(found.energy_wh, name)
                    assert of_page[name] == pytest.approx(expected, rel=OF_PAGE[name]), (asked, name)


def test_factors():
    """Factors of a query of their lengths sum to the energy of the same query, with more draws."""
    table = pl.read_parquet(RESULTS / "factors.parquet")
    assert table["factor_id"].is_unique().all()
    chosen = table.filter(
        pl.col("model").is_in(["DeepSeek-R1", "gpt-oss-120b", "Llama 3.1 8B"]),
        pl.col("gpu").is_in(["H200 SXM 141GB", "B200 180GB"]),
        pl.col("boundary").is_in(["node", "datacenter"]),
    )
    assert len(chosen) > 60
    for row in chosen.iter_rows(named=True):
        prompt, out = CONTEXTS[row["context"]]
        lengths = {"input_tokens": prompt, "output_tokens": out, "cached_share": 0}
        workloads = {"traditional": {"input_tokens": prompt, "output_tokens": out, "cached_share": 0}}
        found = estimate(
            row["model"],
            row["gpu"],
            boundary=row["boundary"],
            speed_tok_per_s=row["speed_tok_per_s"],
            study={"workloads": workloads},
            **lengths,
        )
        mean = sum(
            tokens / 1000 * row[f"wh_per_1000_{kind}_tokens_mean"]
            for kind, tokens in (("uncached_input", prompt), ("output", out))
        )
        assert mean == pytest.approx(found.energy_wh.mean, rel=OF_FACTORS), row["factor_id"]


def test_factors_in_every_form():
    table = pl.read_parquet(RESULTS / "factors.parquet")
    assert pl.read_csv(RESULTS / "factors.csv").equals(table)
    document = json.loads((RESULTS / "factors.json").read_text())
    assert document["rows"] == [list(row) for row in table.rows()]
    assert list(document["columns"]) == table.columns
    assert factor_table().equals(table)


def test_the_wheel_answers_on_its_own(tmp_path):
    """At most 3 MB; installed elsewhere it imports nothing of the pipeline, and gives the same number."""
    wheels = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*wheels, "--no-build-isolation", "--wheel-dir", tmp_path, "."], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size <= 3_000_000
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        assert (
            "inference-energy = inference_energy.embedding.command:run"
            in archive.read(next(name for name in archive.namelist() if name.endswith("entry_points.txt"))).decode()
        )
        about = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
        for extra in ("litellm", "mcp", "opentelemetry"):
            assert f"Provides-Extra: {extra}\n" in about
            assert f"inference_energy/embedding/{extra}.py" in archive.namelist()
        archive.extractall(installed)
    code = """
import json, sys
from inference_energy import estimate, estimates, factor_table
from inference_energy.answers import command, packaged
found = estimate("DeepSeek-R1", "B200", input_tokens=2000, output_tokens=500, zone="FRA")
found.as_json(), found.explain(), factor_table()
apart = ("pandera", "duckdb", "snakemake", "altair", "jinja2", "xlsxwriter", "scipy.optimize", "scipy.sparse")
apart += ("inference_energy.embedding", "mcp", "litellm", "opentelemetry")
print(json.dumps([found.wh, [name for name in apart if name in sys.modules], packaged.__file__]))
"""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(installed)}
    )
    wh, loaded, place = json.loads(told.stdout)
    expected = estimate("DeepSeek-R1", "B200", input_tokens=2000, output_tokens=500, zone="FRA").wh
    assert wh == pytest.approx(expected, rel=1e-12)
    assert loaded == []
    assert Path(place).is_relative_to(installed)
    assert np.isfinite(wh)
