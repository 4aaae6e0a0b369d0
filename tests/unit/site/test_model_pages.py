"""What pages of models say, by hand."""

import math
import re
from types import SimpleNamespace

import polars as pl
import pytest
from inference_energy.answers.factors import factor_id
from inference_energy.site import model_pages
from inference_energy.site.model_pages import ModelTables

PERCENTILES = ("p05", "p50", "p95")


def factor(gpu, speed=40, output=(0.1, 1.0, 10.0), evidence="measured", **changes):
    row = {"model": "A 7B", "gpu": gpu, "precision": "FP8", "context": "medium", "speed_tok_per_s": speed}
    row |= {"boundary": "datacenter", "evidence": evidence}
    for kind in (model_pages.OUTPUT, model_pages.PROMPT):
        row |= {f"{kind}_{name}": value for name, value in zip(PERCENTILES, output, strict=True)}
    return row | changes


def run(gpu, source, energy):
    return {"model": "A 7B", "gpu": gpu, "source": source, "energy_j_per_output_token": energy}


def test_names_in_addresses_are_those_of_the_factors():
    names = ["DeepSeek-R1", "Llama 3.1 8B", "gpt-oss-120b", "Llama-3.1 Nemotron Ultra 253B", "A/B (x)"]
    rows = pl.DataFrame([factor("G", model=name) for name in names]).with_columns(factor_id())
    assert [model_pages.slug(name) for name in names] == [text.split("/")[0] for text in rows["factor_id"]]


def test_marks_are_on_one_logarithmic_axis():
    rows = pl.DataFrame([factor("slow", output=(1.0, 10.0, 100.0)), factor("fast", evidence="physics only")])
    drawn = str(model_pages.chart(rows))
    # Three decades from 2 % to 98 %: a decade is 32 %.
    assert re.findall(r'circle cx="([\d.]+)%"', drawn) == ["34.0", "66.0"]
    assert re.findall(r'<line x1="([\d.]+)%" x2="([\d.]+)%"', drawn) == [("2.0", "66.0"), ("34.0", "98.0")]
    assert re.findall(r"left:[\d.]+%\">([^<]+)<", drawn) == ["0.1", "1", "10", "100"]
    assert drawn.index("fast") < drawn.index("slow") and 'class="physics-only"' in drawn
    assert "1.0 <small>(0.10–10)</small>" in drawn


def test_names_of_others_are_text():
    assert "<b>" not in str(model_pages.chart(pl.DataFrame([factor("<b>bold</b>")])))


def test_no_gpu_that_reaches_the_speed_has_no_chart():
    assert model_pages.chart(pl.DataFrame([factor("G")]).clear()) is None


def test_a_speed_that_a_gpu_does_not_reach_is_a_dash():
    (row,) = model_pages.factor_rows(pl.DataFrame([factor("G", speed=20), factor("G", output=(1, 2.345, 3))]))
    assert row["output"] == ["1.0", "2.3", "–"]
    assert row["prompt"] == "2.3"


@pytest.fixture
def tables():
    origins = [
        {"source": name, "title": f"Title {name}", "url": f"https://{name}.org", "licence": "MIT"} for name in "st"
    ]
    score = {"score": "energy_at_batch", "left_out": "model", "group": "network: A 7B", "rows": 3, "factor": 1.5}
    model = {"model": "A 7B", "same_network_as": None, "context_length_tokens": 8192}
    return ModelTables(
        factors=pl.DataFrame([factor("G"), factor("G", boundary="node"), factor("G", context="long")]),
        models=pl.DataFrame([model, model | {"model": "B", "same_network_as": "C"}]),
        runs=pl.DataFrame([run("G", "s", 1.0), run("G", "s", None), run("H", "t", None)]),
        scores=pl.DataFrame([score, score | {"group": "all"}]),
        origins=pl.DataFrame([*origins, origins[0] | {"title": "another file"}]),
    )


def test_a_page_has_its_own_rows_runs_sources_and_score(tables):
    asked = []

    def ask(*question):
        asked.append(question)
        return SimpleNamespace(question=question)

    page = model_pages.page("A 7B", tables, ask)
    # 40,500 tokens do not fit into a context of 8,192.
    assert asked == [("A 7B", 1_000, 300, 0.0), ("A 7B", 1_000, 5_000, 0.0)]
    assert page["first"].question == asked[0]
    assert len(page["factors"]) == 1
    assert page["runs"] == [{"gpu": "G", "runs": 2, "metered": 1}, {"gpu": "H", "runs": 1, "metered": 0}]
    assert [(row["title"], row["runs"]) for row in page["sources"]] == [("Title s", 2), ("Title t", 1)]
    assert page["score"]["factor"] == 1.5


def test_a_model_that_nobody_measured_says_so(tables):
    page = model_pages.page("B", tables, lambda *_: None)
    assert page["runs"] == page["sources"] == page["factors"] == []
    assert page["chart"] is None and page["score"] is None


def test_axis_of_one_decade():
    drawn = str(model_pages.chart(pl.DataFrame([factor("G", output=(2.0, math.sqrt(10), 9.0))])))
    assert re.findall(r'circle cx="([\d.]+)%"', drawn) == ["50.0"]
