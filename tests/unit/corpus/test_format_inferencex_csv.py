"""The CSV file that InferenceX's dashboard exports, in its three versions."""

import csv
import io

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import inferencex_csv
from inference_energy.corpus.formats.registry import recognised
from mutated_files import FUZZ, assert_read_or_refused, mutated_text

LENGTHS = ["Model", "ISL", "OSL"]
START = ["Hardware", "Hardware Key", "Framework", "Precision", "TP", "Concurrency", "Date"]
END = ["Spec Decoding", "EP", "DP Attention", "Is Multinode"]
LICENCE = "# Terms of use\n# of three lines\n# with a comma, too\n"


def columns(device, unit):
    times = [
        f"{statistic} {name} ({'tok/s/user' if name == 'Interactivity' else unit})"
        for name in ("TTFT", "TPOT", "Interactivity", "ITL", "E2E Latency")
        for statistic in ("Mean", "Median", "P99", "Std")
    ]
    speeds = [f"{kind}Throughput/{device} (tok/s)" for kind in ("", "Output ", "Input ")]
    return [*speeds, *times, "Disaggregated", f"Num Prefill {device}s", f"Num Decode {device}s", *END]


FIRST = START + columns("GPU", "ms")
SECOND = LENGTHS + START + columns("GPU", "ms")
LATER = ["Run URL", "Physical Chips", "DP"]
THIRD = LENGTHS + START + columns("Chip", "s") + LATER
VALUES = {
    "Model": "Example, R1",
    "ISL": "8192",
    "OSL": "1024",
    "Hardware": "h100",
    "Hardware Key": "h100_vllm",
    "Framework": "vllm",
    "Precision": "fp8",
    "TP": "8",
    "Concurrency": "64",
    "Date": "2026-03-02",
    "Throughput": "900.0",
    "Output Throughput": "100.5",
    "Input Throughput": "799.5",
    "Mean TTFT": "0.5",
    "P99 TTFT": "1.25",
    "Median TPOT": "0.0417",
    "Disaggregated": "false",
    "Num Prefill": "64",  # tensor x expert parallel, on 8 GPUs
    "Num Decode": "64",
    "Spec Decoding": "none",
    "EP": "8",
    "DP Attention": "true",
    "Is Multinode": "false",
    "Run URL": "https://example.org/runs/3",
    "Physical Chips": "8",
}


def row(header, **changes):
    values = VALUES | changes
    short = {name: name.split(" (")[0].split("/")[0].removesuffix(" GPUs").removesuffix(" Chips") for name in header}
    return [values.get(name, values.get(short[name], "")) for name in header]


