"""The published study, the benchmark rows and the fit behind them, shared by all unit tests."""

from pathlib import Path

import pytest
from inference_energy import benchmarks, configuration, studies, throughput

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def study_schema():
    return configuration.read_yaml(ROOT / "workflow/schemas/study.schema.yaml")


@pytest.fixture(scope="session")
def study(study_schema):
    return studies.read_study("joule-2026", ROOT / "config/studies", study_schema)


@pytest.fixture(scope="session")
def rows():
    schema = configuration.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")
    return benchmarks.read_benchmarks(ROOT / "resources/benchmarks", ROOT / "resources", schema)["throughput"]


@pytest.fixture(scope="session")
def fit(rows):
    return throughput.throughput_fit(throughput=rows, study="joule-2026", precision="FP8", minimum_rows=3)[0]
