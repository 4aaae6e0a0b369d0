"""Tables that statements draw on: their figures as the sources have them, and faults."""

import csv
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.corpus.registries import read_hardware, read_registry
from inference_energy.fleet.tables import GridZone
from inference_energy.statement.input_tables import CloudRegion, EmbodiedServer, GenerationFactor

RESOURCES = Path(__file__).parents[3] / "resources"


@pytest.fixture(scope="module")
def servers():
    return read_registry(RESOURCES / "embodied_servers.csv", EmbodiedServer)


@pytest.fixture(scope="module")
def clouds():
    return read_registry(RESOURCES / "cloud_regions.csv", CloudRegion)


@pytest.fixture(scope="module")
def generation():
    return read_registry(RESOURCES / "generation_factors.csv", GenerationFactor)


def test_every_gpu_with_a_node_power_has_a_footprint(servers):
    with (RESOURCES / "node_power.csv").open(encoding="utf-8", newline="") as handle:
        powered = {row["gpu"] for row in csv.DictReader(handle)}
    assert powered <= set(servers["gpu"])
    hardware, _ = read_hardware(RESOURCES / "hardware.csv")
    assert set(servers["gpu"]) <= set(hardware["gpu"])


def test_footprints_are_those_that_nvidia_publishes(servers):
    """1,312 and 2,274 kg for baseboards of eight."""
    low = dict(servers.select("gpu", "gpu_kgco2e_p05").iter_rows())
    assert low["H100 SXM 80GB"] == 1312 / 8
    assert low["B200 180GB"] == pytest.approx(2274 / 8, abs=0.5)
    # 42 % of the footprint is memory, which the H200 has 141/80 of.
    assert low["H200 SXM 141GB"] == pytest.approx(164 * (0.58 + 0.42 * 141 / 80), abs=0.5)
    assert low["MI300X 192GB"] == pytest.approx(164 * (0.58 + 0.42 * 192 / 80), abs=0.5)
    ratio = servers["gpu_kgco2e_p95"] / servers["gpu_kgco2e_p05"]
    assert ratio.is_between(1.4, 1.8).all()


def test_cloud_regions_lie_in_zones_of_the_grid(clouds):
    grid = read_registry(RESOURCES / "grid.csv", GridZone)
    assert set(clouds["grid_zone"]) <= set(grid["zone"])
    assert clouds["cloud_region"].is_sorted()
    zones = dict(clouds.select("cloud_region", "grid_zone").iter_rows())
    assert [zones[name] for name in ("aws:eu-central-1", "azure:westeurope", "gcp:europe-west4")] == [
        "DEU",
        "NLD",
        "NLD",
    ]
    own = dict(clouds.select("cloud_region", "carbon_gco2e_per_kwh").iter_rows())
    assert own["gcp:europe-west4"] == 208.81
    assert own["aws:us-east-1"] is None
    # What a provider publishes of a region of a small country is near the country's.
    assert own["gcp:europe-west6"] < 50


def test_generation_factors_are_those_of_the_ipcc(generation):
    factors = dict(generation.select("technology", "carbon_gco2e_per_kwh").iter_rows())
    assert [factors[name] for name in ("hard coal", "gas", "nuclear", "onshore wind", "hydropower", "solar")] == [
        820,
        490,
        12,
        11,
        24,
        48,
    ]
    for column in ("entsoe_types", "eia_types"):
        names = generation[column].drop_nulls().str.split("|").explode()
        assert names.is_unique().all(), column


SERVER = {
    "gpu": "G",
    "gpu_kgco2e_p05": "100",
    "gpu_kgco2e_p95": "200",
    "host_kgco2e_per_node_p05": "1000",
    "host_kgco2e_per_node_p95": "2000",
    "lifetime_years_p05": "3",
    "lifetime_years_p95": "6",
    "basis": "published",
    "derivation": "x",
    "source": "https://a.example",
    "lifetime_source": "https://a.example",
    "checked_on": "2026-11-30",
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"gpu_kgco2e_p95": "50"}, "gpu_kgco2e_p95"),
        ({"lifetime_years_p95": "3"}, "lifetime_years_p95"),
        ({"lifetime_years_p05": "0"}, "lifetime_years_p05: found '0'; allowed: > 0"),
        ({"basis": "guess"}, "basis: found 'guess'"),
        ({"source": "NVIDIA"}, "source: found 'NVIDIA'; allowed: an address"),
    ],
)
def test_faults_of_a_server_are_told(tmp_path, change, told):
    path = tmp_path / "embodied_servers.csv"
    pl.DataFrame([SERVER | change]).write_csv(path)
    with pytest.raises(InputError) as error:
        read_registry(path, EmbodiedServer)
    assert told in str(error.value)
