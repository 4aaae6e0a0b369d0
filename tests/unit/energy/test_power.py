"""Power of a serving node: by hand, its limits, and the registry against what was measured."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.corpus import registries
from inference_energy.energy import power, tables
from inference_energy.statistics.distributions import LogNormal
from inference_energy.studies.study import BOUNDARIES
from scipy.optimize import root
from scipy.stats import beta
from tiny_service import NODE

RESOURCES = Path(__file__).parents[3] / "resources"
GPUS = 8
SHARE = st.floats(0, 1)


@pytest.fixture(scope="module")
def registry():
    return registries.read_registry(RESOURCES / "node_power.csv", tables.NodePower)


@pytest.fixture(scope="module")
def row(registry, hardware):
    rows = registry.join(hardware[0].select("gpu", "tdp_w"), on="gpu").rows_by_key("gpu", named=True, unique=True)
    return lambda gpu: rows[gpu]


def node_kw(row, *, board_share, host_kw, load):
    idle = row["board_idle_share_of_tdp"]
    board_w = power.board_power_w(tdp_w=row["tdp_w"], share_of_tdp=idle + (board_share - idle) * load)
    host_w = power.host_power_w(idle_w=1000 * row["host_idle_kw_per_gpu"], saturated_w=1000 * host_kw, load=load)
    return GPUS * (board_w + host_w) / 1000


def draw(row, draws=100_000):
    """Saturated board shares (beta above idle) and host powers (log-normal, cut at idle) of a row."""
    generator = np.random.default_rng(1)
    idle = row["board_idle_share_of_tdp"]
    ends = np.array([row[f"board_saturated_share_of_tdp_{end}"] for end in ("p05", "p95")])
    scaled = (ends - idle) / (1 - idle)
    solved = root(lambda logs: beta.ppf([0.05, 0.95], *np.exp(logs)) - scaled, [1.0, 0.0])
    assert solved.success
    board_share = idle + (1 - idle) * generator.beta(*np.exp(solved.x), draws)
    host_kw = LogNormal.from_percentiles(
        p05=row["host_saturated_kw_per_gpu_p05"], p95=row["host_saturated_kw_per_gpu_p95"]
    ).quantile(generator.random(draws))
    return board_share, np.maximum(host_kw, row["host_idle_kw_per_gpu"])


def test_power_by_hand():
    assert power.board_power_w(tdp_w=1000.0, share_of_tdp=0.3) == pytest.approx(300)
    assert power.board_power_w(tdp_w=1000.0, share_of_tdp=0.3, board_factor=0.8) == pytest.approx(240)
    assert power.host_power_w(idle_w=200.0, saturated_w=300.0, load=0.25) == pytest.approx(225)
    assert power.used_power_w(rated_w=1275.0, utilisation=0.6) == pytest.approx(765)
    range_kw = pl.DataFrame({"host_saturated_kw_per_gpu_p05": [0.1], "host_saturated_kw_per_gpu_p95": [0.4]})
    assert range_kw.select(power.host_middle_w()).item() == pytest.approx(200)


def test_power_within_every_boundary_by_hand():
    found = power.by_boundary_w(450.0, power.node_power_w(boards_w=450.0, host_w=150.0), 1.2, 0.1)
    assert found == pytest.approx({"gpu_boards": 450, "node": 600, "datacenter": 720, "fleet": 792})
    assert list(found) == list(BOUNDARIES)


def test_power_elementwise():
    board_w = power.board_power_w(tdp_w=np.array([1000.0, 500.0]), share_of_tdp=np.array([0.5, 1.0]))
    assert board_w == pytest.approx([500, 500])


@given(idle=SHARE, more=SHARE, load=SHARE, busier=SHARE)
def test_power_of_a_host_rises_with_load_from_idle_to_saturated(idle, more, load, busier):
    loads = (0.0, *sorted((load, busier)), 1.0)
    host_w = [power.host_power_w(idle_w=idle, saturated_w=idle + more, load=each) for each in loads]
    assert (np.diff(host_w) >= -1e-12).all()
    assert (host_w[0], host_w[-1]) == pytest.approx((idle, idle + more))


def test_a_gpu_without_a_row_has_the_mean_of_the_measured_nodes():
    rows = [NODE, NODE | {"gpu": "I", "host_idle_kw_per_gpu": 0.3}, NODE | {"gpu": "J", "basis": "from a like node"}]
    table = pl.DataFrame([row | {"host_saturated_kw_per_gpu_p95": 0.3 + place} for place, row in enumerate(rows)])
    assert power.node_of("J", table)["host_saturated_kw_per_gpu_p95"] == 2.3
    found = power.node_of("new", table)
    assert found["host_idle_kw_per_gpu"] == pytest.approx(0.2)
    assert found["host_saturated_kw_per_gpu_p95"] == pytest.approx(0.8)  # of 0.3 and 1.3, the third was not measured


def test_every_gpu_of_the_registry_is_hardware(registry, hardware):
    assert set(registry["gpu"]) <= set(hardware[0]["gpu"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.1,0.62,", "0.7,0.62,", "allowed: shares that rise from idle over P5 to P95"),
        (",0.225,0.25,", ",0.3,0.25,", "allowed: powers that rise from idle over P5 to P95"),
        ("0.62,0.99,", "0.62,1.2,", "column board_saturated_share_of_tdp_p95: found '1.2'; allowed: < 1"),
        ("from a like node", "guessed", "column basis: found 'guessed'"),
    ],
)
def test_fault_is_one_line(tmp_path, old, new, message):
    text = (RESOURCES / "node_power.csv").read_text()
    assert old in text
    path = tmp_path / "node_power.csv"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as fault:
        registries.read_registry(path, tables.NodePower)
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)


def test_saturated_b200_node_spans_the_wall_measurements(corpus, row):
    wall_kw = corpus["measured_energy"].filter(boundary="node_wall", gpu="B200 180GB")["power_w"] / 1000
    board_share, host_kw = draw(row("B200 180GB"))
    low, high = np.quantile(
        node_kw(row("B200 180GB"), board_share=board_share, host_kw=host_kw, load=1.0), [0.05, 0.95]
    )
    assert low < wall_kw.min() == pytest.approx(9.0, abs=0.05)
    assert high > wall_kw.max() == pytest.approx(10.4, abs=0.05)


def test_saturated_h200_node_capped_at_500_w_is_what_was_measured(row):
    h200 = row("H200 SXM 141GB")
    host_kw = draw(h200)[1]
    capped_kw = node_kw(h200, board_share=500 / h200["tdp_w"], host_kw=host_kw, load=1.0)
    assert np.quantile(capped_kw, 0.05) < 6.15
    assert np.quantile(capped_kw, 0.95) > 6.28
    assert np.median(capped_kw) == pytest.approx(6.15, rel=0.05)


@pytest.mark.parametrize("gpu", ["H200 SXM 141GB", "B200 180GB"])
def test_idle_node_is_what_was_measured(row, gpu):
    assert 2.37 <= node_kw(row(gpu), board_share=1.0, host_kw=1.0, load=0.0) <= 2.9
