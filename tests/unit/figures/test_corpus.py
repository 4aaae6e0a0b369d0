"""The figures of the corpus: their numbers by hand, their titles and captions, and that they render."""

from datetime import date

import polars as pl
import pytest
from inference_energy.corpus.checks.finding import CHECKS
from inference_energy.figures import render
from inference_energy.figures.corpus import checks_raised, coverage, energy_against_speed, measured_energy_over_time

pytestmark = pytest.mark.slow


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"]).replace("\u00a0", " ")


def svg(chart):
    return render.formats(chart)["svg"].decode()


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


def test_coverage_says_what_was_measured():
    chart = coverage.draw(**covered())
    assert title(chart) == "Energy was measured for 2 models on 2 GPUs: 3 runs at the GPU boards, 1 at the wall"
    drawn = svg(chart)
    assert "Frontier (&gt; 200 B)" in drawn
    assert "Idle" not in drawn
    # A GPU without energy has a column of throughput rows alone.
    assert drawn.count(">L40S</text>") == 1
    assert drawn.count(">B200</text>") == 2


def test_coverage_without_any_energy():
    tables = covered()
    chart = coverage.draw(**tables | {"energy": tables["energy"].clear()})
    assert title(chart).startswith("Energy was measured for 0 models on 0 GPUs")
    drawn = svg(chart)
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


def test_energy_against_speed_says_what_a_fast_token_costs():
    chart = energy_against_speed.draw(**fast_and_slow())
    # The least of all is 2 J, the least at 100 tokens/s is 4 J with speculative decoding.
    assert title(chart) == (
        "At 100 tokens/s per user, a token takes 2.0× the least energy of the same model and GPU"
        " (median of 4 pairs; 2.0×)"
    )
    subtitle = " ".join(chart.to_dict()["title"]["subtitle"])
    assert "up to 1,024 + 512 tokens" in subtitle
    drawn = svg(chart)
    assert ">Big</text>" in drawn
    assert ">Tiny</text>" in drawn


def test_energy_against_speed_has_the_networks_with_the_most_runs(monkeypatch):
    monkeypatch.setattr(energy_against_speed, "MODELS", 1)
    drawn = svg(energy_against_speed.draw(**fast_and_slow(("Tiny", "Big", "Twin"))))
    assert ">Big</text>" in drawn
    assert ">Tiny</text>" not in drawn
    assert ">Twin</text>" not in drawn


def test_energy_against_speed_without_fast_runs_and_without_any():
    chart = energy_against_speed.draw(**fast_and_slow(time_per_output_token_p50_ms=20.0))
    assert title(chart) == "No measured run gives one user 100 tokens/s"
    svg(chart)
    chart = energy_against_speed.draw(**fast_and_slow(boundary="node_wall"))
    assert title(chart) == "No measured energy has stated lengths and a latency"
    assert "There is no such run." in svg(chart)


SOURCES = pl.DataFrame({"source": ["s", "t", "t"], "title": ["Single runs", "Dump", "Dump"]})


def over_time(*rows):
    """Measured energies: model, GPU, source, date, prompt length, J per output token."""
    names = ["model", "gpu", "source", "published_on", "input_tokens", "energy_j_per_output_token"]
    table = pl.DataFrame(rows, names, orient="row").with_row_index("row_id")
    return table.with_columns(
        pl.col("row_id").cast(pl.String),
        pl.col("input_tokens").cast(pl.Float64),
        boundary=pl.lit("gpu_boards"),
        output_tokens=pl.lit(1000.0),
    )


DATED = (
    ("Big", "B200", "s", "2026-05-27", 1024, 4.0),
    ("Big", "B200", "s", "2026-05-27", 1000, 3.0),
    ("Twin", "H100", "t", "2026-07", 1024, 2.0),
    ("Big", "B200", "t", "2026-07", 8000, 9.0),
    ("Big", "B200", "t", "2026-07", None, 1.0),
    ("Big", "B200", "t", "2026", 1024, 0.5),
    *(("Tiny", "B200", "s", "2026-01-01", 1024, 0.1),) * 9,
)


