"""The figures of the corpus: their numbers by hand, their titles and captions, and that they render."""

import polars as pl
from inference_energy.figures import render
from inference_energy.figures.corpus import coverage


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
