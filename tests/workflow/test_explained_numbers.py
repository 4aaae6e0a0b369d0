"""Every public number has a derivation that ends in a source, and what a derivation prints can be computed by hand."""

import csv
import json
import math
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from inference_energy.common.errors import InputError
from inference_energy.common.step import SOURCES, evaluate, walk
from inference_energy.explain import page, question, registry, searched
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import Build
from inference_energy.explain.derivations.medians import Situation
from inference_energy.explain.trace import following
from inference_energy.publish.catalogue import PUBLIC_TABLES
from inference_energy.studies.study import BOUNDARIES
from patience import HANGS_S
from runs import ROOT
from scipy.optimize import nnls

PYTHON = {"exp": math.exp, "ln": math.log, "sqrt": math.sqrt, "median": lambda *values: np.median(values)}
SAMPLED = 2  # rows of a table


@pytest.fixture(scope="module")
def built():
    """The build of this tree: with all benchmark rows and draws."""
    return ROOT


@pytest.fixture(scope="module")
def build(built):
    return Build(built)


@pytest.fixture(scope="module")
def explain(build):
    """The derivation that a question leads to."""

    def of(what):
        best = question.ask(build, what).best
        return registry.explained(build, best.table, best.row, best.column)

    return of


@pytest.fixture(scope="module")
def checked():
    """Steps that have been looked at, as derivations share them; kept, so that no other takes the place of one."""
    return {}


@pytest.fixture(scope="module")
def known():
    """Whether a step rests on a source."""
    return {}


def sampled(build, table):
    frame = build.table(table.name)
    rows = frame.with_row_index("place").sample(min(SAMPLED, len(frame)), seed=7)
    columns = [name for name, dtype in frame.schema.items() if dtype.is_numeric()]
    return [(place, frame.row(place, named=True), column) for place in rows["place"] for column in columns]


def unique(node):
    """Steps of a derivation, each once."""
    seen, waiting = {}, [node]
    while waiting:
        step = waiting.pop()
        if id(step) not in seen:
            seen[id(step)] = step
            waiting += step.children
    return list(seen.values())


def find(node, words, **facts):
    """The first step whose label holds some words and whose attributes are as given."""
    for step in unique(node):
        if words in step.label and all(getattr(step, name) == value for name, value in facts.items()):
            return step
    raise AssertionError(f"no step {words!r} below {node.label!r}")


def is_grounded(node, known):
    if id(node) not in known:
        known[id(node)] = (node.place is not None and node.place.kind in SOURCES) or any(
            is_grounded(child, known) for child in node.children
        )
    return known[id(node)]


def line_of(built, place):
    """The cells of the line that a place names, read from disk without the code under test."""
    with (built / place.file).open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    return dict(zip(rows[0], rows[place.line - 1], strict=True))


@pytest.mark.parametrize("table", PUBLIC_TABLES, ids=lambda table: table.name)
def test_every_column_of_numbers_is_explained_down_to_sources(build, built, checked, known, table):
    for _, row, column in sampled(build, table):
        node = registry.explained(build, table.name, row, column)
        assert node.value == row[column]
        steps = [step for step in unique(node) if id(step) not in checked]
        checked |= {id(step): step for step in steps}
        for step in steps:
            assert not step.contradicted, (table.name, column, step.label, step.value, step.inserted())
            # A step rests on a source, or is a number that stands beside steps that do.
            assert not step.children or is_grounded(step, known), (table.name, column, step.label)
            if step.formula:  # what is printed can be pasted into Python and gives what is said
                assert eval(step.inserted(), dict(PYTHON)) == pytest.approx(step.result, rel=1e-5, abs=1e-12)
        if row[column] is not None:
            assert is_grounded(node, known), (table.name, column)
        for step in steps[:300]:
            if step.place and step.place.line and step.place.kind in ("benchmark", "workload", "resource"):
                cells = line_of(built, step.place)
                for part in re.findall(r"(\w+)=([^,=]+)(?:, |$)", step.place.quote)[:3]:
                    assert cells[part[0]].startswith(part[1]), step.place


@pytest.mark.parametrize("table", PUBLIC_TABLES, ids=lambda table: table.name)
def test_the_command_of_a_number_leads_back_to_it(build, table):
    for place, row, column in sampled(build, table)[:8]:
        words = searched.question_for(table.name, place, row, column)
        best = question.ask(build, words).best
        assert (best.table, best.column) == (table.name, column), words
        # Two checks, or two rows of a table without a key, may read alike; the row that is named must be the one.
        assert best.position == place or best.row == row, words