def test_a_month_counts_as_its_middle_and_a_year_alone_as_no_date():
    on = pl.DataFrame({"published_on": ["2026-05-27", "2026-07", "2026"]}).select(measured_energy_over_time.dated())
    assert on["on"].to_list() == [date(2026, 5, 27), date(2026, 7, 15), None]


def test_lengths_that_differ_a_little_are_one_group():
    rows = over_time(*(("Big", "B200", "s", "2026", prompt, 1.0) for prompt in (922, 1024, 7390, None)))
    assert measured_energy_over_time.lengths_of(rows).select("prompt", "lengths").rows() == [
        (1024, "About 1,024 + 1,024 tokens"),
        (1024, "About 1,024 + 1,024 tokens"),
        (8192, "About 8,192 + 1,024 tokens"),
        (None, "Prompts of a data set"),
    ]


def test_the_network_with_the_most_dates_counts_not_the_one_with_the_most_runs():
    rows = measured_energy_over_time.of_most_dates(over_time(*DATED), MODELS)
    assert rows["network"].unique().to_list() == ["Big"]
    assert len(rows) == 6


def test_the_least_of_a_gpu_source_date_and_lengths_is_marked():
    rows = measured_energy_over_time.of_most_dates(over_time(*DATED), MODELS).drop_nulls("on")
    least = measured_energy_over_time.with_least(rows).filter("least").sort("energy_j_per_output_token")
    assert least["energy_j_per_output_token"].to_list() == [1.0, 2.0, 3.0, 9.0]
    alike = pl.concat([rows.head(1), rows.head(1).with_columns(row_id=pl.lit("9"))])
    assert measured_energy_over_time.with_least(alike)["least"].to_list() == [True, False]


def test_energy_over_time_says_the_least_per_gpu_and_what_is_not_shown():
    chart = measured_energy_over_time.draw(energy=over_time(*DATED), models=MODELS, sources=SOURCES)
    assert title(chart) == (
        "Big: the least measured energy of an output token is 2.0 J on H100 to 3.0 J on B200"
        " (about 1,024 + 1,024 tokens)"
    )
    assert "Without 1 run dated by year." in " ".join(chart.to_dict()["title"]["subtitle"])
    drawn = svg(chart)
    order = [drawn.index(f">{name}</text>") for name in ("About 1,024 + 1,024 tokens", "About 8,192 + 1,024 tokens")]
    assert sorted(order) == order
    assert ">Prompts of a data set</text>" in drawn
    assert ">Dump</text>" in drawn


def test_energy_over_time_has_no_numbers_where_they_have_no_room(monkeypatch):
    tables = {"energy": over_time(*DATED), "models": MODELS, "sources": SOURCES}
    assert "number:" in svg(measured_energy_over_time.draw(**tables))
    monkeypatch.setattr(measured_energy_over_time, "NUMBERED", 1)
    chart = measured_energy_over_time.draw(**tables)
    assert "number:" not in svg(chart)
    assert not [row for rows in chart.to_dict()["datasets"].values() for row in rows if "said" in row]


def test_energy_over_time_without_any_month():
    chart = measured_energy_over_time.draw(energy=over_time(DATED[5]), models=MODELS, sources=SOURCES)
    assert title(chart) == "No measured energy has a month"
    assert "There is no such run." in svg(chart)


def test_sources_without_findings_take_no_column():
    (first, (severity, _)), *_ = CHECKS.items()
    checks = pl.DataFrame({"check": [first] * 3, "source": ["a_b", "a_b", None], "severity": [severity] * 3})
    sources = pl.DataFrame({"source": ["a_b", "quiet"], "rows_accepted": [5, 7]})
    chart = checks_raised.draw(checks=checks, sources=sources)
    drawn = svg(chart)
    assert title(chart).startswith("12 rows:")
    assert ">a b<" in drawn and ">whole corpus<" in drawn and "quiet" not in drawn
    assert ">2<" in drawn and ">1<" in drawn
