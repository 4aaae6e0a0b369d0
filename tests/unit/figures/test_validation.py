"""The figures that compare estimates with measurements and with each other say what their tables say, and render."""

import json

import polars as pl
import pytest
from inference_energy.figures import render
from inference_energy.figures.fleet import tornado
from inference_energy.figures.headline import method_bridge
from inference_energy.figures.validation import cross_methods, held_out_scores, published_estimates

pytestmark = pytest.mark.slow


def methods_chart():
    methods = pl.DataFrame(
        [
            {"model": model, "input_tokens": 500.0, "output_tokens": tokens, "method": method, "label": method}
            | {"boundary": boundary, "energy_wh": energy, "energy_wh_p05": low, "energy_wh_p95": high}
            for model in ("One", "Two")
            for tokens in (300.0, 5000.0)
            for method, boundary, energy, low, high in (
                ("current", "node", 0.2, 0.1, 0.4),
                ("current", "datacenter", 0.3, 0.2, 0.5),
                ("other", "datacenter", 3.0, None, None),
                ("measured", "gpu_boards", 0.1, None, None),
            )
        ]
    )
    parts = pl.DataFrame(
        [
            {"model": model, "output_tokens": tokens, "part": part, "factor": factor * scale * tokens / 300}
            for model, scale in (("One", 1.0), ("Two", 2.0))
            for tokens in (300.0, 5000.0)
            for part, factor in (
                ("whole", 30.3),
                ("boundary", 1.5),
                ("operating point and day", 2.02),
                ("method", 10.0),
            )
        ]
    )
    return cross_methods.draw(methods=methods, parts=parts, output_tokens=300.0)


def estimates_chart():
    rows = [("api_inferred", f"a{n}", 10.0 + n % 3) for n in range(9)]
    rows += [("provider_measurement", "google_2025", 0.87), ("throughput_based", "t", None)]
    table = pl.DataFrame(
        [
            {"kind": kind, "row_id": name, "factor": factor}
            | {"factor_p05": factor and factor / 3, "factor_p95": factor and factor * 2}
            for kind, name, factor in rows
        ]
    )
    kinds = pl.DataFrame(
        {"kind": ["api_inferred", "provider_measurement"], "estimates": [9, 1], "factor_p50": [11.1, 0.87]}
        | {"share_within_4_to_20": [0.75, 0.0]}
    )
    return published_estimates.draw(statements=table, kinds=kinds)


def tornado_chart():
    return tornado.draw(
        tornado=pl.DataFrame(
            [
                {"quantity": quantity, "unit": unit, "ingredient": name, "label": name.title()}
                | {"at_low": central * low, "at_high": central * high, "central": central}
                for quantity, unit, central in (
                    ("traditional: mean over queries", "Wh", 0.25),
                    ("mixed fleet", "GWh/day", 1.0),
                )
                for name, low, high in (("headroom", 0.8, 1.2), ("lengths", 0.5, 2.5), ("overheads", 1.0, 1.0))
            ]
        )
    )


def held_out():
    methods = [
        ("energy_at_batch", "source", 1.5, 0.9),
        ("energy_at_batch", "gpu", 1.25, 0.95),
        ("energy_at_batch, log-linear regression", "source", 2.2, 0.6),
        ("energy_at_batch, EcoLogits", "none", 3.1, None),
        ("energy_at_batch, Epoch AI", "none", 7.3, None),
        ("energy_at_speed", "source", 44.0, 0.5),
    ]
    groups = {"all": 1.0, "campaign: inferencex": 1.1, "campaign: elsewhere": 0.9, "gpu: H100": 9.0}
    return pl.DataFrame(
        [
            {"score": score, "left_out": left_out, "group": group, "rows": 1234 if group == "all" else 321}
            | {"factor": factor * scale, "coverage_90": coverage}
            for score, left_out, factor, coverage in methods
            for group, scale in groups.items()
        ]
    )


def held_out_chart():
    return held_out_scores.draw(scores=held_out())


FIGURES = {
    held_out_chart: ("errs by 1.2–1.5× on unseen runs", "without it, by 3.1–7.3×"),
    methods_chart: ("500 + 300 tokens", "a factor of 30–61"),
    estimates_chart: ("11× this work", "0.87×"),
    tornado_chart: ("Lengths changes the energy most: by 5.0× for traditional queries and 5.0× for the mixed fleet",),
}


