"""Energy of a run from the power log beside it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml
from inference_energy.common.errors import InputError
from inference_energy.corpus.power_log import mean_power_w
from inference_energy.corpus.read import read_sources
from inference_energy.corpus.registries import Names
from messages import message_of

START = datetime(2026, 2, 1, 10)
RESULT = {
    "date": "20260201-100010",  # the run ended ten seconds after START
    "backend": "vllm",
    "model_id": "Tiny 8B",
    "gpu": "Card",
    "num_gpus": 2,
    "nodes": 1,
    "precision": "bf16",
    "duration": 10.0,
    "completed": 10,
    "total_input_tokens": 1000,
    "total_output_tokens": 1000,
    "output_throughput": 100.0,
    "max_concurrency": 8,
}
KNOWN = {name: Names(Path("x.csv"), {value: value}) for name, value in (("model", "Tiny 8B"), ("gpu", "Card"))}


def frame(*powers, step=1.0, first=START, gpus=1):
    """Samples of every GPU, a step apart."""
    return pl.DataFrame(
        [
            {"time": first + timedelta(seconds=step * i), "gpu": str(gpu), "power_w": power, "line": i}
            for gpu in range(gpus)
            for i, power in enumerate(powers)
        ],
        schema_overrides={"power_w": pl.Float64},
    )


def mean(samples, start, end):
    return mean_power_w(samples, START + timedelta(seconds=start), START + timedelta(seconds=end), "log")


def test_mean_of_constant_power_is_that_power():
    assert mean(frame(300, 300, 300), 0, 2) == 300


def test_mean_of_all_gpus_together():
    assert mean(frame(300, 300, 300, gpus=4), 0, 2) == 1200


def test_power_is_linear_between_samples():
    # 0 W at 0 s, 100 W at 1 s, 100 W at 2 s: the area is 50 + 100 over 2 s.
    assert mean(frame(0, 100, 100), 0, 2) == pytest.approx(75)


def test_edges_of_the_window_lie_between_samples():
    # 0 W at 0 s to 300 W at 3 s: from 0.5 s (50 W) to 2.5 s (250 W) the mean is 150 W.
    assert mean(frame(0, 100, 200, 300), 0.5, 2.5) == pytest.approx(150)
    assert mean(frame(0, 100, 200, 300), 1.25, 1.75) == pytest.approx(150)


def test_what_is_outside_the_window_does_not_count():
    assert mean(frame(900, 300, 300, 300, None), 1, 3) == 300


def test_samples_at_one_time_are_averaged():
    twice = pl.concat([frame(200, 200, 200), frame(400, 400, 400)])
    assert mean(twice, 0, 2) == 300


@pytest.mark.parametrize(
    ("samples", "start", "end", "message"),
    [
        (
            frame(300, 300, 300),
            0,
            3,
            "log: GPU 0: found samples from 2026-02-01 10:00:00 to 2026-02-01 10:00:02; allowed",
        ),
        (frame(300, 300, 300), -1, 1, "log: GPU 0: found samples from"),
        (frame(300, None, 300), 0, 2, "log: GPU 0: found a sample without power inside the run"),
        (
            frame(300, 300, 300, step=5.5),
            0,
            11,
            "log: GPU 0: found a gap of 5.5 s inside the run; allowed: at most 5 s",
        ),
        (frame(300, 300), 1, 1, "log: found a window from"),
    ],
)
def test_faults_of_a_log(samples, start, end, message):
    assert message_of(mean, samples, start, end).startswith(message)


def test_times_with_and_without_a_zone_do_not_mix():
    samples = frame(300, 300, first=START.replace(tzinfo=UTC))
    assert "with an offset from UTC" in message_of(mean, samples, 0, 1)
    zoned = [START.replace(tzinfo=UTC) + timedelta(seconds=s) for s in (0, 1)]
    assert mean_power_w(samples, *zoned, "log") == 300
    with pytest.raises(InputError, match="without an offset"):
        mean_power_w(frame(300, 300), *zoned, "log")


def log(*powers, gpus=2, before=2):
    """A log of nvidia-smi, from `before` seconds before the run, every second."""
    rows = ["timestamp, index, power.draw [W]"]
    for i, power in enumerate(powers):
        time = START + timedelta(seconds=i - before)
        rows += [f"{time:%Y/%m/%d %H:%M:%S}.000, {gpu}, {power}" for gpu in range(gpus)]
    return "\n".join(rows) + "\n"


LOG = log(90, 90, *["300.0 W"] * 11, 90)


def write(tmp_path, results=(RESULT,), power=LOG, entry=None, log_entry=None):
    folder = tmp_path / "lab"
    folder.mkdir(exist_ok=True)
    files = {}
    contents = {
        "run.json": ("vllm_bench_json", "\n".join(map(json.dumps, results))),
        "power.csv": ("nvidia_smi_csv", power),
    }
    for name, (form, content) in contents.items():
        (folder / name).write_text(content)
        files[name] = {"sha256": hashlib.sha256(content.encode()).hexdigest(), "format": form}
    files["run.json"] |= {"facts": {"confidence": "high"}} | ({"power_log": "power.csv"} if entry is None else entry)
    files["power.csv"] |= log_entry or {}
    origin = dict.fromkeys(("publisher", "title", "version", "licence", "citation"), "x")
    origin |= {"url": "https://example.org", "read_on": "2026-02-02", "files": files}
    (folder / "origin.yaml").write_text(yaml.safe_dump(origin))


@pytest.fixture
def read(tmp_path, origin_schema):
    def read(**changes):
        write(tmp_path, **changes)
        return read_sources(tmp_path, origin_schema, KNOWN)

    return read


def test_energy_of_a_run_from_its_own_date_and_duration(tmp_path, read):
    tables = read()
    energy = tables["measured_energy"].row(0, named=True)
    expected = {
        "row_id": "Tiny 8B/concurrency-8/20260201-100010".replace(" ", "_"),
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "whole_run",
        "validity": "not_stated",
        "power_w": 600.0,  # two GPUs at 300 W
        "energy_j_per_output_token": 6.0,  # 600 W / 100 tokens/s
        "duration_s": 10.0,
        "gpus": 2,
        "file": str(tmp_path / "lab/power.csv"),
        "line": 6,  # the head, and two samples of two GPUs before the run
    }
    assert {column: energy[column] for column in expected} == expected
    assert tables["source"].select("rows_read", "rows_accepted").rows() == [(1, 1), (1, 1)]


def test_energy_over_a_window_of_the_origin(read):
    window = {"start": "2026-02-01T09:59:58", "end": "2026-02-01 09:59:59"}
    energy = read(entry={"power_log": "power.csv", "window": window})["measured_energy"].row(0, named=True)
    assert (energy["power_w"], energy["energy_j_per_output_token"], energy["duration_s"]) == (180, 1.8, 1)


def test_the_number_of_gpus_may_be_a_fact(read):
    result = {key: value for key, value in RESULT.items() if key != "num_gpus"}
    entry = {"power_log": "power.csv", "facts": {"confidence": "high", "gpus": 2}}
    assert read(results=[result], entry=entry)["measured_energy"]["power_w"].to_list() == [600]


WITHOUT_DATE = {key: value for key, value in RESULT.items() if key != "date"} | {"published": "x"}
FAULTS = {
    "no entry names it": (
        {"entry": {}},
        "files.power.csv: found a power log that no result names; allowed: power_log:",
    ),
    "no such log": ({"entry": {"power_log": "x.csv"}}, "files.run.json.power_log: found 'x.csv'; allowed: power.csv"),
    "no log": ({"entry": {"power_log": "run.json"}}, "power_log: found 'run.json'; allowed: power.csv"),
    "two runs": ({"results": [RESULT, RESULT]}, "run.json: found 2 runs beside a power log; allowed: one"),
    "too many GPUs": (
        {"power": log(*[300] * 14, gpus=3)},
        "found a run on 2 GPUs and 3 in power.csv; allowed: a log of",
    ),
    "no GPUs": ({"results": [RESULT | {"num_gpus": None}]}, "found no number of GPUs and 2 in power.csv"),
    "no time": ({"results": [WITHOUT_DATE]}, "found no time of the run in the result; allowed: window: {start"),
    "too short": ({"power": log(*[300] * 9)}, "power.csv: GPU 0: found samples from"),
    "no throughput": ({"results": [RESULT | {"output_throughput": 0}]}, "run.json: found no output throughput"),
    "no date": (
        {"entry": {"power_log": "power.csv", "window": {"start": "2026-02-01T10:00", "end": "2026-99-01T10:00"}}},
        "files.run.json.window.end: found '2026-99-01T10:00'; allowed: for example",
    ),
    "a window alone": (
        {"entry": {"window": {"start": "2026-02-01T10:00", "end": "2026-02-01T10:01"}}},
        "files.run.json: 'power_log' is a dependency of 'window'",
    ),
    "no end": ({"entry": {"power_log": "power.csv", "window": {"start": "2026-02-01T10:00"}}}, "missing key end"),
    "a log names a log": ({"log_entry": {"power_log": "power.csv"}}, "power.csv: found 0 runs beside a power log"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_one_line(tmp_path, origin_schema, fault):
    changes, message = FAULTS[fault]
    write(tmp_path, **changes)
    assert message in message_of(read_sources, tmp_path, origin_schema, KNOWN)
