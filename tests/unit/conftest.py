"""The published study, the benchmark corpus and the fit behind them, shared by all unit tests."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy import (
    attainment,
    batch_latency,
    benchmarks,
    configuration,
    configurations,
    input_tables,
    registries,
    relatives,
    services,
    studies,
    throughput,
    workload_tables,
)

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"


@pytest.fixture(scope="session")
def study_schemas():
    return {
        method: configuration.read_yaml(ROOT / f"workflow/schemas/study_{method}.schema.yaml")
        for method in ("published", "nested")
    }


@pytest.fixture(scope="session")
def origin_schema():
    return configuration.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")


@pytest.fixture(scope="session")
def study(study_schemas):
    return studies.read_study("joule-2026", ROOT / "config/studies", study_schemas)


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
    tables = benchmarks.read_sources(RESOURCES / "benchmarks", origin_schema, known)
    correction = registries.read_registry(RESOURCES / "corrections.csv", input_tables.Correction)
    return tables | {"model": models[0], "hardware": hardware[0], "correction": correction}


@pytest.fixture(scope="session")
def rows(corpus):
    return corpus["throughput"]


@pytest.fixture(scope="session")
def fit(rows):
    return throughput.throughput_fit(
        throughput=rows, study="joule-2026", sources=["oviedo"], precision="FP8", minimum_rows=3
    )[0]


@pytest.fixture(scope="session")
def read_configured(study_schemas):
    """Studies of the repository by name."""
    return lambda name: studies.read_study(name, ROOT / "config/studies", study_schemas)


@pytest.fixture(scope="session")
def service_tables(corpus, rows, known, origin_schema):
    """What studies of method `nested` draw on, as the workflow computes it with the settings of the configuration."""
    forms = configuration.read_yaml(ROOT / "config/config.yaml")["throughput_forms"]
    several = configurations.measured_at_several_lengths(rows, forms["minimum_rows"])
    fitted = configurations.coefficients(several, forms["kv_growth"])
    direct = configurations.left_out(several, forms["kv_growth"])
    borrowed = relatives.left_out_configurations(several, fitted, corpus["model"], corpus["hardware"])
    left_out = pl.concat(
        [configurations.with_fit_error(direct), configurations.with_fit_error(borrowed, prior_rows=np.inf)]
    )
    read = workload_tables.read_workloads(RESOURCES / "workloads", origin_schema, {"model": known["model"]})
    coefficients = configurations.stated_error(fitted, direct)
    return services.Tables(
        throughput=rows,
        corrections=corpus["correction"],
        models=corpus["model"],
        hardware=corpus["hardware"],
        coefficients=coefficients,
        left_out=left_out,
        forms=configurations.compared(left_out),
        pairs=attainment.attainment_pairs(rows, corpus["model"], corpus["hardware"], coefficients),
        latency=batch_latency.summary(
            batch_latency.energy_cost_of_latency(batch_latency.series(corpus["measured_energy"]))
        ),
        lengths=read["request_lengths_csv"],
        answers=read["output_length_quantiles_csv"],
        **{name: registries.read_registry(RESOURCES / f"{name}.csv", of) for name, of in services.REGISTRIES.items()},
    )
