"""The figures of the corpus: their numbers by hand, their titles and captions, and that they render."""

import polars as pl
from inference_energy.figures import render
from inference_energy.figures.corpus import coverage, energy_against_speed


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"]).replace("\u00a0", " ")


def svg(chart, tmp_path):
    outputs = [tmp_path / f"figure.{ending}" for ending in ("json", "svg")]
    render.save(chart, [str(path) for path in outputs])
    return outputs[1].read_text()


MODELS = pl.DataFrame(
    {
        "model": ["Big", "Twin", "Tiny", "Idle"],
        "model_class": ["frontier", "frontier", "small", "small"],
        "same_network_as": [None, "Big", None, None],
    }
)


def covered():
    throughput = [("Big", "B200")] * 3 + [("Big", "H100")] * 2 + [("Twin", "H100")] * 4 + [("Tiny", "L40S")]
    energy = [("Big", "B200", "gpu_boards")] * 2 + [("Big", "B200", "node_wall"), ("Twin", "H100", "gpu_boards")]
    return {
        "throughput": pl.DataFrame(throughput, ["model", "gpu"], orient="row"),
        "energy": pl.DataFrame(energy, ["model", "gpu", "boundary"], orient="row"),
        "models": MODELS,
    }


def test_counts_rows_and_energies_by_boundary_the_most_measured_first():
    counts = coverage.counts(**covered())
    assert counts.rows() == [
        ("frontier", "Big", "B200", 3, 2, 1, 3, 0, 0),
        ("frontier", "Big", "H100", 2, 0, 0, 0, 0, 1),
        ("small", "Tiny", "L40S", 1, 0, 0, 0, 0, 2),
        ("frontier", "Twin", "H100", 4, 1, 0, 1, 1, 1),
    ]


def test_models_and_gpus_after_the_first_ones_are_summed_up(monkeypatch):
    monkeypatch.setattr(coverage, "MOST_MODELS", 1)
    monkeypatch.setattr(coverage, "MOST_GPUS", 1)
    found = coverage.summed(coverage.counts(**covered())).select("model", "gpu", *coverage.NUMBERS).rows()
    assert found == [
        ("Big", "B200", 3, 2, 1, 3),
        ("Big", "2 others", 2, 0, 0, 0),
        ("1 other", "2 others", 4, 1, 0, 1),
        ("Tiny", "2 others", 1, 0, 0, 0),
    ]


def test_coverage_says_what_was_measured(tmp_path):
    chart = coverage.draw(**covered())
    assert title(chart) == "Energy was measured for 2 models on 2 GPUs: 3 runs at the GPU boards, 1 at the wall"
    drawn = svg(chart, tmp_path)
    assert "Frontier (&gt; 200 B)" in drawn
    assert "Idle" not in drawn
    # A GPU without energy has a column of throughput rows alone.
    assert drawn.count(">L40S</text>") == 1
    assert drawn.count(">B200</text>") == 2


def test_coverage_without_any_energy(tmp_path):
    tables = covered()
    chart = coverage.draw(**tables | {"energy": tables["energy"].clear()})
    assert title(chart).startswith("Energy was measured for 0 models on 0 GPUs")
    drawn = svg(chart, tmp_path)
    assert "Measured energies" not in drawn
    assert ">Twin</text>" in drawn


def fast_and_slow(networks=("Big", "Tiny"), **changed):
    """Four runs of a model on two GPUs: a fast one, a slow one with less energy, a dominated one, and one with MTP."""
    runs = [(5.0, 8.0, "FP8", "none"), (20.0, 2.0, "FP4", "none"), (25.0, 3.0, "BF16", None), (4.0, 4.0, "FP4", "mtp")]
    rows = [
        {"source": "s", "row_id": f"{model}{gpu}{place}", "model": model, "gpu": gpu, "boundary": "gpu_boards"}
        | {"precision": precision, "gpus": 1, "concurrency": 1.0, "output_tok_per_s_per_gpu": 1000 / ms}
        | {"input_tokens": 1024.0, "output_tokens": 512.0, "energy_j_per_output_token": joules}
        | {"inter_token_latency_p50_ms": None, "time_per_output_token_p50_ms": ms, "speculative_decoding": decoding}
        | changed
        for model in networks
        for gpu in ("B200", "H100")
        for place, (ms, joules, precision, decoding) in enumerate(runs)
    ]
    table = pl.DataFrame(rows, schema_overrides={"inter_token_latency_p50_ms": pl.Float64})
    stated = ["time_per_output_token_p50_ms", "speculative_decoding"]
    return {"energy": table.drop(stated), "throughput": table.select("source", "row_id", *stated), "models": MODELS}


def test_energy_against_speed_says_what_a_fast_token_costs(tmp_path):
    chart = energy_against_speed.draw(**fast_and_slow())
    # The least of all is 2 J, the least at 100 tokens/s is 4 J with speculative decoding.
    assert title(chart) == (
        "At 100 tokens/s per user, a token takes 2.0× the least energy of the same model and GPU"
        " (median of 4 pairs; 2.0–2.0×)"
    )
    subtitle = " ".join(chart.to_dict()["title"]["subtitle"])
    assert "up to 1,024 prompt and 512 answer tokens" in subtitle
    drawn = svg(chart, tmp_path)
    assert ">Big</text>" in drawn
    assert ">Tiny</text>" in drawn


def test_energy_against_speed_has_the_networks_with_the_most_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(energy_against_speed, "MODELS", 1)
    drawn = svg(energy_against_speed.draw(**fast_and_slow(("Tiny", "Big", "Twin"))), tmp_path)
    assert ">Big</text>" in drawn
    assert ">Tiny</text>" not in drawn
    assert ">Twin</text>" not in drawn


def test_energy_against_speed_without_fast_runs_and_without_any(tmp_path):
    chart = energy_against_speed.draw(**fast_and_slow(time_per_output_token_p50_ms=20.0))
    assert title(chart) == "No measured run gives one user 100 tokens/s"
    svg(chart, tmp_path)
    chart = energy_against_speed.draw(**fast_and_slow(boundary="node_wall"))
    assert title(chart) == "No measured energy has stated lengths and a latency"
    assert "There is no such run." in svg(chart, tmp_path)
