"""Figures of studies of method `nested` say what their tables say, whatever a study has or lacks."""

import numpy as np
import polars as pl
import pytest
from inference_energy.figures import render
from inference_energy.figures.axes import apart
from inference_energy.figures.energy import boundaries, energy_by_class, interventions
from inference_energy.figures.fleet import fleet_day, fleet_plan, model_sweeps, sweep_grids, sweeps, variance_shares
from inference_energy.studies.study import NestedStudy

pytestmark = pytest.mark.slow

TRADITIONAL, LONG = "traditional", "long"
BOUNDARY = {"query": "datacenter", "fleet": "fleet"}


def study(*, classes=("frontier", "small"), workloads=(TRADITIONAL, LONG), boundary=BOUNDARY):
    return NestedStudy.of(
        {
            "title": "Tiny",
            "workloads": {name: {"label": f"{name.capitalize()} query"} for name in workloads},
            "classes": {name: {"label": f"{name.capitalize()} models"} for name in classes},
            "fleet": {"subject": classes[0]},
            "boundary": boundary,
        }
    )


def energy_rows(of, boundaries=("datacenter",)):
    found = []
    for position, (subject, workload) in enumerate((s, w) for s in of.classes for w in of.workloads):
        for step, boundary in enumerate(boundaries):
            for spread, middle, mean in (("untrimmed", 2.0, 5.0), ("per_query", 1.5, 4.0), ("shared", 4.0, 5.0)):
                by = 10.0**position * (1 + step)
                wh = {"p05": 0.5, "p50": middle, "p95": 9.0, "mean": mean}
                row = {"workload": workload, "subject_kind": "class", "subject": subject, "boundary": boundary}
                found.append(row | {"spread": spread} | {f"energy_wh_{q}": v * by for q, v in wh.items()})
    return pl.DataFrame(found)


def variance_rows(of, shares, log_variance=1.0):
    subject = of.fleet.subject
    return pl.DataFrame(
        [
            {"subject": subject, "label": "Frontier models", "workload": workload, "boundary": "datacenter"}
            | {"spread": spread, "ingredient": name, "variance_share": share, "log_variance": log_variance}
            for workload in of.workloads
            for spread, ingredients in shares.items()
            for name, share in ingredients.items()
        ]
    )


def intervention(name, label, times, *, combination="single", workload=TRADITIONAL, measured=None):
    seen = {f"measured_{q}": measured and measured * by for q, by in (("p05", 0.5), ("p50", 1), ("p95", 2))}
    return {
        "workload": workload,
        "subject": "frontier",
        "boundary": "datacenter",
        "lever": name,
        "label": label,
        "combination": combination,
        "multiplier_p05": times / 2,
        "multiplier_p50": times,
        "multiplier_p95": times * 2,
        "energy_wh_p50": 1 / times,
    } | seen


def scenario(name, gwh, long_share=0.0, interventions=False):
    return {
        "scenario": name,
        "label": name.capitalize(),
        "boundary": "fleet",
        "queries_per_day": 2e9,
        "long_share": long_share,
        "interventions": interventions,
        "energy_gwh_per_day_p05": gwh / 2,
        "energy_gwh_per_day_p50": gwh,
        "energy_gwh_per_day_p95": gwh * 2,
        "energy_gwh_per_day_mean": gwh * 1.2,
    }


def planned(name, quantity, unit, p50):
    row = {"scenario": name, "quantity": quantity, "unit": unit, "basis": "by hand"}
    return row | {"p05": p50 / 2, "p50": p50, "p95": p50 * 2, "mean": p50}


REFERENCES = pl.DataFrame({"label": ["Town", "City"], "energy_gwh_per_day": [0.3, 3.0]})
SWEPT = {"p05": 0.5, "p50": 1.5, "p95": 9.0}


def swept(parameter, value, mean, workload=TRADITIONAL):
    unit = "GWh/day" if workload == "all" else "Wh per query"
    return {"parameter": parameter, "value": value, "workload": workload, "unit": unit, "mean": mean} | SWEPT


def finding(chart):
    return " ".join(chart.title.text).replace("\u00a0", " ")


def conditions(chart):
    return " ".join(chart.title.subtitle).replace("\u00a0", " ")


def texts(chart, column):
    """Every value of a column in the data of a chart."""
    data = chart.to_dict()["datasets"].values()
    return [row[column] for rows in data for row in rows if column in row]


def drawn(chart):
    """The chart's SVG: only what Vega-Lite can draw has one."""
    return render.formats(chart)["svg"].decode()