# By hand, from what a derivation names


def test_where_4_32_comes_from(build, built):
    answer = question.ask(build, "4.32")
    assert answer.best.row["study"] == "arxiv-2025" and answer.best.table == "headline"
    node = registry.explained(build, "headline", answer.best.row, answer.best.column)
    printed = find(node, "as printed by")
    assert line_of(built, printed.place)["published"] == "4.32"


def test_log_linear_coefficients_by_least_squares_of_the_quoted_lines(explain, built):
    nodes = {name: explain(f"throughput_fit arxiv-2025 Llama 3.1 405B {name}") for name in ("intercept", "slope_input")}
    leaves = [step for step in unique(nodes["intercept"]) if step.place and step.place.kind == "benchmark"]
    lines = [line_of(built, leaf.place) for leaf in leaves]
    assert len(lines) == 7 and {line["model"] for line in lines} == {"Llama 3.1 405B"}
    lengths = np.array([[float(line["input_tokens"]), float(line["output_tokens"])] for line in lines])
    observed = np.array([float(line["throughput_tok_per_s"]) for line in lines])
    design = np.column_stack([np.ones(len(lines)), np.log(lengths)])
    found, *_ = np.linalg.lstsq(design, np.log(observed), rcond=None)
    assert found[:2] == pytest.approx([node.value for node in nodes.values()], rel=1e-6)
    # 500 tokens in, 5,000 out: the throughput that the closed form of a long query has.
    closed = find(explain("arxiv-2025 long frontier as_published energy_wh_p50"), "Llama 3.1 405B: closed form")
    speed = find(closed, "Throughput of an 8-GPU node")
    assert math.exp(found @ [1, math.log(500), math.log(5000)]) == pytest.approx(speed.value, rel=1e-6)
    # 11.3 kW, 0.6, and PUE the root of 1.05 x 1.6.
    assert 11.3 * 0.6 * 5000 / (3.6 * speed.value) * math.sqrt(1.05 * 1.6) == pytest.approx(closed.value)


def test_a_quantile_of_a_mixture_has_its_share_of_queries_below_it(explain):
    shares = find(explain("arxiv-2025 long frontier untrimmed energy_wh_p05_exact"), "Share of queries below")
    parts = [
        find(shares, "share of all queries of " + name).value for name in ("DeepSeek-R1", "Llama 3.1", "Llama-3.1")
    ]
    assert sum(parts) / 3 == pytest.approx(0.05, rel=1e-6)


def test_gpu_seconds_by_the_same_non_negative_fit_of_the_quoted_lines(explain, built):
    name = "throughput_configurations tensorrt_llm, Llama 3.1 405B, H100 SXM 80GB, FP8, TensorRT-LLM, 1.0, 8 GPUs, TP8"
    columns = ("prefill_s_per_token", "decode_s_per_token", "attention_s_per_token2")
    nodes = [explain(f"{name} {column}") for column in columns]
    leaves = [step for step in unique(nodes[0]) if step.place and step.place.kind == "benchmark"]
    lines = [line_of(built, leaf.place) for leaf in leaves]
    assert len(lines) == 10
    growth = find(nodes[0], "kv_growth").value
    tokens_in, tokens_out = (
        np.array([float(line[f"{side}_tokens"]) for line in lines]) for side in ("input", "output")
    )
    gpus = np.array([float(line["gpus"]) for line in lines])
    seconds = tokens_out * gpus / np.array([float(line["throughput_tok_per_s"]) for line in lines])
    parts = np.column_stack([tokens_in, tokens_out, tokens_out * (tokens_in + growth * tokens_out)])
    scale = (parts / seconds[:, None]).max(axis=0)
    found, _ = nnls(parts / seconds[:, None] / scale, np.ones(len(lines)))
    assert found / scale == pytest.approx([node.value for node in nodes], rel=1e-6)


def test_what_an_intervention_measured_is_the_ratio_of_two_lines(explain, built, build):
    row = build.rows("intervention_pairs", lever="newer_gpu").sort("source", "row_id").row(0, named=True)
    node = registry.explained(build, "intervention_pairs", row, "measured_multiplier")
    joules = []
    for symbol in ("before", "after"):
        line = next(step for step in walk(child(node, symbol)) if step.place and step.place.kind == "benchmark")
        joules.append(float(line_of(built, line.place)["energy_j_per_output_token"]))
    assert joules[0] / joules[1] == pytest.approx(node.value, rel=1e-6)


