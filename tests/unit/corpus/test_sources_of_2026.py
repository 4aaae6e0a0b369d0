"""Sources of 2026 as they ship: what their rows state agrees with itself, whatever the registries know of names."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.corpus import read
from inference_energy.corpus.registries import Names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
BENCHMARKS = ROOT / "resources/benchmarks"
SOURCES = (
    *("inferencex_groups", "inferencex_rows", "inferencemax_rows", "inferencex_power_v2", "nebius_h200"),
    *("gaudi3_glm47", "tpuv7_qwen35", "nvidia_measured", "mlperf_v6_0"),
)
TDP_W = {
    **{"b200": 1000, "gb300": 1400, "h100": 700, "h200": 700, "H200 SXM 141GB": 700},
    **{"mi300x": 750, "mi325x": 1000, "mi355x": 1400},
}
ROW = ["source", "row_id"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The sources as the corpus reads them, with names of models and GPUs as they stand."""
    folder = tmp_path_factory.mktemp("benchmarks")
    names: dict[str, dict[str, str]] = {"model": {}, "gpu": {}}
    for source in SOURCES:
        (folder / source).symlink_to(BENCHMARKS / source)
        rows = pl.read_csv(BENCHMARKS / source / "throughput.csv", infer_schema=False)
        for column, found in names.items():
            found.update(zip(rows[column], rows[column], strict=True))
    known = {column: Names(BENCHMARKS, found) for column, found in names.items()}
    return read.read_sources(folder, yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml"), known)


@pytest.fixture(scope="module")
def runs(tables):
    return tables["throughput"]


@pytest.fixture(scope="module")
def energy(tables, runs):
    """Measured energies with the power of one GPU that they imply, and its share of thermal design power."""
    tdp = pl.DataFrame({"gpu": list(TDP_W), "tdp_w": list(TDP_W.values())})
    watts = pl.col("energy_j_per_output_token") * pl.col("output_tok_per_s_per_gpu")
    return (
        tables["measured_energy"]
        .join(runs.select(*ROW, "prefill_gpus", "decode_gpus"), on=ROW)
        .join(tdp, on="gpu")
        .with_columns(watts=watts, share=watts / pl.col("tdp_w"))
    )


def test_every_row_is_accepted(tables):
    assert tables["rejected_row"].is_empty()
    assert tables["source"]["rows_accepted"].sum() == 9949 + 1226


def test_gpus_of_disaggregated_rows_are_those_of_prefill_and_decode(runs):
    apart = runs.filter(pl.col("decode_gpus").is_not_null())
    assert set(apart["serving"]) == {"disaggregated"}
    assert apart.filter(pl.col("gpus") != pl.col("prefill_gpus") + pl.col("decode_gpus")).is_empty()
    groups = runs.filter(source="inferencex_groups", serving="disaggregated")
    assert len(groups) == 1782
    assert groups["gpus"].null_count() == 10
    assert groups.filter(pl.col("decode_gpus").is_null())["gpus"].is_not_null().sum() == 62


def test_gpus_of_aggregated_rows_of_inferencex_are_those_of_tensor_parallelism(runs):
    alike = runs.filter(pl.col("source").str.starts_with("inference"), serving="aggregated")
    assert alike.filter(pl.col("gpus") != pl.col("tensor_parallel")).is_empty()
    assert len(alike) == 3580 + 1228 + 1193 + 11


def test_energy_is_power_over_throughput(energy):
    stated = energy.filter(pl.col("power_w").is_not_null())
    assert dict(stated.group_by("source").len().iter_rows()) == {
        "inferencex_power_v2": 11,
        "inferencex_rows": 31,
        "nebius_h200": 14,
    }
    ratio = stated["power_w"] / stated["gpus"] / stated["watts"]
    assert ratio.to_list() == pytest.approx([1] * len(stated), rel=2e-4)


def test_energy_of_whole_deployments_implies_power_below_the_rating_but_for_nineteen_groups(energy):
    whole = energy.filter(includes_prefill="yes")
    assert whole["share"].min() > 0.15
    above = whole.filter(pl.col("share") > 1.05)
    assert set(above["source"]) == {"inferencex_groups"}
    assert len(above) == 19


def test_energy_without_prefill_implies_possible_power_of_the_decode_gpus(energy):
    decode = energy.filter(includes_prefill="no")
    assert set(decode["source"]) == {"inferencex_groups"}
    assert len(decode) == len(energy.filter(source="inferencex_groups", serving="disaggregated")) == 50
    assert decode["share"].is_between(0.12, 0.38).all()  # of all GPUs it would be too little
    of_decode = decode["share"] * decode["gpus"] / decode["decode_gpus"]
    assert of_decode.is_between(0.2, 0.8).all()


def test_groups_agree_with_single_rows_of_the_same_configuration(runs):
    key = [
        *("model", "gpu", "engine", "precision", "gpus", "prefill_gpus", "decode_gpus", "tensor_parallel"),
        *("expert_parallel", "speculative_decoding", "serving", "input_tokens", "output_tokens", "concurrency"),
    ]
    speed = "output_tok_per_s_per_gpu"
    single = runs.filter(source="inferencex_rows").group_by(key).agg(pl.median(speed).alias("single"))
    both = runs.filter(source="inferencex_groups").join(single, on=key, nulls_equal=True)
    assert len(both) > 700
    ratio = both[speed] / both["single"]
    assert ratio.median() == pytest.approx(1, rel=0.002)
    assert ratio.is_between(0.9, 1.1).mean() > 0.8  # the others are of other versions of software


def test_runs_slower_than_their_latency_allows_have_low_confidence(runs):
    failed = runs.filter(source="inferencex_rows", confidence="low")
    assert len(failed) == 31
    assert failed["note"].str.contains("times below concurrency over latency").all()


def test_derived_throughput_is_concurrency_over_latency(runs):
    rows = runs.filter(source="nvidia_measured")
    answer_s = (
        rows["time_to_first_token_mean_ms"] + rows["time_per_output_token_mean_ms"] * (rows["output_tokens"] - 1)
    ) / 1000
    derived = rows["concurrency"] * rows["output_tokens"] / answer_s
    assert rows["throughput_tok_per_s"].to_list() == pytest.approx(derived.to_list(), rel=1e-6)
    assert rows["note"].str.starts_with("throughput derived").all()
    assert rows.filter(data_parallel=32)["gpus"].to_list() == [64] * 3
    spread = rows.filter(pl.col("note").str.contains("GPUs are those of the experts"))
    assert len(spread) == 19
    assert set(spread["gpus"] / spread["tensor_parallel"]) == {2, 4}


def test_lengths_that_are_only_configured_are_of_unknown_kind(runs):
    for source in ("inferencex_groups", "inferencex_rows", "inferencemax_rows", "tpuv7_qwen35"):
        rows = runs.filter(source=source)
        assert set(rows["input_length_kind"]) == set(rows["output_length_kind"]) == {"unknown"}
        assert set(rows["output_tokens"]) <= {1024, 8192}
    validated = runs.filter(source="inferencex_power_v2")
    assert set(validated["output_length_kind"]) == {"mean"}
    assert validated["output_tokens"].mean() == pytest.approx(0.9 * 1024, rel=0.01)
    assert validated["input_tokens"].mean() == pytest.approx(0.9 * 8192, rel=0.01)


def test_results_of_mlperf_have_latencies_unless_offline(runs):
    rows = runs.filter(source="mlperf_v6_0")
    timed = pl.col("time_to_first_token_p99_ms").is_not_null()
    counts = dict(rows.group_by("load").agg(timed.sum()).iter_rows())
    assert counts["offline"] == 0
    assert counts["server"] == len(rows.filter(load="server"))
    assert counts["interactive"] == len(rows.filter(load="interactive"))
    assert rows.filter(pl.col("row_id").str.starts_with("6.0-0001/"))["gpus"].unique().to_list() == [87]