def file_of(path, header, *rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path.write_text(LICENCE + text.getvalue(), encoding="utf-8")
    return path


def read(tmp_path, header, *rows):
    return inferencex_csv.read(file_of(tmp_path / "export.csv", header, *rows))


@pytest.mark.parametrize("header", [FIRST, SECOND, THIRD])
def test_latencies_are_seconds_in_every_version(tmp_path, header):
    found = read(tmp_path, header, row(header)).tables["throughput"].row(0, named=True)
    stated = header is not FIRST
    model, lengths = ("Example,_R1/", "in-8192/out-1024/") if stated else ("", "")
    assert found == {
        "row_id": f"{model}h100/vllm/fp8/none/tp8/ep8/{lengths}concurrency-64/2026-03-02",
        "model": "Example, R1" if stated else None,
        "gpu": "h100",
        "gpus": "8",
        "nodes": "1",
        "engine": "vLLM",
        "engine_version": None,
        "precision": "FP8",
        "tensor_parallel": "8",
        "pipeline_parallel": None,
        "expert_parallel": "8",
        "load": "closed_loop",
        "phase": "prefill_and_decode",
        "input_tokens": "8192" if stated else None,
        "input_length_kind": "mean" if stated else "unknown",
        "output_tokens": "1024" if stated else None,
        "output_length_kind": "mean" if stated else "unknown",
        "concurrency": "64",
        "throughput_tok_per_s": "100.5",
        "throughput_counts": "output",
        "throughput_scope": "gpu",
        "evidence": "measured",
        "published_on": "2026-03-02",
        "url": "https://example.org/runs/3" if header is THIRD else None,
        "serving": "aggregated",
        "prefill_gpus": None,
        "decode_gpus": None,
        "speculative_decoding": "none",
        "time_to_first_token_mean_ms": "500.0",
        "time_to_first_token_p50_ms": None,
        "time_to_first_token_p99_ms": "1250.0",
        "time_per_output_token_mean_ms": None,
        "time_per_output_token_p50_ms": "41.7",
        "time_per_output_token_p99_ms": None,
        "note": "data-parallel attention",
        "file": str(tmp_path / "export.csv"),
        "line": 5,
    }


def test_disaggregated_rows(tmp_path):
    # 4 prefill GPUs x 400 + 8 decode GPUs x 100 = 2,400 tokens/s, 200 per GPU.
    split = {"Disaggregated": "true", "Num Prefill": "4", "Num Decode": "8", "Is Multinode": "true"}
    split |= {"Throughput": "200", "Output Throughput": "100", "Input Throughput": "400"}
    reading = read(tmp_path, SECOND, row(SECOND, **split), row(SECOND, **split | {"Num Decode": "16"}))
    found = reading.tables["throughput"].row(0, named=True)
    assert (found["throughput_tok_per_s"], found["gpus"], found["decode_gpus"]) == ("800.0", "12", "8")
    assert reading.left_out == {"disaggregated, with numbers of GPUs that do not explain the throughput": 1}


def test_columns_of_the_chart_on_display_are_passed_over(tmp_path):
    shown = ["Cost per Million Tokens ($)", "Interactivity (tok/s/user)"]
    header = [*THIRD[:10], *shown, *THIRD[10:], "Configured Chip Count"]
    cells = row(THIRD)
    reading = read(tmp_path, header, [*cells[:10], "1.5", "80", *cells[10:], "9"])
    assert reading.tables["throughput"]["throughput_tok_per_s"].to_list() == ["100.5"]
    assert reading.tables["throughput"]["gpus"].to_list() == ["8"]


def test_a_key_names_the_gpu_where_the_name_is_missing(tmp_path):
    found = read(tmp_path, SECOND, row(SECOND, Hardware="")).tables["throughput"]
    assert found["gpu"].to_list() == ["h100"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ([*THIRD[:10], "Measured Power/Chip (W)", *THIRD[10:]], "line 4: found 'Measured Power/Chip .W.'"),
        ([*THIRD, "Power Series"], "line 4: found 'Power Series' of the chart on display"),
        ([*THIRD[:10], "a", "b", "c", *THIRD[10:]], "line 4: found columns 'Model', 'ISL', 'OSL', 'Hardware'"),
        ([*SECOND[:10], "a", *SECOND[10:]], "allowed: those of an export of InferenceX's dashboard"),
        (SECOND[:-1], "found columns 'Model'"),
        (["row_id", "model"], "found columns 'row_id', 'model'"),
    ],
)
def test_other_headers_are_refused(tmp_path, header, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, header, [""] * len(header))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (LICENCE, "found no rows"),
        (LICENCE + ",".join(FIRST) + "\n", "found no rows"),
        (LICENCE + ",".join(FIRST) + "\n1,2\n", "line 5: found 2 cells; allowed: 37"),
        (LICENCE + ",".join(FIRST) + '\n"1', "malformed CSV"),
    ],
)
def test_broken_files_are_refused(tmp_path, text, message):
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        inferencex_csv.read(path)


@pytest.mark.parametrize("header", [FIRST, SECOND, THIRD])
def test_no_other_format_claims_the_file(tmp_path, header):
    assert recognised(file_of(tmp_path / "export.csv", header, row(header))) == "inferencex_csv"


@pytest.mark.slow
@FUZZ
@given(text=mutated_text("\n".join([",".join(SECOND), ",".join(cell.replace(",", "") for cell in row(SECOND))])))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(inferencex_csv.read, tmp_path / "export.csv", text)
