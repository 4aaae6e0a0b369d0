"""The published study, the benchmark corpus and the fit behind them, shared by all unit tests."""

from pathlib import Path

import made_up_runs
import numpy as np
import pytest
from inference_energy.common import yaml_files
from inference_energy.corpus import plausible, read as corpus_read, registries, registry_tables
from inference_energy.energy import operated, read as energy_read, service
from inference_energy.requests import services, traces
from inference_energy.requests.sources import read_folder
from inference_energy.serving import stored
from inference_energy.studies import files
from inference_energy.studies.study import Throughput, whole
from inference_energy.throughput import log_linear

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
    chosen = Throughput.of({"sources": ["oviedo"], "corrected": False, "precision": "FP8", "minimum_rows": 3})
    return log_linear.throughput_fit("joule-2026", chosen, rows, rows.clear())[0]


@pytest.fixture(scope="session")
def read_configured(study_schemas):
    """Studies of the repository by name."""
    return lambda name: whole(files.read_study(name, ROOT / "config/studies", study_schemas))


@pytest.fixture(scope="session")
def service_tables(models, hardware, known, origin_schema):
    """What studies of method `nested` draw on, as in the repository; the serving model is fitted to made-up runs."""
    read = read_folder(RESOURCES / "workloads", origin_schema, traces.FORMATS, {"model": known["model"]})
    return service.Tables(
        **stored.tables(made_up_runs.model(), made_up_runs.learnt()),
        runs=made_up_runs.learnt(),
        models=models[0],
        hardware=hardware[0],
        lengths=read["request_lengths_csv"],
        answers=read["output_length_quantiles_csv"],
        rates=services.with_relative_rate(
            services.read_services(RESOURCES / "services", origin_schema)["service_rates_csv"]
        ),
        **{
            name: registries.read_registry(RESOURCES / f"{name}.csv", of) for name, of in energy_read.REGISTRIES.items()
        },
    )


@pytest.fixture
def known_hosts(monkeypatch):
    """All hosts are at their median, also those of services that a change makes."""
    drawn = operated._host_w
    monkeypatch.setattr(operated, "_host_w", lambda hosts, share: drawn(hosts, np.full_like(share, 0.5)))
