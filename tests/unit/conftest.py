"""The published study, the benchmark corpus and the fit behind them, shared by all unit tests."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.corpus import plausible, read as corpus_read, registries, registry_tables
from inference_energy.energy import resolve
from inference_energy.requests import traces
from inference_energy.studies import files
from inference_energy.studies.study import whole
from inference_energy.throughput import attainment, borrowing, fits, latency, log_linear

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"


@pytest.fixture(scope="session")
def study_schemas():
    return {
        method: yaml_files.read_yaml(ROOT / f"workflow/schemas/study_{method}.schema.yaml")
        for method in ("published", "nested")
    }


@pytest.fixture(scope="session")
def origin_schema():
    return yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")


@pytest.fixture(scope="session")
def study(read_configured):
    return read_configured("joule-2026")


@pytest.fixture(scope="session")
def models():
    return registries.read_models(RESOURCES / "models.csv")


@pytest.fixture(scope="session")
def hardware():
    return registries.read_hardware(RESOURCES / "hardware.csv")


@pytest.fixture(scope="session")
def known(models, hardware):
    return {"model": models[1], "gpu": hardware[1]}


@pytest.fixture(scope="session")
def corpus(origin_schema, known, models, hardware):
    tables = corpus_read.read_sources(RESOURCES / "benchmarks", origin_schema, known)
    limits = yaml_files.read_yaml(ROOT / "config/config.yaml")["checks"]
    kept, apart = plausible.set_apart(tables["measured_energy"], hardware[0], limits)
    tables |= {"measured_energy": kept, "implausible_energy": apart}
    correction = registries.read_registry(RESOURCES / "corrections.csv", registry_tables.Correction)
    closed_model = registries.read_closed_models(RESOURCES / "closed_models.csv", models[1])[0]
    registry = {"model": models[0], "closed_model": closed_model, "hardware": hardware[0], "correction": correction}
    return tables | registry


@pytest.fixture(scope="session")
def rows(corpus):
    return corpus["throughput"]


@pytest.fixture(scope="session")
def fit(rows):
    return log_linear.throughput_fit(
        throughput=rows, study="joule-2026", sources=["oviedo"], precision="FP8", minimum_rows=3
    )[0]


@pytest.fixture(scope="session")
def read_configured(study_schemas):
    """Studies of the repository by name."""
    return lambda name: whole(files.read_study(name, ROOT / "config/studies", study_schemas))


@pytest.fixture(scope="session")
def service_tables(corpus, rows, known, origin_schema):
    """What studies of method `nested` draw on, as the workflow computes it with the settings of the configuration."""
    forms = yaml_files.read_yaml(ROOT / "config/config.yaml")["throughput_forms"]
    several = fits.measured_at_several_lengths(rows, forms["minimum_rows"])
    fitted = fits.coefficients(several, forms["kv_growth"])
    direct = fits.left_out(several, forms["kv_growth"])
    borrowed = borrowing.left_out_configurations(several, fitted, corpus["model"], corpus["hardware"])
    left_out = pl.concat([fits.with_fit_error(direct), fits.with_fit_error(borrowed, prior_rows=np.inf)])
    read = traces.read_workloads(RESOURCES / "workloads", origin_schema, {"model": known["model"]})
    coefficients = fits.stated_error(fitted, direct)
    return resolve.Tables(
        throughput=rows,
        corrections=corpus["correction"],
        models=corpus["model"],
        hardware=corpus["hardware"],
        coefficients=coefficients,
        left_out=left_out,
        forms=fits.compared(left_out),
        pairs=attainment.attainment_pairs(rows, corpus["model"], corpus["hardware"], coefficients),
        latency=latency.summary(latency.energy_cost_of_latency(latency.series(corpus["measured_energy"]))),
        lengths=read["request_lengths_csv"],
        answers=read["output_length_quantiles_csv"],
        **{name: registries.read_registry(RESOURCES / f"{name}.csv", of) for name, of in resolve.REGISTRIES.items()},
    )
