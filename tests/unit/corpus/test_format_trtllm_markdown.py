"""TensorRT-LLM performance pages: the three layouts of tables, units, versions, and no crash on broken pages."""

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import trtllm_markdown, trtllm_tables
from inference_energy.corpus.formats.reading import Reading

BY_ROW = """# Overview
All data was generated using version 0.17 and presents token throughput in tokens/second.

| Throughput (tokens / sec) | | **GPU** | Big 80GB | | Small |
|:--|:--|:--|:--|:--|:--|
| | Precision | | FP8 | FP16 | FP8 |
| Model | Tensor Model Parallel Size | Runtime Input/Output Lengths | | | |
| Tiny 8B | 1 | 128, 128 | 300.5 | 200 | |
| | | 128, 2048 | 250 | | 90 |
| | 16 | 128, 128 | 1,500.25 | | |
| | | | | | |
| Huge | 8 | 20, 10 | 7 | N/A | - |

| Model | GPU | TP | QPS |
|-|-|-|-|
| Tiny 8B | Big | 1 | 2 |
| | | | INF |
"""
BY_SECTION = """The reported metric is `Total Output Throughput (tokens/sec)`.

| $isl | ISL of the run |
|-|-|

#### Tiny 8B FP4

|          | GPU:    | Big       |           | Small |
|:---------|:--------|:----------|:----------|:------|
|          | TP Size | 1         | 2         | 4     |
| ISL, OSL |         |           |           |       |
|          |         |           |           |       |
| 128, 256 |         | 10,994.48 | 20,000    | 5     |

#### Huge NVFP4 ##
To reproduce, please use v0.20
|          | GPU | Big |
|:---------|:----|:----|
|          | TP Size | 8 |
| ISL, OSL |     |     |
| 1, 2     |     | 3   |

The data collected for the v0.21 benchmarks was run with:
```text
Per GPU Output Throughput (tokens/sec/gpu): 5
| ISL, OSL | not a table |
```
"""
BY_COLUMN = """All values are `output tokens per second per GPU`.

# Tiny 8B

| Sequence Length (ISL/OSL) | Big<br/>DEP4 (FP4) | Small<br/>TP2 (FP8) |
|---|---|---|
| 1000/500 | 6,463 | 1,627 |
| 1024/8192 | 1,168 | |

Card X
| Sequence Length (ISL/OSL) | **4 GPUs**<br/>DEP2,PP2 (FP4) |
|---|---|
| 1000/500 | 12 |

# Tiny 8B - Card Y

*Shows some configurations*

| Sequence Length (ISL/OSL) | **8 GPUs**<br/>TP1,PP8 (FP4) | **8 GPUs**<br/>TP1,PP8 (FP4) |
|---|---|---|
| 1000/500 | 13 | 14 |
"""
BY_BATCH = """All data was generated using version 0.9.0
| Model | Batch Size | TP (1) | Input Length | Output Length | Throughput (out tok/s/GPU) |
|-|-|-|-|-|-:|
| Tiny 8B | 64 | 1 | 128 | 128 | 7,304 |
"""
FACTS = {
    "engine": "TensorRT-LLM",
    "load": "offline",
    "prompts": "synthetic",
    "phase": "prefill_and_decode",
    "input_length_kind": "fixed",
    "output_length_kind": "fixed",
    "throughput_counts": "output",
    "evidence": "vendor_published",
    "confidence": "high",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "perf-overview.md"


def reading(path, page):
    path.write_text(page, encoding="utf-8")
    return trtllm_markdown.read(path)


def columns(read, *names):
    return read.tables["throughput"].select(names).rows()


def test_every_value_is_mapped(path):
    first = reading(path, BY_ROW).tables["throughput"].row(0, named=True)
    assert first == FACTS | {
        "row_id": "Tiny-8B/Big-80GB/FP8/tp1/128-128",
        "model": "Tiny 8B",
        "gpu": "Big 80GB",
        "gpus": "1",
        "nodes": "1",
        "engine_version": "0.17",
        "precision": "FP8",
        "tensor_parallel": "1",
        "input_tokens": "128",
        "output_tokens": "128",
        "throughput_tok_per_s": "300.5",
        "throughput_scope": "instance",
        "file": str(path),
        "line": 8,
    }


def test_rows_of_model_parallelism_and_lengths(path):
    read = reading(path, BY_ROW)
    assert columns(read, "row_id", "gpus", "nodes", "throughput_tok_per_s", "line") == [
        ("Tiny-8B/Big-80GB/FP8/tp1/128-128", "1", "1", "300.5", 8),
        ("Tiny-8B/Big-80GB/FP16/tp1/128-128", "1", "1", "200", 8),
        ("Tiny-8B/Big-80GB/FP8/tp1/128-2048", "1", "1", "250", 9),
        ("Tiny-8B/Small/FP8/tp1/128-2048", "1", "1", "90", 9),
        ("Tiny-8B/Big-80GB/FP8/tp16/128-128", "16", None, "1500.25", 10),
        ("Huge/Big-80GB/FP8/tp8/20-10", "8", "1", "7", 12),
    ]
    assert read.left_out == {"cell without a figure": 6, "row of a table without ISL/OSL": 1}


def test_a_table_per_model(path):
    read = reading(path, BY_SECTION)
    assert columns(read, "row_id", "precision", "engine_version", "throughput_tok_per_s", "line") == [
        ("Tiny-8B/Big/FP4/tp1/128-256", "FP4", "0.21", "10994.48", 13),
        ("Tiny-8B/Big/FP4/tp2/128-256", "FP4", "0.21", "20000", 13),
        ("Tiny-8B/Small/FP4/tp4/128-256", "FP4", "0.21", "5", 13),
        ("Huge/Big/FP4/tp8/1-2", "FP4", "0.20", "3", 21),
    ]
    assert set(columns(read, "throughput_scope")) == {("instance",)}
    assert read.left_out == {}


def test_a_head_that_says_it_all(path):
    read = reading(path, BY_COLUMN)
    degrees = ("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel")
    assert columns(read, "row_id", "gpu", "gpus", *degrees, "throughput_tok_per_s") == [
        ("Tiny-8B/Big/FP4/ep4-dp4/1000-500", "Big", "4", None, None, "4", "4", "6463"),
        ("Tiny-8B/Small/FP8/tp2/1000-500", "Small", "2", "2", None, None, None, "1627"),
        ("Tiny-8B/Big/FP4/ep4-dp4/1024-8192", "Big", "4", None, None, "4", "4", "1168"),
        ("Tiny-8B/Card-X/FP4/pp2-ep2-dp2/1000-500", "Card X", "4", None, "2", "2", "2", "12"),
        ("Tiny-8B/Card-Y/FP4/tp1-pp8/1000-500", "Card Y", "8", "1", "8", None, None, "13"),
        ("Tiny-8B/Card-Y/FP4/tp1-pp8/1000-500/line21-2", "Card Y", "8", "1", "8", None, None, "14"),
    ]
    assert set(columns(read, "throughput_scope", "engine_version")) == {("gpu", None)}
    assert read.left_out == {"cell without a figure": 1}


@pytest.mark.parametrize(
    ("head", "gpus"),
    [("Big TP2,PP4 (FP8)", "8"), ("Big TP8,EP4 (FP8)", "8"), ("Big PP2,DEP4 (FP4)", "8"), ("Big EP4 (FP4)", "")],
)
def test_experts_are_on_the_gpus_that_the_other_degrees_count(head, gpus):
    assert trtllm_tables._column_head(head, "a.md line 1")["gpus"] == gpus


@pytest.mark.parametrize(
    ("cell", "figure", "note"),
    [
        ("6,920<sup>1</sup>", "6920", "footnote best of three"),
        ("6,920 <sup>2</sup>", "6920", "marked <sup>2</sup>"),
        ("2,587*", "2587", "marked *"),
        ("2,587[^3]", "2587", "marked [^3]"),
        ("2,587\u00b2", "2587", "marked \u00b2"),
        ("2 582", "2582", None),
        ("2\u2009582", "2582", None),
        ("12\u202f582.5", "12582.5", None),
        ("~1,362", "1362", "approximate"),
        ("\u2248 1,362\u2020", "1362", "marked \u2020; approximate"),
        ("6.842", "6.842", None),
    ],
)
def test_figures_with_marks(path, cell, figure, note):
    page = BY_COLUMN.replace("| 6,463 |", f"| {cell} |") + "\n<sup>1</sup> best of three\n"
    row = reading(path, page).tables["throughput"].row(0, named=True)
    assert (row["throughput_tok_per_s"], row.get("note")) == (figure, note)


@pytest.mark.parametrize("cell", ["-", "\u2013", "N/A", "n/a", "OOM", "*"])
def test_cells_without_a_digit_are_counted(path, cell):
    assert reading(path, BY_COLUMN.replace("| 6,463 |", f"| {cell} |")).left_out == {"cell without a figure": 2}


@pytest.mark.parametrize(
    ("words", "scope", "version"),
    [
        ("Data was generated using version 0.14.0.", "instance", "0.14.0"),
        ("*(NEW for v1.0) Something*", "instance", "1.0"),
        ("Data was generated using version 1.1.", "gpu", "1.1"),
        ("`Total Output Throughput (tokens/sec)`, NEW for v1.2", "instance", "1.2"),
        ("`Output Throughput per GPU (tokens/sec/GPU)`", "gpu", None),
        ("`tokens/sec/GPU`, generated using version 0.9", "gpu", "0.9"),
    ],
)
def test_words_on_the_unit_go_before_the_version(path, words, scope, version):
    read = reading(path, BY_COLUMN.replace("All values are `output tokens per second per GPU`.", words))
    assert set(columns(read, "throughput_scope", "engine_version")) == {(scope, version)}


NO_UNIT = BY_COLUMN.replace("per GPU", "in all")
BAD_PAGES = {
    "no table": ("# Overview\n", "found no throughput table"),
    "another table": ("| Stage | Command |\n|-|-|\n| Run | run |\n", "found no throughput table"),
    "table in code": (f"```\n{BY_COLUMN}\n```", "found no throughput table"),
    "short row": (BY_ROW.replace("| 250 | |", "| 250 |"), "line 9: found 5 cells; allowed: 6"),
    "long row": (BY_COLUMN.replace("| 12 |", "| 12 | 13 |"), "line 13: found 3 cells; allowed: 2"),
    "no dashes": (BY_COLUMN.replace("|---|---|---|\n", "", 1), "line 6: found '1000/500 | 6,463 | 1,627'"),
    "only a head": ("tokens/sec/GPU\n| ISL/OSL | A TP1 (FP4) |", "line 2: found 'ISL/OSL | A TP1 (FP4)'"),
    "lengths": (BY_ROW.replace("20, 10", "20 to 10"), "line 12: found lengths '20 to 10'"),
    "no lengths": (BY_ROW.replace("| Huge | 8 | 20, 10", "| Huge | 8 | "), "line 12: found lengths ''"),
    "column head": (BY_COLUMN.replace("TP2 (FP8)", "two (FP8)"), "line 5: found column head 'Small two (FP8)'"),
    "unknown degree": (BY_COLUMN.replace("TP2 (FP8)", "XP2 (FP8)"), "line 5: found column head 'Small XP2 (FP8)'"),
    "unknown head row": (BY_ROW.replace("Precision", "PP Size"), "line 6: found head 'PP Size | FP8 | FP16 | FP8'"),
    "unknown key": (BY_ROW.replace("Tensor Model Parallel Size", "PP"), "line 7: found head 'Model | PP | Runtime"),
    "no unit": (NO_UNIT, "found neither unit and no version"),
    "two units": (BY_COLUMN + "\nTotal Output Throughput\n", "found both units"),
    "empty": ("", "empty"),
    "figure with a letter": (BY_COLUMN.replace("| 6,463 |", "| 6,463x |"), "line 7: found figure '6,463x'"),
    "two figures": (BY_COLUMN.replace("| 6,463 |", "| 6,463/2 |"), "line 7: found figure '6,463/2'"),
    "thousands in twos": (BY_COLUMN.replace("| 6,463 |", "| 64,63 |"), "line 7: found figure '64,63'"),
    "version 0.9": (BY_BATCH, "found a table of version 0.9, by batch size; allowed: pages since 0.14"),
}


@pytest.mark.parametrize(("page", "message"), BAD_PAGES.values(), ids=BAD_PAGES)
def test_a_broken_page_is_told_in_one_line(path, page, message):
    with pytest.raises(InputError) as caught:
        reading(path, page)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text(path):
    path.write_bytes(b"| \xff |")
    with pytest.raises(InputError, match="UTF-8"):
        trtllm_markdown.read(path)


def test_a_parallelism_beside_the_lengths(path):
    page = "tokens/sec/GPU\n# M FP8\n| | GPU | A | B |\n|-|-|-|-|\n| ISL, OSL | TP Size | 1 | x |\n| 1/2 | | 3 | 4 |\n"
    assert columns(reading(path, page), "gpu", "gpus", "throughput_tok_per_s") == [("A", "1", "3"), ("B", "x", "4")]


@pytest.mark.slow
@settings(max_examples=100)
@given(st.data())
def test_changed_text_never_crashes(data):
    text = data.draw(st.sampled_from([BY_ROW, BY_SECTION, BY_COLUMN]))
    for _ in range(data.draw(st.integers(1, 3))):
        start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        stop = min(stop, start + data.draw(st.sampled_from([0, 3, 30, 1000])))
        piece = st.sampled_from(
            ["|", "\n", " | ", "GPU", "ISL/OSL", "|-|-|\n", "9" * 5000, "TP4", "```", "# A - B", ","]
        )
        text = text[:start] + data.draw(piece | st.text(max_size=20)) + text[stop:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.md"
        path.write_bytes(text.encode("utf-8", "replace"))
        with contextlib.suppress(InputError):
            assert isinstance(trtllm_markdown.read(path), Reading)