def test_a_fleet_is_mean_energy_times_queries_times_overhead(explain, build):
    node = explain("scenario_aggregates arxiv-2025 traditional energy_gwh_per_day_mean_traditional")
    mean = find(node, "energy_wh_mean of energy_per_query")
    row = build.row(
        "energy_per_query", study="arxiv-2025", workload="traditional", subject="frontier", spread="untrimmed"
    )
    assert mean.value == row["energy_wh_mean"]
    assert 1e9 * mean.value * 1.10 * 1.076 * 1.12 / 1e9 == pytest.approx(node.value, rel=1e-6)


def test_a_fleet_of_the_current_study_is_near_the_mean_of_its_boundary(explain, build):
    node = explain("scenario_aggregates current mixed energy_gwh_per_day_mean")
    key = {"study": "current", "subject": "frontier", "boundary": "fleet", "spread": "shared"}
    means = [
        build.row("energy_by_boundary", **key, workload=name)["energy_wh_mean"] for name in ("traditional", "long")
    ]
    assert 0.9 * means[0] + 0.1 * means[1] == pytest.approx(node.value, rel=0.2)


def child(node, symbol):
    """The child of a step that has a symbol in its formula."""
    return next(step for step in node.children if step.symbol == symbol)


def test_a_chain_of_the_current_study_is_the_sum_of_its_members(explain, build):
    form = find(explain("energy_by_boundary current long frontier datacenter shared energy_wh_mean"), "Closed form")
    members = [step for step in form.children if step.symbol.startswith("t_")]
    models = build.typed_study("current").classes["frontier"].weights
    assert len(models) < len(members) <= 5 * len(models)
    total = 0.0
    for member in members:
        query = child(member, "query_wh")
        seconds, rate = child(query, "gpu_seconds"), child(query, "wh_per_gpu_second")
        parts = {step.symbol: step.value for step in seconds.children if step.symbol}
        by_hand = parts["prefill_s"] * parts["uncached_tokens"] + parts["decode_s"] * parts["output_tokens"]
        by_hand += parts["attention_s"] * parts["context_tokens2"]
        power, load = (child(rate, name).value for name in ("power_w", "load"))
        total += child(member, "share").value * by_hand * power / (load * 3600)
    assert total == pytest.approx(form.value, rel=1e-6)
    assert sum(child(member, "share").value for member in members) == pytest.approx(1)


def evaluated(node):
    """The value of a traced step by its formula and those of the steps below it, down to where numbers stand."""
    if not node.formula or (node.place is not None and node.place.kind == "result"):
        return node.value
    return evaluate(node.formula, {step.symbol: evaluated(step) for step in node.children if step.symbol})


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("workload", ["traditional", "long"])
def test_a_chain_is_what_its_formulas_give_and_near_the_mean_over_the_draws(build, boundary, workload):
    for subject in ("frontier", "small", "MiniMax-M2.5"):
        row = {"study": "current", "subject": subject, "workload": workload, "boundary": boundary}
        with following():
            found = Situation.of(asked_of(build, "energy_by_boundary", row)).energy()
        assert evaluated(found.step()) == pytest.approx(found.value, rel=1e-9)
        drawn = build.row("energy_by_boundary", **row, spread="shared")
        assert drawn["energy_wh_p25"] < found.value < drawn["energy_wh_p75"]


def asked_of(build, table, row):
    return Asked(build=build, table=table, row=row, column="", explain=registry._explain)


@pytest.mark.parametrize("name", ["traditional", "mixed", "mixed_optimized"])
def test_the_chain_of_a_fleet_is_near_the_median_over_the_draws(build, name):
    row = build.row("scenario_aggregates", study="current", scenario=name)
    form = find(registry.explained(build, "scenario_aggregates", row, "energy_gwh_per_day_p50"), "closed form")
    assert (
        evaluated(form) == pytest.approx(form.value, rel=1e-9) == pytest.approx(row["energy_gwh_per_day_p50"], rel=0.3)
    )
    for quantity in ("gpus", "nodes", "gpus_on", "peak_power"):
        row = build.row("fleet_plan", study="current", scenario=name, quantity=quantity)
        form = find(registry.explained(build, "fleet_plan", row, "p50"), "closed form")
        assert evaluated(form) == pytest.approx(form.value, rel=1e-9)
        assert row["p05"] < form.value < row["p95"]


