"""ML.ENERGY leaderboard v3: every value and line mapped, other tasks left out, no crash on broken files."""

import contextlib
import copy
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import mlenergy_v3
from inference_energy.corpus.formats.reading import Reading
from mlenergy_files import PAGE, RUN


@pytest.fixture
def path(tmp_path):
    return tmp_path / "task.json"


def reading(path, page, **run):
    """The page with some values of its first run replaced, written and read."""
    page = copy.deepcopy(page)
    page["configurations"][0] |= run
    path.write_text(json.dumps(page, indent=1), encoding="utf-8")
    return mlenergy_v3.read(path)


def test_every_value_is_mapped(path):
    tables = reading(path, PAGE).tables
    row_id = "gpqa/maker/Tiny-8B/H100x2/bfloat16/tp2-ep1-dp3/bs16"
    place = {"row_id": row_id, "file": str(path), "line": 5}
    assert tables["throughput"].to_dicts() == [
        place
        | {
            "model": "maker/Tiny 8B",
            "gpu": "H100",
            "gpus": "2",
            "nodes": "1",
            "engine": "vLLM",
            "precision": "BF16",
            "tensor_parallel": "2",
            "expert_parallel": "1",
            "data_parallel": "3",
            "load": "closed_loop",
            "prompts": "GPQA Diamond",
            "phase": "prefill_and_decode",
            "input_length_kind": "unknown",
            "output_tokens": "700.25",
            "output_length_kind": "mean",
            "concurrency": "15.5",
            "throughput_tok_per_s": "1200.0",
            "throughput_counts": "output",
            "throughput_scope": "instance",
            "evidence": "measured",
            "confidence": "high",
            "stated_total_parameters_billions": "8.0",
            "stated_active_parameters_billions": "7.5",
        }
    ]
    assert tables["measured_energy"].to_dicts() == [
        place
        | {
            "boundary": "gpu_boards",
            "metered": "all_gpus",
            "includes_prefill": "yes",
            "measured_over": "steady_state",
            "energy_j_per_output_token": "0.5",
            "power_w": "600.0",
            "batch_limit": "16",
            "inter_token_latency_p50_ms": "10.5",
            "inter_token_latency_p90_ms": "11.5",
            "inter_token_latency_p95_ms": "12.5",
            "inter_token_latency_p99_ms": "13.5",
        }
    ]


def test_a_second_run_of_a_configuration_is_named_by_its_line(path):
    other = RUN | {"max_num_seqs": 32}
    tables = reading(path, PAGE | {"configurations": [RUN, other, RUN]}).tables
    base = "gpqa/maker/Tiny-8B/H100x2/bfloat16/tp2-ep1-dp3"
    assert tables["throughput"]["row_id"].to_list() == [f"{base}/bs16", f"{base}/bs32", f"{base}/bs16/line47"]
    assert tables["throughput"]["line"].to_list() == [5, 26, 47]
    assert tables["measured_energy"]["row_id"].equals(tables["throughput"]["row_id"])


@pytest.mark.parametrize(
    "before", [{"about": {"a": {}, "b": {}}}, {"about": [{}, [{}], 1]}, {"about": {"a": {"b": {}}}}]
)
def test_lines_are_right_after_other_objects(path, before):
    reading(path, before | PAGE)
    (line,) = mlenergy_v3.read(path).tables["throughput"]["line"]
    assert '"model_id"' in path.read_text().split("\n")[line]


@pytest.mark.parametrize(("gpus", "nodes"), [(1, "1"), (8, "1"), (9, None), ("8", None), (None, None)])
def test_more_than_eight_gpus_leave_the_nodes_open(path, gpus, nodes):
    assert reading(path, PAGE, num_gpus=gpus).tables["throughput"]["nodes"].to_list() == [nodes]


@pytest.mark.parametrize(
    ("found", "ours"),
    [("fp8", "FP8"), ("mxfp4", "MXFP4"), ("uint4", "INT4"), ("odd", "odd"), (None, None), ([1], "[1]")],
)
def test_precision_is_mapped_or_passed_on(path, found, ours):
    assert reading(path, PAGE, weight_precision=found).tables["throughput"]["precision"].to_list() == [ours]


@pytest.mark.parametrize(
    ("found", "text"),
    [([1], "[1]"), ({}, "{}"), (True, "True"), (None, None), (float("nan"), "nan"), (10**400, "1" + "0" * 400)],
)
def test_a_value_of_the_wrong_type_becomes_text(path, found, text):
    tables = reading(path, PAGE, avg_power_watts=found, output_throughput_tokens_per_sec=found).tables
    assert tables["measured_energy"]["power_w"].to_list() == [text]
    assert tables["throughput"]["throughput_tok_per_s"].to_list() == [text]


def test_a_task_that_is_not_text_is_left_out(path):
    read = reading(path, PAGE | {"task": "image-chat", "configurations": [RUN, {}]})
    assert read.left_out == {"task image-chat is not text": 2}
    assert all(table.is_empty() for table in read.tables.values())


NESTED = "[" * 100_000
BAD_FILES = {
    "empty": (b"", "empty"),
    "not utf-8": (b"\xff\xfe", "UTF-8"),
    "truncated": (json.dumps(PAGE).encode()[:-20], "not valid JSON"),
    "deep": (NESTED.encode(), "not usable JSON"),
    "list": (b"[]", "found list; allowed: an object"),
    "no task": (json.dumps({"configurations": [RUN]}).encode(), "task: found NoneType"),
    "task is a list": (json.dumps(PAGE | {"task": ["gpqa"]}).encode(), "task: found list"),
    "no configurations": (b'{"task": "gpqa"}', "configurations: found NoneType; allowed: a list"),
    "configurations are an object": (b'{"task": "gpqa", "configurations": {}}', "found dict; allowed: a list"),
    "none": (b'{"task": "gpqa", "configurations": []}', "found an empty list; allowed: a list"),
    "not an object": (b'{"task": "gpqa", "configurations": [{}, 3]}', "configurations[1]: found int"),
    "other format": (b'{"task": "gpqa", "configurations": [{"a": 1}]}', "output_throughput_tokens_per_sec"),
    "half a character": (json.dumps(PAGE).replace("H100", "\\ud800").encode(), "cannot be stored"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_broken_file_is_told_in_one_line(path, content, message):
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        mlenergy_v3.read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def only_reads_or_refuses(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.json"
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            assert isinstance(mlenergy_v3.read(path), Reading)


def test_no_depth_of_nesting_crashes():
    for key in ("weight_precision", "avg_power_watts"):
        for depth in range(700, 1000, 3):
            nested = "[" * depth + "]" * depth
            only_reads_or_refuses(
                json.dumps(PAGE | {"configurations": [RUN | {key: "X"}]}).replace('"X"', nested).encode()
            )


@pytest.mark.slow
@settings(max_examples=100)
@given(st.data())
def test_changed_text_never_crashes(data):
    text = json.dumps(PAGE, indent=1)
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    middle = data.draw(st.text(max_size=20) | st.sampled_from(['"', "{", "[", "\\ud800", "1e999", "NaN"]))
    only_reads_or_refuses((text[:start] + middle + text[stop:]).encode("utf-8", "replace"))


@pytest.mark.slow
@settings(max_examples=100)
@given(st.data())
def test_any_value_anywhere_never_crashes(data):
    page = copy.deepcopy(PAGE)
    place = data.draw(st.sampled_from([page, page["configurations"][0]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(ANY_JSON)
    only_reads_or_refuses(json.dumps(page).encode())
