"""Output tokens per second and GPU, by hand."""

import polars as pl
import pytest
from inference_energy.corpus.per_gpu import output_tok_per_s_per_gpu

INSTANCE = {
    "throughput_tok_per_s": 1600.0,
    "throughput_counts": "output",
    "throughput_scope": "instance",
    "phase": "prefill_and_decode",
    "gpus": 16,
    "nodes": 2,
    "input_tokens": 300.0,
    "output_tokens": 100.0,
}
SCHEMA = {"gpus": pl.Int64, "nodes": pl.Int64, "input_tokens": pl.Float64, "output_tokens": pl.Float64}
BY_HAND = {
    "instance: by its 16 GPUs": ({}, 100),
    "gpu: as stated": ({"throughput_scope": "gpu"}, 1600),
    "node: by its 8 GPUs": ({"throughput_scope": "node"}, 200),
    "total: a quarter is output": ({"throughput_counts": "total"}, 25),
    "total of a GPU": ({"throughput_counts": "total", "throughput_scope": "gpu"}, 400),
    "total of a node": ({"throughput_counts": "total", "throughput_scope": "node"}, 50),
    "input alone says nothing of output": ({"throughput_counts": "input"}, None),
    "prefill alone": ({"phase": "prefill"}, None),
    "decode alone": ({"phase": "decode"}, None),
    "decode alone, per GPU": ({"phase": "decode", "throughput_scope": "gpu"}, None),
    "total without prompt length": ({"throughput_counts": "total", "input_tokens": None}, None),
    "total without answer length": ({"throughput_counts": "total", "output_tokens": None}, None),
    "output needs no lengths": ({"input_tokens": None, "output_tokens": None}, 100),
    "instance of unknown size": ({"gpus": None}, None),
    "node of unknown size": ({"throughput_scope": "node", "gpus": None}, None),
    "unknown number of nodes": ({"throughput_scope": "node", "nodes": None}, None),
    "instance on an unknown number of nodes": ({"nodes": None}, 100),
    "gpu needs no counts": ({"throughput_scope": "gpu", "gpus": None, "nodes": None}, 1600),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_by_hand(case):
    changes, expected = BY_HAND[case]
    row = pl.DataFrame([INSTANCE | changes], schema_overrides=SCHEMA)
    derived = row.select(output_tok_per_s_per_gpu())
    assert derived.columns == ["output_tok_per_s_per_gpu"]
    assert derived.item() == (None if expected is None else pytest.approx(expected))


def test_rows_do_not_mix():
    rows = pl.DataFrame([INSTANCE | changes for changes, _ in BY_HAND.values()], schema_overrides=SCHEMA)
    derived = rows.select(output_tok_per_s_per_gpu()).to_series()
    assert derived.to_list() == [expected for _, expected in BY_HAND.values()]