@pytest.mark.parametrize("classes", [("frontier",), ("frontier", "small")])
def test_energy_by_class_says_the_median_and_its_interval(classes):
    of = study(classes=classes)
    chart = energy_by_class.draw(energy=energy_rows(of), study=of)
    assert finding(chart) == ("Traditional query, frontier models: 2.0 Wh at the median, 0.50–9.0 Wh from P5 to P95")
    svg = drawn(chart)
    assert svg.count(">Traditional query<") == 1  # a row of the first panel
    assert ("Small models" in svg) == ("small" in classes)
    assert (">Traditional query, by class of models<" in svg) == ("small" in classes)
    assert "P5–P95 over single queries" in conditions(chart)


def test_energy_by_class_draws_no_model_and_every_workload():
    of = study(workloads=(TRADITIONAL, LONG, "chat"))
    model = pl.col("subject_kind").replace("class", "model"), pl.lit("Some model").alias("subject")
    rows = energy_rows(of)
    svg = drawn(energy_by_class.draw(energy=pl.concat([rows, rows.with_columns(model)]), study=of))
    assert "Some model" not in svg
    assert ">Chat query<" in svg


def test_variance_shares_name_the_largest_ingredients():
    shares = {
        "untrimmed": {"lengths": 0.7, "speed": 0.2, "serving model": 0.11, "host": -0.01},
        "shared": {"model mix": 0.4, "serving model": 0.58, "cached share": 0.01, "pue": 0.01},
    }
    of = study(classes=("frontier",))
    chart = variance_shares.draw(variance=variance_rows(of, shares), study=of)
    assert finding(chart) == (
        "Variability between queries comes mostly from lengths (70%), uncertainty of their mean from the serving model"
        " (58%)"
    )
    assert conditions(chart).endswith("Other: each below 5%.")
    assert {"70%", "20%", "58%"} <= set(texts(chart, "said"))
    assert ">2.7<" in drawn(chart)  # e to the root of a variance of 1


def test_variance_shares_of_what_is_known():
    of = study()
    shares = {"untrimmed": {"lengths": 1.0}, "shared": {"serving model": 1.0}}
    rows = variance_rows(of, shares).with_columns(
        log_variance=pl.when(pl.col("spread") == "shared").then(0.0).otherwise(1.0)
    )
    assert "takes all as known" in finding(variance_shares.draw(variance=rows, study=of))


def test_interventions_say_the_strongest_and_all_together():
    rows = [
        intervention("caching", "Caching", 1.5),
        intervention("routing", "Routing", 3.0, measured=2.5),
        intervention("all_levers", "All together", 4.0, combination="together"),
    ]
    chart = interventions.draw(interventions=pl.DataFrame(rows), study=study())
    assert finding(chart) == ("Traditional query: routing saves most (3.0×), all interventions together 4.0× (2.0–8.0)")
    svg = drawn(chart)
    assert "Paper: 8–20×" in svg and ">All together<" in svg
    drawn_rows = [row for rows in chart.to_dict()["datasets"].values() for row in rows if "label" in row]
    assert {(row["times"], row["measured_p50"]) for row in drawn_rows if row["label"] == "Routing"} == {("3.0×", 2.5)}
    assert ">Pairs of measured runs that differ in it alone<" in svg  # what the grey marks are


def test_interventions_without_pairs():
    rows = pl.DataFrame([intervention("caching", "Caching", 1.5)], schema_overrides={"measured_p50": pl.Float64})
    assert "caching saves most (1.5×)" in finding(interventions.draw(interventions=rows, study=study()))


def test_fleet_plan_says_energy_nodes_and_peak():
    rows = [scenario("traditional", 0.4), scenario("mixed", 2.0, 0.1), scenario("extra", 4.0, 0.5)]
    plan = [
        planned("mixed", "nodes", "nodes", 1234.5),
        planned("mixed", "peak_power", "MW", 50.0) | {"basis": "Nowhere 2024: 383.55 g, 3.1321 L, 0.32 L"},
    ]
    chart = fleet_plan.draw(scenarios=pl.DataFrame(rows), plan=pl.DataFrame(plan), references=REFERENCES, study=study())
    assert finding(chart) == (
        "2 billion queries a day, 10% long, take 2.4 GWh (1.0–4.0), 1,200 nodes and 50 MW at the peak"
    )
    svg = drawn(chart)
    assert "1,200 (620–2,500)" in svg
    assert "Nowhere 2024: 384 g, 3.13 L, 0.32 L" in svg
    assert "Emissions" not in svg