def values(chart):
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


@pytest.mark.parametrize(("figure", "told"), FIGURES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_title_says_the_numbers_of_the_tables(figure, told):
    title = " ".join(figure().to_dict()["title"]["text"]).replace("\u00a0", " ")
    assert [words for words in told if words not in title] == []


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_it_renders_in_every_format(figure):
    drawn = render.formats(figure())
    assert json.loads(drawn["json"])["title"]["text"]
    assert b"Infinity" not in drawn["svg"]
    assert drawn["png"].startswith(b"\x89PNG")


def test_methods_are_shown_for_one_length_of_the_answer():
    assert {row["output_tokens"] for row in values(methods_chart()) if "output_tokens" in row} == {300.0}


def test_estimates_of_one_factor_do_not_cover_each_other():
    dots = {
        (row["factor"], row["y"])
        for row in values(estimates_chart())
        if row.get("kind") == "api_inferred" and "few" in row
    }
    assert len(dots) == 9


def test_known_statements_are_named():
    assert "Google 2025" in {row.get("name") for row in values(estimates_chart())}


def test_bars_of_the_tornado_are_factors_of_the_central_value():
    rows = [row for row in values(tornado_chart()) if row.get("ingredient") == "lengths" and "choice" in row]
    assert {(row["low"], row["high"]) for row in rows} == {(0.5, 2.5)}
    assert not [row for row in rows if "Wh" in str(row.get("said"))]


def test_what_moves_nothing_has_no_bar():
    assert "overheads" not in {row["ingredient"] for row in values(tornado_chart()) if "choice" in row}


def test_only_the_energy_at_a_batch_is_scored_for_all_runs_and_campaigns():
    rows = [row for row in values(held_out_chart()) if "factor" in row and "score" in row]
    assert {row["score"].partition(",")[0] for row in rows} == {"energy_at_batch"}
    assert {row["group"] for row in rows} == {"all", "campaign: inferencex", "campaign: elsewhere"}
    assert {row["campaign"] for row in rows if row["campaign"]} == {"InferenceX", "elsewhere"}


def test_a_method_without_an_interval_has_a_dash():
    inside = {
        row["name"]: row["inside"] for row in values(held_out_chart()) if "inside" in row and row["left_out"] == "none"
    }
    assert inside == {"EcoLogits": "–", "Epoch AI": "–"}


def test_without_other_methods_the_serving_model_stands_alone():
    chart = held_out_scores.draw(scores=held_out().filter(score="energy_at_batch"))
    assert "other methods" not in " ".join(chart.to_dict()["title"]["text"])


def bridge(*factors):
    """Steps of two quantities, each beginning at 1."""
    rows = []
    for quantity, power in (("traditional: median of queries", 1), ("mixed fleet: mean", 2)):
        before = 1.0
        for step, factor in enumerate(factors, 1):
            row = {"step": step, "change": f"Change {step}, in full", "quantity": quantity, "before": before}
            before *= factor**power
            rows.append(row | {"after": before, "factor": factor**power})
    return pl.DataFrame(rows)


def test_steps_that_change_nothing_are_part_of_the_one_before():
    found = method_bridge.merged(bridge(0.5, 1.001, 0.999, 4.0, 1.0))
    first = found.filter(quantity="traditional: median of queries")
    assert first["change"].to_list() == ["Change 1, in full", "Change 4, in full"]
    assert first["factor"].to_list() == pytest.approx([0.5 * 1.001 * 0.999, 4.0])
    assert first["after"].to_list()[-1] == pytest.approx(2.0, rel=1e-5)


def test_a_first_step_stays_though_it_changes_nothing():
    assert method_bridge.merged(bridge(1.0, 2.0))["change"].n_unique() == 2


def test_the_bridge_says_the_largest_steps_in_both_directions():
    chart = method_bridge.draw(bridge=bridge(0.5, 4.0), begin="Then", end="Now")
    title = " ".join(chart.to_dict()["title"]["text"]).replace("\u00a0", " ")
    assert title == ("Median query, 1.0 to 2.0 Wh: down most by change 1 (×0.50), up most by change 2 (×4.0)")
    assert b">Now</text>" in render.formats(chart)["svg"]
