"""The published study, the benchmark corpus and the fit behind them, shared by all unit tests."""

from pathlib import Path

import pytest
from inference_energy import benchmarks, configuration, input_tables, registries, studies, throughput

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