def test_fleet_plan_without_any_quantity_of_one_scenario():
    plan = pl.DataFrame([planned("own", "nodes", "nodes", 1.0)]).clear()
    chart = fleet_plan.draw(
        scenarios=pl.DataFrame([scenario("own", 0.5)]), plan=plan, references=REFERENCES.clear(), study=study()
    )
    assert finding(chart) == "2 billion queries a day take 0.60 GWh (0.25–1.0)"
    assert "Own" in drawn(chart)


def test_sweeps_say_what_moves_most_and_least():
    rows = [
        swept("pue", 1.1, 2.0),
        swept("pue", 1.5, 3.0),
        swept("output_tokens", 10, 1.0),
        swept("output_tokens", 1000, 8.0),
        swept("long_share", 0, 1.0, "all"),
        swept("long_share", 1, 7.0, "all"),
    ]
    chart = sweeps.draw(sweeps=pl.DataFrame(rows), study=study())
    assert finding(chart) == (
        "Answer length changes the mean traditional query most, 1.0–8.0 Wh; PUE least, 2.0–3.0 Wh"
    )
    assert "Fleet, GWh per day" in drawn(chart)


def test_one_sweep_alone():
    rows = pl.DataFrame([swept("pue", 1.1, 2.0), swept("pue", 1.5, 3.0)])
    said = finding(sweeps.draw(sweeps=rows, study=study()))
    assert said == "PUE changes the mean traditional query, 2.0–3.0 Wh"


def test_sweeps_of_the_fleet_alone_and_none():
    rows = pl.DataFrame([swept("long_share", 0, 1.0, "all"), swept("long_share", 1, 7.0, "all")])
    said = finding(sweeps.draw(sweeps=rows, study=study()))
    assert said == "Share of long queries changes the fleet's day, 1.0–7.0 GWh"
    assert finding(sweeps.draw(sweeps=rows.clear(), study=study())) == "Tiny: no sweeps"


def test_what_changes_little_is_named_and_has_no_panel():
    rows = [swept("pue", 1.1, 2.0), swept("pue", 1.5, 2.7), swept("output_tokens", 10, 1.0)]
    rows += [swept("output_tokens", 1000, 8.0)]
    chart = sweeps.draw(sweeps=pl.DataFrame(rows), study=study())
    assert conditions(chart).endswith("Below 1.4×: PUE.")
    svg = drawn(chart)
    assert ">Answer length, tokens<" in svg and ">PUE<" not in svg


def test_where_every_assumption_changes_little_all_have_a_panel():
    rows = pl.DataFrame([swept("pue", 1.1, 2.0), swept("pue", 1.5, 2.1)])
    shown, flat = sweeps.moving(rows)
    assert shown.equals(rows) and flat == []


def test_a_wh_is_divided_among_the_boundaries():
    of = study()
    rows = energy_rows(of, ("gpu_boards", "node", "datacenter", "fleet"))
    # Each boundary takes as much as the boards.
    found = boundaries.parts(rows.filter(workload=TRADITIONAL, subject="frontier", spread="shared"), "One")
    assert found["share"].to_list() == pytest.approx([0.25] * 4)
    assert found["start"].to_list() == pytest.approx([0, 0.25, 0.5, 0.75])
    chart = boundaries.draw(energy=rows, study=of)
    assert finding(chart) == (
        "Of each Wh of a traditional query, 25% goes to the GPU boards and 25% to the rest of the node"
    )
    svg = drawn(chart)
    assert ">Long query<" in svg and ">Cooling and power supply<" in svg and svg.count(">25%<") == 8 + 1  # of the axis


def test_a_node_without_boards_of_its_own_is_one_part():
    of = study(classes=("frontier",), boundary={"query": "node", "fleet": "node"})
    chart = boundaries.draw(energy=energy_rows(of, ("node",)), study=of)
    assert finding(chart) == "Of each Wh of a traditional query, 100% goes to the node"
    assert ">GPU boards<" not in drawn(chart)


