"""Logs of the power of GPUs: of nvidia-smi, and of amd-smi or rocm-smi."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import power_csv
from inference_energy.corpus.formats.registry import FORMATS, recognised
from mutated_files import FUZZ, assert_read_or_refused, mutated_text

NVIDIA = """timestamp, name, index, power.draw [W], temperature.gpu
2026/02/01 10:00:00.250, Card, 0, 400.50 W, 60
2026/02/01 10:00:00.260, Card, 1, [N/A], 61
2026/02/01 10:00:01.250, Card, 0, 401.00 W, 60
"""
AMD = """timestamp,gpu,socket_power,temperature
1769940000,0,700,60
1769940000,1,N/A,60
1769940001.5,0,710.25,60
"""


def samples(tmp_path, text, tool=power_csv.NVIDIA_SMI):
    path = tmp_path / "power.csv"
    path.write_text(text)
    return power_csv.samples(path, tool).rows()


def test_samples_of_nvidia_smi(tmp_path):
    time = datetime(2026, 2, 1, 10, 0, 0, 250_000)
    assert samples(tmp_path, NVIDIA) == [
        (time, "0", 400.5, 2),
        (time + timedelta(milliseconds=10), "1", None, 3),
        (time + timedelta(seconds=1), "0", 401.0, 4),
    ]


def test_samples_of_amd_smi(tmp_path):
    time = datetime(2026, 2, 1, 10, 0, tzinfo=UTC)
    assert samples(tmp_path, AMD, power_csv.AMD_SMI) == [
        (time, "0", 700.0, 2),
        (time, "1", None, 3),
        (time + timedelta(seconds=1.5), "0", 710.25, 4),
    ]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("timestamp, index, power.draw [W]", "2026/02/01 10:00:00, 0, 400"),
        ("power.draw, timestamp, uuid", "400.0 W, 2026/02/01 10:00:00.000, 0"),
        ("index, power.draw.instant [W], power.draw.average [W], timestamp", "0, 500 W, 400 W, 2026/02/01 10:00:00"),
        ("timestamp, gpu_bus_id, power.draw [W], note", '2026-02-01T10:00:00, 0, 400 W, "a, b"'),
    ],
)
def test_columns_and_units_of_nvidia_smi(tmp_path, head, row):
    assert samples(tmp_path, f"{head}\n{row}\n") == [(datetime(2026, 2, 1, 10), "0", 400.0, 2)]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("timestamp,gpu,power_usage", "2026-02-01T10:00:00Z,0,400 W"),
        ("timestamp,device,Average Graphics Package Power (W)", "2026-02-01 11:00:00+01:00,0,400.0"),
        ("time,card,power_w", "1769940000000,0,400"),
    ],
)
def test_columns_and_times_of_amd_smi(tmp_path, head, row):
    expected = [(datetime(2026, 2, 1, 10, tzinfo=UTC), "0", 400.0, 2)]
    assert samples(tmp_path, f"{head}\n{row}\n", power_csv.AMD_SMI) == expected


def test_a_head_written_again_and_a_last_line_cut_short_are_no_samples(tmp_path):
    head, row = NVIDIA.split("\n")[:2]
    assert len(samples(tmp_path, f"{head}\n{row}\n{head}\n{row}\n2026/02/01 10:00")) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("timestamp, index\n1, 2\n", "line 1: found no column power.draw, power.draw.average or power.draw.instant"),
        ("index, power.draw [W]\n1, 2\n", "line 1: found no column timestamp; allowed: a log of nvidia-smi"),
        ("timestamp, power.draw [W]\n1, 2\n", "line 1: found no column gpu_bus_id"),
        ("timestamp, index, power.draw [W]\n", "found no samples"),
        (NVIDIA + "2026/02/01 10:00:02.250, 0\n", "line 5: found 2 cells; allowed: 5"),
        (NVIDIA.replace("401.00 W", "401.00 kW"), "line 4: found power '401.00 kW'; allowed: watts"),
        (NVIDIA.replace("401.00 W", "-1 W"), "line 4: found power '-1 W'"),
        (NVIDIA.replace("2026/02/01 10:00:01.250", "now"), "line 4: found time 'now'; allowed: for example"),
        (NVIDIA.replace("2026/02/01 10:00:01.250", "2026-02-01T10:00:01Z"), "times with and without a zone"),
        (NVIDIA.replace("2026/02/01 10:00:01.250", "9" * 30), "line 4: found time"),
    ],
)
def test_wrong_logs_are_refused(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        samples(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path / "power.csv") in str(caught.value)


@pytest.mark.parametrize(("text", "name"), [(NVIDIA, "nvidia_smi_csv"), (AMD, "amd_smi_csv")])
def test_a_log_is_recognised_and_has_no_rows_of_its_own(tmp_path, text, name):
    path = tmp_path / "power.csv"
    path.write_text(text)
    assert recognised(path) == name
    assert FORMATS[name].read(path).tables == {}


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(NVIDIA))
def test_any_log_of_nvidia_smi_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(FORMATS["nvidia_smi_csv"].read, tmp_path / "power.csv", text)


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(AMD))
def test_any_log_of_amd_smi_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(FORMATS["amd_smi_csv"].read, tmp_path / "power.csv", text)