def test_the_power_of_the_hours_adds_up_to_the_energy_of_the_day(build):
    """The middle draws of all hours are those of the day."""
    day = build.row("scenario_aggregates", study="current", scenario="traditional")
    day = find(registry.explained(build, "scenario_aggregates", day, "energy_gwh_per_day_p50"), "closed form")
    hours = [
        find(registry.explained(build, "fleet_hours", row, "power_mw_p50"), "closed form").value
        for row in build.rows("fleet_hours", study="current", scenario="traditional").iter_rows(named=True)
    ]
    assert len(hours) == 24 and sum(hours) / 1000 == pytest.approx(day.value, rel=1e-6)


def test_an_intervention_names_what_it_changes(explain):
    node = explain("intervention_multipliers current traditional lower_pue single shared multiplier_p50")
    assert find(node, "lower_pue: pue, changed").value == 1.08
    after = child(find(node, "Closed form"), "after_wh")
    pue = find(after, "pue, median")
    assert pue.value == 1.08 and "interventions.levers.lower_pue" in pue.children[0].place.key


def test_a_tornado_shows_the_ingredient_at_its_end(build):
    row = build.row("tornado", study="current", quantity="traditional: mean over queries", ingredient="pue")
    forms = {
        end: find(registry.explained(build, "tornado", row, f"at_{end}"), "closed form").value
        for end in ("low", "high")
    }
    assert forms["high"] / forms["low"] == pytest.approx(row["at_high"] / row["at_low"], rel=0.02)


def test_emissions_are_energy_times_the_grid_of_the_quoted_line(explain, built, build):
    node = explain("fleet_plan current mixed emissions p50")
    carbon = float(line_of(built, find(node, "carbon gco2e").place)["carbon_gco2e_per_kwh"])
    day = build.row("scenario_aggregates", study="current", scenario="mixed")["energy_gwh_per_day_p50"]
    assert carbon * day == pytest.approx(node.value, rel=1e-6)


def test_a_multiplier_is_the_root_of_two_numbers_of_the_study(explain, built):
    node = explain("intervention_multipliers joule-2026 traditional model untrimmed multiplier_p50")
    numbers = []
    for end in ("p05", "p95"):
        place = find(node, f"model, {end}").place
        line = (built / place.file).read_text().splitlines()[place.line - 1]
        numbers.append(float(re.search(rf"{end}: ([0-9.]+)", line)[1]))
    assert math.sqrt(numbers[0] * numbers[1]) == pytest.approx(node.value, rel=1e-6)


def test_a_statement_is_compared_with_the_estimate_at_its_line(explain, built, build):
    node = explain("statements current jegham gpt_4o_100_300 factor")
    theirs = next(step.place for step in walk(node) if step.place and step.place.kind == "benchmark")
    row = build.row("statements", study="current", source="jegham", row_id="gpt_4o_100_300")
    assert float(line_of(built, theirs)["energy_wh"]) / row["ours_wh_p50"] == pytest.approx(node.value, rel=1e-6)


def test_a_pair_is_the_formula_of_the_paper_at_the_tokens_of_the_quoted_line(explain, built):
    node = explain("overstatement_pairs joule-2026 jegham llama_3.1_405b_1000_1000 factor")
    cells = line_of(built, next(step.place for step in walk(node) if step.place and step.place.kind == "benchmark"))
    assert (cells["input_tokens"], cells["output_tokens"]) == ("1000", "1000")
    speed = find(node, "Throughput of an 8-GPU node")
    # 10.2 kW, 0.6, and PUE the root of 1.05 x 1.6.
    energy = 10.2 * 0.6 * math.sqrt(1.05 * 1.6) * 1000 / (3.6 * speed.value)
    assert float(cells["energy_wh"]) / energy == pytest.approx(node.value, rel=1e-6)


def test_a_score_of_the_serving_model_is_made_of_its_runs(explain, build):
    node = explain("held_out_scores energy_at_batch gpu campaign: mlenergy_v3 factor")
    ratios = [step.value for step in unique(node) if step.formula == "predicted / measured"]
    row = build.row("held_out_scores", score="energy_at_batch", left_out="gpu", group="campaign: mlenergy_v3")
    assert len(ratios) == row["rows"] > 100
    assert math.exp(math.sqrt(np.mean(np.log(ratios) ** 2))) == pytest.approx(node.value, rel=1e-6)