def test_a_day_says_how_requests_and_power_vary():
    of = study()
    scenarios = {
        "short": {"label": "Short", "long_share": 0, "interventions": False},
        "mixed": {"label": "Mixed", "long_share": 0.1, "interventions": False},
    }
    of = of.replaced(fleet=of.fleet.replaced(scenarios=scenarios, queries_per_day=1e9))
    hours = pl.DataFrame(
        [
            {"scenario": name, "hour": hour, "relative_rate": rate}
            | {f"{column}_{q}": value * rate for column in ("power_mw", "gpus_on") for q in ("p05", "p95", "mean")}
            for name, value in (("short", 1.0), ("mixed", 10.0))
            for hour, rate in enumerate((0.5, 1.0, 1.5))
        ]
    )
    chart = fleet_day.draw(hours=hours, study=of)
    assert finding(chart) == "Mixed: requests vary by 3.0× over a day, power by 3.0× (5.0–15 MW)"
    svg = drawn(chart)
    assert ">Mixed<" in svg and ">Short<" not in svg


def on_grid(x, y, mean, *, parameters=("pue", "output_tokens"), workload=TRADITIONAL):
    row = {"grid": "one", "x_parameter": parameters[0], "y_parameter": parameters[1], "x": x, "y": y}
    return row | {"workload": workload, "unit": "Wh per query", "mean": mean}


def test_grids_say_what_two_assumptions_change_together():
    rows = [on_grid(x, y, x * y / 100) for x in (1.0, 1.5) for y in (100, 1000)]
    chart = sweep_grids.draw(grids=pl.DataFrame(rows), study=study())
    assert finding(chart) == "Together, PUE and answer length change the energy by 15×"
    svg = drawn(chart)
    assert ">Traditional query, Wh<" in svg
    assert all(f">{said}<" in svg for said in ("1.0", "1.5", "10", "15"))


def test_no_grids():
    rows = pl.DataFrame([on_grid(1.0, 2.0, 3.0)]).clear()
    assert finding(sweep_grids.draw(grids=rows, study=study())) == "Tiny: no grids"


def swept_model(model, parameter, value, mean, workload=TRADITIONAL):
    return {"study": "tiny", "model": model} | swept(parameter, value, mean, workload)


def of_models(weights=("A", "B")):
    of = study()
    frontier = of.classes["frontier"].replaced(weights=dict.fromkeys(weights, 1))
    return of.replaced(classes=of.classes | {"frontier": frontier})


MODELS_SWEPT = [
    *(swept_model(model, "pue", value, value * wh) for model, wh in (("A", 1.0), ("B", 2.0)) for value in (1.0, 1.5)),
    *(swept_model("A", "output_tokens", value, wh) for value, wh in ((10, 1.0), (100, 2.0), (1000, 8.0))),
    *(swept_model("B", "output_tokens", value, wh) for value, wh in ((10, 2.0), (100, 3.0), (1000, 80.0))),
    *(swept_model("Other", "output_tokens", value, wh) for value, wh in ((10, 0.1), (1000, 800.0))),
    swept_model("A", "pue", 1.0, 90.0, LONG),
]


def test_sweeps_of_models_say_what_they_differ_in_and_what_moves_all_alike():
    chart = model_sweeps.draw(sweeps=pl.DataFrame(MODELS_SWEPT), study_name="tiny", study=of_models())
    assert finding(chart) == (
        "The effect of answer length differs most between models: 8.0× (A) to 40× (B); the effect of PUE is the same"
    )
    assert "In colour and in the title Frontier models; grey: models of other classes. ×: " in conditions(chart)
    assert max(texts(chart, "mean")) == 800.0
    svg = drawn(chart)
    assert svg.count(">A</text>") == svg.count(">B</text>") == 1  # at the end of the last panel of a row
    assert ">Other</text>" not in svg


def test_sweeps_of_models_that_do_not_differ_or_are_none():
    rows = pl.DataFrame(MODELS_SWEPT).filter(pl.col("model") == "A")
    chart = model_sweeps.draw(sweeps=rows, study_name="tiny", study=of_models(["A"]))
    assert finding(chart) == "Of the swept assumptions, answer length changes a traditional query most, by 8.0×"
    assert "grey" not in conditions(chart)
    chart = model_sweeps.draw(sweeps=rows.clear(), study_name="tiny", study=of_models())
    assert finding(chart) == "Tiny: no sweeps of models"
    assert "No assumption is swept" in drawn(chart)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ([], []),
        ([5.0], [5.0]),
        ([0.0, 10.0, 30.0], [0.0, 10.0, 30.0]),
        ([0.0, 0.0], [-5.0, 5.0]),
        ([0.0, 1.0, 2.0, 50.0], [-9.0, 1.0, 11.0, 50.0]),
        ([0.0, 12.0, 12.0], [-2.0, 8.0, 18.0]),
    ],
)
def test_labels_lie_apart_and_near_what_they_name(asked, given):
    assert apart(np.array(asked), 10.0) == pytest.approx(np.array(given))
