"""Measured lengths of requests: read with their origin, summarised by hand-computable numbers."""

import hashlib
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.corpus import registries
from inference_energy.oviedo import token_lengths
from inference_energy.requests import traces
from inference_energy.requests.sources import read_folder
from inference_energy.requests.traces import FORMATS, weighted_quantiles
from inference_energy.statistics.quantiles import QUANTILES

ROOT = Path(__file__).parents[3]
LENGTHS = "workload,input_tokens,output_tokens,requests\nchat,10,100,1\nchat,1000,100,1\n"
ANSWER_ROWS = (
    "task,model,responses,output_tokens_p05,output_tokens_p25,output_tokens_p50,output_tokens_p75,output_tokens_p95\n"
    "chat,Llama 3.1 8B,100,10,20,30,40,50\n"
)
ORIGIN = """\
publisher: p
title: t
url: https://example.org
version: "1"
read_on: "2026-01-01"
licence: l
citation: c
files:
  lengths.csv: {{sha256: {lengths}, format: request_lengths_csv}}
  answers.csv: {{sha256: {answers}, format: output_length_quantiles_csv}}
"""


@pytest.fixture(scope="module")
def schema():
    return yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")


@pytest.fixture(scope="module")
def known():
    return {"model": registries.read_models(ROOT / "resources/models.csv")[1]}


@pytest.fixture
def read(tmp_path, schema, known):
    def write_and_read(lengths=LENGTHS, answers=ANSWER_ROWS):
        folder = tmp_path / "workloads"
        (folder / "own").mkdir(parents=True, exist_ok=True)
        sums = {}
        for name, text in (("lengths", lengths), ("answers", answers)):
            (folder / "own" / f"{name}.csv").write_text(text)
            sums[name] = hashlib.sha256(text.encode()).hexdigest()
        (folder / "own" / "origin.yaml").write_text(ORIGIN.format(**sums))
        return read_folder(folder, schema, FORMATS, known)

    return write_and_read


def test_rows_keep_their_place_and_models_their_name(read):
    tables = read(answers=ANSWER_ROWS.replace("Llama 3.1 8B", "meta-llama/Llama-3.1-8B-Instruct"))
    lengths = tables["request_lengths_csv"]
    assert lengths.select("source", "line").rows() == [("own", 2), ("own", 3)]
    assert lengths["cached_input_share"].null_count() == 2
    assert tables["output_length_quantiles_csv"]["model"].to_list() == ["Llama 3.1 8B"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("chat,10,", "chat,0,", "line 2 column input_tokens: found '0'; allowed: >= 1"),
        (",100,1\nchat,1000", ",100,0\nchat,1000", "line 2 column requests: found '0'"),
        ("chat,10,", "chat,ten,", "line 2 column input_tokens: found 'ten'; allowed: a number"),
        ("chat,1000,", "chat,10,", "allowed: one row per workload and input_tokens and output_tokens"),
        ("chat,10,", "Chat 1,10,", "line 2 column workload"),
        ("requests", "queries", "line 1: missing column requests"),
    ],
)
def test_fault_of_a_row_stops_in_one_line(read, old, new, message):
    with pytest.raises(InputError) as caught:
        read(lengths=LENGTHS.replace(old, new, 1))
    assert message in str(caught.value)


def test_quantiles_must_rise(read):
    with pytest.raises(InputError, match="quantiles that rise from P5 to P95"):
        read(answers=ANSWER_ROWS.replace("10,20,30,40,50", "10,20,15,40,50"))


def test_unknown_format_names_the_allowed_ones(read, tmp_path, schema, known):
    read()
    path = tmp_path / "workloads/own/origin.yaml"
    path.write_text(path.read_text().replace("request_lengths_csv", "throughput_csv"))
    with pytest.raises(InputError, match="format: found 'throughput_csv'; allowed: output_length_quantiles_csv or req"):
        read_folder(tmp_path / "workloads", schema, FORMATS, known)


def lengths(*bins):
    names = ("workload", "input_tokens", "output_tokens", "requests", "cached_input_share")
    return pl.DataFrame([dict(zip(names, row, strict=True)) | {"source": "s"} for row in bins])


def test_median_between_two_bins_is_their_geometric_mean():
    found = weighted_quantiles(lengths(("w", 10.0, 50.0, 1, None), ("w", 1000.0, 50.0, 1, None)), {"p50": 0.5})
    by_side = dict(found.select("side", "tokens_p50").iter_rows())
    assert by_side == pytest.approx({"input": 100.0, "output": 50.0})
    assert found["cached_input_share"].null_count() == 2


def test_requests_are_weights():
    found = weighted_quantiles(lengths(("w", 10.0, 1.0, 999, None), ("w", 1000.0, 1.0, 1, None)), {"p50": 0.5})
    assert found["tokens_p50"][0] == pytest.approx(10.0, rel=0.01)


def test_cached_share_is_of_tokens():
    # 100 tokens of which half are cached, 300 tokens of which none: 50 of 400.
    found = weighted_quantiles(lengths(("w", 100.0, 1.0, 1, 0.5), ("w", 300.0, 1.0, 1, 0.0)), QUANTILES)
    assert found["cached_input_share"].to_list() == pytest.approx([0.125, 0.125])


def test_assumed_lengths_of_a_study(study):
    rows = {
        (row["label"], row["side"]): row
        for row in token_lengths.assumed_lengths(study, QUANTILES).iter_rows(named=True)
    }
    traditional = study.workloads["traditional"].label
    assert rows[traditional, "output"]["tokens_p50"] == 300
    assert rows[traditional, "input"]["tokens_p05"] == rows[traditional, "input"]["tokens_p95"] == 500


def test_traces_that_ship(schema, known):
    tables = read_folder(ROOT / "resources/workloads", schema, FORMATS, known)
    requests = tables["request_lengths_csv"].group_by("workload").agg(pl.col("requests").sum())
    assert dict(requests.iter_rows()) == {
        "azure_code": 8819,
        "azure_conversation": 19_366,
        "mooncake_conversation": 12_031,
        "mooncake_synthetic": 3993,
    }
    found = weighted_quantiles(tables["request_lengths_csv"], QUANTILES)
    # Medians and means of the traces themselves, which are not kept: bins move a median by at most a few percent.
    medians = {
        (workload, side): value for workload, side, value in found.select("workload", "side", "tokens_p50").rows()
    }
    assert medians["azure_conversation", "input"] == pytest.approx(1020, rel=0.05)
    assert medians["azure_conversation", "output"] == pytest.approx(129, rel=0.05)
    assert medians["mooncake_conversation", "output"] == pytest.approx(350, rel=0.05)
    conversation = tables["request_lengths_csv"].filter(workload="azure_conversation")
    mean = conversation.select((pl.col("requests") * pl.col("input_tokens")).sum() / pl.col("requests").sum()).item()
    assert mean == pytest.approx(1154.70, rel=1e-4)
    assert len(tables["output_length_quantiles_csv"]) == 29
    assert set(traces.FORMATS) == set(tables)