def test_every_kind_of_prediction_leads_to_what_was_measured(build):
    for score in build.table("held_out")["score"].unique().sort():
        row = build.rows("held_out", score=score).row(0, named=True)
        predicted, measured = (
            registry.explained(build, "held_out", row, column) for column in ("predicted_p50", "measured")
        )
        steps = [step for step in walk(predicted) if step.value == row["measured"]]
        assert steps and predicted.unit == measured.unit, score


def test_the_batch_of_a_run_is_the_line_or_what_memory_holds(build, built):
    for kind, rows in build.table("serving_runs").drop_nulls("batch").group_by("batch_from"):
        row = rows.sort("source", "row_id").row(0, named=True)
        node = registry.explained(build, "serving_runs", row, "batch")
        assert node.formula.startswith("max(1, min("), kind
        assert evaluated(replace(node, place=None)) == pytest.approx(node.value, rel=1e-6), kind
        assert child(node, "most").value == row["largest_batch"]


def test_a_peer_is_its_formula_with_its_constants(explain, build):
    node = explain("cross_methods Llama 3.3 70B 300 ecologits gpu_boards energy_wh")
    # 4 GPUs of 80 GB hold 1.2 x 140 GB; 64 requests at once.
    per_token = 1.1665273170451914e-6 * math.exp(-0.011205921025579175 * 64) * 70 + 4.052928146734005e-5
    assert 4 * 300 * per_token == pytest.approx(node.value, rel=1e-6)


def test_throughput_per_gpu_is_the_line_over_its_gpus(explain, built):
    node = explain("throughput tensorrt_llm v1.0/Llama-3.1-405B/H100/FP8/TP8/128-128 output_tok_per_s_per_gpu")
    cells = line_of(built, node.children[0].place)
    assert float(cells["throughput_tok_per_s"]) / float(cells["gpus"]) == pytest.approx(node.value)


# The command and the page


def command(folder, *arguments):
    script = [sys.executable, str(ROOT / "workflow/scripts/explain.py"), *arguments]
    return subprocess.run(script, cwd=folder, capture_output=True, text=True, check=False, timeout=HANGS_S)


def test_the_command_answers_for_machines(built):
    outcome = command(built, "current frontier long", "--format", "json")
    assert outcome.returncode == 0, outcome.stderr
    answer = json.loads(outcome.stdout)
    assert answer["question"] == "energy_per_query current long frontier untrimmed energy_wh_p50"
    assert "spread untrimmed" in answer["assumed"] and answer["derivation"]["children"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("", "WHAT: found nothing"),
        ("current long fronteer", "has the word 'fronteer'; allowed: one of"),
        ("bridge-05 long frontier", "study bridge-05 is not built"),
        ("long frontier energy_wh_p50", "say which: study: arxiv-2025, joule-2026, current"),
        ("headline current label", "headline.label is text; allowed: a column of numbers"),
        ("current Llama 3.1 405C long energy_wh_p50", "has the word '405c'; allowed: one of"),
        ("98765.4321", "no public number prints as 98765.4321; the nearest headline number is"),
        ("98765.4321 Wh", "no public number with 'Wh' prints as 98765.4321"),
        ("arxiv-2025 tornado p50", "nothing has all of these words"),
    ],
)
def test_a_question_without_an_answer_is_told_in_one_line(build, what, told):
    with pytest.raises(InputError) as error:
        question.ask(build, what)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_without_results_the_command_says_what_to_do(built, tmp_path):
    for name in ("config", "resources", "workflow"):
        (tmp_path / name).symlink_to(built / name)
    outcome = command(tmp_path, "4.32")
    assert outcome.returncode == 1
    assert outcome.stderr == "Error: results/headline.csv: no such file; run `make` first\n"


def test_several_numbers_that_print_alike_are_listed_with_their_commands(build, built):
    assert question.ask(build, "10.2 kW").best is None
    shown = command(built, "10.2 kW")
    assert 'make explain WHAT="hardware H100 SXM 80GB node_rated_power_kw"' in shown.stdout


def test_the_page_has_every_headline_number_once_and_needs_nothing_else(built, build):
    html = (built / "results/explanations.html").read_text()
    for row in build.table("headline").iter_rows(named=True):
        assert html.count(f'<details class="answer" id="{page.anchor(row["study"], row["quantity"])}">') == 1
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", html) and "@import" not in html
    names = re.findall(r' id="([^"]+)"', html)
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(names)
    assert "results are older" not in html
    assert len(html) < 1.5e6
